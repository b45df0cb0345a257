#include "dhcpd/listing.h"

#include <stdio.h>
#include <string.h>

#define DIGITS 256

static enum lease_use use_of(const struct lease *l, int64_t now_ms)
{
	if (lease_is_over(l, now_ms))
		return USE_FREE;
	switch ((enum lease_state)l->state) {
	case LEASE_OFFERED:
		return USE_OFFERED;
	case LEASE_BOUND:
		return USE_BOUND;
	case LEASE_DECLINED:
		return USE_DECLINED;
	case LEASE_FREE:
		break;
	}
	return USE_FREE;
}

/* By one byte after the other, the lowest first: 60,000 addresses in less time than one ACK takes. */
static void sort(uint32_t *v, size_t n)
{
	uint32_t *other = xcalloc(n + 1, sizeof(*other)), *to = other, *from = v;

	for (unsigned shift = 0; shift < 32; shift += 8) {
		size_t at[DIGITS + 1] = {0};

		for (size_t i = 0; i < n; i++)
			at[(from[i] >> shift & 0xff) + 1]++;
		for (size_t d = 1; d < DIGITS; d++)
			at[d] += at[d - 1];
		for (size_t i = 0; i < n; i++)
			to[at[from[i] >> shift & 0xff]++] = from[i];
		uint32_t *swap = from;
		from = to;
		to = swap;
	}
	free(other); /* after an even number of passes all is back in `v` */
}

void listing_begin(
	struct listing *l, const struct message_leases_ask *ask, const struct lease_table *t)
{
	listing_done(l);
	l->ask = *ask;
	l->addresses = xcalloc(lease_count(t) + 1, sizeof(*l->addresses));
	for (size_t i = 0; i < lease_count(t); i++) {
		uint32_t address = lease_at(t, i)->address;

		if (address >= ask->first && address <= ask->last)
			l->addresses[l->n++] = address;
	}
	sort(l->addresses, l->n);
}

void listing_done(struct listing *l)
{
	free(l->addresses);
	*l = (struct listing){0};
}

/* The node whose lease it is. What a node has fixed is given to nobody else, so its address names it where
 * its MAC does not. */
static const struct message_node *node_of(
	const struct node_table *nodes, const struct lease *l, const struct client *c)
{
	const struct message_node *n = NULL;
	struct mac mac;

	if (c->hlen == MAC_LEN) {
		memcpy(mac.b, c->hw, MAC_LEN);
		n = node_table_by_mac(nodes, &mac);
	}
	return n ? n : node_table_by_address(nodes, l->address);
}

static bool is_asked_for(const struct listing *l, const struct lease *lease, int64_t now_ms)
{
	if (!(l->ask.uses & 1U << use_of(lease, now_ms)))
		return false;
	return l->ask.within_ms == 0 || lease->until_ms - now_ms <= l->ask.within_ms;
}

static void fill_row(
	const struct lease *l, const struct client *c, int64_t now_ms, struct message_lease *ret)
{
	size_t id_len = c->id_len < sizeof(ret->client_id) ? c->id_len : sizeof(ret->client_id);

	*ret = (struct message_lease){.address = l->address,
		.use = (uint8_t)use_of(l, now_ms),
		.htype = c->htype,
		.hlen = c->hlen,
		.id_len = c->id_len,
		.age_ms = l->state == LEASE_BOUND ? now_ms - lease_begun_ms(l) : -1,
		.left_ms = l->until_ms - now_ms,
		.lease_s = l->lease_s};
	memcpy(ret->hw, c->hw, c->hlen);
	if (id_len > 0)
		memcpy(ret->client_id, c->id, id_len);
}

static void add_row(const struct lease *l, const struct node_table *nodes, int64_t now_ms,
	struct message_leases *ret)
{
	const struct client c = lease_client(l);
	struct message_lease *row = &ret->rows[ret->n_rows];

	if (c.hlen == 0 && c.id_len == 0)
		return; /* nobody's: its last client has another address now */
	const struct message_node *node = node_of(nodes, l, &c);
	fill_row(l, &c, now_ms, row);
	if (node)
		(void)snprintf(row->node, sizeof(row->node), "%s", node->name);
	ret->n_rows++;
}

void listing_next(struct listing *l, const struct lease_table *t, const struct node_table *nodes,
	int64_t now_ms, struct message_leases *ret)
{
	size_t stop = l->n - l->at > LISTING_STEP ? l->at + LISTING_STEP : l->n;

	*ret = (struct message_leases){.id = l->ask.id};
	for (; l->at < stop && ret->n_rows < MESSAGE_LEASES_ROWS; l->at++) {
		const struct lease *lease = lease_by_address(t, l->addresses[l->at]);

		if (lease && is_asked_for(l, lease, now_ms))
			add_row(lease, nodes, now_ms, ret);
	}
	if (l->at < l->n)
		return;
	ret->is_end = true;
	listing_done(l);
}

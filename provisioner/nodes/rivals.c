#include "provisioner/nodes/rivals.h"

#include <stdio.h>

#include "provisioner/nodes/nodes.h"

#define GONE_MS INT64_C(7200000)

static void tell(struct nodes *t, const struct message_rival *m, int64_t now_ms)
{
	char address[IPV4_TEXT_SIZE], offered[IPV4_TEXT_SIZE], mac[MAC_TEXT_SIZE],
		client[MAC_TEXT_SIZE];

	(void)ipv4_text(m->address, address);
	(void)mac_text(&m->client, client);
	if (!mac_is_unicast(&m->mac))
		nodes_event(t, NULL, now_ms, "rival", STORE_WARN,
			"another DHCP server, %s: %s took its offer", address, client);
	else if (m->offered)
		nodes_event(t, NULL, now_ms, "rival", STORE_WARN,
			"another DHCP server, %s (%s), offered %s to %s", address,
			mac_text(&m->mac, mac), ipv4_text(m->offered, offered), client);
	else
		nodes_event(t, NULL, now_ms, "rival", STORE_WARN,
			"another DHCP server, %s (%s), answered %s", address,
			mac_text(&m->mac, mac), client);
}

/* The oldest goes when there are too many. */
static size_t place_for(const struct rivals_seen *r, uint32_t address)
{
	size_t oldest = 0;

	for (size_t i = 0; i < r->n; i++) {
		if (r->rows[i].said.address == address)
			return i;
		if (r->rows[i].seen_ms < r->rows[oldest].seen_ms)
			oldest = i;
	}
	return r->n < RIVALS_KEPT_MAX ? r->n : oldest;
}

void rivals_see(
	struct rivals_seen *r, struct nodes *t, const struct message_rival *m, int64_t now_ms)
{
	size_t i = place_for(r, m->address);

	r->rows[i].said = *m;
	r->rows[i].seen_ms = now_ms;
	if (i == r->n)
		r->n++;
	tell(t, m, now_ms);
}

const struct message_rival *rivals_at(
	const struct rivals_seen *r, size_t i, int64_t now_ms, int64_t *ret_seen_ms)
{
	for (size_t k = 0; k < r->n; k++) {
		if (now_ms - r->rows[k].seen_ms > GONE_MS || i-- > 0)
			continue;
		*ret_seen_ms = r->rows[k].seen_ms;
		return &r->rows[k].said;
	}
	return NULL;
}

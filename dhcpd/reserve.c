#include "dhcpd/reserve.h"

#include <string.h>

#include "dhcpd/ask.h"

/* Three quarters of their share are held. */
#define SHORT_OF_4 3

/* Of its quarantine, the part that an address spends there before it is asked for again. */
#define QUARANTINE_LEAST 20

static bool is_of_a_node(const struct reserve_view *v, const struct lease *l)
{
	struct client c = lease_client(l);

	return ask_node_of(v->nodes, &c) != NULL;
}

/* As choose.c has it, but for the address of whatever relay asks. */
static bool is_usable(
	const struct reserve_view *v, const struct message_network *n, uint32_t address)
{
	if (address == v->settings->server.addr || address == n->router ||
		address == ipv4_net_first(n->net) || address == ipv4_net_broadcast(n->net))
		return false;
	for (size_t i = 0; i < MESSAGE_DNS_MAX; i++)
		if (address == n->dns[i])
			return false;
	return !node_table_by_address(v->nodes, address);
}

static uint32_t count_usable(const struct reserve_view *v, const struct message_network *n)
{
	uint32_t usable = 0;

	if (n->pool_first == 0 || n->pool_first > n->pool_last)
		return 0;
	if (n->pool_last - n->pool_first >= LEASES_MAX) /* more than can ever be leased */
		return LEASES_MAX;
	for (uint32_t i = 0; i <= n->pool_last - n->pool_first; i++)
		usable += is_usable(v, n, n->pool_first + i);
	return usable;
}

static void size_up(struct reserve *r, const struct reserve_view *v)
{
	*r = (struct reserve){.is_sized = true};
	for (size_t i = 0; i < networks_count(v->networks); i++)
		r->usable[i] = count_usable(v, networks_at(v->networks, i));
	for (size_t i = 0; v->nodes && i < node_table_count(v->nodes); i++)
		r->n_pool_nodes += node_table_at(v->nodes, i)->address == 0;
}

static void count_leases(struct reserve *r, const struct reserve_view *v)
{
	memset(r->strangers, 0, sizeof(r->strangers));
	memset(r->nodes, 0, sizeof(r->nodes));
	for (size_t i = 0; i < lease_count(v->leases); i++) {
		const struct lease *l = lease_at(v->leases, i);

		if (l->pool >= MESSAGE_NETWORKS_MAX || lease_is_over(l, v->now_ms))
			continue;
		if (l->state != LEASE_DECLINED && is_of_a_node(v, l))
			r->nodes[l->pool]++;
		else
			r->strangers[l->pool]++;
	}
	r->is_counted = true;
	r->counted_ms = v->now_ms;
}

/* A node that holds an address of another pool needs none of this one. */
static uint32_t share(const struct reserve *r, size_t pool)
{
	uint32_t elsewhere = 0;

	for (size_t i = 0; i < MESSAGE_NETWORKS_MAX; i++)
		elsewhere += i != pool ? r->nodes[i] : 0;
	uint32_t need = r->n_pool_nodes > elsewhere ? r->n_pool_nodes - elsewhere : 0;
	return r->usable[pool] > need ? r->usable[pool] - need : 0;
}

static bool seems_short(const struct reserve *r, size_t pool)
{
	return (uint64_t)r->strangers[pool] * 4 >= (uint64_t)share(r, pool) * SHORT_OF_4;
}

bool reserve_is_short(struct reserve *r, const struct reserve_view *v, size_t pool)
{
	if (!r->is_sized)
		size_up(r, v);
	if (!r->is_counted ||
		(seems_short(r, pool) && v->now_ms - r->counted_ms >= RESERVE_AGAIN_MS))
		count_leases(r, v);
	return seems_short(r, pool);
}

bool reserve_allows(struct reserve *r, const struct reserve_view *v, size_t pool)
{
	return !reserve_is_short(r, v, pool) || r->strangers[pool] < share(r, pool);
}

void reserve_took(struct reserve *r, size_t pool)
{
	r->strangers[pool]++;
}

uint32_t reserve_find_offer(const struct reserve_view *v, size_t pool)
{
	const struct lease *best = NULL;

	for (size_t i = 0; i < lease_count(v->leases); i++) {
		const struct lease *l = lease_at(v->leases, i);

		if (l->pool == pool && l->state == LEASE_OFFERED && !is_of_a_node(v, l) &&
			(!best || l->until_ms < best->until_ms))
			best = l;
	}
	return best ? best->address : 0;
}

uint32_t reserve_find_quarantined(
	struct reserve *r, const struct reserve_view *v, size_t pool, int64_t quarantine_ms)
{
	int64_t until_ms = v->now_ms + quarantine_ms - quarantine_ms / QUARANTINE_LEAST;
	const struct lease *best = NULL;

	if (r->searched_ms != 0 && v->now_ms - r->searched_ms < RESERVE_AGAIN_MS)
		return 0;
	r->searched_ms = v->now_ms;
	for (size_t i = 0; i < lease_count(v->leases); i++) {
		const struct lease *l = lease_at(v->leases, i);

		if (l->pool == pool && l->state == LEASE_DECLINED && l->until_ms <= until_ms &&
			(!best || l->until_ms < best->until_ms))
			best = l;
	}
	return best ? best->address : 0;
}

#include "dhcpd/choose.h"

#include <string.h>

#include "dhcpd/conflict.h"

#define HOLD_MS 60000
#define HOLD_SHORT_MS 10000 /* a client that waits for more offers waits for no longer */

/* An address that is nobody's to lease: ours, the router's, the relay's, a name server's, a node's, or no
 * host's. */
static bool is_reserved(const void *arg, uint32_t address)
{
	const struct ask *a = arg;
	const struct message_network *n = a->network;

	if (!ipv4_net_has(n->net, address) || address == ipv4_net_first(n->net) ||
		address == ipv4_net_broadcast(n->net))
		return true;
	if (address == a->settings->server.addr || address == n->router || address == a->m->giaddr)
		return true;
	for (size_t i = 0; i < MESSAGE_DNS_MAX; i++)
		if (address == n->dns[i])
			return true;
	return node_table_by_address(a->s->nodes, address) != NULL;
}

static bool is_free_or_mine(const struct ask *a, uint32_t address)
{
	const struct lease *l = lease_by_address(a->s->leases, address);

	return !l || ask_owns(a, l) || lease_is_over(l, a->now_ms);
}

static struct reserve_view view_of(const struct ask *a)
{
	return (struct reserve_view){
		a->settings, a->s->networks, a->s->nodes, a->s->leases, a->now_ms};
}

/* One more address of the pool, beside what the machine holds. */
static bool may_take_one(const struct ask *a)
{
	struct reserve_view v = view_of(a);

	return a->node || !a->s->reserve || reserve_allows(a->s->reserve, &v, a->pool);
}

static bool is_held_by_it(const struct ask *a, uint32_t address)
{
	const struct lease *l = lease_by_address(a->s->leases, address);

	return l && ask_owns(a, l) && !lease_is_over(l, a->now_ms);
}

bool choose_may_have(const struct ask *a, uint32_t address)
{
	if (ask_has_fixed_address(a))
		return address == a->node->address && is_free_or_mine(a, address);
	return lease_is_in_pool(a->s->leases, a->pool, address) && !is_reserved(a, address) &&
	       is_free_or_mine(a, address) && (is_held_by_it(a, address) || may_take_one(a));
}

/* Nothing is left, or nothing for a stranger. */
static uint32_t last_resort(const struct ask *a)
{
	struct reserve_view v = view_of(a);
	uint32_t address = a->node && a->s->reserve ? reserve_find_offer(&v, a->pool) : 0;

	if (address != 0 || !a->s->reserve || !a->s->probes || probe_table_is_full(a->s->probes))
		return address;
	return reserve_find_quarantined(
		a->s->reserve, &v, a->pool, conflict_quarantine_ms(a->settings));
}

uint32_t choose_address(struct ask *a, enum counter *ret_why)
{
	uint32_t wish = opts_u32(&a->m->opts, OPT_ADDRESS);
	struct lease *mine = ask_lease(a);

	*ret_why = COUNT_ADDRESS_IN_USE;
	if (ask_has_fixed_address(a))
		return choose_may_have(a, a->node->address) ? a->node->address : 0;
	if (mine && choose_may_have(a, mine->address))
		return mine->address;
	if (mine) /* it has become somebody's fixed address; who asks anew no longer uses it */
		lease_change(a->s->leases, mine, LEASE_FREE, a->now_ms);
	if (wish != 0 && choose_may_have(a, wish))
		return wish;
	*ret_why = COUNT_POOL_EXHAUSTED;
	bool may = may_take_one(a);
	uint32_t any = may ? lease_pick(a->s->leases, a->pool, a->now_ms, is_reserved, a) : 0;
	if (!may)
		*ret_why = COUNT_KEPT_FOR_NODES;
	return any ? any : last_resort(a);
}

struct lease *choose_take(struct ask *a, uint32_t address, enum lease_state state, int64_t until_ms)
{
	const struct lease *l = lease_by_address(a->s->leases, address);
	bool was_free = !l || lease_is_over(l, a->now_ms);

	if (was_free && !a->node && a->s->reserve)
		reserve_took(a->s->reserve, a->pool);
	return lease_set(a->s->leases, address, &a->client, state, a->now_ms, until_ms);
}

int64_t choose_hold_ms(const struct ask *a)
{
	struct reserve_view v = view_of(a);

	if (a->node || !a->s->reserve || !reserve_is_short(a->s->reserve, &v, a->pool))
		return HOLD_MS;
	return HOLD_SHORT_MS;
}

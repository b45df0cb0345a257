#include "dhcpd/choose.h"

#include <string.h>

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

bool choose_may_have(const struct ask *a, uint32_t address)
{
	if (ask_has_fixed_address(a))
		return address == a->node->address && is_free_or_mine(a, address);
	return lease_is_in_pool(a->s->leases, a->pool, address) && !is_reserved(a, address) &&
	       is_free_or_mine(a, address);
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
	return lease_pick(a->s->leases, a->pool, a->now_ms, is_reserved, a);
}

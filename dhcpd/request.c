#include "dhcpd/request.h"

#include "dhcpd/choose.h"
#include "dhcpd/outcome.h"

/* A client that has an address fills in ciaddr; what else it says then (some name a server, some repeat the
 * address in option 50) makes no difference. */
enum request_kind request_kind(const struct ask *a)
{
	if (a->m->ciaddr != 0)
		return ask_is_unicast(a) ? REQUEST_RENEWING : REQUEST_REBINDING;
	if (opts_u32(&a->m->opts, OPT_ADDRESS) == 0)
		return REQUEST_INCOMPLETE;
	return opts_has(&a->m->opts, OPT_SERVER) ? REQUEST_SELECTING : REQUEST_INIT_REBOOT;
}

/* The machine has chosen another server: what we held for it is free again. */
static void took_another(struct ask *a)
{
	struct lease *mine = ask_lease(a);

	if (mine && mine->state == LEASE_OFFERED)
		lease_change(a->s->leases, mine, LEASE_OFFERED, a->now_ms);
	outcome_note_address(
		a, "took the offer of another DHCP server,", opts_u32(&a->m->opts, OPT_SERVER));
	outcome_drop(a, COUNT_OTHER_SERVER, /* is_tellable= */ true);
}

/* Why the machine can not have this address, or NULL. */
static const char *refusal(const struct ask *a, uint32_t address)
{
	bool is_fixed = ask_has_fixed_address(a);
	const struct lease *mine = is_fixed ? NULL : ask_lease(a);

	if (!ipv4_net_has(a->network->net, address))
		return "address is not of this network";
	if (is_fixed && address != a->node->address)
		return "address is not this node's";
	if (mine && mine->address != address && choose_may_have(a, mine->address))
		return "another address is reserved for this machine";
	return choose_may_have(a, address) ? NULL : "address is not available";
}

/* Who asks for a lease that we know nothing of may mean another server, unless there is none beside us. Who has
 * just taken our offer means us. */
static bool may_mean_another(const struct ask *a, enum request_kind kind)
{
	return kind != REQUEST_SELECTING && !a->settings->is_authoritative && !ask_is_known(a);
}

void request_handle(struct ask *a)
{
	enum request_kind kind = request_kind(a);
	uint32_t address = a->m->ciaddr ? a->m->ciaddr : opts_u32(&a->m->opts, OPT_ADDRESS);

	if (ask_names_other_server(a)) {
		took_another(a);
		return;
	}
	if (kind == REQUEST_INCOMPLETE) {
		outcome_drop(a, COUNT_INCOMPLETE, /* is_tellable= */ false);
		return;
	}
	if (may_mean_another(a, kind)) {
		outcome_drop(a, COUNT_UNKNOWN_LEASE, /* is_tellable= */ false);
		return;
	}
	const char *why = refusal(a, address);
	if (why)
		outcome_nak(a, why);
	else
		outcome_ack(a, address);
}

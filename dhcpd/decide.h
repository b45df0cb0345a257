/* decide.h - why was this packet answered so: the choice of one answer to one client message.
 *
 * RFC 2131 section 4.3 over plain structs: message, leases, nodes, settings and time go in; the reply, its
 * way, and what must be on disk before it leaves come out. Pure: no clock, no socket, no log; only the
 * lease table changes. The server owns the network and is authoritative, unless it was told otherwise.
 *
 * Who asks is told by ask.h, which address it gets by choose.h. A lease that is not known but whose
 * address is free is granted to the client that says it holds it, so that a lost lease database costs
 * nobody an address. */
#ifndef SLIPWAY_DHCPD_DECIDE_H
#define SLIPWAY_DHCPD_DECIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "dhcpd/counters.h"
#include "dhcpd/lease.h"
#include "dhcpd/msg.h"
#include "dhcpd/network.h"
#include "dhcpd/node_table.h"
#include "dhcpd/probe.h"
#include "dhcpd/pxe.h"
#include "dhcpd/relay.h"
#include "dhcpd/reserve.h"
#include "dhcpd/route.h"
#include "provisioner/messages/messages.h"

/* What a decision is made from. All borrowed; `nodes` may be NULL. */
struct decide_state {
	const struct message_dhcp_settings *settings;
	const struct networks *networks;
	const struct node_table *nodes;
	struct lease_table *leases;
	struct pxe_loops *loops;
	struct relay_strangers *strangers;
	struct reserve *reserve;          /* NULL: strangers may take all there is */
	const struct probe_table *probes; /* NULL: addresses are offered unasked */
};

struct decision {
	enum counter what; /* the answer given, or why there is none */
	bool has_reply;
	struct msg reply;
	struct route route; /* with has_reply */
	uint32_t probe; /* ask who has it, and decide the request again when nobody says so; or 0 */
	bool is_unprobed;     /* an offer that should have been probed, but too many were */
	struct lease *commit; /* must be on disk before the reply leaves; or NULL */
	bool was_known; /* the client holds this lease on disk already: with a full disk it may go on */
	bool is_tellable; /* `exchange` is worth a line in the node's timeline */
	struct message_exchange exchange;
};

void decide(const struct decide_state *s, const struct msg *m, const struct arrival *from,
	int64_t now_ms, struct decision *ret);

/* The lease could not be written: takes a grant back, so that the client asks again. */
void decide_undo(const struct decide_state *s, struct lease *l, int64_t now_ms);

#endif

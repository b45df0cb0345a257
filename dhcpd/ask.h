/* ask.h - one request as it was understood: what it says, who asks, which node that is, in which network.
 *
 * One machine has one key. A node is known by MAC, else by client identifier, else by UUID, and its leases
 * belong to its first MAC (without one, to its identifier or UUID) whatever it came by. For a stranger
 * the identifier counts only without a MAC, since each stage of a boot sends another one. Pure;
 * everything is borrowed for the length of one decision. */
#ifndef SLIPWAY_DHCPD_ASK_H
#define SLIPWAY_DHCPD_ASK_H

#include <stdbool.h>
#include <stdint.h>

#include "dhcpd/decide.h"
#include "dhcpd/relay.h"

struct ask {
	const struct decide_state *s;
	const struct message_dhcp_settings *settings;
	const struct msg *m;
	const struct arrival *from;
	int64_t now_ms;
	struct client client;            /* whom leases belong to */
	struct client sender;            /* the same for a stranger: who sent this */
	struct mac mac;                  /* zero without one */
	const struct message_node *node; /* NULL for an unknown machine */
	struct relay_info relay;
	const struct message_network *network; /* the one that the machine is in */
	size_t pool;                           /* its place among them, and of its pool */
	struct pxe_client pxe;
	uint32_t server_id; /* what we call ourselves towards this client */
	struct decision *d;
};

/* Fills in client, mac and node, from `m` and `pxe`; false when the message names no client. */
bool ask_identify(struct ask *a);

/* Fills in network and pool from the relay, from where the message came, or from what it says. False
 * when this is no network of ours. */
bool ask_locate(struct ask *a);

/* The node that leases under this name of its own; or NULL. */
const struct message_node *ask_node_of(const struct node_table *nodes, const struct client *c);

/* The machine's lease in the network's pool, under any of its names; or NULL. */
struct lease *ask_lease(const struct ask *a);

/* The lease is the machine's own: under its key, or a node's under another of its names. */
bool ask_owns(const struct ask *a, const struct lease *l);

/* It is a node, or has a lease or had one, in any network. */
bool ask_is_known(const struct ask *a);

/* It says that it deals with a server that is not us (option 54). */
bool ask_names_other_server(const struct ask *a);

/* The address that the client says or shows to use, or 0. A DISCOVER's ciaddr is a mistake. */
uint32_t ask_own_address(const struct ask *a);

/* The client sent this to one server, as far as we or its relay (RFC 5010) could see. */
bool ask_is_unicast(const struct ask *a);

/* It is a node with an address of its own, and in the network where that is. */
bool ask_has_fixed_address(const struct ask *a);

#endif

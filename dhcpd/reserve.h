/* reserve.h - strangers never take the addresses that known nodes will need.
 *
 * Fixed addresses stand outside of this: nobody else is ever given one. A node without one takes its
 * address from a pool, so of each pool strangers may hold what is left when every such node has one;
 * an address in quarantine is held as well. Nothing is counted while a pool has plenty; when it
 * runs short the leases are counted anew, a few times a second at most. Pure; no lease is changed. */
#ifndef SLIPWAY_DHCPD_RESERVE_H
#define SLIPWAY_DHCPD_RESERVE_H

#include <stdbool.h>
#include <stdint.h>

#include "dhcpd/lease.h"
#include "dhcpd/network.h"
#include "dhcpd/node_table.h"

#define RESERVE_AGAIN_MS 250 /* leases are counted no more often */

/* All zero to begin with, and whenever networks or nodes have changed. */
struct reserve {
	bool is_sized, is_counted;
	int64_t counted_ms, searched_ms;
	uint32_t n_pool_nodes;                    /* nodes that take their address from a pool */
	uint32_t usable[MESSAGE_NETWORKS_MAX];    /* addresses that a lease may be given for */
	uint32_t strangers[MESSAGE_NETWORKS_MAX]; /* held; never too few, for a moment too many */
	uint32_t nodes[MESSAGE_NETWORKS_MAX];
};

/* What is counted. All borrowed; `nodes` may be NULL. */
struct reserve_view {
	const struct message_dhcp_settings *settings;
	const struct networks *networks;
	const struct node_table *nodes;
	const struct lease_table *leases;
	int64_t now_ms;
};

/* May a stranger be given one more address of this pool? */
bool reserve_allows(struct reserve *r, const struct reserve_view *v, size_t pool);

/* A stranger was given an address that nobody held. */
void reserve_took(struct reserve *r, size_t pool);

/* Most of what strangers may hold is held: offers to them end soon. */
bool reserve_is_short(struct reserve *r, const struct reserve_view *v, size_t pool);

/* For a node that finds nothing left: an address that was offered to a stranger and not taken yet; or 0. */
uint32_t reserve_find_offer(const struct reserve_view *v, size_t pool);

/* When nothing is left: the address that has been in quarantine for longest, and long enough that asking for
 * it again makes sense; or 0. Searches no more often than RESERVE_AGAIN_MS. */
uint32_t reserve_find_quarantined(
	struct reserve *r, const struct reserve_view *v, size_t pool, int64_t quarantine_ms);

#endif

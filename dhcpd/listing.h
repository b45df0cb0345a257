/* listing.h - all leases in the order of their addresses, a few at a time.
 *
 * Beginning a list notes which addresses there are; each piece of it then says what they are at that
 * moment. So the table may change as it likes between two pieces, no piece takes longer than a packet or
 * two would, and a reader that never comes back costs four bytes for each lease. Pure. */
#ifndef SLIPWAY_DHCPD_LISTING_H
#define SLIPWAY_DHCPD_LISTING_H

#include <stddef.h>
#include <stdint.h>

#include "dhcpd/lease.h"
#include "dhcpd/node_table.h"
#include "provisioner/messages/messages.h"

/* Leases looked at for one piece, whether they are in it or not. */
#define LISTING_STEP 256

struct listing {
	struct message_leases_ask ask;
	uint32_t *addresses; /* NULL: nothing is being listed */
	size_t n, at;
};

/* Takes the place of a list that was not read to its end. */
void listing_begin(
	struct listing *l, const struct message_leases_ask *ask, const struct lease_table *t);

/* Fills in the next piece. `nodes` may be NULL. After the one with `is_end` the list is done. */
void listing_next(struct listing *l, const struct lease_table *t, const struct node_table *nodes,
	int64_t now_ms, struct message_leases *ret);
void listing_done(struct listing *l);

#endif

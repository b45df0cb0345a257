/* holder.h - the client that holds a lease, packed into it: lease.c's own.
 *
 * Hardware address and identifier lie one after the other in the lease, or, when they do not fit, in memory
 * of their own that the lease owns. */
#ifndef SLIPWAY_DHCPD_HOLDER_H
#define SLIPWAY_DHCPD_HOLDER_H

#include <stdbool.h>
#include <stdint.h>

#include "dhcpd/lease.h"

bool holder_is_set(const struct lease *l);

/* The same hardware address or, where neither has one, the same identifier. */
bool holder_is(const struct lease *l, const struct client *c);

/* It goes by this very identifier as well. */
bool holder_has_id(const struct lease *l, const struct client *c);

/* Hardware address and identifier, one after the other; it is found by the first that there is. */
const uint8_t *holder_key(const struct lease *l);

/* Copies `c` into a lease that has nobody; clears it again. */
void holder_set(struct lease *l, const struct client *c);
void holder_clear(struct lease *l);

#endif

/* choose.h - which address a machine gets, and which it may have (RFC 2131 section 4.3.1).
 *
 * No address of ours, of a name server, of a node or of another client is ever given away, and strangers leave
 * enough of them to the nodes. Pure; only the lease table changes. */
#ifndef SLIPWAY_DHCPD_CHOOSE_H
#define SLIPWAY_DHCPD_CHOOSE_H

#include <stdbool.h>
#include <stdint.h>

#include "dhcpd/ask.h"

/* The address for a machine that asks for any: its own, the one it holds or held, the one it would like, a
 * new one. 0 with the reason in *ret_why. */
uint32_t choose_address(struct ask *a, enum counter *ret_why);

/* May this machine have this very address? */
bool choose_may_have(const struct ask *a, uint32_t address);

/* Makes the machine the holder of an address that it may have. NULL past LEASES_MAX. */
struct lease *choose_take(
	struct ask *a, uint32_t address, enum lease_state state, int64_t until_ms);

/* How long an address is held for this machine until it takes the offer. */
int64_t choose_hold_ms(const struct ask *a);

#endif

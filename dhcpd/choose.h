/* choose.h - which address a machine gets, and which it may have (RFC 2131 section 4.3.1).
 *
 * No address of ours, of a name server, of a node or of another client is ever given away. Pure; only
 * the lease table changes. */
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

#endif

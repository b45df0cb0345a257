/* bond.h - a bond of several interfaces, made and kept as it was asked for.
 *
 * bond_plan.h decides, this does. Doing it twice changes nothing the second time. */
#ifndef SLIPWAY_NET_BOND_H
#define SLIPWAY_NET_BOND_H

#include "provisioner/base/err.h"

struct bond_settings;
struct netlink;

/* Makes the bond with its members and sets it up. Whether its links come up, and whether the switch
 * speaks LACP, shows later: links_read(). 0; the errors of bond_plan_make(); -EOPNOTSUPP when the
 * kernel has no bonding driver; or what the kernel said, with the step in *e. */
int bond_ensure(struct netlink *n, const struct bond_settings *s, struct err *e) MUST_USE;

#endif

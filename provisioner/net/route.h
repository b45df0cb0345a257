/* route.h - which interface leads out of here, and how fast an interface is.
 *
 * For proposals only: nobody relies on either. */
#ifndef SLIPWAY_NET_ROUTE_H
#define SLIPWAY_NET_ROUTE_H

#include <stdint.h>

#include "provisioner/base/err.h"

struct netlink;

/* The index of the interface of the IPv4 default route that the kernel would take, 0 without one. */
int route_default(struct netlink *n, int *ret_index, struct err *e) MUST_USE;

/* What the driver says, in Mbit/s; 0 when it says nothing (no link, or no hardware). `sysfs` is
 * "/sys/class/net". */
uint32_t link_speed_mbit(const char *sysfs, const char *name);

#endif

/* bring_up.h - the internal interface made ready to serve on, once, at start. */
#ifndef SLIPWAY_NET_BRING_UP_H
#define SLIPWAY_NET_BRING_UP_H

#include "provisioner/base/err.h"

struct cluster_internal;

/* Makes the bond if one is asked for; the interface must then exist, is set up, and must have the
 * address that cluster.yaml says (it is added to a bond of our own). 0, or a negative errno with
 * *e naming the interface and what to do. */
int net_bring_up(const struct cluster_internal *internal, struct err *e) MUST_USE;

#endif

/* bring_up.h - the internal interface made ready to serve on, once, at start. */
#ifndef SLIPWAY_NET_BRING_UP_H
#define SLIPWAY_NET_BRING_UP_H

#include "provisioner/base/err.h"

struct cluster_internal;

/* Makes the bond if one is asked for. The interface must then exist; it is set up, and must have the
 * address that cluster.yaml says (a bond that we keep is given it). 0, or a negative errno with *e
 * naming the key, the interface and what to do. */
int net_bring_up(const struct cluster_internal *internal, struct err *e) MUST_USE;

#endif

/* options.h - the DHCP options of one network as dhcpd is told them and sends them.
 *
 * RFC 2132 (26, 42), RFC 3397 (119), RFC 3442 (121, and 249 as old Windows calls it), and whatever
 * else the operator lists. The form is that of message_network.options. Pure. */
#ifndef SLIPWAY_CLUSTER_OPTIONS_H
#define SLIPWAY_CLUSTER_OPTIONS_H

#include <stdint.h>

#include "provisioner/base/wr.h"

struct cluster_subnet;

/* Latches the writer's error when they are too many for it. */
void options_encode(const struct cluster_subnet *s, struct wr *w);

/* Why the operator may not list this code: "dhcp.dns says it", or NULL for a code that is free. */
const char *options_owner(uint32_t code);

#endif

/* build_dhcp.h - what DHCP tells a node, for people to read and plans to compare. */
#ifndef SLIPWAY_GENERATION_BUILD_DHCP_H
#define SLIPWAY_GENERATION_BUILD_DHCP_H

#include "provisioner/base/arena.h"

struct cluster;
struct cluster_node;

/* A line for each thing that an answer says, and one for each boot file by the firmware that asks. In the arena; NULL
 * when that is full. */
const char *build_dhcp_text(struct arena *a, const struct cluster *c, const struct cluster_node *n);

#endif

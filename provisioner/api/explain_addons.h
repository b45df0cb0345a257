/* explain_addons.h - where the parameters of a node's add-ons come from: its role, the cluster, or the add-on. */
#ifndef SLIPWAY_API_EXPLAIN_ADDONS_H
#define SLIPWAY_API_EXPLAIN_ADDONS_H

#include "provisioner/cluster/settings.h"

struct generation;
struct cluster_role;

/* Calls `each` for every add-on of the role, and every value that it has, in the order in which they come. What an origin
 * borrows lives for the call. A generation of an older slipway tells of what cluster.yaml says alone. */
void explain_addons(const struct generation *g, const struct cluster_role *role,
	cluster_origin_fn *each, void *arg);

#endif

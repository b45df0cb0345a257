/* check.h - what no single key of cluster.yaml can tell: whether they fit together.
 *
 * Names, MACs and addresses are each given once; addresses lie in the network, outside the pool;
 * roles exist. Runs after load.c found no error of its own. */
#ifndef SLIPWAY_CLUSTER_CHECK_H
#define SLIPWAY_CLUSTER_CHECK_H

#include "provisioner/base/arena.h"
#include "provisioner/base/err.h"

struct cluster;

/* Links each node to its role. */
void cluster_check_roles(struct cluster *c, struct err_list *errors);

/* Borrows all; `a` holds the scratch tables. Adds to `errors`. */
void cluster_check(struct arena *a, struct cluster *c, struct err_list *errors);

#endif

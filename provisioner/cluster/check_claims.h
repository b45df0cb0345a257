/* check_claims.h - what only one node may have: a name, an address, a MAC, a client-id, a UUID.
 *
 * Sorts all claims and looks at neighbours, so a hall of thousands takes no time. Both who have it are
 * told. Private to cluster/. */
#ifndef SLIPWAY_CLUSTER_CHECK_CLAIMS_H
#define SLIPWAY_CLUSTER_CHECK_CLAIMS_H

#include "provisioner/base/arena.h"
#include "provisioner/base/err.h"

struct cluster;
struct cluster_node;

/* Also sorts the nodes by name, for cluster_node_find(). `a` holds the tables. */
void check_claims(struct arena *a, struct cluster *c, struct err_list *errors);

/* Where the node says it, or where the node begins. */
struct mark check_place(const struct cluster_node *n, const char *key);

/* "(also at FILE:LINE:COLUMN)" for behind a message. */
#define ALSO_TEXT_SIZE 192
const char *check_also(struct mark at, char buf[static ALSO_TEXT_SIZE]);

#endif

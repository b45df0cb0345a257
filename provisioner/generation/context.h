/* context.h - the names that templates may use, filled from cluster.yaml for one node.
 *
 * The contract with template writers is templates/README.md; this file keeps it. */
#ifndef SLIPWAY_GENERATION_CONTEXT_H
#define SLIPWAY_GENERATION_CONTEXT_H

#include "provisioner/base/arena.h"
#include "templates/engine/value.h"

struct cluster;
struct cluster_node;

/* What templates see that cluster.yaml does not say. */
struct context_facts {
	const char *ca_fingerprint; /* 64 hex digits */
};

/* The names that are the same for all nodes. */
struct value context_cluster(
	struct arena *a, const struct cluster *c, const struct context_facts *f);

/* Adds `node` and `role` to a copy of them. */
struct value context_node(struct arena *a, struct value shared, const struct cluster *c,
	const struct cluster_node *n);

#endif

/* build_addons.h - the add-ons of a generation in the making: found, given to templates, seeded.
 *
 * Private to this room. */
#ifndef SLIPWAY_GENERATION_BUILD_ADDONS_H
#define SLIPWAY_GENERATION_BUILD_ADDONS_H

#include "provisioner/generation/build.h"

struct cluster_node;

/* Reads all add-ons and resolves what each role has of them, into b->addons; then lets them say what is
 * wrong. 0, or a negative errno with b->errors filled, as below. */
int build_read_addons(struct build *b) MUST_USE;

/* Adds `addons` and `role.addons` to what the node's templates see. */
void build_addons_names(const struct build *b, struct value globals, const struct cluster_node *n);

/* The words of all secrets.yaml of the node's add-ons: sorted, each once, one a line. */
int build_addons_secrets(struct build *b, struct arena *scratch, struct value globals,
	struct node_artefacts *ret) MUST_USE;

/* What etcd is to hold from the start: cluster.yaml's etcd.seed, and what the add-ons want there. A key
 * that cluster.yaml has stays its own. */
int build_seed(struct build *b) MUST_USE;

#endif

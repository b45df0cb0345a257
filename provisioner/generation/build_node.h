/* build_node.h - what one node gets: its configuration, its kernel arguments, its boot scripts. */
#ifndef SLIPWAY_GENERATION_BUILD_NODE_H
#define SLIPWAY_GENERATION_BUILD_NODE_H

#include "provisioner/generation/build.h"

/* Fills *ret, whose node is set, but for the number in its scripts. 0, or a negative errno with b->errors
 * filled. */
int build_node(struct build *b, struct node_artefacts *ret) MUST_USE;

/* The scripts anew, with the generation's number; the same otherwise. */
int build_node_number(struct build *b, struct node_artefacts *ret, int64_t number) MUST_USE;

#endif

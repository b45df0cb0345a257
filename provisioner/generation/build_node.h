/* build_node.h - what one node gets: its configuration, its boot scripts, its kernel arguments. */
#ifndef SLIPWAY_GENERATION_BUILD_NODE_H
#define SLIPWAY_GENERATION_BUILD_NODE_H

#include "provisioner/generation/build.h"

/* Fills *n, whose node is set and which lives in `scratch`, and hands it to b->sink; or lets the sink keep what it has,
 * when nothing has changed that it depends on. 0; a negative errno with b->errors filled, or that of the sink. */
int build_node(struct build *b, struct arena *scratch, struct node_artefacts *n) MUST_USE;

#endif

/* rendered.h - nodes on their way from rendering into the archive, beside what they were in the generation before.
 *
 * Its three functions are those of a generation_sink. A node that is kept costs one row, and no text. */
#ifndef SLIPWAY_GENERATION_RENDERED_H
#define SLIPWAY_GENERATION_RENDERED_H

#include "provisioner/generation/generation.h"

struct rendered;

/* Nodes go under `number`, in an open batch of `a`, which is kept; `before` is the generation to compare with, 0 for
 * none. 0, or what the archive returns. */
int rendered_new(struct archive *a, int64_t before, int64_t number, struct rendered **ret) MUST_USE;
void rendered_free(struct rendered *r);

bool rendered_find(void *rendered, const struct cluster_node *n, struct generation_before *ret);
int rendered_keep(void *rendered, const struct cluster_node *n);
int rendered_put(void *rendered, const struct node_artefacts *n);

/* Puts all nodes of a generation as they are there. 0, or what the archive returns. */
int rendered_again(struct rendered *r, int64_t number) MUST_USE;

/* Nodes that were rendered; and those that get something else than before, have come or have gone. */
int64_t rendered_n_put(const struct rendered *r);
int64_t rendered_n_changed(const struct rendered *r);

/* Adds the nodes and the hashes of what they get, in the order they came. */
void rendered_sum(const struct rendered *r, struct str *out);

#endif

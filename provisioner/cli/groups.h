/* groups.h - nodes for which the same lines change, as one group that is shown once; a hall has thousands.
 *
 * A node's own name, address and MACs count as the same in all: a new domain is one change and not ten thousand. Memory
 * is bounded: of very many different changes the last are not shown. */
#ifndef SLIPWAY_CLI_GROUPS_H
#define SLIPWAY_CLI_GROUPS_H

#include "provisioner/cli/texts.h"

struct groups {
	struct texts *texts;
	const json_t *machines; /* by name, as the API gives them; borrowed */
	bool is_full;       /* also what a system reads where it follows from its cloud-config */
	json_t *list;       /* [{needs, own_words, nodes, artefacts: [{kind, diff}]}] */
	json_t *index;      /* the same by what changes */
	size_t shown_bytes; /* of all diffs */
};

/* `machines` is kept, and `texts`. */
void groups_init(struct groups *g, struct texts *texts, const json_t *machines, bool is_full);
void groups_done(struct groups *g);

/* Adds nodes of the API's changes: {name, needs, from, to}. What stands for each in its group is its name, or, when
 * `runs` is not 0, {name, runs}. What goes wrong is told by g->texts->rc. */
void groups_add(struct groups *g, const json_t *nodes, long long runs);

/* Nodes of which nothing is known but who they are. */
void groups_add_unknown(struct groups *g, const json_t *nodes, long long runs);

#endif

/* plan.h - what publishing would change, and what nodes run that is not what they get now.
 *
 * The whole is a JSON object, and what `slipway plan` prints is written from it:
 *
 *   from, to      numbers of the generations: what is published, and 0, the draft
 *   inputs        [{name, diff}]  cluster.yaml and nodes.d
 *   shared        [{name, diff}]  what every machine may get
 *   groups        [{needs, own_words, nodes, artefacts: [{kind, diff}]}]
 *   new, gone     names of nodes
 *   asked_for     as groups: all that new nodes get that are named on the command line
 *   served        number of the generation that nodes get now
 *   behind        as groups, from what nodes run to what they get; `nodes` are {name, runs}
 *
 * The lines of a group are those of its first node; with own_words the others have their own names, addresses and MACs
 * in them. */
#ifndef SLIPWAY_CLI_PLAN_H
#define SLIPWAY_CLI_PLAN_H

#include "provisioner/cli/client.h"

struct plan_wish {
	bool is_full;        /* also how what a system reads follows from its cloud-config */
	bool is_behind_only; /* renders nothing, and holds `served` and `behind` alone */
};

/* Of nodes, only those that are named on the command line, if any are. CLI_OK and *ret, or an exit status after saying
 * why. */
int plan_gather(const struct cli *cli, const struct plan_wish *wish, json_t **ret);

/* How many nodes come, go or get something else; and how many are behind. */
size_t plan_count(const json_t *plan);
size_t plan_count_behind(const json_t *plan);

/* True when publishing would change anything. */
bool plan_is_any(const json_t *plan);

#endif

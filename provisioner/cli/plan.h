/* plan.h - what is different between two generations, gathered for a person.
 *
 * Nodes for which the same lines change are one group, shown by the first of them; a hall has thousands.
 * The whole is a JSON object, and what `slipway plan` prints is written from it:
 *
 *   from, to      numbers of the generations; 0 is the draft
 *   inputs        [{name, diff}]  cluster.yaml and nodes.d
 *   shared        [{name, diff}]  what every machine may get
 *   groups        [{needs, nodes, artefacts: [{kind, diff}]}]
 *   new, gone     names of nodes */
#ifndef SLIPWAY_CLI_PLAN_H
#define SLIPWAY_CLI_PLAN_H

#include "provisioner/cli/client.h"

/* Both as in the API: a number or "published". Of nodes, only those that are named on the command line,
 * if any are. `is_full`: the diff of what a system reads, too, where it follows from its cloud-config.
 * CLI_OK and *ret, or an exit status after saying why. */
int plan_gather(
	const struct cli *cli, const char *from, const char *to, bool is_full, json_t **ret);

/* How many nodes come, go or get something else. */
size_t plan_count(const json_t *plan);

/* True when there is anything in it. */
bool plan_is_any(const json_t *plan);

void plan_print(const json_t *plan);

#endif

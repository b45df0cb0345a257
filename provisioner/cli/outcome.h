/* outcome.h - what came of publishing, as the server tells it: for `apply` and `generations rollback`. */
#ifndef SLIPWAY_CLI_OUTCOME_H
#define SLIPWAY_CLI_OUTCOME_H

#include "provisioner/cli/cli.h"

/* POSTs to `path`, with the user's name, waits and prints: mistakes as compilers do, or what is published. The exit
 * status. */
int outcome_order(const struct cli *cli, const char *path);

#endif

/* outcome.h - what came of publishing, as the server tells it: for `apply` and `generations rollback`. */
#ifndef SLIPWAY_CLI_OUTCOME_H
#define SLIPWAY_CLI_OUTCOME_H

#include <jansson.h>

#include "provisioner/cli/cli.h"

/* POSTs to `path`, with the user's name, waits and prints: mistakes as compilers do, or what is published. The exit
 * status. */
int outcome_order(const struct cli *cli, const char *path);

/* The mistakes and warnings in the server's answer, as compilers print them, to stderr. */
void outcome_print_problems(const json_t *reply);

#endif

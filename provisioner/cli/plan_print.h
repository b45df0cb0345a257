/* plan_print.h - a plan for a person: diffs below the names of who gets them. */
#ifndef SLIPWAY_CLI_PLAN_PRINT_H
#define SLIPWAY_CLI_PLAN_PRINT_H

#include <jansson.h>

void plan_print(const json_t *plan);

#endif

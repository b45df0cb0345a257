/* target.h - what one system would drop in silence and another one would not.
 *
 * The rules that hold for every system are rules.h's and check.h's. */
#ifndef SLIPWAY_CONFIG_TARGET_H
#define SLIPWAY_CONFIG_TARGET_H

#include "provisioner/config/emit.h"

void target_check(enum config_kind kind, const struct cloudconfig *c, struct err_list *errors);

#endif

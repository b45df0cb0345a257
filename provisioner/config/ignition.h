/* ignition.h - the model as Ignition of the oldest version that says it: what plan.h makes of it, as JSON. */
#ifndef SLIPWAY_CONFIG_IGNITION_H
#define SLIPWAY_CONFIG_IGNITION_H

#include "provisioner/config/emit.h"

/* For emit.c's table: 0, -EINVAL with `errors` filled, or -E2BIG. */
int ignition_write(enum config_kind kind, const struct cloudconfig *c, struct str *out,
	struct err_list *errors) MUST_USE;

#endif

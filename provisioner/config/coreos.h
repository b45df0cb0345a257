/* coreos.h - the model as cloud-config for coreos-cloudinit, with underscores in every key.
 *
 * CoreOS's and Flatcar's programs read this form alike; what they do not both obey is target.h's. */
#ifndef SLIPWAY_CONFIG_COREOS_H
#define SLIPWAY_CONFIG_COREOS_H

#include "provisioner/config/emit.h"

/* For emit.c's table: 0 or -E2BIG. */
int coreos_write(enum config_kind kind, const struct cloudconfig *c, struct str *out,
	struct err_list *errors) MUST_USE;

#endif

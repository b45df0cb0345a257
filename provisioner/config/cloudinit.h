/* cloudinit.h - the model as user-data for cloud-init, for systems beside CoreOS and its heirs.
 *
 * Units become files and systemctl's commands, in the order in which coreos-cloudinit would run
 * them. The network is not among them: it is a document of its own, see netplan.h. */
#ifndef SLIPWAY_CONFIG_CLOUDINIT_H
#define SLIPWAY_CONFIG_CLOUDINIT_H

#include "provisioner/config/emit.h"

/* For emit.c's table: 0, -EINVAL with `errors` filled, or -E2BIG. */
int cloudinit_write(enum config_kind kind, const struct cloudconfig *c, struct str *out,
	struct err_list *errors) MUST_USE;

#endif

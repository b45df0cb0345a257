/* keyfile.h - a node's interfaces as profiles of NetworkManager, for systems without networkd.
 *
 * nm-settings-keyfile(5): one file for each link, below /etc/NetworkManager/system-connections, for
 * the root user alone (NetworkManager ignores any other). What NetworkManager has no word for is an
 * error at the file's line. */
#ifndef SLIPWAY_CONFIG_KEYFILE_H
#define SLIPWAY_CONFIG_KEYFILE_H

#include "provisioner/config/ifaces.h"
#include "provisioner/config/plan.h"

#define KEYFILE_FOLDER "/etc/NetworkManager/system-connections"
#define KEYFILE_MODE 0600u

/* The profile of one link. 0, -EINVAL with `errors` filled, or -E2BIG when `out` is full. */
int keyfile_write(const struct iface *l, struct str *out, struct err_list *errors) MUST_USE;

/* What NetworkManager.conf(5) must say of the link beside it. Adds nothing when that is nothing. */
void keyfile_write_settings(const struct iface *l, struct str *out);

/* All networkd files of a cloud-config, as files of a plan. 0, with what can not be said added to the
 * plan's errors, or -E2BIG when its arena is full. */
int keyfile_plan(struct plan *p, const struct cloudconfig *c) MUST_USE;

#endif

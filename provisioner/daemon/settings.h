/* settings.h - what the supervisor itself must know of the published cluster.yaml: its network, ports, TFTP server.
 *
 * The archive belongs to the workers' user. So a child without privileges reads it, and root gets fixed fields whose
 * texts are checked: it parses nothing that a worker could have written. */
#ifndef SLIPWAY_DAEMON_SETTINGS_H
#define SLIPWAY_DAEMON_SETTINGS_H

#include <sys/types.h>

#include "provisioner/base/arena.h"
#include "provisioner/base/err.h"

struct cluster;

/* 0 and *ret, which has nothing but these settings, its name and its number of nodes; -ENOENT: nothing is published. Or
 * a negative errno with *e filled. */
int settings_published(const char *state_dir, uid_t uid, gid_t gid, struct arena *a,
	struct cluster **ret, struct err *e) MUST_USE;

#endif

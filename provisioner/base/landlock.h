/* landlock.h - the part of the file system that a process keeps (Landlock, Linux 5.13 and later).
 *
 * A ruleset is opened while the process may still look at every folder, and enforced after it has
 * given up its user. Whatever the running kernel's Landlock can refuse and no rule allows is
 * refused from then on, for good. Descriptors that are already open keep what they could do. */
#ifndef SLIPWAY_BASE_LANDLOCK_H
#define SLIPWAY_BASE_LANDLOCK_H

#include <stdbool.h>

#include "provisioner/base/err.h"

/* The level of Landlock in this kernel (1 and up), or 0 when it has none or it is switched off. */
int landlock_abi(void);

/* A ruleset as a descriptor, or a negative errno with *e naming the path at fault. `write_dirs` and
 * `read_dirs` end in NULL and may be NULL; each names a folder, or a single file. Without
 * `may_connect` TCP connections are refused too, where the kernel can (level 4). */
int landlock_open(const char *const *write_dirs, const char *const *read_dirs, bool may_connect,
	struct err *e) MUST_USE;

/* Puts the calling thread under the ruleset. It must have no_new_privs set. Borrows `ruleset`. */
int landlock_enforce(int ruleset, struct err *e) MUST_USE;

#endif

/* sandbox.h - what a worker gives up before it reads its first byte from a stranger.
 *
 * sandbox_enter() turns a root process that has opened what it needs into user `slipway` without
 * capabilities, unable to gain new privileges, seeing only the folders named (Landlock, where the
 * kernel has it) and only the system calls that an event loop needs (seccomp; others fail with
 * EPERM). Started by an ordinary user (tests), it keeps that user and does the rest. What is open
 * stays usable: sockets, capture handles, folder descriptors. */
#ifndef SLIPWAY_BASE_SANDBOX_H
#define SLIPWAY_BASE_SANDBOX_H

#include <stdbool.h>
#include <sys/types.h>

#include "provisioner/base/err.h"

struct sandbox {
	uid_t uid;
	gid_t gid;
	const char *const *write_dirs; /* NULL-ended, may be NULL: files below may be changed */
	const char *const *read_dirs;  /* NULL-ended, may be NULL: files below may be read */

	bool may_fork; /* make processes of its own, which are as restricted */

	/* May open stream sockets, connect() and resolve names (the provisioner). The resolver needs
	 * "/etc" and "/usr/lib" in read_dirs. Without it: UDP by sendto(), and no connect() at all. */
	bool may_connect;
};

/* 0, or a negative errno with *e saying which step failed. Landlock missing in the kernel is logged
 * once, not an error; everything else that fails is. There is no way back. */
int sandbox_enter(const struct sandbox *s, struct err *e) MUST_USE;

/* The ids of a user by name: 0, or -ENOENT. */
int sandbox_user(const char *name, uid_t *ret_uid, gid_t *ret_gid) MUST_USE;

#endif

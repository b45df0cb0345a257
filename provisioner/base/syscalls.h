/* syscalls.h - the system calls that a process keeps (seccomp).
 *
 * What an event loop over sockets, files, timers and SQLite needs, and nothing that starts a
 * program, makes a process (but for who may), looks into another one or touches the machine. Everything else fails
 * with EPERM; calls that libc only tries fail with ENOSYS, so that it takes the older one. */
#ifndef SLIPWAY_BASE_SYSCALLS_H
#define SLIPWAY_BASE_SYSCALLS_H

#include <stdbool.h>

#include "provisioner/base/err.h"

/* The runtime of a sanitizer needs more than the program: /proc, threads, ptrace of itself. */
#if defined(__SANITIZE_ADDRESS__)
#define UNDER_SANITIZER true
#elif defined(__has_feature)
#define UNDER_SANITIZER __has_feature(address_sanitizer)
#else
#define UNDER_SANITIZER false
#endif

struct syscalls {
	bool may_write;   /* create, rename, truncate and remove files */
	bool may_fork;    /* make processes of its own, and wait for them */
	bool may_connect; /* connect(), stream sockets, the resolver's threads and its plug-ins */
};

/* Puts the calling thread behind the filter, for good. 0, or a negative errno with *e filled. A
 * build under a sanitizer has no filter, and logs that. */
int syscalls_restrict(const struct syscalls *s, struct err *e) MUST_USE;

#endif

/* verified.h - files of the image store that may leave: read by the verifier and found to be what their manifest says.
 *
 * The verdicts are read again whenever the verifier has put a new list in the place of the old one. */
#ifndef SLIPWAY_SERVER_VERIFIED_H
#define SLIPWAY_SERVER_VERIFIED_H

#include <sys/stat.h>

#include "netboot/images/verdicts.h"
#include "provisioner/base/mem.h"

struct verified {
	int verdicts_dir; /* borrowed */
	struct verdicts verdicts;
	struct verdict_identity read_from; /* the file that they were read from */
};

void verified_done(struct verified *v);

/* May `fd`, opened as `name` below the image store, leave? 0 with *ret_stat. Else -EAGAIN: it is being verified;
 * -EACCES: it is refused; -ENOENT: there is no such file in any image. Borrows `fd`. */
int verified_check(struct verified *v, const char *name, int fd, struct stat *ret_stat) MUST_USE;

#endif

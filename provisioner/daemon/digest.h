/* digest.h - the SHA-256 of a file, as agents are told it. */
#ifndef SLIPWAY_DAEMON_DIGEST_H
#define SLIPWAY_DAEMON_DIGEST_H

#include "provisioner/base/mem.h"

#define DIGEST_TEXT_SIZE 65 /* hex */

/* Of `name` below folder `dir`. 0 or a negative errno. */
int digest_of_file(int dir, const char *name, char ret[static DIGEST_TEXT_SIZE]) MUST_USE;

#endif

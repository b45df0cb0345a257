/* digest.h - SHA-256 and SHA-512 of files, as lower-case hex. */
#ifndef SLIPWAY_IMAGES_DIGEST_H
#define SLIPWAY_IMAGES_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#include "provisioner/base/mem.h"

#define DIGEST_HEX_SIZE 129 /* of the longest, with its NUL */

enum digest_kind { DIGEST_SHA256 = 1, DIGEST_SHA512 };

/* One digest in the making. */
struct digest;

struct digest *digest_new(enum digest_kind kind);
void digest_free(struct digest *d);
void digest_add(struct digest *d, const void *data, size_t len);

/* Ends it. */
void digest_hex(struct digest *d, char ret[static DIGEST_HEX_SIZE]);

/* Of the whole file, from its start, wherever it is positioned. Calls `step` (which may be NULL) with
 * the bytes of each block. 0, or the negative errno of read(). */
int digest_of_fd(int fd, enum digest_kind kind, char ret[static DIGEST_HEX_SIZE],
	void (*step)(void *arg, size_t bytes), void *arg) MUST_USE;

#endif

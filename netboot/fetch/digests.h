/* digests.h - FILE.DIGESTS of CoreOS and Flatcar: sections "# SHA512 HASH", then lines
 * "HEX  NAME". Pure. */
#ifndef SLIPWAY_FETCH_DIGESTS_H
#define SLIPWAY_FETCH_DIGESTS_H

#include "netboot/images/digest.h"

#define DIGESTS_BYTES_MAX ((size_t)64 << 10)

/* The SHA-512 of `name`, in lower case. 0, -ENOENT, or -EBADMSG (a sum that is none, or two that
 * differ). */
int digests_find(
	const char *text, size_t len, const char *name, char ret[static DIGEST_HEX_SIZE]) MUST_USE;

#endif

/* version_txt.h - version.txt of CoreOS and Flatcar: lines KEY=VALUE, as a shell reads them. Pure. */
#ifndef SLIPWAY_FETCH_VERSION_TXT_H
#define SLIPWAY_FETCH_VERSION_TXT_H

#include <stddef.h>

#include "provisioner/base/mem.h"

#define VERSION_TXT_BYTES_MAX ((size_t)64 << 10)

/* The value of `key`, without quotes: printable ASCII, no blank at either end. 0, -ENOENT, or
 * -EINVAL: it is empty, given twice with different values, too long or not text. */
int version_txt_get(const char *text, size_t len, const char *key, char *ret, size_t size) MUST_USE;

#endif

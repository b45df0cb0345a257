/* content.h - the bytes of a file: decoded from a cloud-config, encoded into a data: URL.
 *
 * RFC 2397 URLs as Ignition reads them. Text stays legible (percent-encoded), so that a slot in it
 * survives letter by letter; everything else becomes base64. */
#ifndef SLIPWAY_CONFIG_CONTENT_H
#define SLIPWAY_CONFIG_CONTENT_H

#include <stdbool.h>
#include <stddef.h>

#include "provisioner/base/arena.h"
#include "provisioner/base/str.h"

/* Standard base64 with padding (RFC 4648 section 4), line breaks skipped as Go's decoder does. The
 * bytes live in `a`, a NUL behind them. 0, -EINVAL, or -E2BIG. */
int content_decode_base64(
	struct arena *a, const char *text, size_t len, const char **ret, size_t *ret_len) MUST_USE;

/* UTF-8 without control characters other than tab, newline and carriage return. */
bool content_is_text(const char *data, size_t len);

/* The two bytes that begin a gzip file (RFC 1952). */
bool content_is_gzip(const char *data, size_t len);

void content_add_data_url(struct str *out, const char *data, size_t len);

#endif

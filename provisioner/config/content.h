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

/* What a gzip file (RFC 1952) unpacks to, checksums and all members included: nodes unpack it in
 * memory, so CONTENT_UNPACKED_MAX bounds it, however little the file itself is. The bytes live in
 * `a`, a NUL behind them. 0, -EINVAL when it is not one (or cut off), or -E2BIG. */
#define CONTENT_UNPACKED_MAX ((size_t)16 << 20)
int content_unpack(
	struct arena *a, const char *data, size_t len, const char **ret, size_t *ret_len) MUST_USE;

/* As gzip in base64; `out` fails when there is no room. The same bytes for the same data. */
void content_add_packed(struct str *out, const char *data, size_t len);

void content_add_data_url(struct str *out, const char *data, size_t len);

#endif

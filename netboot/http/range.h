/* range.h - the Range field of a request for a file of known size (RFC 9110 section 14).
 *
 * One range of bytes; several, another unit, or nonsense are as if the field had not been sent. */
#ifndef SLIPWAY_HTTP_RANGE_H
#define SLIPWAY_HTTP_RANGE_H

#include <stdint.h>

enum http_range { HTTP_RANGE_WHOLE = 1, HTTP_RANGE_PART, HTTP_RANGE_NONE };

/* PART fills in *ret_first and *ret_len (never 0); NONE means that no such byte exists (416). */
enum http_range http_range_parse(
	const char *value, uint64_t size, uint64_t *ret_first, uint64_t *ret_len);

#endif

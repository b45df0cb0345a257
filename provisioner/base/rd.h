/* rd.h - bounds-checked reader over bytes that someone else owns.
 *
 * The first failed read latches `err`; every later read returns zeros and does not move. So a
 * decoder may read a whole header and test rd_ok() once, before it trusts any value.
 * Numbers on the wire are big-endian. The reader borrows `p`: it never copies and never frees. */
#ifndef SLIPWAY_BASE_RD_H
#define SLIPWAY_BASE_RD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rd {
	const uint8_t *p;
	size_t left;
	bool err;
};

struct rd rd_init(const void *data, size_t len);
bool rd_ok(const struct rd *r);
uint8_t rd_u8(struct rd *r);
uint16_t rd_be16(struct rd *r);
uint32_t rd_be32(struct rd *r);

/* Copies the next `n` bytes to `to`; on failure `to` is zeroed. */
void rd_copy(struct rd *r, void *to, size_t n);

/* Moves over `n` bytes. */
void rd_skip(struct rd *r, size_t n);

/* Splits the next `n` bytes off into a reader of their own (an option's value, a sub-TLV). */
struct rd rd_slice(struct rd *r, size_t n);

/* The next NUL-terminated text, borrowed from the buffer; the reader moves past the NUL. Without a
 * NUL before the end the reader fails and "" is returned. */
const char *rd_cstr(struct rd *r);

#endif

/* wr.h - bounds-checked writer into a buffer that someone else owns.
 *
 * The first write that does not fit latches `err`; later writes do nothing. So an encoder writes a
 * whole packet and tests wr_ok() once before it is sent. Numbers go out big-endian.
 * Invariant: len <= cap. The writer borrows `p`. */
#ifndef SLIPWAY_BASE_WR_H
#define SLIPWAY_BASE_WR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wr {
	uint8_t *p;
	size_t len, cap;
	bool err;
};

struct wr wr_init(void *buffer, size_t cap);
bool wr_ok(const struct wr *w);
size_t wr_room(const struct wr *w);
void wr_u8(struct wr *w, uint8_t v);
void wr_be16(struct wr *w, uint16_t v);
void wr_be32(struct wr *w, uint32_t v);
void wr_bytes(struct wr *w, const void *data, size_t n);
void wr_fill(struct wr *w, uint8_t v, size_t n);

/* The text with its NUL. */
void wr_cstr(struct wr *w, const char *text);

/* Overwrites the two bytes at `at`, written earlier (a checksum, a length). */
void wr_patch_be16(struct wr *w, size_t at, uint16_t v);

#endif

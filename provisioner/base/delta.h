/* delta.h - a text written as what it takes over from another one, and what it adds. Pure.
 *
 * For many texts that differ in a few words. A delta is a list of steps: a count of new bytes and the bytes, then a
 * count of bytes to take over and the place in the base where they stand; numbers in base 128, low digits
 * first. Reading one trusts nothing in it. */
#ifndef SLIPWAY_BASE_DELTA_H
#define SLIPWAY_BASE_DELTA_H

#include <stddef.h>
#include <stdint.h>

#include "provisioner/base/str.h"

/* A base made ready to be compared with: keeps `text`, which must outlive it. */
struct delta_base {
	const char *text;
	size_t len;
	uint32_t *slots; /* hash table of places + 1 */
	size_t n_slots;
};

void delta_base_init(struct delta_base *b, const char *text, size_t len);
void delta_base_done(struct delta_base *b);

/* Adds the delta that makes `text` to *out. What does not fit latches out->err: then it is no use. */
void delta_write(const struct delta_base *b, const char *text, size_t len, struct str *out);

/* Adds the text to *out. 0; -EBADMSG when it is no delta of this base, or its text does not fit. */
int delta_read(
	const char *base, size_t base_len, const void *delta, size_t len, struct str *out) MUST_USE;

#endif

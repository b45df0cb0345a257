/* utf8.h - text counted in characters. Bytes that are not UTF-8 are taken as they come: a character
 * is one byte and the continuation bytes behind it. */
#ifndef SLIPWAY_TEMPLATES_ENGINE_UTF8_H
#define SLIPWAY_TEMPLATES_ENGINE_UTF8_H

#include <stddef.h>
#include <stdint.h>

#define UTF8_MAX 4

size_t utf8_count(const char *text, size_t len);

/* Bytes of the character at `text`; `len` > 0. */
size_t utf8_step(const char *text, size_t len);

/* Where character number `index` begins; `len` when there are not that many. */
size_t utf8_offset(const char *text, size_t len, size_t index);

/* The code point at `text` and its bytes in *ret_step; U+FFFD and 1 for what is not UTF-8. */
uint32_t utf8_decode(const char *text, size_t len, size_t *ret_step);

/* Writes a code point; gives its bytes. */
size_t utf8_encode(uint32_t point, char to[static UTF8_MAX]);

#endif

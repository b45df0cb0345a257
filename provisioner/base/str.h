/* str.h - text that grows up to a ceiling fixed at birth.
 *
 * Adding past the ceiling latches `err` and drops what did not fit; test str_ok() once at the end.
 * `s` is always NUL-terminated after the first addition; str_text() gives "" before it. The struct
 * owns its memory: str_done() (or AUTO(str_done)) frees it, str_take() gives it away. */
#ifndef SLIPWAY_BASE_STR_H
#define SLIPWAY_BASE_STR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "provisioner/base/mem.h"

struct str {
	char *s;
	size_t len, cap, max;
	bool err;
};

/* `max` bounds the length in bytes, without the NUL. */
struct str str_init(size_t max);
void str_done(struct str *b);
void str_reset(struct str *b);
bool str_ok(const struct str *b);
const char *str_text(const struct str *b);

/* Gives the text; the caller frees it. The struct is empty afterwards. */
char *str_take(struct str *b);

void str_add(struct str *b, const char *text);
void str_addn(struct str *b, const char *data, size_t n);
void str_addc(struct str *b, char c);
void str_printf(struct str *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
void str_vprintf(struct str *b, const char *fmt, va_list ap) PRINTF_LIKE(2, 0);

/* Bytes from a stranger, made safe for a terminal or a log: printable ASCII stays, a backslash and
 * everything else becomes \xNN. At most `n` bytes are read; it does not stop at a NUL. */
void str_add_escaped(struct str *b, const void *data, size_t n);

/* Copies `text` into a field of `size` bytes, cut to fit. */
void str_copy(char *field, size_t size, const char *text);

/* Turns what a terminal would obey (control characters, U+0080 to U+009F too) into '?', in place. */
void str_defang(char *text);

/* Lower-case hex without separators. */
void str_add_hex(struct str *b, const void *data, size_t n);

/* Standard base64 with padding (RFC 4648 section 4). */
void str_add_base64(struct str *b, const void *data, size_t n);

/* RFC 3986: unreserved characters stay, every other byte becomes %NN. */
void str_add_percent(struct str *b, const void *data, size_t n);

#endif

/* parse.h - numbers and durations from text, strictly.
 *
 * The whole text must be the value: no blanks, no sign where none belongs, nothing behind it.
 * 0 and *ret filled, or -EINVAL (not such a value) or -ERANGE (outside min..max); *ret is then
 * untouched. */
#ifndef SLIPWAY_BASE_PARSE_H
#define SLIPWAY_BASE_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "provisioner/base/mem.h"

int parse_u32(const char *text, uint32_t min, uint32_t max, uint32_t *ret) MUST_USE;
int parse_i64(const char *text, int64_t min, int64_t max, int64_t *ret) MUST_USE;

/* "90s", "100ms", "10m", "12h", "7d", to milliseconds. A number alone is refused: its unit would be
 * a guess. */
int parse_duration_ms(const char *text, int64_t *ret) MUST_USE;

/* "true" or "false", nothing else. */
int parse_bool(const char *text, bool *ret) MUST_USE;

/* The value of a hex digit of either case; -1 for any other character. */
int parse_hex_digit(char c);

/* A DNS label (RFC 1123): letters, digits and inner hyphens, 1 to 63 bytes, lower case. */
bool parse_is_label(const char *text);

/* A host name of one or more such labels, 253 bytes at most. */
bool parse_is_hostname(const char *text);

/* An IPv4 address, or such a name. */
bool parse_is_host(const char *text);

/* Only letters and digits of ASCII, and what is in `also`. True for "". */
bool parse_is_plain(const char *text, const char *also);

/* Without control characters, and so without newlines; UTF-8 may be in it. True for "". */
bool parse_is_printable(const char *text);

/* The same of 1 to `max` bytes. */
bool parse_is_line(const char *text, size_t max);

/* One argument of a kernel, that a boot script can hold as it is: printable ASCII without blanks, quotes and
 * backslashes (GRUB changes them), without "${" (iPXE fills it in) and a leading "#", and not "||" or "&&". */
bool parse_is_kernel_arg(const char *text);

#endif

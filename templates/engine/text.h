/* text.h - what Python's str knows about characters, for ASCII: blanks, cases, lines, escapes.
 *
 * Letters beyond ASCII have no case here: "Ä" stays "Ä" under lower. */
#ifndef SLIPWAY_TEMPLATES_ENGINE_TEXT_H
#define SLIPWAY_TEMPLATES_ENGINE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "provisioner/base/arena.h"

bool text_is_space(char c);
bool text_is_line_end(char c);
bool text_is_digit(char c);
bool text_is_letter(char c);
bool text_is_name(char c); /* letter, digit or underscore */
char text_lower(char c);
char text_upper(char c);

/* One line at a time, as str.splitlines() cuts them: *at moves behind the line's end. False when
 * there is none left. The line is without its end. */
bool text_next_line(
	const char *text, size_t len, size_t *at, const char **ret_line, size_t *ret_len);

/* Where `part` first stands in `text` from `from` on, or `len`. An empty part stands everywhere. */
size_t text_find(const char *text, size_t len, size_t from, const char *part, size_t part_len);

/* Resolves a Python string literal's escapes. -EINVAL for one that is cut short or names a
 * character (\N{...}), -ENOMEM when the arena is full. */
int text_unescape(
	struct arena *a, const char *s, size_t len, const char **ret, size_t *ret_len) MUST_USE;

#endif

/* number.h - numbers from text and to text, as Python reads and writes them. */
#ifndef SLIPWAY_TEMPLATES_ENGINE_NUMBER_H
#define SLIPWAY_TEMPLATES_ENGINE_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "templates/engine/value.h"

#define NUMBER_TEXT_SIZE 32

/* An int or float as Python's str() writes it: the shortest decimal that reads back the same. */
const char *number_text(struct value v, char buf[static NUMBER_TEXT_SIZE]);

/* A decimal number with an optional fraction and exponent; no blanks, no names. */
bool number_parse_float(const char *text, size_t len, double *ret);

/* A whole number in `base` (2 to 36; 0 lets a prefix 0x, 0o or 0b decide), with an optional sign,
 * single underscores between digits, and the prefix of its base. False also beyond 64 bits. */
bool number_parse_int(const char *text, size_t len, unsigned base, int64_t *ret);

/* The same as a double; infinite and NaN stay. */
double number_as_double(struct value v);

#endif

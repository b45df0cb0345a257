/* query.h - the query of a URL, as it came over the wire: "mac=52-54-00-00-00-01&serial=a%20b". Pure. */
#ifndef SLIPWAY_GENERATION_QUERY_H
#define SLIPWAY_GENERATION_QUERY_H

#include <stdbool.h>
#include <stddef.h>

/* The first value of `key`, percent-decoded. False, with *ret undefined, when there is none, it is
 * empty, does not fit `size` with its NUL, holds a NUL itself, or a "%" without two hex digits. */
bool query_get(const char *query, const char *key, char *ret, size_t size);

#endif

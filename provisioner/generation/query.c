#include "provisioner/generation/query.h"

#include <string.h>

#include "provisioner/base/parse.h"

/* Behind "key=", or NULL. */
static const char *value_of(const char *query, const char *key)
{
	size_t len = strlen(key);

	for (; *query; query += strcspn(query, "&"), query += *query == '&')
		if (strncmp(query, key, len) == 0 && query[len] == '=')
			return query + len + 1;
	return NULL;
}

/* The next character of a value, decoded; *at moves behind it. -1 for a broken escape. */
static int next_char(const char **at)
{
	const char *c = *at;

	*at = c + 1;
	if (*c != '%')
		return (unsigned char)*c;
	int high = parse_hex_digit(c[1]);
	int low = high < 0 ? -1 : parse_hex_digit(c[2]);

	*at = c + 3; /* not looked at again when a digit is missing */
	return low < 0 ? -1 : high << 4 | low;
}

bool query_get(const char *query, const char *key, char *ret, size_t size)
{
	const char *at = value_of(query, key);
	size_t len = 0;

	while (at && *at && *at != '&') {
		int c = next_char(&at);

		if (c <= 0 || len + 1 >= size)
			return false;
		ret[len++] = (char)c;
	}
	if (len == 0)
		return false;
	ret[len] = '\0';
	return true;
}

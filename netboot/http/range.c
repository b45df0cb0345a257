#include "netboot/http/range.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

/* Reads digits and moves behind them; what is too large stays at UINT64_MAX. False without any. */
static bool read_number(const char **at, uint64_t *ret)
{
	uint64_t v = 0;
	const char *p = *at;

	for (; *p >= '0' && *p <= '9'; p++) {
		uint64_t digit = (uint64_t)(*p - '0');

		v = v > (UINT64_MAX - digit) / 10 ? UINT64_MAX : v * 10 + digit;
	}
	if (p == *at)
		return false;
	*at = p;
	*ret = v;
	return true;
}

/* "-n": the last n bytes. */
static enum http_range last_bytes(uint64_t n, uint64_t size, uint64_t *ret_first, uint64_t *ret_len)
{
	if (n == 0 || size == 0)
		return HTTP_RANGE_NONE;
	*ret_len = n < size ? n : size;
	*ret_first = size - *ret_len;
	return HTTP_RANGE_PART;
}

enum http_range http_range_parse(
	const char *value, uint64_t size, uint64_t *ret_first, uint64_t *ret_len)
{
	static const char unit[] = "bytes=";
	const char *at = value + sizeof(unit) - 1;
	uint64_t first = 0, last = UINT64_MAX;

	if (strncasecmp(value, unit, sizeof(unit) - 1) != 0)
		return HTTP_RANGE_WHOLE;
	bool has_first = read_number(&at, &first);
	if (*at++ != '-')
		return HTTP_RANGE_WHOLE;
	bool has_last = read_number(&at, &last);
	if (*at != '\0' || (!has_first && !has_last) || (has_first && last < first))
		return HTTP_RANGE_WHOLE;
	if (!has_first)
		return last_bytes(last, size, ret_first, ret_len);
	if (first >= size)
		return HTTP_RANGE_NONE;
	*ret_first = first;
	*ret_len = (last < size ? last : size - 1) - first + 1;
	return HTTP_RANGE_PART;
}

#include "provisioner/base/parse.h"

#include <errno.h>
#include <string.h>

#include "provisioner/base/addr.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Unsigned digits up to `end`, which may be NULL for the end of the text. */
static int parse_digits(const char *text, const char *end, uint64_t *ret)
{
	bool too_large = false;
	uint64_t v = 0;

	if (!end)
		end = text + strlen(text);
	if (text == end)
		return -EINVAL;
	for (; text < end; text++) {
		if (!is_digit(*text))
			return -EINVAL;
		too_large |= __builtin_mul_overflow(v, 10U, &v) ||
			     __builtin_add_overflow(v, (uint64_t)(*text - '0'), &v);
	}
	if (too_large)
		return -ERANGE;
	*ret = v;
	return 0;
}

int parse_u32(const char *text, uint32_t min, uint32_t max, uint32_t *ret)
{
	uint64_t v;
	int rc = parse_digits(text, NULL, &v);

	if (rc < 0)
		return rc;
	if (v < min || v > max)
		return -ERANGE;
	*ret = (uint32_t)v;
	return 0;
}

int parse_i64(const char *text, int64_t min, int64_t max, int64_t *ret)
{
	bool minus = text[0] == '-';
	uint64_t v;
	int rc = parse_digits(text + minus, NULL, &v);

	if (rc < 0)
		return rc;
	if (v > (uint64_t)INT64_MAX + minus)
		return -ERANGE;
	/* -(v - 1) - 1: the smallest int64_t has no positive counterpart */
	int64_t value = minus && v > 0 ? -(int64_t)(v - 1) - 1 : (int64_t)v;
	if (value < min || value > max)
		return -ERANGE;
	*ret = value;
	return 0;
}

int parse_duration_ms(const char *text, int64_t *ret)
{
	static const struct {
		const char *unit;
		int64_t ms;
	} units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};
	const char *end = text;
	uint64_t v;

	while (is_digit(*end))
		end++;
	int rc = parse_digits(text, end, &v);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		int64_t ms;

		if (strcmp(end, units[i].unit) != 0)
			continue;
		if (v > INT64_MAX || __builtin_mul_overflow((int64_t)v, units[i].ms, &ms))
			return -ERANGE;
		*ret = ms;
		return 0;
	}
	return -EINVAL;
}

int parse_bool(const char *text, bool *ret)
{
	if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
		return -EINVAL;
	*ret = text[0] == 't';
	return 0;
}

/* One label of `len` bytes. */
static bool is_label(const char *text, size_t len)
{
	if (len == 0 || len > 63 || text[0] == '-' || text[len - 1] == '-')
		return false;
	for (size_t i = 0; i < len; i++)
		if (!is_digit(text[i]) && !(text[i] >= 'a' && text[i] <= 'z') && text[i] != '-')
			return false;
	return true;
}

bool parse_is_label(const char *text)
{
	return is_label(text, strlen(text));
}

bool parse_is_hostname(const char *text)
{
	if (strlen(text) > 253)
		return false;
	for (;;) {
		size_t len = strcspn(text, ".");

		if (!is_label(text, len))
			return false;
		if (!text[len])
			return true;
		text += len + 1;
	}
}

bool parse_is_host(const char *text)
{
	uint32_t address;

	return ipv4_parse(text, &address) == 0 || parse_is_hostname(text);
}

bool parse_is_plain(const char *text, const char *also)
{
	for (; *text; text++)
		if (!is_digit(*text) && !(*text >= 'a' && *text <= 'z') &&
			!(*text >= 'A' && *text <= 'Z') && !strchr(also, *text))
			return false;
	return true;
}

bool parse_is_printable(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return false;
	return true;
}

bool parse_is_line(const char *text, size_t max)
{
	return text[0] && strlen(text) <= max && parse_is_printable(text);
}

int parse_hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool parse_is_kernel_arg(const char *text)
{
	if (!text[0] || text[0] == '#' || strcmp(text, "||") == 0 || strcmp(text, "&&") == 0 ||
		strstr(text, "${"))
		return false;
	for (; *text; text++)
		if (*text <= ' ' || *text > '~' || strchr("\"'\\", *text))
			return false;
	return true;
}

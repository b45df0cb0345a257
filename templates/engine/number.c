#include "templates/engine/number.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FLOAT_DIGITS_MAX 17
#define FLOAT_INPUT_MAX 400 /* digits of a number that a double can still tell apart, and more */

/* Python writes 1e+16 and 1e-05 where C's %g would switch at other exponents. */
#define PLAIN_EXP_MIN (-4)
#define PLAIN_EXP_MAX 16

/* Sets the digits of `f` > 0 without a point into `digits` and gives the exponent of the first. */
static int shortest_digits(double f, char digits[static FLOAT_DIGITS_MAX + 1])
{
	char text[NUMBER_TEXT_SIZE];

	for (int n = 0; n < FLOAT_DIGITS_MAX; n++) {
		int len = snprintf(text, sizeof(text), "%.*e", n, f);
		assert(len > 0 && (size_t)len < sizeof(text));
		if (strtod(text, NULL) == f)
			break;
	}
	size_t n = 0;
	const char *p = text;
	for (; *p != 'e'; p++)
		if (*p != '.')
			digits[n++] = *p;
	while (n > 1 && digits[n - 1] == '0')
		n--;
	digits[n] = '\0';
	return (int)strtol(p + 1, NULL, 10);
}

static void float_text(double f, char buf[static NUMBER_TEXT_SIZE])
{
	char digits[FLOAT_DIGITS_MAX + 1];
	const char *sign = signbit(f) ? "-" : "";
	int exp = f == 0.0 ? 0 : shortest_digits(fabs(f), digits);
	int n = 0;

	if (f == 0.0)
		digits[0] = '0', digits[1] = '\0';
	int len = (int)strlen(digits);
	if (exp < PLAIN_EXP_MIN || exp >= PLAIN_EXP_MAX)
		n = snprintf(buf, NUMBER_TEXT_SIZE, "%s%c%s%se%c%02d", sign, digits[0],
			len > 1 ? "." : "", digits + 1, exp < 0 ? '-' : '+', abs(exp));
	else if (exp < 0)
		n = snprintf(buf, NUMBER_TEXT_SIZE, "%s0.%.*s%s", sign, -exp - 1, "000", digits);
	else if (len <= exp + 1)
		n = snprintf(buf, NUMBER_TEXT_SIZE, "%s%s%.*s.0", sign, digits, exp + 1 - len,
			"0000000000000000");
	else
		n = snprintf(buf, NUMBER_TEXT_SIZE, "%s%.*s.%s", sign, exp + 1, digits,
			digits + exp + 1);
	assert(n > 0 && n < NUMBER_TEXT_SIZE);
}

const char *number_text(struct value v, char buf[static NUMBER_TEXT_SIZE])
{
	if (v.kind == VALUE_INT)
		(void)snprintf(buf, NUMBER_TEXT_SIZE, "%" PRId64, v.i); /* at most 20 bytes */
	else if (isnan(v.f))
		(void)snprintf(buf, NUMBER_TEXT_SIZE, "nan");
	else if (isinf(v.f))
		(void)snprintf(buf, NUMBER_TEXT_SIZE, v.f < 0 ? "-inf" : "inf");
	else
		float_text(v.f, buf);
	return buf;
}

static size_t skip_digits(const char *s, size_t len, size_t at)
{
	while (at < len && s[at] >= '0' && s[at] <= '9')
		at++;
	return at;
}

static bool is_decimal(const char *s, size_t len)
{
	size_t at = len > 0 && (s[0] == '+' || s[0] == '-');
	size_t whole = skip_digits(s, len, at);
	size_t n_digits = whole - at;

	at = whole;
	if (at < len && s[at] == '.') {
		size_t end = skip_digits(s, len, at + 1);
		n_digits += end - at - 1;
		at = end;
	}
	if (n_digits == 0)
		return false;
	if (at < len && (s[at] == 'e' || s[at] == 'E')) {
		at++;
		at += at < len && (s[at] == '+' || s[at] == '-');
		size_t end = skip_digits(s, len, at);
		if (end == at)
			return false;
		at = end;
	}
	return at == len;
}

bool number_parse_float(const char *text, size_t len, double *ret)
{
	char copy[FLOAT_INPUT_MAX + 1];

	if (len > FLOAT_INPUT_MAX || !is_decimal(text, len))
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	*ret = strtod(
		copy, NULL); /* programs of the suite stay in the C locale: the point is '.' */
	return true;
}

static unsigned digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	if (c >= 'a' && c <= 'z')
		return (unsigned)(c - 'a') + 10;
	if (c >= 'A' && c <= 'Z')
		return (unsigned)(c - 'A') + 10;
	return UINT32_MAX;
}

/* The base that "0x", "0o" or "0b" at `s` names, or 0. */
static unsigned prefix_base(const char *s, size_t len)
{
	if (len < 3 || s[0] != '0')
		return 0;
	switch (s[1] | 0x20) {
	case 'x':
		return 16;
	case 'o':
		return 8;
	case 'b':
		return 2;
	default:
		return 0;
	}
}

/* Digits with single underscores between them. */
static bool magnitude(const char *s, size_t len, unsigned base, uint64_t *ret)
{
	uint64_t v = 0;
	bool digit = false; /* the byte before was one */

	for (size_t i = 0; i < len; i++) {
		if (s[i] == '_' && digit) {
			digit = false;
			continue;
		}
		unsigned d = digit_of(s[i]);
		if (d >= base || __builtin_mul_overflow(v, (uint64_t)base, &v) ||
			__builtin_add_overflow(v, (uint64_t)d, &v))
			return false;
		digit = true;
	}
	*ret = v;
	return digit;
}

bool number_parse_int(const char *text, size_t len, unsigned base, int64_t *ret)
{
	bool minus = len > 0 && text[0] == '-';
	size_t at = len > 0 && (text[0] == '-' || text[0] == '+');
	unsigned named = prefix_base(text + at, len - at);
	uint64_t v;

	if (named != 0 && (base == named || base == 0)) {
		at += 2;
		base = named;
		at += at < len && text[at] == '_';
	}
	if (!magnitude(text + at, len - at, base ? base : 10, &v) ||
		v > (uint64_t)INT64_MAX + minus)
		return false;
	*ret = minus ? (int64_t)(~v + 1) : (int64_t)v;
	return true;
}

double number_as_double(struct value v)
{
	if (v.kind == VALUE_FLOAT)
		return v.f;
	return v.kind == VALUE_BOOL ? (double)v.truth : (double)v.i;
}

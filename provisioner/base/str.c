#include "provisioner/base/str.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define STR_FIRST_CAP 64

struct str str_init(size_t max)
{
	assert(max < SIZE_MAX / 2);
	return (struct str){.max = max};
}

void str_done(struct str *b)
{
	free(b->s);
	*b = (struct str){.max = b->max};
}

void str_reset(struct str *b)
{
	b->len = 0;
	b->err = false;
	if (b->s)
		b->s[0] = '\0';
}

bool str_ok(const struct str *b)
{
	return !b->err;
}

const char *str_text(const struct str *b)
{
	return b->s ? b->s : "";
}

char *str_take(struct str *b)
{
	char *s = b->s ? b->s : xstrdup("");

	b->s = NULL;
	str_done(b);
	return s;
}

/* Makes room for `n` more bytes and a NUL. False, with the error latched, beyond the ceiling. */
static bool str_grow(struct str *b, size_t n)
{
	size_t want;

	if (b->err || n > b->max - b->len) {
		b->err = true;
		return false;
	}
	want = b->len + n + 1;
	if (want <= b->cap)
		return true;
	size_t cap = b->cap ? b->cap : STR_FIRST_CAP;
	while (cap < want)
		cap *= 2;
	if (cap > b->max + 1)
		cap = b->max + 1;
	b->s = xreallocarray(b->s, cap, 1);
	b->cap = cap;
	return true;
}

void str_addn(struct str *b, const char *data, size_t n)
{
	if (!str_grow(b, n))
		return;
	if (n > 0)
		memcpy(b->s + b->len, data, n);
	b->len += n;
	b->s[b->len] = '\0';
}

void str_add(struct str *b, const char *text)
{
	str_addn(b, text, strlen(text));
}

void str_addc(struct str *b, char c)
{
	str_addn(b, &c, 1);
}

void str_vprintf(struct str *b, const char *fmt, va_list ap)
{
	va_list again;

	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	assert(n >= 0);
	if (!str_grow(b, (size_t)n))
		return;
	(void)vsnprintf(b->s + b->len, (size_t)n + 1, fmt, ap); /* the length was just measured */
	b->len += (size_t)n;
}

void str_printf(struct str *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	str_vprintf(b, fmt, ap);
	va_end(ap);
}

void str_copy(char *field, size_t size, const char *text)
{
	size_t len = strnlen(text, size - 1);

	memcpy(field, text, len);
	field[len] = '\0';
}

void str_defang(char *text)
{
	unsigned char *p = (unsigned char *)text;

	for (; *p; p++) {
		if (*p < 0x20 || *p == 0x7f)
			*p = '?';
		else if (p[0] == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0)
			p[0] = p[1] = '?';
	}
}

static const char hex_lower[] = "0123456789abcdef";
static const char hex_upper[] = "0123456789ABCDEF";

void str_add_escaped(struct str *b, const void *data, size_t n)
{
	const uint8_t *p = data;

	for (size_t i = 0; i < n; i++) {
		if (p[i] >= 0x20 && p[i] < 0x7f && p[i] != '\\') {
			str_addc(b, (char)p[i]);
			continue;
		}
		char esc[4] = {'\\', 'x', hex_lower[p[i] >> 4], hex_lower[p[i] & 15]};
		str_addn(b, esc, sizeof(esc));
	}
}

void str_add_hex(struct str *b, const void *data, size_t n)
{
	const uint8_t *p = data;

	for (size_t i = 0; i < n; i++) {
		char pair[2] = {hex_lower[p[i] >> 4], hex_lower[p[i] & 15]};
		str_addn(b, pair, sizeof(pair));
	}
}

void str_add_base64(struct str *b, const void *data, size_t n)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const uint8_t *p = data;

	for (size_t i = 0; i < n; i += 3) {
		size_t have = n - i < 3 ? n - i : 3;
		uint32_t v = (uint32_t)p[i] << 16 | (have > 1 ? (uint32_t)p[i + 1] << 8 : 0) |
			     (have > 2 ? p[i + 2] : 0);
		char quad[4] = {digits[v >> 18 & 63], digits[v >> 12 & 63], digits[v >> 6 & 63],
			digits[v & 63]};

		for (size_t pad = have + 1; pad < sizeof(quad); pad++)
			quad[pad] = '=';
		str_addn(b, quad, sizeof(quad));
	}
}

static bool is_unreserved(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '.' || c == '_' || c == '~';
}

void str_add_percent(struct str *b, const void *data, size_t n)
{
	const uint8_t *p = data;

	for (size_t i = 0; i < n; i++) {
		if (is_unreserved(p[i])) {
			str_addc(b, (char)p[i]);
			continue;
		}
		char esc[3] = {'%', hex_upper[p[i] >> 4], hex_upper[p[i] & 15]};
		str_addn(b, esc, sizeof(esc));
	}
}

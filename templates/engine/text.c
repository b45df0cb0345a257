#include "templates/engine/text.h"

#include <errno.h>
#include <string.h>

#include "templates/engine/utf8.h"

bool text_is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r') || (c >= 0x1c && c <= 0x1f);
}

bool text_is_line_end(char c)
{
	return (c >= '\n' && c <= '\r') || (c >= 0x1c && c <= 0x1e);
}

bool text_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool text_is_letter(char c)
{
	char lower = text_lower(c);

	return lower >= 'a' && lower <= 'z';
}

bool text_is_name(char c)
{
	return text_is_letter(c) || text_is_digit(c) || c == '_';
}

char text_lower(char c)
{
	return (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

char text_upper(char c)
{
	return (char)(c >= 'a' && c <= 'z' ? c - ('a' - 'A') : c);
}

bool text_next_line(
	const char *text, size_t len, size_t *at, const char **ret_line, size_t *ret_len)
{
	size_t end = *at;

	if (end >= len)
		return false;
	while (end < len && !text_is_line_end(text[end]))
		end++;
	*ret_line = text + *at;
	*ret_len = end - *at;
	bool pair = end + 1 < len && text[end] == '\r' && text[end + 1] == '\n';
	*at = end + 1 + pair;
	return true;
}

size_t text_find(const char *text, size_t len, size_t from, const char *part, size_t part_len)
{
	if (from > len || part_len > len - from)
		return len;
	if (part_len == 0)
		return from;
	const char *found = memmem(text + from, len - from, part, part_len);
	return found ? (size_t)(found - text) : len;
}

/* Up to `max` digits of base 8 or 16 at s[*at]; gives how many there were. */
static size_t digits(
	const char *s, size_t len, size_t *at, unsigned base, size_t max, uint32_t *ret)
{
	size_t n = 0;

	for (*ret = 0; n < max && *at < len; n++, (*at)++) {
		static const char known[] = "0123456789abcdef";
		const char *d = memchr(known, text_lower(s[*at]), base);

		if (!d)
			break;
		*ret = *ret * base + (uint32_t)(d - known);
	}
	return n;
}

/* \xNN, \uNNNN, \UNNNNNNNN and \NNN, the cursor behind the letter (or on the first octal digit). */
static bool escape_number(const char *s, size_t len, size_t *at, char kind, uint32_t *ret)
{
	size_t want = kind == 'x' ? 2 : kind == 'u' ? 4 : 8;

	if (kind >= '0' && kind <= '7')
		return digits(s, len, at, 8, 3, ret) > 0;
	if (digits(s, len, at, 16, want, ret) != want)
		return false;
	return *ret <= 0x10FFFF && (*ret >> 11) != 0x1B; /* no half of a surrogate pair */
}

/* The escape whose letter is at s[*at]: writes what it stands for. False when it can't be read. */
static bool escape(const char *s, size_t len, size_t *at, char *to, size_t *n)
{
	static const char letters[] = "\\'\"abfnrtv", stand_for[] = "\\'\"\a\b\f\n\r\t\v";
	char c = s[*at];
	const char *simple = memchr(letters, c, sizeof(letters) - 1);
	uint32_t point;

	if (c == '\n') { /* a line that goes on */
		(*at)++;
		return true;
	}
	if (simple) {
		to[(*n)++] = stand_for[simple - letters];
		(*at)++;
		return true;
	}
	if (c == 'N')
		return false;
	if (c != 'x' && c != 'u' && c != 'U' && !(c >= '0' && c <= '7')) {
		to[(*n)++] = '\\'; /* unknown ones stay as they are */
		return true;
	}
	*at += !text_is_digit(c);
	if (!escape_number(s, len, at, c, &point))
		return false;
	*n += utf8_encode(point, to + *n);
	return true;
}

int text_unescape(struct arena *a, const char *s, size_t len, const char **ret, size_t *ret_len)
{
	*ret = s;
	*ret_len = len;
	if (len == 0 || !memchr(s, '\\', len))
		return 0;
	/* Every escape is at least as long as what it stands for. */
	char *to = arena_alloc(a, len + UTF8_MAX, 1);
	size_t n = 0;
	if (!to)
		return -ENOMEM;
	for (size_t i = 0; i < len;) {
		if (s[i] != '\\') {
			to[n++] = s[i++];
			continue;
		}
		i++;
		if (i == len || !escape(s, len, &i, to, &n))
			return -EINVAL;
	}
	*ret = to;
	*ret_len = n;
	return 0;
}

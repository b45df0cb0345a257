#include "templates/engine/utf8.h"

#define REPLACEMENT 0xFFFDU
#define POINT_MAX 0x10FFFFU

static int is_tail(char c)
{
	return ((uint8_t)c & 0xC0U) == 0x80U;
}

size_t utf8_step(const char *text, size_t len)
{
	size_t n = 1;

	while (n < len && is_tail(text[n]))
		n++;
	return n;
}

size_t utf8_count(const char *text, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += i == 0 || !is_tail(text[i]);
	return n;
}

size_t utf8_offset(const char *text, size_t len, size_t index)
{
	size_t at = 0;

	while (index-- > 0 && at < len)
		at += utf8_step(text + at, len - at);
	return at;
}

uint32_t utf8_decode(const char *text, size_t len, size_t *ret_step)
{
	static const struct {
		uint32_t min;
		uint8_t mask, lead, n;
	} forms[] = {{0, 0x80, 0x00, 1}, {0x80, 0xE0, 0xC0, 2}, {0x800, 0xF0, 0xE0, 3},
		{0x10000, 0xF8, 0xF0, 4}};
	uint8_t c = (uint8_t)text[0];

	*ret_step = 1;
	for (size_t f = 0; f < sizeof(forms) / sizeof(forms[0]); f++) {
		if ((c & forms[f].mask) != forms[f].lead)
			continue;
		uint32_t point = c & (uint8_t)~forms[f].mask;
		for (size_t i = 1; i < forms[f].n; i++) {
			if (i >= len || !is_tail(text[i]))
				return REPLACEMENT;
			point = point << 6 | ((uint8_t)text[i] & 0x3FU);
		}
		if (point < forms[f].min || point > POINT_MAX || (point >> 11) == 0x1B)
			return REPLACEMENT;
		*ret_step = forms[f].n;
		return point;
	}
	return REPLACEMENT;
}

size_t utf8_encode(uint32_t point, char to[static UTF8_MAX])
{
	if (point < 0x80) {
		to[0] = (char)point;
		return 1;
	}
	size_t n = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
	static const uint8_t leads[] = {0, 0, 0xC0, 0xE0, 0xF0};
	for (size_t i = n - 1; i > 0; i--) {
		to[i] = (char)(0x80U | (point & 0x3FU));
		point >>= 6;
	}
	to[0] = (char)(leads[n] | point);
	return n;
}

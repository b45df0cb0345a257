#include "templates/engine/format.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "templates/engine/builtin.h"
#include "templates/engine/compare.h"
#include "templates/engine/display.h"
#include "templates/engine/number.h"
#include "templates/engine/text.h"
#include "templates/engine/utf8.h"

#define WIDTH_MAX 1000
#define FLOAT_ROOM (WIDTH_MAX + 400) /* the longest double has 309 digits before the point */

struct spec {
	bool left, plus, zero, alternate, blank;
	int width, precision; /* precision -1: not given */
	char letter;
};

struct job {
	struct eval *ev;
	struct mark at;
	struct str out;
};

/* Digits up to WIDTH_MAX; false beyond. */
static bool size(struct value f, size_t *at, int *ret)
{
	for (*ret = 0; *at < f.len && text_is_digit(f.text[*at]); (*at)++) {
		*ret = *ret * 10 + (f.text[*at] - '0');
		if (*ret > WIDTH_MAX)
			return false;
	}
	return true;
}

/* "-08.3f" behind the percent sign. */
static bool spec_parse(struct value f, size_t *at, struct spec *ret)
{
	static const char flags[] = {'-', '+', '0', '#', ' '};

	*ret = (struct spec){.precision = -1};
	for (; *at < f.len && memchr(flags, f.text[*at], sizeof(flags)); (*at)++) {
		char c = f.text[*at];

		ret->left |= c == '-';
		ret->plus |= c == '+';
		ret->zero |= c == '0';
		ret->alternate |= c == '#';
		ret->blank |= c == ' ';
	}
	if (!size(f, at, &ret->width))
		return false;
	if (*at < f.len && f.text[*at] == '.') {
		(*at)++;
		if (!size(f, at, &ret->precision))
			return false;
	}
	if (*at == f.len)
		return false;
	ret->letter = f.text[(*at)++];
	return true;
}

/* `sign` then `body`, filled up to the width. */
static void put(struct job *j, const struct spec *s, const char *sign, const char *body, size_t len)
{
	size_t used = strlen(sign) + utf8_count(body, len);
	size_t fill = (size_t)s->width > used ? (size_t)s->width - used : 0;
	bool zero = s->zero && !s->left;

	if (!s->left && !zero)
		for (size_t i = 0; i < fill; i++)
			str_addc(&j->out, ' ');
	str_add(&j->out, sign);
	if (zero)
		for (size_t i = 0; i < fill; i++)
			str_addc(&j->out, '0');
	str_addn(&j->out, body, len);
	if (s->left)
		for (size_t i = 0; i < fill; i++)
			str_addc(&j->out, ' ');
}

static const char *sign_of(const struct spec *s, bool minus)
{
	return minus ? "-" : s->plus ? "+" : s->blank ? " " : "";
}

static int put_int(struct job *j, const struct spec *s, struct value v)
{
	bool decimal = s->letter == 'd' || s->letter == 'i' || s->letter == 'u';
	char body[WIDTH_MAX + 32], sign[8];
	int n;

	if (v.kind == VALUE_FLOAT && decimal && v.f > -9e18 && v.f < 9e18)
		v = value_int((int64_t)v.f);
	if (v.kind != VALUE_INT && v.kind != VALUE_BOOL)
		return eval_fail(j->ev, j->at, "%%%c needs a whole number, not %s", s->letter,
			value_kind_name(v.kind));
	int64_t i = v.kind == VALUE_BOOL ? v.truth : v.i;
	uint64_t abs = i < 0 ? ~(uint64_t)i + 1 : (uint64_t)i;
	int digits = s->precision > 0 ? s->precision : 1;
	if (decimal)
		n = snprintf(body, sizeof(body), "%.*llu", digits, (unsigned long long)abs);
	else if (s->letter == 'o')
		n = snprintf(body, sizeof(body), "%.*llo", digits, (unsigned long long)abs);
	else
		n = snprintf(body, sizeof(body), s->letter == 'x' ? "%.*llx" : "%.*llX", digits,
			(unsigned long long)abs);
	(void)snprintf(sign, sizeof(sign), "%s%s%c", sign_of(s, i < 0),
		s->alternate && !decimal ? "0" : "", s->alternate && !decimal ? s->letter : '\0');
	put(j, s, sign, body, (size_t)n);
	return 0;
}

static int put_float(struct job *j, const struct spec *s, struct value v)
{
	char body[FLOAT_ROOM];
	int precision = s->precision < 0 ? 6 : s->precision, n;

	if (!compare_is_number(v))
		return eval_fail(j->ev, j->at, "%%%c needs a number, not %s", s->letter,
			value_kind_name(v.kind));
	double f = number_as_double(v);
	bool minus = __builtin_signbit(f) && f == f;
	f = minus ? -f : f;
	switch (s->letter) {
	case 'e':
		n = snprintf(body, sizeof(body), "%.*e", precision, f);
		break;
	case 'E':
		n = snprintf(body, sizeof(body), "%.*E", precision, f);
		break;
	case 'g':
		n = snprintf(body, sizeof(body), "%.*g", precision, f);
		break;
	case 'G':
		n = snprintf(body, sizeof(body), "%.*G", precision, f);
		break;
	default:
		n = snprintf(body, sizeof(body), "%.*f", precision, f);
		break;
	}
	put(j, s, sign_of(s, minus), body, (size_t)n);
	return 0;
}

static int put_text(struct job *j, const struct spec *s, struct value v)
{
	struct spec plain = *s;
	struct value text;
	int rc = display_bare(j->ev, j->at, v, &text);

	if (rc != 0)
		return rc;
	size_t len = text.len;
	if (s->precision >= 0)
		len = utf8_offset(text.text, len, (size_t)s->precision);
	plain.zero = false;
	put(j, &plain, "", text.text, len);
	return 0;
}

static int put_char(struct job *j, const struct spec *s, struct value v)
{
	char buf[UTF8_MAX];
	struct spec plain = *s;

	plain.zero = false;
	if (v.kind == VALUE_INT && v.i >= 0 && v.i <= 0x10FFFF && (v.i >> 11) != 0x1B)
		put(j, &plain, "", buf, utf8_encode((uint32_t)v.i, buf));
	else if (v.kind == VALUE_TEXT && utf8_count(v.text, v.len) == 1)
		put(j, &plain, "", v.text, v.len);
	else
		return eval_fail(j->ev, j->at, "%%c needs one character");
	return 0;
}

static const struct {
	const char *letters;
	int (*put)(struct job *j, const struct spec *s, struct value v);
} kinds[] = {{"s", put_text}, {"diuxXo", put_int}, {"eEfFgG", put_float}, {"c", put_char}};

static int put_value(struct job *j, const struct spec *s, struct value v)
{
	int rc = eval_need(j->ev, j->at, v);

	if (rc != 0)
		return rc;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (s->letter && strchr(kinds[i].letters, s->letter))
			return kinds[i].put(j, s, v);
	return eval_fail(j->ev, j->at,
		"the format has a sign that is not one of %%s %%d %%x %%o %%f "
		"%%e %%g %%c");
}

static int format(struct job *j, struct value f, const struct value *values, size_t n)
{
	size_t used = 0;

	for (size_t at = 0; at < f.len;) {
		struct spec s;

		if (f.text[at] != '%') {
			str_addc(&j->out, f.text[at++]);
			continue;
		}
		at++;
		if (!spec_parse(f, &at, &s))
			return eval_fail(
				j->ev, j->at, "the format ends, or grows too wide, in a %% sign");
		if (s.letter == '%') {
			str_addc(&j->out, '%');
			continue;
		}
		if (used == n)
			return eval_fail(j->ev, j->at, "the format wants more than %zu values", n);
		int rc = put_value(j, &s, values[used++]);
		if (rc != 0)
			return rc;
	}
	if (used < n)
		return eval_fail(j->ev, j->at, "the format uses %zu of %zu values", used, n);
	return 0;
}

int format_text(struct eval *ev, struct mark at, struct value f, const struct value *values,
	size_t n, struct value *ret)
{
	struct job j = {.ev = ev, .at = at, .out = str_init(ev->max_output)};
	const struct call c = {.ev = ev, .at = at};
	int rc = format(&j, f, values, n);

	if (rc == 0)
		return call_give_text(&c, &j.out, ret);
	str_done(&j.out);
	return rc;
}

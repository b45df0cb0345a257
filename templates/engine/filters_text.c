/* Filters that make text of text. */
#include <errno.h>
#include <string.h>

#include "templates/engine/builtin.h"
#include "templates/engine/display.h"
#include "templates/engine/format.h"
#include "templates/engine/text.h"
#include "templates/engine/textops.h"
#include "templates/engine/utf8.h"

#define INDENT_MAX 1000
#define INDENT_DEFAULT 4

static int filter_string(struct call *c, struct value *ret)
{
	return call_in_text(c, ret);
}

/* Every byte through `change`. */
static int change_case(struct call *c, char (*change)(char), struct value *ret)
{
	struct value in;
	int rc = call_in_text(c, &in);

	return rc != 0 ? rc : textops_map(c, in, change, ret);
}

static int filter_lower(struct call *c, struct value *ret)
{
	return change_case(c, text_lower, ret);
}

static int filter_upper(struct call *c, struct value *ret)
{
	return change_case(c, text_upper, ret);
}

static int filter_capitalize(struct call *c, struct value *ret)
{
	struct value in;
	int rc = call_in_text(c, &in);

	return rc != 0 ? rc : textops_capitalize(c, in, ret);
}

/* What Jinja2 begins a word behind. */
static bool is_word_break(char ch)
{
	return text_is_space(ch) || (ch != '\0' && strchr("-({[<", ch));
}

static int filter_title(struct call *c, struct value *ret)
{
	struct value in;
	int rc = call_in_text(c, &in);
	char *to = rc != 0 ? NULL : call_alloc(c, in.len, 1);

	if (!to)
		return rc != 0 ? rc : -ENOMEM;
	for (size_t i = 0; i < in.len; i++) {
		bool begin = i == 0 || is_word_break(in.text[i - 1]);

		to[i] = (begin ? text_upper : text_lower)(in.text[i]);
	}
	*ret = value_text_of(to, in.len);
	return 0;
}

static int filter_trim(struct call *c, struct value *ret)
{
	struct value in, chars;
	bool blank = !c->given[0] || c->args[0].kind == VALUE_NONE;
	int rc = call_in_text(c, &in);

	if (rc == 0 && !blank)
		rc = call_text(c, 0, "", &chars);
	if (rc == 0)
		*ret = textops_strip(in, blank ? NULL : &chars, TEXTOPS_BOTH);
	return rc;
}

static int filter_replace(struct call *c, struct value *ret)
{
	struct value in, from, to;
	int64_t count = -1;
	int rc = call_in_text(c, &in);

	if (rc == 0)
		rc = call_text(c, 0, "", &from);
	if (rc == 0)
		rc = call_text(c, 1, "", &to);
	if (rc == 0 && c->args[2].kind != VALUE_NONE)
		rc = call_int(c, 2, -1, &count);
	return rc != 0 ? rc : textops_replace(c, in, from, to, count, ret);
}

/* The indentation: that many blanks, or the text given. */
static int indentation(struct call *c, struct str *to)
{
	struct value text;
	int64_t width;
	int rc;

	if (c->given[0] && c->args[0].kind == VALUE_TEXT) {
		rc = call_text(c, 0, "", &text);
		if (rc == 0)
			str_addn(to, text.text, text.len);
		return rc;
	}
	rc = call_int(c, 0, INDENT_DEFAULT, &width);
	if (rc == 0 && width > INDENT_MAX)
		rc = call_fail(c, "an indentation of more than %d", INDENT_MAX);
	for (int64_t i = 0; rc == 0 && i < width; i++)
		str_addc(to, ' ');
	return rc;
}

/* The lines of a text; behind a newline at its end there is one more, which is empty. */
static int lines_with_last(struct call *c, struct value in, struct value *ret)
{
	int rc = textops_lines(c, in, ret);

	if (in.len == 0 || (text_is_line_end(in.text[in.len - 1]) && in.text[in.len - 1] != '\r'))
		value_list_add(*ret, value_text_of("", 0));
	return rc;
}

static int filter_indent(struct call *c, struct value *ret)
{
	AUTO(str_done) struct str by = str_init(c->ev->max_output);
	struct str out = str_init(c->ev->max_output);
	bool first, blank;
	struct value in, lines;
	int rc = call_in_text(c, &in);

	if (rc == 0)
		rc = lines_with_last(c, in, &lines);
	if (rc == 0)
		rc = indentation(c, &by);
	if (rc == 0)
		rc = call_bool(c, 1, false, &first);
	if (rc == 0)
		rc = call_bool(c, 2, false, &blank);
	if (rc != 0)
		return rc;
	for (size_t i = 0; i < lines.list->n; i++) {
		struct value line = lines.list->items[i];

		if (i > 0)
			str_addc(&out, '\n');
		if (i == 0 ? first : line.len > 0 || blank)
			str_addn(&out, str_text(&by), by.len);
		str_addn(&out, line.text, line.len);
	}
	return call_give_text(c, &out, ret);
}

static int filter_center(struct call *c, struct value *ret)
{
	struct str out = str_init(c->ev->max_output);
	struct value in;
	int64_t width;
	int rc = call_in_text(c, &in);

	if (rc == 0)
		rc = call_int(c, 0, 80, &width);
	if (rc == 0 && width > INDENT_MAX)
		rc = call_fail(c, "a width of more than %d", INDENT_MAX);
	if (rc != 0)
		return rc;
	int64_t fill = width - (int64_t)utf8_count(in.text, in.len);
	int64_t left = fill > 0 ? fill / 2 + (fill & width & 1) : 0;
	for (int64_t i = 0; i < left; i++)
		str_addc(&out, ' ');
	str_addn(&out, in.text, in.len);
	for (int64_t i = left; i < fill; i++)
		str_addc(&out, ' ');
	return call_give_text(c, &out, ret);
}

static int filter_format(struct call *c, struct value *ret)
{
	struct value in;
	int rc = call_in_text(c, &in);

	if (rc == 0 && c->raw->n_kw > 0)
		rc = call_fail(c, "'format' takes no named arguments");
	return rc != 0 ? rc : format_text(c->ev, c->at, in, c->raw->pos, c->raw->n_pos, ret);
}

static int filter_split(struct call *c, struct value *ret)
{
	struct value in;
	int rc = call_in_text(c, &in);

	return rc != 0 ? rc : textops_split(c, in, ret);
}

static int filter_splitlines(struct call *c, struct value *ret)
{
	struct value in;
	int rc = call_in_text(c, &in);

	return rc != 0 ? rc : textops_lines(c, in, ret);
}

/* As Python's shlex.quote(): one word for a shell, whatever is in it. */
static int filter_quote(struct call *c, struct value *ret)
{
	struct str out = str_init(c->ev->max_output);
	struct value in;
	bool safe;
	int rc = call_in_text(c, &in);

	if (rc != 0)
		return rc;
	safe = in.len > 0;
	for (size_t i = 0; i < in.len; i++)
		safe = safe && in.text[i] != '\0' &&
		       (text_is_name(in.text[i]) || strchr("@%+=:,./-", in.text[i]));
	if (safe) {
		*ret = in;
		return 0;
	}
	str_addc(&out, '\'');
	for (size_t i = 0; i < in.len; i++)
		str_addn(&out, in.text[i] == '\'' ? "'\"'\"'" : in.text + i,
			in.text[i] == '\'' ? 5 : 1);
	str_addc(&out, '\'');
	return call_give_text(c, &out, ret);
}

static int filter_urlencode(struct call *c, struct value *ret)
{
	struct str out = str_init(c->ev->max_output);
	struct value in;
	int rc = call_in_text(c, &in);

	if (rc != 0)
		return rc;
	for (size_t i = 0; i < in.len; i++) {
		if (in.text[i] == '/')
			str_addc(&out, '/');
		else
			str_add_percent(&out, in.text + i, 1);
	}
	return call_give_text(c, &out, ret);
}

/* How systemd-escape writes a byte of a unit's name. */
static void unit_byte(struct str *out, char ch, bool first)
{
	if (ch == '/')
		str_addc(out, '-');
	else if (text_is_name(ch) || ch == ':' || (ch == '.' && !first))
		str_addc(out, ch);
	else
		str_printf(out, "\\x%02x", (uint8_t)ch);
}

/* As systemd-escape, with --path unless told otherwise. */
static int filter_unit_escape(struct call *c, struct value *ret)
{
	struct str out = str_init(c->ev->max_output);
	bool path;
	struct value in;
	int rc = call_in_text(c, &in);

	if (rc == 0)
		rc = call_bool(c, 0, true, &path);
	if (rc != 0)
		return rc;
	const char *s = in.text;
	size_t len = in.len;
	while (path && len > 0 && s[0] == '/')
		s++, len--;
	while (path && len > 0 && s[len - 1] == '/')
		len--;
	for (size_t i = 0; i < len; i++)
		if (!path || s[i] != '/' || s[i - 1] != '/')
			unit_byte(&out, s[i], i == 0);
	if (path && len == 0)
		str_addc(&out, '-');
	return call_give_text(c, &out, ret);
}

const struct builtin filters_text[] = {
	{"capitalize", filter_capitalize, "", 0, 0},
	{"center", filter_center, "width", 0, 0},
	{"format", filter_format, "", 0, BUILTIN_OPEN},
	{"indent", filter_indent, "width first blank", 0, 0},
	{"lower", filter_lower, "", 0, 0},
	{"quote", filter_quote, "", 0, 0},
	{"replace", filter_replace, "old new count", 2, 0},
	{"split", filter_split, "sep maxsplit", 0, 0},
	{"splitlines", filter_splitlines, "", 0, 0},
	{"string", filter_string, "", 0, 0},
	{"title", filter_title, "", 0, 0},
	{"trim", filter_trim, "chars", 0, 0},
	{"unit_escape", filter_unit_escape, "path", 0, 0},
	{"upper", filter_upper, "", 0, 0},
	{"urlencode", filter_urlencode, "", 0, 0},
	{NULL, NULL, NULL, 0, 0},
};

#include "templates/engine/textops.h"

#include <errno.h>
#include <string.h>

#include "templates/engine/display.h"
#include "templates/engine/text.h"
#include "templates/engine/utf8.h"

static bool strips(const char *at, size_t step, const struct value *chars)
{
	if (!chars)
		return text_is_space(at[0]);
	return text_find(chars->text, chars->len, 0, at, step) < chars->len;
}

struct value textops_strip(struct value in, const struct value *chars, enum textops_side side)
{
	const char *s = in.text;
	size_t len = in.len;

	while ((side & TEXTOPS_LEFT) && len > 0) {
		size_t step = utf8_step(s, len);

		if (!strips(s, step, chars))
			break;
		s += step;
		len -= step;
	}
	while ((side & TEXTOPS_RIGHT) && len > 0) {
		size_t begin = len - 1;

		while (begin > 0 && utf8_step(s + begin - 1, len - begin + 1) > 1)
			begin--;
		if (!strips(s + begin, len - begin, chars))
			break;
		len = begin;
	}
	return value_text_of(s, len);
}

int textops_map(struct call *c, struct value in, char (*change)(char), struct value *ret)
{
	char *to = call_alloc(c, in.len, 1);

	if (!to)
		return -ENOMEM;
	for (size_t i = 0; i < in.len; i++)
		to[i] = change(in.text[i]);
	*ret = value_text_of(to, in.len);
	return 0;
}

int textops_capitalize(struct call *c, struct value in, struct value *ret)
{
	char *to = call_alloc(c, in.len, 1);

	if (!to)
		return -ENOMEM;
	for (size_t i = 0; i < in.len; i++)
		to[i] = (i == 0 ? text_upper : text_lower)(in.text[i]);
	*ret = value_text_of(to, in.len);
	return 0;
}

/* An empty `from` stands before each character and at the end, as in Python. */
static size_t replace_at(struct value in, size_t from, struct value part)
{
	return part.len == 0 ? from : text_find(in.text, in.len, from, part.text, part.len);
}

int textops_replace(struct call *c, struct value in, struct value from, struct value to,
	int64_t count, struct value *ret)
{
	struct str out = str_init(c->ev->max_output);
	size_t at = 0;

	while (count != 0) {
		size_t found = replace_at(in, at, from);

		if (from.len > 0 && found == in.len)
			break;
		str_addn(&out, in.text + at, found - at);
		str_addn(&out, to.text, to.len);
		at = found + from.len;
		count -= count > 0;
		if (from.len > 0)
			continue;
		if (at == in.len)
			break;
		size_t step = utf8_step(in.text + at, in.len - at);
		str_addn(&out, in.text + at, step);
		at += step;
	}
	str_addn(&out, in.text + at, in.len - at);
	return call_give_text(c, &out, ret);
}

static void split_blanks(struct value list, struct value in, int64_t max)
{
	in = textops_strip(in, NULL, TEXTOPS_LEFT);
	while (in.len > 0) {
		size_t end = 0;

		while (end < in.len && !text_is_space(in.text[end]))
			end++;
		if (max == 0)
			end = in.len;
		max -= max > 0;
		value_list_add(list, value_text_of(in.text, end));
		in = textops_strip(value_text_of(in.text + end, in.len - end), NULL, TEXTOPS_LEFT);
	}
}

int textops_split(struct call *c, struct value in, struct value *ret)
{
	bool blanks = !c->given[0] || c->args[0].kind == VALUE_NONE;
	struct value by;
	int64_t max;
	int rc = call_int(c, 1, -1, &max);

	*ret = value_list(c->ev->arena);
	if (rc == 0 && !blanks)
		rc = call_text(c, 0, "", &by);
	if (rc == 0 && !blanks && by.len == 0)
		rc = call_fail(c, "a text can't be split by an empty one");
	if (rc != 0)
		return rc;
	if (blanks)
		split_blanks(*ret, in, max);
	for (size_t at = 0; !blanks && at <= in.len;) {
		size_t end = max == 0 ? in.len : text_find(in.text, in.len, at, by.text, by.len);

		max -= max > 0;
		value_list_add(*ret, value_text_of(in.text + at, end - at));
		at = end == in.len ? in.len + 1 : end + by.len;
	}
	return eval_step(c->ev, c->at, 1 + ret->list->n);
}

int textops_lines(struct call *c, struct value in, struct value *ret)
{
	const char *line;
	size_t at = 0, len;

	*ret = value_list(c->ev->arena);
	while (text_next_line(in.text, in.len, &at, &line, &len))
		value_list_add(*ret, value_text_of(line, len));
	return eval_step(c->ev, c->at, 1 + ret->list->n);
}

int textops_join(struct call *c, struct value list, struct value by, struct value *ret)
{
	struct str out = str_init(c->ev->max_output);
	const struct value_list *items;
	int rc = eval_items(c->ev, c->at, list, &items);

	for (size_t i = 0; rc == 0 && i < items->n; i++) {
		struct value text;

		rc = display_bare(c->ev, c->at, items->items[i], &text);
		if (rc != 0)
			break;
		if (i > 0)
			str_addn(&out, by.text, by.len);
		str_addn(&out, text.text, text.len);
	}
	if (rc == 0)
		return call_give_text(c, &out, ret);
	str_done(&out);
	return rc;
}

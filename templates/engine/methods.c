/* Methods of texts, maps, lists and the loop, and the functions range(), dict() and namespace(). */
#include <errno.h>

#include "templates/engine/builtin.h"
#include "templates/engine/compare.h"
#include "templates/engine/display.h"
#include "templates/engine/loop.h"
#include "templates/engine/sort.h"
#include "templates/engine/text.h"
#include "templates/engine/textops.h"
#include "templates/engine/undefined.h"
#include "templates/engine/utf8.h"

/* Python's methods, unlike Jinja2's filters, take nothing but text. */
static int text_arg(struct call *c, size_t i, struct value *ret)
{
	*ret = value_text_of("", 0);
	if (c->given[i] && c->args[i].kind != VALUE_TEXT)
		return call_fail(c, "argument %zu of %s() must be text, not %s", i + 1,
			c->builtin->name, value_kind_name(c->args[i].kind));
	return call_text(c, i, "", ret);
}

static int method_capitalize(struct call *c, struct value *ret)
{
	return textops_capitalize(c, c->in, ret);
}

static int method_lower(struct call *c, struct value *ret)
{
	return textops_map(c, c->in, text_lower, ret);
}

static int method_upper(struct call *c, struct value *ret)
{
	return textops_map(c, c->in, text_upper, ret);
}

static int strip(struct call *c, enum textops_side side, struct value *ret)
{
	bool blank = !c->given[0] || c->args[0].kind == VALUE_NONE;
	struct value chars;
	int rc = blank ? 0 : text_arg(c, 0, &chars);

	if (rc == 0)
		*ret = textops_strip(c->in, blank ? NULL : &chars, side);
	return rc;
}

static int method_strip(struct call *c, struct value *ret)
{
	return strip(c, TEXTOPS_BOTH, ret);
}

static int method_lstrip(struct call *c, struct value *ret)
{
	return strip(c, TEXTOPS_LEFT, ret);
}

static int method_rstrip(struct call *c, struct value *ret)
{
	return strip(c, TEXTOPS_RIGHT, ret);
}

static bool has_end(struct value in, struct value part, bool front)
{
	if (part.len > in.len)
		return false;
	size_t from = front ? 0 : in.len - part.len;
	struct value end = value_text_of(in.text + from, part.len);
	return text_find(end.text, end.len, 0, part.text, part.len) == 0 || part.len == 0;
}

/* One text, or a list of which one is enough. */
static int has_one_end(struct call *c, bool front, struct value *ret)
{
	struct value part;
	int rc = 0;

	*ret = value_bool(false);
	if (value_has_places(c->args[0]) && c->args[0].list->form == VALUE_TUPLE) {
		const struct value_list *l = c->args[0].list;

		for (size_t i = 0; rc == 0 && i < l->n; i++) {
			if (l->items[i].kind != VALUE_TEXT)
				return call_fail(c, "%s() wants texts", c->builtin->name);
			ret->truth |= has_end(c->in, l->items[i], front);
		}
		return eval_step(c->ev, c->at, 1 + l->n);
	}
	rc = text_arg(c, 0, &part);
	if (rc == 0)
		*ret = value_bool(has_end(c->in, part, front));
	return rc;
}

static int method_startswith(struct call *c, struct value *ret)
{
	return has_one_end(c, true, ret);
}

static int method_endswith(struct call *c, struct value *ret)
{
	return has_one_end(c, false, ret);
}

static int method_replace(struct call *c, struct value *ret)
{
	struct value from, to;
	int64_t count;
	int rc = text_arg(c, 0, &from);

	if (rc == 0)
		rc = text_arg(c, 1, &to);
	if (rc == 0)
		rc = call_int(c, 2, -1, &count);
	return rc != 0 ? rc : textops_replace(c, c->in, from, to, count, ret);
}

static int method_split(struct call *c, struct value *ret)
{
	return textops_split(c, c->in, ret);
}

static int method_splitlines(struct call *c, struct value *ret)
{
	return textops_lines(c, c->in, ret);
}

static int method_join(struct call *c, struct value *ret)
{
	const struct value_list *items;
	int rc = eval_items(c->ev, c->at, c->args[0], &items);

	for (size_t i = 0; rc == 0 && i < items->n; i++)
		if (items->items[i].kind != VALUE_TEXT && items->items[i].kind != VALUE_UNDEFINED)
			return call_fail(c,
				"join() wants texts, not %s; the filter |join takes numbers",
				value_kind_name(items->items[i].kind));
	return rc != 0 ? rc : textops_join(c, c->args[0], c->in, ret);
}

static int method_find(struct call *c, struct value *ret)
{
	struct value part;
	int rc = text_arg(c, 0, &part);

	if (rc != 0)
		return rc;
	size_t at = text_find(c->in.text, c->in.len, 0, part.text, part.len);
	bool found = part.len == 0 || at < c->in.len;
	*ret = value_int(found ? (int64_t)utf8_count(c->in.text, at) : -1);
	return 0;
}

static int method_count(struct call *c, struct value *ret)
{
	struct value part;
	int64_t n = 0;
	int rc = text_arg(c, 0, &part);

	if (rc != 0)
		return rc;
	if (part.len == 0)
		n = (int64_t)utf8_count(c->in.text, c->in.len) + 1;
	for (size_t at = 0; part.len > 0; n++) {
		at = text_find(c->in.text, c->in.len, at, part.text, part.len);
		if (at == c->in.len)
			break;
		at += part.len;
	}
	*ret = value_int(n);
	return 0;
}

static int method_isdigit(struct call *c, struct value *ret)
{
	*ret = value_bool(c->in.len > 0);
	for (size_t i = 0; i < c->in.len; i++)
		ret->truth = ret->truth && text_is_digit(c->in.text[i]);
	return 0;
}

const struct builtin methods_text[] = {
	{"capitalize", method_capitalize, "", 0, 0},
	{"count", method_count, "sub", 1, 0},
	{"endswith", method_endswith, "suffix", 1, 0},
	{"find", method_find, "sub", 1, 0},
	{"isdigit", method_isdigit, "", 0, 0},
	{"join", method_join, "iterable", 1, 0},
	{"lower", method_lower, "", 0, 0},
	{"lstrip", method_lstrip, "chars", 0, 0},
	{"replace", method_replace, "old new count", 2, 0},
	{"rstrip", method_rstrip, "chars", 0, 0},
	{"split", method_split, "sep maxsplit", 0, 0},
	{"splitlines", method_splitlines, "", 0, 0},
	{"startswith", method_startswith, "prefix", 1, 0},
	{"strip", method_strip, "chars", 0, 0},
	{"upper", method_upper, "", 0, 0},
	{NULL, NULL, NULL, 0, 0},
};

static int method_items(struct call *c, struct value *ret)
{
	int rc = sort_pairs(c, c->in, ret);

	value_list_form(*ret, VALUE_VIEW);
	return rc;
}

/* The keys, or the values, of a map. */
static int column(struct call *c, bool values, struct value *ret)
{
	const struct value_map *m = c->in.map;

	*ret = value_list(c->ev->arena);
	value_list_form(*ret, VALUE_VIEW);
	for (size_t i = 0; i < m->n; i++)
		value_list_add(*ret, values ? m->pairs[i].value : m->pairs[i].key);
	return eval_step(c->ev, c->at, 1 + m->n);
}

static int method_keys(struct call *c, struct value *ret)
{
	return column(c, false, ret);
}

static int method_values(struct call *c, struct value *ret)
{
	return column(c, true, ret);
}

static int method_get(struct call *c, struct value *ret)
{
	struct value key = c->args[0];
	int rc = eval_need(c->ev, c->at, key);

	if (rc != 0)
		return rc;
	*ret = key.kind == VALUE_TEXT ? value_getn(c->in, key.text, key.len)
				      : (struct value){.kind = VALUE_UNDEFINED};
	if (ret->kind == VALUE_UNDEFINED && !ret->other)
		*ret = c->given[1] ? c->args[1] : value_none();
	return 0;
}

const struct builtin methods_map[] = {
	{"get", method_get, "key default", 1, BUILTIN_UNDEFINED_ARGS},
	{"items", method_items, "", 0, 0},
	{"keys", method_keys, "", 0, 0},
	{"values", method_values, "", 0, 0},
	{NULL, NULL, NULL, 0, 0},
};

static int method_index(struct call *c, struct value *ret)
{
	const struct value_list *l = c->in.list;

	for (size_t i = 0; i < l->n; i++) {
		bool same;
		int rc = compare_equal(c->ev, c->at, l->items[i], c->args[0], &same);

		if (rc != 0)
			return rc;
		if (same) {
			*ret = value_int((int64_t)i);
			return 0;
		}
	}
	return call_fail(c, "index(): the list has no such item");
}

static int method_count_items(struct call *c, struct value *ret)
{
	const struct value_list *l = c->in.list;

	*ret = value_int(0);
	for (size_t i = 0; i < l->n; i++) {
		bool same;
		int rc = compare_equal(c->ev, c->at, l->items[i], c->args[0], &same);

		if (rc != 0)
			return rc;
		ret->i += same;
	}
	return 0;
}

const struct builtin methods_list[] = {
	{"count", method_count_items, "value", 1, 0},
	{"index", method_index, "value", 1, 0},
	{NULL, NULL, NULL, 0, 0},
};

static int method_cycle(struct call *c, struct value *ret)
{
	const struct loop *l = c->in.other;

	if (c->raw->n_pos == 0 || c->raw->n_kw > 0)
		return call_fail(c, "cycle() wants the values to go through");
	*ret = c->raw->pos[l->i % c->raw->n_pos];
	return 0;
}

const struct builtin methods_loop[] = {
	{"cycle", method_cycle, "", 0, BUILTIN_OPEN},
	{NULL, NULL, NULL, 0, 0},
};

static int function_range(struct call *c, struct value *ret)
{
	int64_t a, b, step;
	int rc = call_int(c, 0, 0, &a);

	if (rc == 0)
		rc = call_int(c, 1, 0, &b);
	if (rc == 0)
		rc = call_int(c, 2, 1, &step);
	if (rc == 0 && step == 0)
		rc = call_fail(c, "the step of range() can't be zero");
	if (rc != 0)
		return rc;
	if (!c->given[1]) {
		b = a;
		a = 0;
	}
	*ret = value_list(c->ev->arena);
	while (rc == 0 && (step > 0 ? a < b : a > b)) {
		value_list_add(*ret, value_int(a));
		rc = eval_step(c->ev, c->at, 1);
		if (__builtin_add_overflow(a, step, &a))
			break;
	}
	return rc;
}

/* dict(a=1) and namespace(a=1), each perhaps with a map to begin with. */
static int map_of(struct call *c, enum value_kind kind, struct value *ret)
{
	*ret = value_map(c->ev->arena);
	ret->kind = kind;
	if (c->raw->n_pos > 1 || (c->raw->n_pos == 1 && c->raw->pos[0].kind != VALUE_MAP))
		return call_fail(c, "%s() takes a map and named values", c->builtin->name);
	for (size_t i = 0; c->raw->n_pos == 1 && i < c->raw->pos[0].map->n; i++)
		value_map_put(
			*ret, c->raw->pos[0].map->pairs[i].key, c->raw->pos[0].map->pairs[i].value);
	for (size_t i = 0; i < c->raw->n_kw; i++)
		value_map_put(*ret, c->raw->kw[i].name, c->raw->kw[i].v);
	return eval_step(c->ev, c->at, 1 + ret->map->n);
}

static int function_dict(struct call *c, struct value *ret)
{
	return map_of(c, VALUE_MAP, ret);
}

static int function_namespace(struct call *c, struct value *ret)
{
	return map_of(c, VALUE_NAMESPACE, ret);
}

const struct builtin functions_all[] = {
	{"dict", function_dict, "", 0, BUILTIN_OPEN},
	{"namespace", function_namespace, "", 0, BUILTIN_OPEN},
	{"range", function_range, "start stop step", 1, 0},
	{NULL, NULL, NULL, 0, 0},
};

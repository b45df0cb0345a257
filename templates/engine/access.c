#include "templates/engine/access.h"

#include <errno.h>
#include <string.h>

#include "templates/engine/builtin.h"
#include "templates/engine/engine.h"
#include "templates/engine/loop.h"
#include "templates/engine/number.h"
#include "templates/engine/text.h"
#include "templates/engine/undefined.h"
#include "templates/engine/utf8.h"

/* Names that Jinja2 finds in Python's dict before it looks for a key. */
static const char *const dict_names[] = {"clear", "copy", "fromkeys", "get", "items", "keys", "pop",
	"popitem", "setdefault", "update", "values"};

int access_name(struct eval *ev, const struct expr *x, struct value *ret)
{
	const struct builtin *f;

	if (scope_get(ev->scope, x->value, ret))
		return 0;
	if (ev->watch)
		ev->watch->on_name(ev->watch->arg, x->value.text, x->value.len);
	*ret = value_getn(ev->globals, x->value.text, x->value.len);
	if (ret->kind != VALUE_UNDEFINED)
		return 0;
	f = builtin_find(BUILTIN_FUNCTION, x->value);
	*ret = f ? (struct value){.kind = VALUE_FUNCTION, .other = f}
		 : undefined_found(ev, x, value_none());
	return 0;
}

static bool is_dict_name(struct value name)
{
	for (size_t i = 0; i < ARRAY_LEN(dict_names); i++)
		if (value_text_is(name, dict_names[i]))
			return true;
	return false;
}

static const struct builtin *method_of(enum value_kind kind, struct value name)
{
	switch (kind) {
	case VALUE_TEXT:
		return builtin_find(BUILTIN_TEXT_METHOD, name);
	case VALUE_MAP:
		return builtin_find(BUILTIN_MAP_METHOD, name);
	case VALUE_LIST:
		return builtin_find(BUILTIN_LIST_METHOD, name);
	case VALUE_LOOP:
		return builtin_find(BUILTIN_LOOP_METHOD, name);
	case VALUE_UNDEFINED:
	case VALUE_NONE:
	case VALUE_BOOL:
	case VALUE_INT:
	case VALUE_FLOAT:
	case VALUE_NAMESPACE:
	case VALUE_MACRO:
	case VALUE_FUNCTION:
		break;
	}
	return NULL;
}

int access_method(
	struct eval *ev, const struct expr *x, struct value of, const struct builtin **ret_method)
{
	static const char *const changing[] = {
		"append", "extend", "insert", "remove", "reverse", "sort", "clear", "pop"};

	*ret_method = method_of(of.kind, x->value);
	if (*ret_method)
		return 0;
	if (of.kind == VALUE_MAP && is_dict_name(x->value))
		return eval_fail(ev, x->at, "a template can't use a map's method %.*s()",
			(int)x->value.len, x->value.text);
	for (size_t i = 0; of.kind == VALUE_LIST && i < ARRAY_LEN(changing); i++)
		if (value_text_is(x->value, changing[i]))
			return eval_fail(
				ev, x->at, "a template can't change a list: make a new one with +");
	return 0;
}

/* What groupby gives: its two places have names, too. */
static bool group_attr(struct value of, struct value name, struct value *ret)
{
	static const char *const names[] = {"grouper", "list"};

	if (of.kind != VALUE_LIST || !of.list->is_group)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(names) && i < of.list->n; i++) {
		if (!value_text_is(name, names[i]))
			continue;
		*ret = of.list->items[i];
		return true;
	}
	return false;
}

int access_attr(struct eval *ev, const struct expr *x, struct value of, struct value *ret)
{
	int len = (int)x->value.len;

	if (of.kind == VALUE_LOOP && loop_attr(ev, of.other, x->value, ret))
		return 0;
	if (group_attr(of, x->value, ret))
		return 0;
	if (of.kind == VALUE_MAP ? is_dict_name(x->value) : method_of(of.kind, x->value) != NULL)
		return eval_fail(ev, x->at,
			"'%.*s' is a method: call it with (), or write ['%.*s'] for the key", len,
			x->value.text, len, x->value.text);
	*ret = value_getn(of, x->value.text, x->value.len);
	if (ret->kind == VALUE_UNDEFINED && !ret->other)
		*ret = undefined_found(ev, x, of);
	return 0;
}

int access_expr_attr(struct eval *ev, const struct expr *x, struct value *ret)
{
	struct value of;
	int rc = eval_defined(ev, x->a, &of);

	return rc != 0 ? rc : access_attr(ev, x, of, ret);
}

/* Place `i` of a list or text, from the end when it is negative. False when there is none. */
static bool place(struct value of, int64_t i, struct value *ret)
{
	size_t n = of.kind == VALUE_LIST ? of.list->n : utf8_count(of.text, of.len);
	int64_t at = i < 0 ? i + (int64_t)n : i;

	if (at < 0 || at >= (int64_t)n)
		return false;
	if (of.kind == VALUE_LIST) {
		*ret = of.list->items[at];
		return true;
	}
	size_t begin = utf8_offset(of.text, of.len, (size_t)at);
	*ret = value_text_of(of.text + begin, utf8_step(of.text + begin, of.len - begin));
	return true;
}

static bool has_places(struct value of)
{
	return of.kind == VALUE_TEXT || value_has_places(of);
}

/* What stands under `key`; VALUE_UNDEFINED without an origin when nothing does. */
static struct value item_of(struct value of, struct value key)
{
	struct value v = {.kind = VALUE_UNDEFINED};

	if (key.kind == VALUE_TEXT && group_attr(of, key, &v))
		return v;
	if (key.kind == VALUE_TEXT)
		return value_getn(of, key.text, key.len);
	if ((key.kind == VALUE_INT || key.kind == VALUE_BOOL) && has_places(of))
		(void)place(of, key.kind == VALUE_INT ? key.i : key.truth, &v); /* else undefined */
	return v;
}

int access_expr_index(struct eval *ev, const struct expr *x, struct value *ret)
{
	struct value of, key;
	int rc = eval_defined(ev, x->a, &of);

	if (rc == 0)
		rc = eval_defined(ev, x->b, &key);
	if (rc != 0)
		return rc;
	if (of.kind == VALUE_LOOP && key.kind == VALUE_TEXT && loop_attr(ev, of.other, key, ret))
		return 0;
	*ret = item_of(of, key);
	if (ret->kind == VALUE_UNDEFINED && !ret->other)
		*ret = undefined_found(ev, x, of);
	return 0;
}

/* "a.b.0": one part after the other. */
int eval_path(
	struct eval *ev, struct mark at, struct value of, struct value path, struct value *ret)
{
	if (path.kind == VALUE_INT) {
		*ret = item_of(of, path);
		return eval_need(ev, at, of);
	}
	if (path.kind != VALUE_TEXT)
		return eval_fail(
			ev, at, "an attribute's name is text, not %s", value_kind_name(path.kind));
	*ret = of;
	for (size_t begin = 0, end; begin <= path.len; begin = end + 1) {
		struct value part, index;
		int rc = eval_need(ev, at, *ret);

		if (rc != 0)
			return rc;
		end = text_find(path.text, path.len, begin, ".", 1);
		part = value_text_of(path.text + begin, end - begin);
		index.kind = VALUE_INT;
		bool digits = part.len > 0 && text_is_digit(part.text[0]) &&
			      number_parse_int(part.text, part.len, 10, &index.i);
		*ret = item_of(*ret, digits ? index : part);
		if (ret->kind == VALUE_UNDEFINED && !ret->other) {
			const char *why =
				arena_printf(ev->arena, "no '%.*s' here", (int)part.len, part.text);

			*ret = undefined_because(ev, why ? why : "");
		}
	}
	return 0;
}

/* The bounds of a slice; a bound that is none is left out. */
struct bounds {
	int64_t start, stop, step;
};

static int64_t clamp(int64_t i, int64_t n, int64_t low, int64_t high)
{
	if (i < 0)
		i = i < -n ? low : i + n;
	return i < low ? low : i > high ? high : i;
}

static int bounds_eval(struct eval *ev, const struct expr *x, int64_t n, struct bounds *ret)
{
	struct value v[3] = {value_none(), value_none(), value_none()};
	size_t k = 0;

	for (const struct expr_item *i = x->list; i; i = i->next, k++) {
		int rc = eval_defined(ev, i->x, &v[k]);

		if (rc != 0)
			return rc;
		if (v[k].kind == VALUE_BOOL)
			v[k] = value_int(v[k].truth);
		if (v[k].kind != VALUE_NONE && v[k].kind != VALUE_INT)
			return eval_fail(ev, i->x->at,
				"a slice is bounded by whole numbers, not %s",
				value_kind_name(v[k].kind));
	}
	ret->step = v[2].kind == VALUE_INT ? v[2].i : 1;
	if (ret->step == 0)
		return eval_fail(ev, x->at, "the step of a slice can't be zero");
	bool back = ret->step < 0;
	int64_t low = back ? -1 : 0, high = back ? n - 1 : n;
	ret->start = v[0].kind == VALUE_INT ? clamp(v[0].i, n, low, high) : back ? high : low;
	ret->stop = v[1].kind == VALUE_INT ? clamp(v[1].i, n, low, high) : back ? low : high;
	return 0;
}

int access_expr_slice(struct eval *ev, const struct expr *x, struct value *ret)
{
	const struct value_list *items;
	struct bounds b = {0};
	struct value of;
	int rc = eval_defined(ev, x->a, &of);

	if (rc == 0 && !has_places(of))
		rc = eval_fail(ev, x->at, "%s can't be sliced", value_kind_name(of.kind));
	if (rc == 0)
		rc = eval_items(ev, x->at, of, &items);
	if (rc == 0)
		rc = bounds_eval(ev, x, (int64_t)items->n, &b);
	if (rc != 0)
		return rc;
	struct value list = value_list(ev->arena);
	struct str text = str_init(ev->max_output);
	value_list_form(list, items->form);
	for (int64_t i = b.start; b.step > 0 ? i < b.stop : i > b.stop;) {
		struct value item = items->items[i];

		if (of.kind == VALUE_TEXT)
			str_addn(&text, item.text, item.len);
		else
			value_list_add(list, item);
		if (__builtin_add_overflow(i, b.step, &i))
			break;
	}
	if (of.kind == VALUE_TEXT) {
		const struct call c = {.ev = ev, .at = x->at};
		return call_give_text(&c, &text, ret);
	}
	*ret = list;
	return 0;
}

/* Filters on lists and maps, and the few that choose between values. */
#include <errno.h>
#include <string.h>

#include "templates/engine/builtin.h"
#include "templates/engine/compare.h"
#include "templates/engine/sort.h"
#include "templates/engine/text.h"
#include "templates/engine/textops.h"
#include "templates/engine/undefined.h"
#include "templates/engine/utf8.h"

static struct value lazy(struct value list)
{
	value_list_form(list, VALUE_LAZY);
	return list;
}

static int filter_default(struct call *c, struct value *ret)
{
	bool boolean, truth = true;
	int rc = call_bool(c, 1, false, &boolean);

	if (rc == 0 && boolean && c->in.kind != VALUE_UNDEFINED)
		rc = compare_truth(c->ev, c->at, c->in, &truth);
	if (rc != 0)
		return rc;
	*ret = c->in;
	if (c->in.kind == VALUE_UNDEFINED || !truth)
		*ret = c->given[0] ? c->args[0] : value_text_of("", 0);
	return 0;
}

static int filter_length(struct call *c, struct value *ret)
{
	if (c->in.kind == VALUE_TEXT)
		*ret = value_int((int64_t)utf8_count(c->in.text, c->in.len));
	else if (c->in.kind == VALUE_LIST && c->in.list->form != VALUE_LAZY)
		*ret = value_int((int64_t)c->in.list->n);
	else if (c->in.kind == VALUE_MAP)
		*ret = value_int((int64_t)c->in.map->n);
	else
		return call_fail(c, "%s has no length%s", value_kind_name(c->in.kind),
			c->in.kind == VALUE_LIST ? " yet: put |list before this" : "");
	return eval_step(c->ev, c->at, 1 + c->in.len / 64);
}

static int filter_list(struct call *c, struct value *ret)
{
	const struct value_list *items;
	int rc = eval_items(c->ev, c->at, c->in, &items);

	*ret = value_list(c->ev->arena);
	for (size_t i = 0; rc == 0 && i < items->n; i++)
		value_list_add(*ret, items->items[i]);
	return rc;
}

/* attribute= of each item, or the item. */
static int attribute_of(struct call *c, size_t arg, struct value item, struct value *ret)
{
	*ret = item;
	if (!c->given[arg] || c->args[arg].kind == VALUE_NONE)
		return 0;
	return eval_path(c->ev, c->at, item, c->args[arg], ret);
}

static int attributes_of(struct call *c, size_t arg, struct value *ret)
{
	const struct value_list *items;
	int rc = eval_items(c->ev, c->at, c->in, &items);

	*ret = value_list(c->ev->arena);
	for (size_t i = 0; rc == 0 && i < items->n; i++) {
		struct value v;

		rc = attribute_of(c, arg, items->items[i], &v);
		if (rc == 0)
			value_list_add(*ret, v);
	}
	return rc;
}

static int filter_join(struct call *c, struct value *ret)
{
	struct value by, items;
	int rc = call_text(c, 0, "", &by);

	if (rc == 0)
		rc = attributes_of(c, 1, &items);
	return rc != 0 ? rc : textops_join(c, items, by, ret);
}

static int filter_first(struct call *c, struct value *ret)
{
	const struct value_list *items;
	int rc = eval_items(c->ev, c->at, c->in, &items);

	if (rc == 0)
		*ret = items->n > 0 ? items->items[0]
				    : undefined_because(c->ev, "there is no first item");
	return rc;
}

static int filter_last(struct call *c, struct value *ret)
{
	const struct value_list *items;
	int rc = eval_items(c->ev, c->at, c->in, &items);

	if (rc == 0 && items->form == VALUE_LAZY)
		return call_fail(c, "put |list before |last");
	if (rc == 0)
		*ret = items->n > 0 ? items->items[items->n - 1]
				    : undefined_because(c->ev, "there is no last item");
	return rc;
}

static int filter_reverse(struct call *c, struct value *ret)
{
	struct str out = str_init(c->ev->max_output);
	const struct value_list *items;
	int rc = eval_items(c->ev, c->at, c->in, &items);

	if (rc == 0 && items->form == VALUE_LAZY)
		rc = call_fail(c, "put |list before |reverse");
	if (rc != 0)
		return rc;
	*ret = lazy(value_list(c->ev->arena));
	for (size_t i = items->n; i > 0; i--) {
		if (c->in.kind == VALUE_TEXT)
			str_addn(&out, items->items[i - 1].text, items->items[i - 1].len);
		else
			value_list_add(*ret, items->items[i - 1]);
	}
	return c->in.kind == VALUE_TEXT ? call_give_text(c, &out, ret) : 0;
}

static int filter_sort(struct call *c, struct value *ret)
{
	bool reverse, sensitive;
	const struct value_list *items;
	int rc = call_bool(c, 0, false, &reverse);

	if (rc == 0)
		rc = call_bool(c, 1, false, &sensitive);
	if (rc == 0)
		rc = eval_items(c->ev, c->at, c->in, &items);
	if (rc != 0)
		return rc;
	struct sort_by by = {.reverse = reverse,
		.fold_case = !sensitive,
		.path = c->given[2] ? c->args[2] : value_none()};
	return sort_list(c, items, &by, ret);
}

static int filter_dictsort(struct call *c, struct value *ret)
{
	struct value by_what, pairs;
	struct sort_by by = {0};
	bool sensitive;
	int rc = call_bool(c, 0, false, &sensitive);

	if (rc == 0)
		rc = call_text(c, 1, "key", &by_what);
	if (rc == 0)
		rc = call_bool(c, 2, false, &by.reverse);
	if (rc == 0 && c->in.kind != VALUE_MAP)
		rc = call_fail(c, "'dictsort' sorts a map, not %s", value_kind_name(c->in.kind));
	bool value = rc == 0 && value_text_is(by_what, "value");
	if (rc == 0 && !value && !value_text_is(by_what, "key"))
		rc = call_fail(c, "'dictsort' sorts by 'key' or 'value'");
	if (rc == 0)
		rc = sort_pairs(c, c->in, &pairs);
	if (rc != 0)
		return rc;
	by.fold_case = !sensitive;
	by.path = value_int(value);
	return sort_list(c, pairs.list, &by, ret);
}

static int filter_items(struct call *c, struct value *ret)
{
	struct value pairs;
	int rc = 0;

	if (c->in.kind == VALUE_UNDEFINED) { /* as Jinja2: nothing to go through */
		*ret = lazy(value_list(c->ev->arena));
		return 0;
	}
	if (c->in.kind != VALUE_MAP)
		return call_fail(c, "'items' works on a map, not %s", value_kind_name(c->in.kind));
	rc = sort_pairs(c, c->in, &pairs);
	if (rc == 0)
		*ret = lazy(pairs);
	return rc;
}

static int filter_unique(struct call *c, struct value *ret)
{
	const struct value_list *items;
	struct value seen = value_list(c->ev->arena);
	bool sensitive;
	int rc = call_bool(c, 0, false, &sensitive);

	if (rc == 0)
		rc = eval_items(c->ev, c->at, c->in, &items);
	*ret = lazy(value_list(c->ev->arena));
	for (size_t i = 0; rc == 0 && i < items->n; i++) {
		bool known = false;
		struct value key;

		rc = attribute_of(c, 1, items->items[i], &key);
		if (rc == 0 && !sensitive && key.kind == VALUE_TEXT)
			rc = textops_map(c, key, text_lower, &key);
		for (size_t k = 0; rc == 0 && !known && k < seen.list->n; k++)
			rc = compare_equal(c->ev, c->at, seen.list->items[k], key, &known);
		if (rc == 0 && !known) {
			value_list_add(seen, key);
			value_list_add(*ret, items->items[i]);
		}
	}
	return rc;
}

/* The smallest (`sign` -1) or largest item; texts are compared without their case. */
static int extreme(struct call *c, int sign, struct value *ret)
{
	const struct value_list *items;
	struct value best_key = value_none();
	bool sensitive;
	int rc = call_bool(c, 0, false, &sensitive);

	if (rc == 0)
		rc = eval_items(c->ev, c->at, c->in, &items);
	if (rc == 0)
		*ret = undefined_because(c->ev, "the list is empty");
	for (size_t i = 0; rc == 0 && i < items->n; i++) {
		struct value key;
		int order = sign;

		rc = attribute_of(c, 1, items->items[i], &key);
		if (rc == 0 && !sensitive && key.kind == VALUE_TEXT)
			rc = textops_map(c, key, text_lower, &key);
		if (rc == 0 && i > 0)
			rc = compare_order(c->ev, c->at, key, best_key, &order);
		if (rc == 0 && (order < 0) == (sign < 0) && order != 0) {
			best_key = key;
			*ret = items->items[i];
		}
	}
	return rc;
}

static int filter_min(struct call *c, struct value *ret)
{
	return extreme(c, -1, ret);
}

static int filter_max(struct call *c, struct value *ret)
{
	return extreme(c, 1, ret);
}

static int filter_batch(struct call *c, struct value *ret)
{
	const struct value_list *items;
	struct value row = value_none();
	int64_t size;
	int rc = call_int(c, 0, 1, &size);

	if (rc == 0 && size < 1)
		rc = call_fail(c, "a batch holds at least one item");
	if (rc == 0)
		rc = eval_items(c->ev, c->at, c->in, &items);
	*ret = lazy(value_list(c->ev->arena));
	for (size_t i = 0; rc == 0 && i < items->n; i++) {
		if (i % (size_t)size == 0) {
			row = value_list(c->ev->arena);
			value_list_add(*ret, row);
		}
		value_list_add(row, items->items[i]);
	}
	if (rc == 0 && row.kind == VALUE_LIST && c->given[1] && c->args[1].kind != VALUE_NONE) {
		rc = eval_step(c->ev, c->at, (size_t)size);
		while (rc == 0 && row.list->n < (size_t)size && !arena_is_full(c->ev->arena))
			value_list_add(row, c->args[1]);
	}
	return rc;
}

static int filter_groupby(struct call *c, struct value *ret)
{
	const struct value_list *items;
	struct sort_by by = {.fold_case = true, .path = c->args[0]};
	struct value sorted, group = value_none(), last = value_none();
	int rc = eval_items(c->ev, c->at, c->in, &items);

	if (rc == 0)
		rc = sort_list(c, items, &by, &sorted);
	*ret = value_list(c->ev->arena);
	for (size_t i = 0; rc == 0 && i < sorted.list->n; i++) {
		struct value key, folded;
		bool same = false;

		rc = attribute_of(c, 0, sorted.list->items[i], &key);
		folded = key;
		if (rc == 0 && key.kind == VALUE_TEXT)
			rc = textops_map(c, key, text_lower, &folded);
		if (rc == 0 && i > 0)
			rc = compare_equal(c->ev, c->at, folded, last, &same);
		if (rc == 0 && !same) {
			struct value pair = value_list(c->ev->arena);

			group = value_list(c->ev->arena);
			value_list_form(pair, VALUE_TUPLE);
			value_list_group(pair);
			value_list_add(pair, key);
			value_list_add(pair, group);
			value_list_add(*ret, pair);
			last = folded;
		}
		if (rc == 0)
			value_list_add(group, sorted.list->items[i]);
	}
	return rc;
}

static int filter_ternary(struct call *c, struct value *ret)
{
	bool truth;
	int rc;

	if (c->in.kind == VALUE_NONE && c->given[2]) {
		*ret = c->args[2];
		return 0;
	}
	rc = compare_truth(c->ev, c->at, c->in, &truth);
	if (rc == 0)
		*ret = c->args[truth ? 0 : 1];
	return rc;
}

/* One map over another: what both have is taken from the second. */
static int filter_combine(struct call *c, struct value *ret)
{
	struct value maps[] = {c->in, c->args[0]};

	*ret = value_map(c->ev->arena);
	for (size_t m = 0; m < ARRAY_LEN(maps); m++) {
		if (maps[m].kind != VALUE_MAP)
			return call_fail(
				c, "'combine' joins maps, not %s", value_kind_name(maps[m].kind));
		for (size_t i = 0; i < maps[m].map->n; i++)
			value_map_put(*ret, maps[m].map->pairs[i].key, maps[m].map->pairs[i].value);
	}
	return eval_step(c->ev, c->at, 1 + ret->map->n);
}

const struct builtin filters_list[] = {
	{"batch", filter_batch, "linecount fill_with", 1, 0},
	{"combine", filter_combine, "other", 1, 0},
	{"count", filter_length, "", 0, 0},
	{"d", filter_default, "default_value boolean", 0,
		BUILTIN_UNDEFINED_IN | BUILTIN_UNDEFINED_ARGS},
	{"default", filter_default, "default_value boolean", 0,
		BUILTIN_UNDEFINED_IN | BUILTIN_UNDEFINED_ARGS},
	{"dictsort", filter_dictsort, "case_sensitive by reverse", 0, 0},
	{"first", filter_first, "", 0, 0},
	{"groupby", filter_groupby, "attribute", 1, 0},
	{"items", filter_items, "", 0, BUILTIN_UNDEFINED_IN},
	{"join", filter_join, "d attribute", 0, 0},
	{"last", filter_last, "", 0, 0},
	{"length", filter_length, "", 0, 0},
	{"list", filter_list, "", 0, 0},
	{"max", filter_max, "case_sensitive attribute", 0, 0},
	{"min", filter_min, "case_sensitive attribute", 0, 0},
	{"reverse", filter_reverse, "", 0, 0},
	{"sort", filter_sort, "reverse case_sensitive attribute", 0, 0},
	{"ternary", filter_ternary, "true_val false_val none_val", 2, BUILTIN_UNDEFINED_ARGS},
	{"unique", filter_unique, "case_sensitive attribute", 0, 0},
	{NULL, NULL, NULL, 0, 0},
};

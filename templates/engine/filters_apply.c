/* Filters that apply another filter or a test to every item: map, select and their kin. */
#include <errno.h>

#include "templates/engine/builtin.h"
#include "templates/engine/compare.h"

/* The arguments from number `skip` on. */
static struct args args_from(const struct args *raw, size_t skip)
{
	struct args rest = *raw;

	rest.pos += skip;
	rest.n_pos -= skip;
	return rest;
}

static int find(
	struct call *c, enum builtin_kind kind, struct value name, const struct builtin **ret)
{
	const char *what = kind == BUILTIN_FILTER ? "filter" : "test";

	*ret = name.kind == VALUE_TEXT ? builtin_find(kind, name) : NULL;
	if (*ret)
		return 0;
	if (name.kind != VALUE_TEXT)
		return call_fail(c, "'%s' wants the name of a %s", c->builtin->name, what);
	return call_fail(
		c, "no %s is named '%.*s'", what, (int)(name.len < 60 ? name.len : 60), name.text);
}

/* map(attribute='a.b', default=x) */
static int map_attribute(struct call *c, const struct value_list *items, struct value list)
{
	struct value path = value_none(), otherwise = value_none();
	bool has_default = false;
	int rc = 0;

	for (size_t i = 0; i < c->raw->n_kw; i++) {
		const struct keyword *k = &c->raw->kw[i];

		if (value_text_is(k->name, "attribute")) {
			path = k->v;
		} else if (value_text_is(k->name, "default")) {
			otherwise = k->v;
			has_default = true;
		} else {
			return call_fail(
				c, "'map' takes attribute= and default=, or a filter's name");
		}
	}
	for (size_t i = 0; rc == 0 && i < items->n; i++) {
		struct value v;

		rc = eval_path(c->ev, c->at, items->items[i], path, &v);
		if (rc == 0)
			value_list_add(
				list, v.kind == VALUE_UNDEFINED && has_default ? otherwise : v);
	}
	return rc;
}

static int filter_map(struct call *c, struct value *ret)
{
	const struct builtin *filter;
	const struct value_list *items;
	int rc = eval_items(c->ev, c->at, c->in, &items);

	*ret = value_list(c->ev->arena);
	if (rc != 0)
		return rc;
	if (c->raw->n_pos == 0) {
		rc = map_attribute(c, items, *ret);
		value_list_form(*ret, VALUE_LAZY);
		return rc;
	}
	struct args rest = args_from(c->raw, 1);
	rc = find(c, BUILTIN_FILTER, c->raw->pos[0], &filter);
	for (size_t i = 0; rc == 0 && i < items->n; i++) {
		struct value v;

		rc = builtin_call(c->ev, c->at, filter, items->items[i], &rest, &v);
		if (rc == 0)
			value_list_add(*ret, v);
	}
	value_list_form(*ret, VALUE_LAZY);
	return rc;
}

/* Whether an item is kept: by the test that argument `at` names, or by its truth. */
static int item_passes(struct call *c, struct value v, size_t at, bool *ret)
{
	const struct builtin *test;
	struct value truth = v;
	int rc = 0;

	if (c->raw->n_pos > at) {
		struct args rest = args_from(c->raw, at + 1);

		rc = find(c, BUILTIN_TEST, c->raw->pos[at], &test);
		if (rc == 0)
			rc = builtin_call(c->ev, c->at, test, v, &rest, &truth);
	}
	return rc != 0 ? rc : compare_truth(c->ev, c->at, truth, ret);
}

static int choose(struct call *c, bool attribute, bool keep, struct value *ret)
{
	const struct value_list *items;
	int rc = eval_items(c->ev, c->at, c->in, &items);

	*ret = value_list(c->ev->arena);
	if (rc == 0 && attribute && c->raw->n_pos == 0)
		rc = call_fail(c, "'%s' wants the name of an attribute", c->builtin->name);
	for (size_t i = 0; rc == 0 && i < items->n; i++) {
		struct value v = items->items[i];
		bool passes;

		if (attribute)
			rc = eval_path(c->ev, c->at, v, c->raw->pos[0], &v);
		if (rc == 0)
			rc = item_passes(c, v, attribute, &passes);
		if (rc == 0 && passes == keep)
			value_list_add(*ret, items->items[i]);
	}
	value_list_form(*ret, VALUE_LAZY);
	return rc;
}

static int filter_select(struct call *c, struct value *ret)
{
	return choose(c, /* attribute= */ false, /* keep= */ true, ret);
}

static int filter_reject(struct call *c, struct value *ret)
{
	return choose(c, /* attribute= */ false, /* keep= */ false, ret);
}

static int filter_selectattr(struct call *c, struct value *ret)
{
	return choose(c, /* attribute= */ true, /* keep= */ true, ret);
}

static int filter_rejectattr(struct call *c, struct value *ret)
{
	return choose(c, /* attribute= */ true, /* keep= */ false, ret);
}

const struct builtin filters_apply[] = {
	{"map", filter_map, "", 0, BUILTIN_OPEN},
	{"reject", filter_reject, "", 0, BUILTIN_OPEN},
	{"rejectattr", filter_rejectattr, "", 0, BUILTIN_OPEN},
	{"select", filter_select, "", 0, BUILTIN_OPEN},
	{"selectattr", filter_selectattr, "", 0, BUILTIN_OPEN},
	{NULL, NULL, NULL, 0, 0},
};

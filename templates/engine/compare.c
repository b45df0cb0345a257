#include "templates/engine/compare.h"

#include <errno.h>
#include <string.h>

#include "templates/engine/number.h"
#include "templates/engine/text.h"
#include "templates/engine/undefined.h"

#define BYTES_PER_STEP 64 /* of text looked through */

bool compare_is_number(struct value v)
{
	return v.kind == VALUE_INT || v.kind == VALUE_FLOAT || v.kind == VALUE_BOOL;
}

int compare_truth(struct eval *ev, struct mark at, struct value v, bool *ret)
{
	switch (v.kind) {
	case VALUE_UNDEFINED:
		*ret = false;
		return undefined_is_nothing(v) ? 0 : eval_need(ev, at, v);
	case VALUE_NONE:
		*ret = false;
		return 0;
	case VALUE_BOOL:
		*ret = v.truth;
		return 0;
	case VALUE_INT:
		*ret = v.i != 0;
		return 0;
	case VALUE_FLOAT:
		*ret = v.f < 0 || v.f > 0 || v.f != v.f;
		return 0;
	case VALUE_TEXT:
		*ret = v.len > 0;
		return 0;
	case VALUE_LIST:
		/* Python's generators are true even when nothing is in them: a trap, so say so. */
		if (v.list->form == VALUE_LAZY)
			return eval_fail(ev, at,
				"what a filter like map or select gives is always "
				"true; put |list behind it");
		*ret = v.list->n > 0;
		return 0;
	case VALUE_MAP:
		*ret = v.map->n > 0;
		return 0;
	case VALUE_NAMESPACE:
	case VALUE_MACRO:
	case VALUE_FUNCTION:
	case VALUE_LOOP:
		break;
	}
	*ret = true;
	return 0;
}

static int number_order(struct value a, struct value b)
{
	if (a.kind != VALUE_FLOAT && b.kind != VALUE_FLOAT) {
		int64_t x = a.kind == VALUE_BOOL ? a.truth : a.i;
		int64_t y = b.kind == VALUE_BOOL ? b.truth : b.i;

		return (x > y) - (x < y);
	}
	double x = number_as_double(a), y = number_as_double(b);
	return (x > y) - (x < y);
}

static bool number_equal(struct value a, struct value b)
{
	bool nan = (a.kind == VALUE_FLOAT && a.f != a.f) || (b.kind == VALUE_FLOAT && b.f != b.f);

	return !nan && number_order(a, b) == 0;
}

static int text_order(struct value a, struct value b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int order = n > 0 ? memcmp(a.text, b.text, n) : 0;

	return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

static int equal_at(
	struct eval *ev, struct mark at, struct value a, struct value b, unsigned depth, bool *ret);

/* COMPARE_DEPTH_MAX bounds these. NOLINTBEGIN(misc-no-recursion) */
static int lists_equal(
	struct eval *ev, struct mark at, struct value a, struct value b, unsigned depth, bool *ret)
{
	int rc = 0;

	*ret = a.list->form == b.list->form && a.list->n == b.list->n;
	for (size_t i = 0; *ret && rc == 0 && i < a.list->n; i++)
		rc = equal_at(ev, at, a.list->items[i], b.list->items[i], depth + 1, ret);
	return rc;
}

static int maps_equal(
	struct eval *ev, struct mark at, struct value a, struct value b, unsigned depth, bool *ret)
{
	int rc = 0;

	*ret = a.map->n == b.map->n;
	for (size_t i = 0; *ret && rc == 0 && i < a.map->n; i++) {
		const struct value_pair *p = &a.map->pairs[i];
		struct value other = value_getn(b, p->key.text, p->key.len);

		*ret = other.kind != VALUE_UNDEFINED;
		if (*ret)
			rc = equal_at(ev, at, p->value, other, depth + 1, ret);
	}
	return rc;
}

static int equal_at(
	struct eval *ev, struct mark at, struct value a, struct value b, unsigned depth, bool *ret)
{
	int rc = eval_need(ev, at, a.kind == VALUE_UNDEFINED ? a : b);

	if (rc == 0)
		rc = eval_step(ev, at, 1 + (a.kind == VALUE_TEXT ? a.len / BYTES_PER_STEP : 0));
	if (rc != 0)
		return rc;
	if (depth > COMPARE_DEPTH_MAX)
		return eval_fail(ev, at, "lists in lists deeper than %d can't be compared",
			COMPARE_DEPTH_MAX);
	if (compare_is_number(a) && compare_is_number(b)) {
		*ret = number_equal(a, b);
		return 0;
	}
	*ret = a.kind == b.kind;
	if (!*ret || a.kind == VALUE_NONE)
		return 0;
	if (a.kind == VALUE_LIST)
		return lists_equal(ev, at, a, b, depth, ret);
	if (a.kind == VALUE_MAP)
		return maps_equal(ev, at, a, b, depth, ret);
	*ret = a.kind == VALUE_TEXT ? a.len == b.len && text_order(a, b) == 0 : a.other == b.other;
	return 0;
}

/* NOLINTEND(misc-no-recursion) */

int compare_equal(struct eval *ev, struct mark at, struct value a, struct value b, bool *ret)
{
	return equal_at(ev, at, a, b, 0, ret);
}

static int order_at(
	struct eval *ev, struct mark at, struct value a, struct value b, unsigned depth, int *ret);

/* NOLINTBEGIN(misc-no-recursion): as above. */
/* The first items that differ decide; else the shorter list comes first. */
static int lists_order(
	struct eval *ev, struct mark at, struct value a, struct value b, unsigned depth, int *ret)
{
	for (size_t i = 0; i < a.list->n && i < b.list->n; i++) {
		bool same;
		int rc = compare_equal(ev, at, a.list->items[i], b.list->items[i], &same);

		if (rc != 0)
			return rc;
		if (!same)
			return order_at(ev, at, a.list->items[i], b.list->items[i], depth + 1, ret);
	}
	*ret = (a.list->n > b.list->n) - (a.list->n < b.list->n);
	return 0;
}

static int order_at(
	struct eval *ev, struct mark at, struct value a, struct value b, unsigned depth, int *ret)
{
	int rc = eval_need(ev, at, a.kind == VALUE_UNDEFINED ? a : b);

	if (rc == 0)
		rc = eval_step(ev, at, 1 + (a.kind == VALUE_TEXT ? a.len / BYTES_PER_STEP : 0));
	if (rc != 0)
		return rc;
	if (compare_is_number(a) && compare_is_number(b))
		*ret = number_order(a, b);
	else if (a.kind == VALUE_TEXT && b.kind == VALUE_TEXT)
		*ret = text_order(a, b);
	else if (value_has_places(a) && value_has_places(b) && a.list->form == b.list->form &&
		 depth <= COMPARE_DEPTH_MAX)
		return lists_order(ev, at, a, b, depth, ret);
	else
		return eval_fail(ev, at, "%s and %s have no order", value_kind_name(a.kind),
			value_kind_name(b.kind));
	return 0;
}

/* NOLINTEND(misc-no-recursion) */

int compare_order(struct eval *ev, struct mark at, struct value a, struct value b, int *ret)
{
	return order_at(ev, at, a, b, 0, ret);
}

static int in_text(struct eval *ev, struct mark at, struct value item, struct value in, bool *ret)
{
	int rc = eval_need(ev, at, item);

	if (rc != 0)
		return rc;
	if (item.kind != VALUE_TEXT)
		return eval_fail(ev, at, "%s can't stand in a text", value_kind_name(item.kind));
	*ret = item.len == 0 || text_find(in.text, in.len, 0, item.text, item.len) < in.len;
	return eval_step(ev, at, 1 + in.len / BYTES_PER_STEP);
}

int compare_in(struct eval *ev, struct mark at, struct value item, struct value in, bool *ret)
{
	int rc = eval_need(ev, at, in);

	if (rc != 0)
		return rc;
	*ret = false;
	if (in.kind == VALUE_TEXT)
		return in_text(ev, at, item, in, ret);
	if (in.kind == VALUE_MAP) {
		rc = eval_need(ev, at, item);
		if (item.kind == VALUE_LIST || item.kind == VALUE_MAP)
			return eval_fail(ev, at, "%s can't be a key", value_kind_name(item.kind));
		*ret = item.kind == VALUE_TEXT &&
		       value_getn(in, item.text, item.len).kind != VALUE_UNDEFINED;
		return rc;
	}
	if (in.kind != VALUE_LIST)
		return eval_fail(ev, at, "nothing can be in %s", value_kind_name(in.kind));
	for (size_t i = 0; rc == 0 && !*ret && i < in.list->n; i++)
		rc = compare_equal(ev, at, in.list->items[i], item, ret);
	return rc;
}

#include "templates/engine/sort.h"

#include <errno.h>
#include <string.h>

#include "templates/engine/compare.h"
#include "templates/engine/text.h"
#include "templates/engine/textops.h"

struct entry {
	struct value item, key;
};

static int fold(struct call *c, const struct sort_by *by, struct value *key)
{
	if (!by->fold_case || key->kind != VALUE_TEXT)
		return 0;
	return textops_map(c, *key, text_lower, key);
}

/* What an item is sorted by: itself, one thing in it, or a list of several. */
static int key_of(struct call *c, const struct sort_by *by, struct value item, struct value *ret)
{
	struct value path = by->path, keys = value_list(c->ev->arena);
	int rc = 0;

	*ret = item;
	if (path.kind == VALUE_NONE)
		return fold(c, by, ret);
	if (path.kind != VALUE_TEXT || text_find(path.text, path.len, 0, ",", 1) == path.len) {
		rc = eval_path(c->ev, c->at, item, path, ret);
		return rc != 0 ? rc : fold(c, by, ret);
	}
	for (size_t at = 0, end; rc == 0 && at <= path.len; at = end + 1) {
		struct value v;

		end = text_find(path.text, path.len, at, ",", 1);
		rc = eval_path(c->ev, c->at, item, value_text_of(path.text + at, end - at), &v);
		if (rc == 0)
			rc = fold(c, by, &v);
		if (rc == 0)
			value_list_add(keys, v);
	}
	*ret = keys;
	return rc;
}

/* Merges the runs [begin, middle) and [middle, end) of `from` into `to`. */
static int merge(struct call *c, const struct entry *from, struct entry *to, const size_t at[3],
	bool reverse)
{
	size_t l = at[0], r = at[1];

	for (size_t i = at[0]; i < at[2]; i++) {
		int order = l == at[1] ? 1 : -1;

		if (l < at[1] && r < at[2]) {
			int rc = compare_order(c->ev, c->at, from[r].key, from[l].key, &order);

			if (rc != 0)
				return rc;
			/* The right one goes first only when it must: equal ones keep their order. */
			order = (reverse ? -order : order) < 0 ? 1 : -1;
		}
		to[i] = order > 0 ? from[r++] : from[l++];
	}
	return 0;
}

static int merge_sort(struct call *c, struct entry *a, struct entry *b, size_t n, bool reverse,
	struct entry **ret)
{
	for (size_t run = 1; run < n; run *= 2) {
		for (size_t i = 0; i < n; i += 2 * run) {
			size_t at[3] = {
				i, i + run < n ? i + run : n, i + 2 * run < n ? i + 2 * run : n};
			int rc = merge(c, a, b, at, reverse);

			if (rc != 0)
				return rc;
		}
		struct entry *swap = a;
		a = b;
		b = swap;
	}
	*ret = a;
	return 0;
}

int sort_list(
	struct call *c, const struct value_list *items, const struct sort_by *by, struct value *ret)
{
	struct entry *a = call_alloc(c, items->n, sizeof(*a));
	struct entry *b = a ? call_alloc(c, items->n, sizeof(*b)) : NULL;
	int rc = b ? 0 : -ENOMEM;

	for (size_t i = 0; rc == 0 && i < items->n; i++) {
		a[i].item = items->items[i];
		rc = key_of(c, by, a[i].item, &a[i].key);
	}
	if (rc == 0)
		rc = merge_sort(c, a, b, items->n, by->reverse, &a);
	if (rc != 0)
		return rc;
	*ret = value_list(c->ev->arena);
	for (size_t i = 0; i < items->n; i++)
		value_list_add(*ret, a[i].item);
	return 0;
}

int sort_pairs(struct call *c, struct value map, struct value *ret)
{
	*ret = value_list(c->ev->arena);
	for (size_t i = 0; i < map.map->n; i++) {
		struct value pair = value_list(c->ev->arena);

		value_list_form(pair, VALUE_TUPLE);
		value_list_add(pair, map.map->pairs[i].key);
		value_list_add(pair, map.map->pairs[i].value);
		value_list_add(*ret, pair);
	}
	return eval_step(c->ev, c->at, 1 + map.map->n);
}

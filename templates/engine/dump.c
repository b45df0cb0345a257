#include "templates/engine/dump.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "templates/engine/number.h"
#include "templates/engine/utf8.h"

static int pair_order(const void *a, const void *b)
{
	const struct value_pair *const *x = a, *const *y = b;
	const struct value *k = &(*x)->key, *l = &(*y)->key;
	size_t n = k->len < l->len ? k->len : l->len;
	int order = n > 0 ? memcmp(k->text, l->text, n) : 0;

	return order != 0 ? order : (k->len > l->len) - (k->len < l->len);
}

const struct value_pair **dump_order(const struct dump *d, const struct value_map *m)
{
	const struct value_pair **pairs =
		eval_alloc(d->ev, d->at, m->n, sizeof(struct value_pair *));

	for (size_t i = 0; pairs && i < m->n; i++)
		pairs[i] = &m->pairs[i];
	if (pairs && d->sort && m->n > 1)
		qsort(pairs, m->n, sizeof(struct value_pair *), pair_order);
	return pairs;
}

int dump_refuse(const struct dump *d, struct value v)
{
	if (v.kind == VALUE_UNDEFINED)
		return eval_need(d->ev, d->at, v);
	if (v.kind == VALUE_FLOAT)
		return eval_fail(d->ev, d->at, "an infinite number can't be written");
	return eval_fail(d->ev, d->at, "%s can't be written as JSON or YAML%s",
		value_kind_name(v.kind),
		v.kind == VALUE_LIST ? " before |list stands behind it" : "");
}

static void unicode_escape(struct str *out, uint32_t point)
{
	if (point > 0xFFFF) {
		point -= 0x10000;
		str_printf(out, "\\u%04x\\u%04x", 0xD800 + (point >> 10), 0xDC00 + (point & 0x3FF));
	} else {
		str_printf(out, "\\u%04x", point);
	}
}

static void json_string(const struct dump *d, struct value v)
{
	static const char special[] = "\"\\\n\r\t\b\f", letters[] = "\"\\nrtbf";

	str_addc(d->out, '"');
	for (size_t i = 0, step; i < v.len; i += step) {
		uint32_t point = utf8_decode(v.text + i, v.len - i, &step);
		const char *s = point > 0 && point < 0x80 ? strchr(special, (int)point) : NULL;
		bool html = d->for_html && point > 0 && point < 0x80 && strchr("<>&'", (int)point);

		if (s) {
			str_addc(d->out, '\\');
			str_addc(d->out, letters[s - special]);
		} else if (point < 0x20 || point >= 0x7F || html) {
			unicode_escape(d->out, point);
		} else {
			str_addc(d->out, (char)point);
		}
	}
	str_addc(d->out, '"');
}

static int json_scalar(const struct dump *d, struct value v)
{
	char buf[NUMBER_TEXT_SIZE];

	if (v.kind == VALUE_TEXT)
		json_string(d, v);
	else if (v.kind == VALUE_NONE)
		str_add(d->out, "null");
	else if (v.kind == VALUE_BOOL)
		str_add(d->out, v.truth ? "true" : "false");
	else if (v.kind == VALUE_INT || (v.kind == VALUE_FLOAT && isfinite(v.f)))
		str_add(d->out, number_text(v, buf));
	else
		return dump_refuse(d, v);
	return 0;
}

static void json_break(const struct dump *d, unsigned depth)
{
	if (d->indent == 0)
		return;
	str_addc(d->out, '\n');
	for (unsigned i = 0; i < d->indent * depth; i++)
		str_addc(d->out, ' ');
}

/* The comma before all but the first item, and the break behind it. */
static void json_next(const struct dump *d, size_t i, unsigned depth)
{
	if (i > 0)
		str_add(d->out, d->indent > 0 ? "," : ", ");
	json_break(d, depth);
}

/* DUMP_DEPTH_MAX bounds it. NOLINTNEXTLINE(misc-no-recursion) */
static int json_at(const struct dump *d, struct value v, unsigned depth)
{
	bool map = v.kind == VALUE_MAP;
	bool list = value_has_places(v);
	const struct value_pair **pairs = NULL;
	int rc = eval_step(d->ev, d->at, 1);

	if (rc != 0 || (!map && !list))
		return rc != 0 ? rc : json_scalar(d, v);
	if (depth >= DUMP_DEPTH_MAX)
		return eval_fail(d->ev, d->at, "more than %d lists in each other", DUMP_DEPTH_MAX);
	size_t n = map ? v.map->n : v.list->n;
	if (map && !(pairs = dump_order(d, v.map)))
		return -ENOMEM;
	str_addc(d->out, map ? '{' : '[');
	for (size_t i = 0; rc == 0 && i < n; i++) {
		json_next(d, i, depth + 1);
		if (map) {
			json_string(d, pairs[i]->key);
			str_add(d->out, ": ");
		}
		rc = json_at(d, map ? pairs[i]->value : v.list->items[i], depth + 1);
	}
	if (n > 0)
		json_break(d, depth);
	str_addc(d->out, map ? '}' : ']');
	return rc;
}

int dump_json(struct dump *d, struct value v)
{
	return json_at(d, v, 0);
}

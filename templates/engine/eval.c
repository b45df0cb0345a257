#include "templates/engine/eval.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>

#include "templates/engine/access.h"
#include "templates/engine/arith.h"
#include "templates/engine/builtin.h"
#include "templates/engine/compare.h"
#include "templates/engine/display.h"
#include "templates/engine/macro.h"
#include "templates/engine/undefined.h"
#include "templates/engine/utf8.h"

int eval_fail(struct eval *ev, struct mark at, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	/* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized) */
	int rc = err_vset(ev->e, -EINVAL, at, fmt, ap);
	va_end(ap);
	return rc;
}

int eval_step(struct eval *ev, struct mark at, size_t n)
{
	if (n > ev->steps_left) {
		(void)eval_fail(ev, at, "the template takes too many steps");
		return -E2BIG;
	}
	ev->steps_left -= n;
	if (!arena_is_full(ev->arena))
		return 0;
	(void)eval_fail(ev, at, "the template needs too much memory");
	return -E2BIG;
}

int eval_enter(struct eval *ev, struct mark at)
{
	if (ev->depth >= EVAL_DEPTH_MAX) {
		(void)eval_fail(ev, at, "more than %d expressions, blocks and calls in each other",
			EVAL_DEPTH_MAX);
		return -E2BIG;
	}
	ev->depth++;
	return 0;
}

void eval_leave(struct eval *ev)
{
	assert(ev->depth > 0);
	ev->depth--;
}

void *eval_alloc(struct eval *ev, struct mark at, size_t n, size_t size)
{
	void *p = arena_alloc(ev->arena, n, size);

	if (!p)
		(void)eval_fail(ev, at, "the template needs too much memory");
	return p;
}

int eval_need(struct eval *ev, struct mark at, struct value v)
{
	return v.kind == VALUE_UNDEFINED ? undefined_fail(ev, at, v) : 0;
}

int eval_defined(struct eval *ev, const struct expr *x, struct value *ret)
{
	int rc = eval_expr(ev, x, ret);

	return rc != 0 ? rc : eval_need(ev, x->at, *ret);
}

/* The items of a text: its characters. */
static int characters(
	struct eval *ev, struct mark at, struct value v, const struct value_list **ret)
{
	struct value chars = value_list(ev->arena);

	for (size_t i = 0, step; i < v.len; i += step) {
		step = utf8_step(v.text + i, v.len - i);
		value_list_add(chars, value_text_of(v.text + i, step));
	}
	*ret = chars.list;
	return eval_step(ev, at, 1 + chars.list->n);
}

int eval_items(struct eval *ev, struct mark at, struct value v, const struct value_list **ret)
{
	bool nothing = undefined_is_nothing(v);
	int rc = nothing ? 0 : eval_need(ev, at, v);

	if (rc != 0)
		return rc;
	if (nothing)
		v = value_list(ev->arena);
	if (v.kind == VALUE_TEXT)
		return characters(ev, at, v, ret);
	if (v.kind == VALUE_LIST) {
		*ret = v.list;
		return eval_step(ev, at, 1 + v.list->n);
	}
	if (v.kind != VALUE_MAP)
		return eval_fail(ev, at, "%s has no items to go through", value_kind_name(v.kind));
	struct value keys = value_list(ev->arena);
	for (size_t i = 0; i < v.map->n; i++)
		value_list_add(keys, v.map->pairs[i].key);
	*ret = keys.list;
	return eval_step(ev, at, 1 + v.map->n);
}

int eval_args(struct eval *ev, const struct expr_item *items, struct args *ret)
{
	size_t n = 0;

	*ret = (struct args){.n_pos = 0};
	for (const struct expr_item *i = items; i; i = i->next)
		n++;
	if (n == 0)
		return 0;
	ret->pos = eval_alloc(ev, items->x->at, n, sizeof(*ret->pos));
	ret->kw = ret->pos ? eval_alloc(ev, items->x->at, n, sizeof(*ret->kw)) : NULL;
	if (!ret->kw)
		return -ENOMEM;
	for (const struct expr_item *i = items; i; i = i->next) {
		struct value v;
		int rc = eval_expr(ev, i->x, &v);

		if (rc != 0)
			return rc;
		if (i->name.kind == VALUE_TEXT)
			ret->kw[ret->n_kw++] = (struct keyword){.name = i->name, .v = v};
		else
			ret->pos[ret->n_pos++] = v;
	}
	return 0;
}

static int eval_const(struct eval *ev, const struct expr *x, struct value *ret)
{
	(void)ev;
	*ret = x->value;
	return 0;
}

static int eval_body(struct eval *ev, const struct expr *x, struct value *ret)
{
	(void)x;
	*ret = ev->body;
	return 0;
}

static int eval_list(struct eval *ev, const struct expr *x, struct value *ret)
{
	struct value list = value_list(ev->arena);
	int rc = 0;

	value_list_form(list, x->kind == EXPR_TUPLE ? VALUE_TUPLE : VALUE_PLAIN);
	for (const struct expr_item *i = x->list; rc == 0 && i; i = i->next) {
		struct value v;

		rc = eval_expr(ev, i->x, &v);
		if (rc == 0)
			value_list_add(list, v);
	}
	*ret = list;
	return rc;
}

static int eval_map(struct eval *ev, const struct expr *x, struct value *ret)
{
	struct value map = value_map(ev->arena);

	for (const struct expr_item *i = x->list; i; i = i->next->next) {
		struct value key, v;
		int rc = eval_defined(ev, i->x, &key);

		if (rc == 0 && key.kind != VALUE_TEXT)
			rc = eval_fail(ev, i->x->at, "a key must be text, not %s",
				value_kind_name(key.kind));
		if (rc == 0)
			rc = eval_expr(ev, i->next->x, &v);
		if (rc != 0)
			return rc;
		value_map_put(map, key, v);
	}
	*ret = map;
	return 0;
}

static int eval_filter(struct eval *ev, const struct expr *x, struct value *ret)
{
	struct value in;
	struct args args;
	int rc = eval_expr(ev, x->a, &in);

	if (rc == 0)
		rc = eval_args(ev, x->list, &args);
	return rc != 0 ? rc : builtin_call(ev, x->at, x->builtin, in, &args, ret);
}

static int eval_not(struct eval *ev, const struct expr *x, struct value *ret)
{
	struct value v;
	bool truth;
	int rc = eval_expr(ev, x->a, &v);

	if (rc == 0)
		rc = compare_truth(ev, x->a->at, v, &truth);
	if (rc == 0)
		*ret = value_bool(!truth);
	return rc;
}

static int eval_sign(struct eval *ev, const struct expr *x, struct value *ret)
{
	struct value v;
	int rc = eval_defined(ev, x->a, &v);

	return rc != 0 ? rc : arith_sign(ev, x->at, x->op, v, ret);
}

static int eval_binary(struct eval *ev, const struct expr *x, struct value *ret)
{
	struct value l, r;
	int rc = eval_defined(ev, x->a, &l);

	if (rc == 0)
		rc = eval_defined(ev, x->b, &r);
	return rc != 0 ? rc : arith_binary(ev, x->at, x->op, l, r, ret);
}

static int compare_one(
	struct eval *ev, struct mark at, enum expr_op op, struct value l, struct value r, bool *ret)
{
	int order, rc;

	if (op == OP_IN || op == OP_NOT_IN) {
		rc = compare_in(ev, at, l, r, ret);
		*ret = *ret == (op == OP_IN);
		return rc;
	}
	if (op == OP_EQ || op == OP_NE) {
		rc = compare_equal(ev, at, l, r, ret);
		*ret = *ret == (op == OP_EQ);
		return rc;
	}
	rc = compare_order(ev, at, l, r, &order);
	if (rc == 0)
		*ret = (order < 0 && (op == OP_LT || op == OP_LE)) ||
		       (order > 0 && (op == OP_GT || op == OP_GE)) ||
		       (order == 0 && (op == OP_LE || op == OP_GE));
	return rc;
}

/* a < b < c: every operand is evaluated once, and only as far as it matters. */
static int eval_compare(struct eval *ev, const struct expr *x, struct value *ret)
{
	struct value l, r;
	bool truth = true;
	int rc = eval_expr(ev, x->a, &l);

	for (const struct expr_item *i = x->list; rc == 0 && truth && i; i = i->next) {
		rc = eval_expr(ev, i->x, &r);
		if (rc == 0)
			rc = compare_one(ev, x->at, i->op, l, r, &truth);
		l = r;
	}
	*ret = value_bool(truth);
	return rc;
}

static int eval_concat(struct eval *ev, const struct expr *x, struct value *ret)
{
	struct str joined = str_init(ev->max_output);
	const struct call c = {.ev = ev, .at = x->at};
	int rc = 0;

	for (const struct expr_item *i = x->list; rc == 0 && i; i = i->next) {
		struct value v;

		rc = eval_expr(ev, i->x, &v);
		if (rc == 0)
			rc = display_bare(ev, i->x->at, v, &v);
		if (rc == 0)
			str_addn(&joined, v.text, v.len);
	}
	if (rc == 0)
		return call_give_text(&c, &joined, ret);
	str_done(&joined);
	return rc;
}

/* `and` and `or` give the operand that decided. */
static int eval_and_or(struct eval *ev, const struct expr *x, struct value *ret)
{
	bool truth;
	int rc = eval_expr(ev, x->a, ret);

	if (rc == 0)
		rc = compare_truth(ev, x->a->at, *ret, &truth);
	if (rc != 0 || truth == (x->kind == EXPR_OR))
		return rc;
	return eval_expr(ev, x->b, ret);
}

static int eval_cond(struct eval *ev, const struct expr *x, struct value *ret)
{
	struct value v;
	bool truth;
	int rc = eval_expr(ev, x->cond, &v);

	if (rc == 0)
		rc = compare_truth(ev, x->cond->at, v, &truth);
	if (rc != 0)
		return rc;
	if (truth)
		return eval_expr(ev, x->a, ret);
	if (x->b)
		return eval_expr(ev, x->b, ret);
	*ret = undefined_nothing(ev);
	return 0;
}

/* Calls a macro or a function. */
static int call_value(struct eval *ev, struct mark at, struct value callee, const struct args *args,
	struct value *ret)
{
	int rc = eval_need(ev, at, callee);

	if (rc != 0)
		return rc;
	if (callee.kind == VALUE_MACRO)
		return macro_call(ev, at, callee, args, ret);
	if (callee.kind == VALUE_FUNCTION)
		return builtin_call(ev, at, callee.other, value_none(), args, ret);
	return eval_fail(ev, at, "%s can't be called", value_kind_name(callee.kind));
}

static int eval_call(struct eval *ev, const struct expr *x, struct value *ret)
{
	const struct builtin *method = NULL;
	struct value callee;
	struct args args;
	int rc;

	if (x->a->kind == EXPR_ATTR) {
		rc = eval_defined(ev, x->a->a, &callee);
		if (rc == 0)
			rc = access_method(ev, x->a, callee, &method);
		if (rc == 0 && !method)
			rc = access_attr(ev, x->a, callee, &callee);
	} else {
		rc = eval_expr(ev, x->a, &callee);
	}
	if (rc == 0)
		rc = eval_args(ev, x->list, &args);
	if (rc != 0)
		return rc;
	if (method)
		return builtin_call(ev, x->at, method, callee, &args, ret);
	return call_value(ev, x->at, callee, &args, ret);
}

typedef int eval_fn(struct eval *ev, const struct expr *x, struct value *ret);

static eval_fn *const by_kind[] = {
	[EXPR_CONST] = eval_const,
	[EXPR_NAME] = access_name,
	[EXPR_LIST] = eval_list,
	[EXPR_TUPLE] = eval_list,
	[EXPR_MAP] = eval_map,
	[EXPR_ATTR] = access_expr_attr,
	[EXPR_INDEX] = access_expr_index,
	[EXPR_SLICE] = access_expr_slice,
	[EXPR_CALL] = eval_call,
	[EXPR_FILTER] = eval_filter,
	[EXPR_TEST] = eval_filter,
	[EXPR_BODY] = eval_body,
	[EXPR_NOT] = eval_not,
	[EXPR_SIGN] = eval_sign,
	[EXPR_BINARY] = eval_binary,
	[EXPR_COMPARE] = eval_compare,
	[EXPR_CONCAT] = eval_concat,
	[EXPR_AND] = eval_and_or,
	[EXPR_OR] = eval_and_or,
	[EXPR_COND] = eval_cond,
};

int eval_expr(struct eval *ev, const struct expr *x, struct value *ret)
{
	int rc = eval_step(ev, x->at, 1);

	if (rc == 0)
		rc = eval_enter(ev, x->at);
	if (rc != 0)
		return rc;
	rc = by_kind[x->kind](ev, x, ret);
	eval_leave(ev);
	return rc;
}

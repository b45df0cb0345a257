#include "templates/engine/arith.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "templates/engine/compare.h"
#include "templates/engine/format.h"
#include "templates/engine/number.h"

/* One operator: its sign, and what it does to two whole numbers (false: beyond 64 bits) and to two
 * floats. Divisors were seen not to be zero. */
struct operation {
	const char *sign;
	bool (*ints)(int64_t a, int64_t b, int64_t *ret);
	double (*floats)(double a, double b);
	bool divides;
};

static bool int_add(int64_t a, int64_t b, int64_t *ret)
{
	return !__builtin_add_overflow(a, b, ret);
}

static bool int_sub(int64_t a, int64_t b, int64_t *ret)
{
	return !__builtin_sub_overflow(a, b, ret);
}

static bool int_mul(int64_t a, int64_t b, int64_t *ret)
{
	return !__builtin_mul_overflow(a, b, ret);
}

/* Python rounds towards minus infinity: -7 // 2 is -4. */
static bool int_floordiv(int64_t a, int64_t b, int64_t *ret)
{
	if (a == INT64_MIN && b == -1)
		return false;
	*ret = a / b - (a % b != 0 && (a < 0) != (b < 0));
	return true;
}

/* The remainder has the divisor's sign. */
static bool int_mod(int64_t a, int64_t b, int64_t *ret)
{
	*ret = b == -1 ? 0 : a % b;
	if (*ret != 0 && (*ret < 0) != (b < 0))
		*ret += b;
	return true;
}

static bool int_pow(int64_t base, int64_t exp, int64_t *ret)
{
	int64_t r = 1;

	while (exp > 0) {
		if ((exp & 1) && __builtin_mul_overflow(r, base, &r))
			return false;
		exp >>= 1;
		if (exp > 0 && __builtin_mul_overflow(base, base, &base))
			return false;
	}
	*ret = r;
	return true;
}

static double float_add(double a, double b)
{
	return a + b;
}

static double float_sub(double a, double b)
{
	return a - b;
}

static double float_mul(double a, double b)
{
	return a * b;
}

static double float_div(double a, double b)
{
	return a / b;
}

static double float_mod(double a, double b)
{
	double m = fmod(a, b);

	if (m != 0.0 && (m < 0) != (b < 0))
		return m + b;
	return m != 0.0 ? m : copysign(0.0, b);
}

/* By way of the remainder, as Python does it, so that the two fit together. */
static double float_floordiv(double a, double b)
{
	double div = (a - float_mod(a, b)) / b;
	double floored = floor(div);

	if (div == 0.0)
		return copysign(0.0, a / b);
	return div - floored > 0.5 ? floored + 1.0 : floored;
}

static const struct operation operations[] = {
	[OP_ADD] = {"+", int_add, float_add, false},
	[OP_SUB] = {"-", int_sub, float_sub, false},
	[OP_MUL] = {"*", int_mul, float_mul, false},
	[OP_DIV] = {"/", NULL, float_div, true},
	[OP_FLOORDIV] = {"//", int_floordiv, float_floordiv, true},
	[OP_MOD] = {"%", int_mod, float_mod, true},
	[OP_POW] = {"**", int_pow, pow, false},
};

static int64_t as_int(struct value v)
{
	return v.kind == VALUE_BOOL ? v.truth : v.i;
}

static int numbers(struct eval *ev, struct mark at, enum expr_op op, struct value l, struct value r,
	struct value *ret)
{
	const struct operation *o = &operations[op];
	double x = number_as_double(l), y = number_as_double(r);
	bool whole = l.kind != VALUE_FLOAT && r.kind != VALUE_FLOAT;

	if (o->divides && y == 0.0)
		return eval_fail(ev, at, "division by zero");
	if (op == OP_POW && x == 0.0 && y < 0)
		return eval_fail(ev, at, "zero can't be raised to a negative power");
	if (op == OP_POW && x < 0 && y != floor(y))
		return eval_fail(ev, at, "a negative number can't be raised to a fraction");
	if (whole && o->ints && !(op == OP_POW && y < 0)) {
		int64_t i;

		if (!o->ints(as_int(l), as_int(r), &i))
			return eval_fail(ev, at, "the result of %s is beyond 64 bits", o->sign);
		*ret = value_int(i);
		return 0;
	}
	*ret = value_float(o->floats(x, y));
	if (isinf(ret->f) && !isinf(x) && !isinf(y))
		return eval_fail(ev, at, "the result of %s is too large", o->sign);
	return 0;
}

static int texts_join(
	struct eval *ev, struct mark at, struct value l, struct value r, struct value *ret)
{
	char *joined = eval_alloc(ev, at, (size_t)l.len + r.len, 1);

	if (!joined)
		return -ENOMEM;
	if (l.len > 0)
		memcpy(joined, l.text, l.len);
	if (r.len > 0)
		memcpy(joined + l.len, r.text, r.len);
	*ret = value_text_of(joined, (size_t)l.len + r.len);
	return 0;
}

static int lists_join(
	struct eval *ev, struct mark at, struct value l, struct value r, struct value *ret)
{
	*ret = value_list(ev->arena);
	value_list_form(*ret, l.list->form);
	for (size_t i = 0; i < l.list->n; i++)
		value_list_add(*ret, l.list->items[i]);
	for (size_t i = 0; i < r.list->n; i++)
		value_list_add(*ret, r.list->items[i]);
	return eval_step(ev, at, 1 + ret->list->n);
}

/* A text or list `times` over. */
static int repeat(struct eval *ev, struct mark at, struct value v, int64_t times, struct value *ret)
{
	size_t n = times > 0 ? (size_t)times : 0, bytes;

	if (v.kind == VALUE_TEXT) {
		if (__builtin_mul_overflow(n, (size_t)v.len, &bytes) || bytes > ev->max_output)
			return eval_fail(ev, at, "a text longer than %zu bytes", ev->max_output);
		char *to = eval_alloc(ev, at, bytes, 1);
		if (!to)
			return -ENOMEM;
		for (size_t i = 0; v.len > 0 && i < n; i++)
			memcpy(to + i * v.len, v.text, v.len);
		*ret = value_text_of(to, bytes);
		return 0;
	}
	if (__builtin_mul_overflow(n, v.list->n, &bytes))
		bytes = SIZE_MAX;
	int rc = eval_step(ev, at, bytes);
	*ret = value_list(ev->arena);
	value_list_form(*ret, v.list->form);
	for (size_t i = 0; rc == 0 && v.list->n > 0 && i < n; i++)
		for (size_t k = 0; k < v.list->n; k++)
			value_list_add(*ret, v.list->items[k]);
	return rc;
}

static bool is_whole(struct value v)
{
	return v.kind == VALUE_INT || v.kind == VALUE_BOOL;
}

int arith_binary(struct eval *ev, struct mark at, enum expr_op op, struct value l, struct value r,
	struct value *ret)
{
	if (compare_is_number(l) && compare_is_number(r))
		return numbers(ev, at, op, l, r, ret);
	if (op == OP_ADD && l.kind == VALUE_TEXT && r.kind == VALUE_TEXT)
		return texts_join(ev, at, l, r, ret);
	if (op == OP_ADD && value_has_places(l) && value_has_places(r) &&
		l.list->form == r.list->form)
		return lists_join(ev, at, l, r, ret);
	if (op == OP_MUL && is_whole(r) && (l.kind == VALUE_TEXT || value_has_places(l)))
		return repeat(ev, at, l, as_int(r), ret);
	if (op == OP_MUL && is_whole(l) && (r.kind == VALUE_TEXT || value_has_places(r)))
		return repeat(ev, at, r, as_int(l), ret);
	if (op == OP_MOD && l.kind == VALUE_TEXT) {
		bool many = value_has_places(r) && r.list->form == VALUE_TUPLE;

		return format_text(ev, at, l, many ? r.list->items : &r, many ? r.list->n : 1, ret);
	}
	bool text = op == OP_ADD && (l.kind == VALUE_TEXT || r.kind == VALUE_TEXT);
	return eval_fail(ev, at, "'%s' can't be used on %s and %s%s", operations[op].sign,
		value_kind_name(l.kind), value_kind_name(r.kind),
		text ? " (to join texts, use ~)" : "");
}

int arith_sign(struct eval *ev, struct mark at, enum expr_op op, struct value v, struct value *ret)
{
	if (v.kind == VALUE_BOOL)
		v = value_int(v.truth);
	*ret = v;
	if (v.kind == VALUE_FLOAT && op == OP_SUB)
		ret->f = -v.f;
	else if (v.kind == VALUE_INT && op == OP_SUB && __builtin_sub_overflow(0, v.i, &ret->i))
		return eval_fail(ev, at, "the number is beyond 64 bits");
	else if (v.kind != VALUE_INT && v.kind != VALUE_FLOAT)
		return eval_fail(ev, at, "%s has no sign", value_kind_name(v.kind));
	return 0;
}

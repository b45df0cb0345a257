/* Filters that make numbers and truth values. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "templates/engine/arith.h"
#include "templates/engine/builtin.h"
#include "templates/engine/compare.h"
#include "templates/engine/number.h"
#include "templates/engine/textops.h"

#define ROUND_DIGITS_MAX 15

static int filter_abs(struct call *c, struct value *ret)
{
	*ret = c->in.kind == VALUE_BOOL ? value_int(c->in.truth) : c->in;
	if (ret->kind == VALUE_FLOAT)
		ret->f = fabs(ret->f);
	else if (ret->kind != VALUE_INT)
		return call_fail(c, "'abs' works on a number, not %s", value_kind_name(c->in.kind));
	else if (ret->i < 0)
		return arith_sign(c->ev, c->at, OP_SUB, *ret, ret);
	return 0;
}

/* Text as a number the way Python's int() and float() read it, blanks around it and all. */
static bool text_float(struct value v, double *ret)
{
	v = textops_strip(v, NULL, TEXTOPS_BOTH);
	return number_parse_float(v.text, v.len, ret);
}

static bool text_int(struct value v, unsigned base, int64_t *ret)
{
	v = textops_strip(v, NULL, TEXTOPS_BOTH);
	return number_parse_int(v.text, v.len, base, ret);
}

static bool float_int(double f, int64_t *ret)
{
	if (!(f > -9.3e18 && f < 9.2e18) || f < (double)INT64_MIN)
		return false;
	*ret = (int64_t)f;
	return true;
}

/* A number it is, but none that float_int() takes. */
static bool is_number_beyond(struct value v)
{
	double f;

	if (v.kind == VALUE_FLOAT)
		return isfinite(v.f);
	return v.kind == VALUE_TEXT && text_float(v, &f) && isfinite(f);
}

static int filter_int(struct call *c, struct value *ret)
{
	struct value v = c->in;
	int64_t base, i = 0;
	double f;
	int rc = call_int(c, 1, 10, &base);

	if (rc == 0 && base != 0 && (base < 2 || base > 36))
		rc = call_fail(c, "the base must be 0 or 2 to 36");
	if (rc != 0)
		return rc;
	bool good = v.kind == VALUE_INT || v.kind == VALUE_BOOL;
	if (good)
		i = v.kind == VALUE_BOOL ? v.truth : v.i;
	else if (v.kind == VALUE_TEXT)
		good = text_int(v, (unsigned)base, &i) || (text_float(v, &f) && float_int(f, &i));
	else
		good = v.kind == VALUE_FLOAT && float_int(v.f, &i);
	if (!good && base == 10 && is_number_beyond(v))
		return call_fail(c, "the number is beyond 64 bits");
	*ret = good ? value_int(i) : c->given[0] ? c->args[0] : value_int(0);
	return 0;
}

static int filter_float(struct call *c, struct value *ret)
{
	double f;

	*ret = c->given[0] ? c->args[0] : value_float(0.0);
	if (compare_is_number(c->in))
		*ret = value_float(number_as_double(c->in));
	else if (c->in.kind == VALUE_TEXT && text_float(c->in, &f))
		*ret = value_float(f);
	return 0;
}

/* Correctly rounded to `digits` behind the point (or before it, below 0), halves to even. */
static double round_half_even(double f, int digits)
{
	char text[400];

	if (digits > ROUND_DIGITS_MAX || !isfinite(f))
		return f;
	if (digits < 0) {
		double scale = pow(10, -digits);

		return nearbyint(f / scale) * scale;
	}
	int n = snprintf(text, sizeof(text), "%.*f", digits, f);
	return n > 0 && (size_t)n < sizeof(text) ? strtod(text, NULL) : f;
}

static int filter_round(struct call *c, struct value *ret)
{
	struct value method;
	int64_t digits;
	int rc = call_int(c, 0, 0, &digits);

	if (rc == 0)
		rc = call_text(c, 1, "common", &method);
	if (rc == 0 && !compare_is_number(c->in))
		rc = call_fail(c, "'round' works on a number, not %s", value_kind_name(c->in.kind));
	if (rc == 0 && (digits > ROUND_DIGITS_MAX || digits < -ROUND_DIGITS_MAX))
		rc = call_fail(c, "at most %d digits", ROUND_DIGITS_MAX);
	if (rc != 0)
		return rc;
	double f = number_as_double(c->in), scale = pow(10, (double)digits);
	if (value_text_is(method, "ceil"))
		*ret = value_float(ceil(f * scale) / scale);
	else if (value_text_is(method, "floor"))
		*ret = value_float(floor(f * scale) / scale);
	else if (!value_text_is(method, "common"))
		return call_fail(c, "the method must be 'common', 'ceil' or 'floor'");
	else if (c->in.kind != VALUE_FLOAT && digits >= 0)
		*ret = value_int(c->in.kind == VALUE_BOOL ? c->in.truth : c->in.i);
	else
		*ret = value_float(round_half_even(f, (int)digits));
	if (c->in.kind != VALUE_FLOAT && ret->kind == VALUE_FLOAT &&
		value_text_is(method, "common"))
		*ret = value_int((int64_t)ret->f);
	return 0;
}

static int filter_sum(struct call *c, struct value *ret)
{
	const struct value_list *items;
	int rc = eval_items(c->ev, c->at, c->in, &items);

	*ret = c->given[1] ? c->args[1] : value_int(0);
	for (size_t i = 0; rc == 0 && i < items->n; i++) {
		struct value v = items->items[i];

		if (c->given[0] && c->args[0].kind != VALUE_NONE)
			rc = eval_path(c->ev, c->at, v, c->args[0], &v);
		if (rc == 0)
			rc = eval_need(c->ev, c->at, v);
		if (rc == 0 && ret->kind == VALUE_TEXT)
			rc = call_fail(c, "'sum' adds numbers; for texts use |join");
		if (rc == 0)
			rc = arith_binary(c->ev, c->at, OP_ADD, *ret, v, ret);
	}
	return rc;
}

/* As Ansible's: what people write for yes. */
static int filter_bool(struct call *c, struct value *ret)
{
	static const char *const yes[] = {"yes", "on", "1", "true"};
	struct value v = c->in;

	*ret = value_bool(false);
	if (v.kind == VALUE_BOOL || v.kind == VALUE_NONE)
		*ret = v;
	else if (compare_is_number(v))
		*ret = value_bool(number_as_double(v) == 1.0);
	else if (v.kind == VALUE_TEXT)
		for (size_t i = 0; i < ARRAY_LEN(yes); i++)
			ret->truth |=
				v.len == strlen(yes[i]) && strncasecmp(v.text, yes[i], v.len) == 0;
	return 0;
}

const struct builtin filters_number[] = {
	{"abs", filter_abs, "", 0, 0},
	{"bool", filter_bool, "", 0, 0},
	{"float", filter_float, "default", 0, 0},
	{"int", filter_int, "default base", 0, 0},
	{"round", filter_round, "precision method", 0, 0},
	{"sum", filter_sum, "attribute start", 0, 0},
	{NULL, NULL, NULL, 0, 0},
};

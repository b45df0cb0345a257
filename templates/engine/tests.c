/* The tests behind `is`. */
#include <string.h>

#include "provisioner/base/addr.h"
#include "templates/engine/arith.h"
#include "templates/engine/builtin.h"
#include "templates/engine/compare.h"
#include "templates/engine/text.h"

static int truth(bool b, struct value *ret)
{
	*ret = value_bool(b);
	return 0;
}

static int test_defined(struct call *c, struct value *ret)
{
	return truth(c->in.kind != VALUE_UNDEFINED, ret);
}

static int test_undefined(struct call *c, struct value *ret)
{
	return truth(c->in.kind == VALUE_UNDEFINED, ret);
}

static int test_none(struct call *c, struct value *ret)
{
	return truth(c->in.kind == VALUE_NONE, ret);
}

static int test_string(struct call *c, struct value *ret)
{
	return truth(c->in.kind == VALUE_TEXT, ret);
}

static int test_number(struct call *c, struct value *ret)
{
	return truth(compare_is_number(c->in), ret);
}

static int test_integer(struct call *c, struct value *ret)
{
	return truth(c->in.kind == VALUE_INT, ret);
}

static int test_float(struct call *c, struct value *ret)
{
	return truth(c->in.kind == VALUE_FLOAT, ret);
}

static int test_boolean(struct call *c, struct value *ret)
{
	return truth(c->in.kind == VALUE_BOOL, ret);
}

static int test_true(struct call *c, struct value *ret)
{
	return truth(c->in.kind == VALUE_BOOL && c->in.truth, ret);
}

static int test_false(struct call *c, struct value *ret)
{
	return truth(c->in.kind == VALUE_BOOL && !c->in.truth, ret);
}

static int test_mapping(struct call *c, struct value *ret)
{
	return truth(c->in.kind == VALUE_MAP, ret);
}

static int test_iterable(struct call *c, struct value *ret)
{
	return truth(
		c->in.kind == VALUE_TEXT || c->in.kind == VALUE_LIST || c->in.kind == VALUE_MAP,
		ret);
}

static int test_sequence(struct call *c, struct value *ret)
{
	return truth(c->in.kind == VALUE_TEXT || c->in.kind == VALUE_MAP || value_has_places(c->in),
		ret);
}

static int test_callable(struct call *c, struct value *ret)
{
	return truth(c->in.kind == VALUE_MACRO || c->in.kind == VALUE_FUNCTION, ret);
}

static int equal(struct call *c, bool want, struct value *ret)
{
	bool b;
	int rc = compare_equal(c->ev, c->at, c->in, c->args[0], &b);

	return rc != 0 ? rc : truth(b == want, ret);
}

/* The same object: for the values of templates, the same body or the same constant. */
static int test_sameas(struct call *c, struct value *ret)
{
	struct value a = c->in, b = c->args[0];
	bool same = a.kind == b.kind;

	if (same && (a.kind == VALUE_LIST || a.kind == VALUE_MAP || a.kind == VALUE_NAMESPACE))
		same = a.other == b.other;
	else if (same && a.kind != VALUE_NONE)
		return equal(c, true, ret);
	return truth(same, ret);
}

static int test_in(struct call *c, struct value *ret)
{
	bool b;
	int rc = compare_in(c->ev, c->at, c->in, c->args[0], &b);

	return rc != 0 ? rc : truth(b, ret);
}

static int test_eq(struct call *c, struct value *ret)
{
	return equal(c, true, ret);
}

static int test_ne(struct call *c, struct value *ret)
{
	return equal(c, false, ret);
}

/* Whether the order is one of the two given. */
static int ordered(struct call *c, int one, int other, struct value *ret)
{
	int order, rc = compare_order(c->ev, c->at, c->in, c->args[0], &order);

	order = (order > 0) - (order < 0);
	return rc != 0 ? rc : truth(order == one || order == other, ret);
}

static int test_lt(struct call *c, struct value *ret)
{
	return ordered(c, -1, -1, ret);
}

static int test_le(struct call *c, struct value *ret)
{
	return ordered(c, -1, 0, ret);
}

static int test_gt(struct call *c, struct value *ret)
{
	return ordered(c, 1, 1, ret);
}

static int test_ge(struct call *c, struct value *ret)
{
	return ordered(c, 1, 0, ret);
}

/* Whether the remainder by `divisor` is `want`. */
static int remainder_is(struct call *c, struct value divisor, double want, struct value *ret)
{
	struct value rest;
	bool same;
	int rc = compare_is_number(c->in) ? 0
					  : call_fail(c, "'%s' is for numbers, not %s",
						    c->builtin->name, value_kind_name(c->in.kind));

	if (rc == 0)
		rc = arith_binary(c->ev, c->at, OP_MOD, c->in, divisor, &rest);
	if (rc == 0)
		rc = compare_equal(c->ev, c->at, rest, value_float(want), &same);
	return rc != 0 ? rc : truth(same, ret);
}

static int test_odd(struct call *c, struct value *ret)
{
	return remainder_is(c, value_int(2), 1, ret);
}

static int test_even(struct call *c, struct value *ret)
{
	return remainder_is(c, value_int(2), 0, ret);
}

static int test_divisibleby(struct call *c, struct value *ret)
{
	return remainder_is(c, c->args[0], 0, ret);
}

/* str.islower() and isupper(): there are letters, and none of the other case. */
static int cased(struct call *c, char (*to)(char), struct value *ret)
{
	struct value in;
	bool letter = false, same = true;
	int rc = call_in_text(c, &in);

	for (size_t i = 0; rc == 0 && i < in.len; i++) {
		letter = letter || text_is_letter(in.text[i]);
		same = same && to(in.text[i]) == in.text[i];
	}
	return rc != 0 ? rc : truth(letter && same, ret);
}

static int test_lower(struct call *c, struct value *ret)
{
	return cased(c, text_lower, ret);
}

static int test_upper(struct call *c, struct value *ret)
{
	return cased(c, text_upper, ret);
}

/* A text as an address or network; false if it is none. */
static bool net_from(struct value v, struct ipv4_net *ret)
{
	char text[IPV4_NET_TEXT_SIZE];

	if (v.kind != VALUE_TEXT || v.len >= sizeof(text))
		return false;
	memcpy(text, v.text, v.len);
	text[v.len] = '\0';
	ret->len = 32;
	return strlen(text) == v.len &&
	       (ipv4_net_parse(text, ret) == 0 || ipv4_parse(text, &ret->addr) == 0);
}

static int test_ip(struct call *c, struct value *ret)
{
	struct ipv4_net n;

	return truth(net_from(c->in, &n), ret);
}

static int test_in_network(struct call *c, struct value *ret)
{
	struct ipv4_net in, net;

	if (!net_from(c->in, &in) || !net_from(c->args[0], &net))
		return call_fail(c, "'in_network' compares an IPv4 address to a network");
	return truth(ipv4_net_has(net, in.addr), ret);
}

const struct builtin tests_all[] = {
	{"boolean", test_boolean, "", 0, BUILTIN_UNDEFINED_IN},
	{"callable", test_callable, "", 0, BUILTIN_UNDEFINED_IN},
	{"defined", test_defined, "", 0, BUILTIN_UNDEFINED_IN},
	{"divisibleby", test_divisibleby, "num", 1, 0},
	{"eq", test_eq, "other", 1, 0},
	{"equalto", test_eq, "other", 1, 0},
	{"even", test_even, "", 0, 0},
	{"false", test_false, "", 0, BUILTIN_UNDEFINED_IN},
	{"float", test_float, "", 0, BUILTIN_UNDEFINED_IN},
	{"ge", test_ge, "other", 1, 0},
	{"greaterthan", test_gt, "other", 1, 0},
	{"gt", test_gt, "other", 1, 0},
	{"in", test_in, "seq", 1, 0},
	{"in_network", test_in_network, "network", 1, 0},
	{"integer", test_integer, "", 0, BUILTIN_UNDEFINED_IN},
	{"ip", test_ip, "", 0, 0},
	{"iterable", test_iterable, "", 0, 0},
	{"le", test_le, "other", 1, 0},
	{"lessthan", test_lt, "other", 1, 0},
	{"lower", test_lower, "", 0, 0},
	{"lt", test_lt, "other", 1, 0},
	{"mapping", test_mapping, "", 0, BUILTIN_UNDEFINED_IN},
	{"ne", test_ne, "other", 1, 0},
	{"none", test_none, "", 0, BUILTIN_UNDEFINED_IN},
	{"number", test_number, "", 0, BUILTIN_UNDEFINED_IN},
	{"odd", test_odd, "", 0, 0},
	{"sameas", test_sameas, "other", 1, BUILTIN_UNDEFINED_IN | BUILTIN_UNDEFINED_ARGS},
	{"sequence", test_sequence, "", 0, BUILTIN_UNDEFINED_IN},
	{"string", test_string, "", 0, BUILTIN_UNDEFINED_IN},
	{"true", test_true, "", 0, BUILTIN_UNDEFINED_IN},
	{"undefined", test_undefined, "", 0, BUILTIN_UNDEFINED_IN},
	{"upper", test_upper, "", 0, 0},
	{NULL, NULL, NULL, 0, 0},
};

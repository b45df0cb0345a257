/* Operands of expressions: see parser.h. Literals, names, .name [x] (x), |filter and `is test`. */
#include <errno.h>
#include <string.h>

#include "templates/engine/builtin.h"
#include "templates/engine/parser.h"

/* One argument of a call; keywords come after all others. */
static int argument(struct parser *p, struct expr_item ***tail, bool *keywords)
{
	struct value name = {.kind = VALUE_UNDEFINED};
	struct mark at = p->cur.at;
	int rc = 0;

	if (p->cur.kind == TOKEN_MUL || p->cur.kind == TOKEN_POW)
		return parser_fail(
			p, at, "calls with * or ** are not part of this template language");
	if (p->cur.kind == TOKEN_NAME && p->next.kind == TOKEN_ASSIGN) {
		*keywords = true;
		rc = parser_name(p, &name);
		if (rc == 0)
			rc = parser_advance(p);
	} else if (*keywords) {
		return parser_fail(
			p, at, "an argument without a name stands behind one with a name");
	}
	struct expr_item *item = rc == 0 ? parser_item(p, tail, parser_expr(p)) : NULL;
	if (!item)
		return -EINVAL;
	item->name = name;
	return 0;
}

/* "(a, b, name=c)", the cursor on the bracket. */
static int arguments(struct parser *p, struct expr_item **ret)
{
	struct expr_item **tail = ret;
	bool keywords = false;
	int rc = parser_expect(p, TOKEN_LPAREN, "before the arguments");

	while (rc == 0 && p->cur.kind != TOKEN_RPAREN) {
		rc = argument(p, &tail, &keywords);
		if (rc == 0 && p->cur.kind != TOKEN_RPAREN)
			rc = parser_expect(p, TOKEN_COMMA, "between arguments");
	}
	return rc != 0 ? rc : parser_expect(p, TOKEN_RPAREN, "behind the arguments");
}

static struct expr *call(struct parser *p, struct expr *callee)
{
	struct expr *x = parser_new(p, EXPR_CALL, callee->at);

	if (!x)
		return NULL;
	x->a = callee;
	return arguments(p, &x->list) == 0 ? x : NULL;
}

/* One bound of a slice: an expression, or none when it is left out. */
static struct expr *bound(struct parser *p)
{
	enum token_kind k = p->cur.kind;

	if (k == TOKEN_COLON || k == TOKEN_RBRACKET || k == TOKEN_COMMA)
		return parser_const(p, p->cur.at, value_none());
	return parser_expr(p);
}

/* The inside of [...]: an index in *ret_index, or a slice's three bounds in *ret_bounds. */
static int subscript(struct parser *p, struct expr **ret_index, struct expr_item **ret_bounds)
{
	struct expr_item **tail = ret_bounds;
	struct expr *first = bound(p);
	int rc = 0;

	if (!first)
		return -EINVAL;
	*ret_index = first;
	if (p->cur.kind != TOKEN_COLON)
		return 0;
	if (!parser_item(p, &tail, first))
		return -EINVAL;
	for (int i = 0; i < 2; i++) {
		struct expr *x = parser_skip(p, TOKEN_COLON, &rc) ? bound(p)
				 : rc == 0 ? parser_const(p, p->cur.at, value_none())
					   : NULL;
		if (!parser_item(p, &tail, x))
			return -EINVAL;
	}
	return 0;
}

static struct expr *index_or_slice(struct parser *p, struct expr *of)
{
	struct expr *x = parser_new(p, EXPR_INDEX, of->at);

	if (!x || parser_advance(p) < 0)
		return NULL;
	x->a = of;
	if (p->cur.kind == TOKEN_RBRACKET) {
		(void)parser_fail(p, p->cur.at, "expected an index, found ']'");
		return NULL;
	}
	if (subscript(p, &x->b, &x->list) < 0)
		return NULL;
	if (x->list)
		x->kind = EXPR_SLICE;
	return parser_expect(p, TOKEN_RBRACKET, "behind the index") == 0 ? x : NULL;
}

struct expr *parser_attribute(struct parser *p, struct expr *of)
{
	struct mark at;

	if (parser_advance(p) < 0)
		return NULL;
	at = p->cur.at;
	if (p->cur.kind == TOKEN_INT) {
		struct expr *i = parser_const(p, at, value_int(p->cur.i));

		return parser_advance(p) == 0 ? parser_pair(p, EXPR_INDEX, of->at, of, i) : NULL;
	}
	struct expr *x = parser_new(p, EXPR_ATTR, of->at);
	if (!x || parser_name(p, &x->value) < 0)
		return NULL;
	x->a = of;
	return x;
}

struct expr *parser_postfix(struct parser *p, struct expr *x)
{
	while (x) {
		if (p->cur.kind == TOKEN_DOT)
			x = parser_attribute(p, x);
		else if (p->cur.kind == TOKEN_LBRACKET)
			x = index_or_slice(p, x);
		else if (p->cur.kind == TOKEN_LPAREN)
			x = call(p, x);
		else
			break;
	}
	return x;
}

/* Items up to `end`, which is stepped over. Maps alternate key and value. */
static struct expr *literal(struct parser *p, enum expr_kind kind, enum token_kind end)
{
	struct expr *x = parser_new(p, kind, p->cur.at);
	struct expr_item **tail = x ? &x->list : NULL;

	if (!x || parser_advance(p) < 0)
		return NULL;
	while (p->cur.kind != end) {
		if (!parser_item(p, &tail, parser_expr(p)))
			return NULL;
		if (kind == EXPR_MAP && (parser_expect(p, TOKEN_COLON, "behind the key") < 0 ||
						!parser_item(p, &tail, parser_expr(p))))
			return NULL;
		if (p->cur.kind != end && parser_expect(p, TOKEN_COMMA, "between items") < 0)
			return NULL;
	}
	return parser_advance(p) == 0 ? x : NULL;
}

/* "(x)", or "(x, y)" and "()", which are lists. */
static struct expr *parenthesis(struct parser *p)
{
	if (parser_advance(p) < 0)
		return NULL;
	if (p->cur.kind == TOKEN_RPAREN) {
		struct expr *x = parser_new(p, EXPR_TUPLE, p->cur.at);
		return parser_advance(p) == 0 ? x : NULL;
	}
	struct expr *x = parser_tuple(p, /* with_cond= */ true);
	return x && parser_expect(p, TOKEN_RPAREN, "to close the bracket") == 0 ? x : NULL;
}

static const struct {
	const char *word;
	enum value_kind kind;
	bool truth;
} constants[] = {{"true", VALUE_BOOL, true}, {"True", VALUE_BOOL, true},
	{"false", VALUE_BOOL, false}, {"False", VALUE_BOOL, false}, {"none", VALUE_NONE, false},
	{"None", VALUE_NONE, false}};

bool parser_constant_word(const struct parser *p, struct value *ret)
{
	for (size_t i = 0; i < ARRAY_LEN(constants); i++) {
		if (!parser_at_word(p, constants[i].word))
			continue;
		*ret = constants[i].kind == VALUE_NONE ? value_none()
						       : value_bool(constants[i].truth);
		return true;
	}
	return false;
}

static struct expr *word(struct parser *p)
{
	struct mark at = p->cur.at;
	struct value v;

	if (parser_constant_word(p, &v))
		return parser_advance(p) == 0 ? parser_const(p, at, v) : NULL;
	struct expr *x = parser_new(p, EXPR_NAME, at);
	return x && parser_name(p, &x->value) == 0 ? x : NULL;
}

/* Texts behind one another are one text. */
static struct expr *texts(struct parser *p)
{
	struct mark at = p->cur.at;
	struct value v = value_text_of(p->cur.s, p->cur.len);

	if (parser_advance(p) < 0)
		return NULL;
	while (p->cur.kind == TOKEN_TEXT) {
		char *joined = parser_alloc(p, v.len + p->cur.len);

		if (!joined)
			return NULL;
		memcpy(joined, v.text, v.len);
		memcpy(joined + v.len, p->cur.s, p->cur.len);
		v = value_text_of(joined, v.len + p->cur.len);
		if (parser_advance(p) < 0)
			return NULL;
	}
	return parser_const(p, at, v);
}

struct expr *parser_primary(struct parser *p)
{
	struct mark at = p->cur.at;
	struct value number =
		p->cur.kind == TOKEN_INT ? value_int(p->cur.i) : value_float(p->cur.f);
	char seen[64];

	if (p->cur.kind == TOKEN_NAME)
		return word(p);
	if (p->cur.kind == TOKEN_TEXT)
		return texts(p);
	if (p->cur.kind == TOKEN_INT || p->cur.kind == TOKEN_FLOAT)
		return parser_advance(p) == 0 ? parser_const(p, at, number) : NULL;
	if (p->cur.kind == TOKEN_LPAREN)
		return parenthesis(p);
	if (p->cur.kind == TOKEN_LBRACKET)
		return literal(p, EXPR_LIST, TOKEN_RBRACKET);
	if (p->cur.kind == TOKEN_LBRACE)
		return literal(p, EXPR_MAP, TOKEN_RBRACE);
	(void)parser_fail(
		p, at, "expected an expression, found %s", parser_seen(p, seen, sizeof(seen)));
	return NULL;
}

/* Says that there is no such filter or test, and which may have been meant. */
static void unknown_builtin(
	struct parser *p, enum builtin_kind kind, struct mark at, struct value name)
{
	const char *near = builtin_nearest(kind, name);
	const char *what = kind == BUILTIN_FILTER ? "filter" : "test";
	int len = (int)(name.len < 60 ? name.len : 60);

	if (near)
		(void)parser_fail(p, at, "no %s is named '%.*s' (did you mean '%s'?)", what, len,
			name.text, near);
	else
		(void)parser_fail(p, at, "no %s is named '%.*s'", what, len, name.text);
}

static struct expr *builtin_expr(struct parser *p, enum builtin_kind kind, struct mark at,
	struct value name, struct expr *of)
{
	const struct builtin *b = builtin_find(kind, name);
	struct expr *x;

	if (!b) {
		unknown_builtin(p, kind, at, name);
		return NULL;
	}
	x = parser_new(p, kind == BUILTIN_FILTER ? EXPR_FILTER : EXPR_TEST, at);
	if (x) {
		x->a = of;
		x->builtin = b;
	}
	return x;
}

struct expr *parser_filters(struct parser *p, struct expr *x)
{
	int rc = 0;

	do {
		struct mark at = p->cur.at;
		struct value name;

		if (!x || parser_name(p, &name) < 0)
			return NULL;
		x = builtin_expr(p, BUILTIN_FILTER, at, name, x);
		if (!x || (p->cur.kind == TOKEN_LPAREN && arguments(p, &x->list) < 0))
			return NULL;
	} while (parser_skip(p, TOKEN_PIPE, &rc));
	return rc == 0 ? x : NULL;
}

/* Whether an argument without brackets may begin here: `x is divisibleby 3`. */
static bool at_bare_argument(const struct parser *p)
{
	static const enum token_kind kinds[] = {TOKEN_NAME, TOKEN_TEXT, TOKEN_INT, TOKEN_FLOAT,
		TOKEN_LPAREN, TOKEN_LBRACKET, TOKEN_LBRACE};
	static const char *const words[] = {"else", "or", "and", "if", "is", "not", "in"};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (parser_at_word(p, words[i]))
			return false;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (p->cur.kind == kinds[i])
			return true;
	return false;
}

/* "is [not] name [argument]", the cursor behind `is`. */
static struct expr *test(struct parser *p, struct expr *of)
{
	int rc = 0;
	struct mark at = p->cur.at;
	bool negated = parser_skip_word(p, "not", &rc);
	struct value name;

	if (rc != 0 || parser_name(p, &name) < 0)
		return NULL;
	struct expr *x = builtin_expr(p, BUILTIN_TEST, at, name, of);
	if (!x)
		return NULL;
	if (p->cur.kind == TOKEN_LPAREN) {
		if (arguments(p, &x->list) < 0)
			return NULL;
	} else if (x->builtin->params[0] != '\0' && at_bare_argument(p)) {
		struct expr_item **tail = &x->list;

		if (!parser_item(p, &tail, parser_postfix(p, parser_primary(p))))
			return NULL;
	}
	if (parser_at_word(p, "is")) {
		(void)parser_fail(p, p->cur.at, "tests can't be chained: write `and` between them");
		return NULL;
	}
	return negated ? parser_pair(p, EXPR_NOT, at, x, x) : x;
}

struct expr *parser_filters_and_tests(struct parser *p, struct expr *x)
{
	int rc = 0;

	while (x && rc == 0) {
		if (parser_skip(p, TOKEN_PIPE, &rc))
			x = parser_filters(p, x);
		else if (parser_skip_word(p, "is", &rc))
			x = test(p, x);
		else if (rc == 0 && p->cur.kind == TOKEN_LPAREN)
			x = call(p, x);
		else
			break;
	}
	return rc == 0 ? x : NULL;
}

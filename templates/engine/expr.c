/* The expressions of a template: see parser.h. Precedence as in Jinja2, lowest first: if, or, and,
 * not, comparisons, + -, ~, * / // %, **, unary + -, then .name [x] (x), |filter and `is test`. */
#include <errno.h>
#include <string.h>

#include "templates/engine/builtin.h"
#include "templates/engine/parser.h"

static struct expr *expr_new(struct parser *p, enum expr_kind kind, struct mark at)
{
	struct expr *x = parser_alloc(p, sizeof(*x));

	if (x) {
		x->kind = kind;
		x->at = at;
	}
	return x;
}

static struct expr *expr_const(struct parser *p, struct mark at, struct value v)
{
	struct expr *x = expr_new(p, EXPR_CONST, at);

	if (x)
		x->value = v;
	return x;
}

static struct expr *expr_pair(
	struct parser *p, enum expr_kind kind, struct mark at, struct expr *a, struct expr *b)
{
	struct expr *x = a && b ? expr_new(p, kind, at) : NULL;

	if (x) {
		x->a = a;
		x->b = b;
	}
	return x;
}

/* Appends to the list whose last link is *tail, and moves *tail on. */
static struct expr_item *item_add(
	struct parser *p, struct expr_item ***tail, struct expr *x)
{
	struct expr_item *item = x ? parser_alloc(p, sizeof(*item)) : NULL;

	if (!item)
		return NULL;
	item->x = x;
	**tail = item;
	*tail = &item->next;
	return item;
}

int parser_name(struct parser *p, struct value *ret)
{
	char seen[64];

	if (p->cur.kind != TOKEN_NAME)
		return parser_fail(p, p->cur.at, "expected a name, found %s",
			parser_seen(p, seen, sizeof(seen)));
	*ret = value_text_of(p->cur.s, p->cur.len);
	return parser_advance(p);
}

/* Steps over the token at the cursor; true when it was of this kind. A failure shows in *rc. */
static bool skip(struct parser *p, enum token_kind kind, int *rc)
{
	if (*rc < 0 || p->cur.kind != kind)
		return false;
	*rc = parser_advance(p);
	return *rc == 0;
}

static bool skip_word(struct parser *p, const char *word, int *rc)
{
	return parser_at_word(p, word) && skip(p, TOKEN_NAME, rc);
}

/* One argument of a call; keywords come after all others. */
static int argument(struct parser *p, struct expr_item ***tail, bool *keywords)
{
	struct value name = {.kind = VALUE_UNDEFINED};
	struct mark at = p->cur.at;
	int rc = 0;

	if (p->cur.kind == TOKEN_MUL || p->cur.kind == TOKEN_POW)
		return parser_fail(p, at, "calls with * or ** are not part of this template language");
	if (p->cur.kind == TOKEN_NAME && p->next.kind == TOKEN_ASSIGN) {
		*keywords = true;
		rc = parser_name(p, &name);
		if (rc == 0)
			rc = parser_advance(p);
	} else if (*keywords) {
		return parser_fail(p, at, "an argument without a name stands behind one with a name");
	}
	struct expr_item *item = rc == 0 ? item_add(p, tail, parser_expr(p)) : NULL;
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
	return rc < 0 ? rc : parser_expect(p, TOKEN_RPAREN, "behind the arguments");
}

static struct expr *call(struct parser *p, struct expr *callee)
{
	struct expr *x = expr_new(p, EXPR_CALL, callee->at);

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
		return expr_const(p, p->cur.at, value_none());
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
	if (!item_add(p, &tail, first))
		return -EINVAL;
	for (int i = 0; i < 2; i++) {
		struct expr *x = skip(p, TOKEN_COLON, &rc) ? bound(p)
				 : rc == 0 ? expr_const(p, p->cur.at, value_none())
					   : NULL;
		if (!item_add(p, &tail, x))
			return -EINVAL;
	}
	return 0;
}

static struct expr *index_or_slice(struct parser *p, struct expr *of)
{
	struct expr *x = expr_new(p, EXPR_INDEX, of->at);

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

/* .name, or .0 for a place in a list. */
static struct expr *attribute(struct parser *p, struct expr *of)
{
	struct mark at;

	if (parser_advance(p) < 0)
		return NULL;
	at = p->cur.at;
	if (p->cur.kind == TOKEN_INT) {
		struct expr *i = expr_const(p, at, value_int(p->cur.i));

		return parser_advance(p) == 0 ? expr_pair(p, EXPR_INDEX, of->at, of, i) : NULL;
	}
	struct expr *x = expr_new(p, EXPR_ATTR, of->at);
	if (!x || parser_name(p, &x->value) < 0)
		return NULL;
	x->a = of;
	return x;
}

static struct expr *postfix(struct parser *p, struct expr *x)
{
	while (x) {
		if (p->cur.kind == TOKEN_DOT)
			x = attribute(p, x);
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
	struct expr *x = expr_new(p, kind, p->cur.at);
	struct expr_item **tail = x ? &x->list : NULL;

	if (!x || parser_advance(p) < 0)
		return NULL;
	while (p->cur.kind != end) {
		if (!item_add(p, &tail, parser_expr(p)))
			return NULL;
		if (kind == EXPR_MAP && (parser_expect(p, TOKEN_COLON, "behind the key") < 0 ||
						!item_add(p, &tail, parser_expr(p))))
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
		struct expr *x = expr_new(p, EXPR_LIST, p->cur.at);
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

static bool constant_word(const struct parser *p, struct value *ret)
{
	for (size_t i = 0; i < ARRAY_LEN(constants); i++) {
		if (!parser_at_word(p, constants[i].word))
			continue;
		*ret = constants[i].kind == VALUE_NONE ? value_none() : value_bool(constants[i].truth);
		return true;
	}
	return false;
}

static struct expr *word(struct parser *p)
{
	struct mark at = p->cur.at;
	struct value v;

	if (constant_word(p, &v))
		return parser_advance(p) == 0 ? expr_const(p, at, v) : NULL;
	struct expr *x = expr_new(p, EXPR_NAME, at);
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
	return expr_const(p, at, v);
}

static struct expr *primary(struct parser *p)
{
	struct mark at = p->cur.at;
	struct value number = p->cur.kind == TOKEN_INT ? value_int(p->cur.i) : value_float(p->cur.f);
	char seen[64];

	if (p->cur.kind == TOKEN_NAME)
		return word(p);
	if (p->cur.kind == TOKEN_TEXT)
		return texts(p);
	if (p->cur.kind == TOKEN_INT || p->cur.kind == TOKEN_FLOAT)
		return parser_advance(p) == 0 ? expr_const(p, at, number) : NULL;
	if (p->cur.kind == TOKEN_LPAREN)
		return parenthesis(p);
	if (p->cur.kind == TOKEN_LBRACKET)
		return literal(p, EXPR_LIST, TOKEN_RBRACKET);
	if (p->cur.kind == TOKEN_LBRACE)
		return literal(p, EXPR_MAP, TOKEN_RBRACE);
	(void)parser_fail(p, at, "expected an expression, found %s", parser_seen(p, seen, sizeof(seen)));
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

static struct expr *builtin_expr(
	struct parser *p, enum builtin_kind kind, struct mark at, struct value name, struct expr *of)
{
	const struct builtin *b = builtin_find(kind, name);
	struct expr *x;

	if (!b) {
		unknown_builtin(p, kind, at, name);
		return NULL;
	}
	x = expr_new(p, kind == BUILTIN_FILTER ? EXPR_FILTER : EXPR_TEST, at);
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
	} while (skip(p, TOKEN_PIPE, &rc));
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
	bool negated = skip_word(p, "not", &rc);
	struct value name;

	if (rc < 0 || parser_name(p, &name) < 0)
		return NULL;
	struct expr *x = builtin_expr(p, BUILTIN_TEST, at, name, of);
	if (!x)
		return NULL;
	if (p->cur.kind == TOKEN_LPAREN) {
		if (arguments(p, &x->list) < 0)
			return NULL;
	} else if (x->builtin->params[0] != '\0' && at_bare_argument(p)) {
		struct expr_item **tail = &x->list;

		if (!item_add(p, &tail, postfix(p, primary(p))))
			return NULL;
	}
	if (parser_at_word(p, "is")) {
		(void)parser_fail(p, p->cur.at, "tests can't be chained: write `and` between them");
		return NULL;
	}
	return negated ? expr_pair(p, EXPR_NOT, at, x, x) : x;
}

/* Filters, tests and calls behind an operand. */
static struct expr *filters_and_tests(struct parser *p, struct expr *x)
{
	int rc = 0;

	while (x && rc == 0) {
		if (skip(p, TOKEN_PIPE, &rc))
			x = parser_filters(p, x);
		else if (skip_word(p, "is", &rc))
			x = test(p, x);
		else if (rc == 0 && p->cur.kind == TOKEN_LPAREN)
			x = call(p, x);
		else
			break;
	}
	return rc == 0 ? x : NULL;
}

static struct expr *unary(struct parser *p, bool with_filters)
{
	struct mark at = p->cur.at;
	bool sign = p->cur.kind == TOKEN_SUB || p->cur.kind == TOKEN_ADD;
	struct expr *x;

	if (sign) {
		enum expr_op op = p->cur.kind == TOKEN_SUB ? OP_SUB : OP_ADD;

		if (parser_enter(p) < 0)
			return NULL;
		struct expr *of = parser_advance(p) == 0 ? unary(p, /* with_filters= */ false) : NULL;
		parser_leave(p);
		x = expr_pair(p, EXPR_SIGN, at, of, of);
		if (x)
			x->op = op;
	} else {
		x = primary(p);
	}
	x = postfix(p, x);
	return with_filters ? filters_and_tests(p, x) : x;
}

/* Binary operators; a higher level binds more tightly. All join to the left, as Jinja2's do. */
static const struct {
	enum token_kind token;
	enum expr_op op;
	unsigned level;
} binaries[] = {
	{TOKEN_ADD, OP_ADD, 0},
	{TOKEN_SUB, OP_SUB, 0},
	{TOKEN_MUL, OP_MUL, 2},
	{TOKEN_DIV, OP_DIV, 2},
	{TOKEN_FLOORDIV, OP_FLOORDIV, 2},
	{TOKEN_MOD, OP_MOD, 2},
	{TOKEN_POW, OP_POW, 3},
};
#define LEVEL_CONCAT 1
#define LEVEL_UNARY 4

static struct expr *binary(struct parser *p, unsigned level);

/* a ~ b ~ c: one node for the whole chain. */
static struct expr *concat(struct parser *p)
{
	struct expr *first = binary(p, LEVEL_CONCAT + 1);
	struct expr_item **tail;
	struct expr *x;
	int rc = 0;

	if (!first || p->cur.kind != TOKEN_TILDE)
		return first;
	x = expr_new(p, EXPR_CONCAT, first->at);
	if (!x)
		return NULL;
	tail = &x->list;
	if (!item_add(p, &tail, first))
		return NULL;
	while (skip(p, TOKEN_TILDE, &rc))
		if (!item_add(p, &tail, binary(p, LEVEL_CONCAT + 1)))
			return NULL;
	return rc == 0 ? x : NULL;
}

static bool at_binary(const struct parser *p, unsigned level, enum expr_op *ret)
{
	for (size_t i = 0; i < ARRAY_LEN(binaries); i++) {
		if (binaries[i].level == level && binaries[i].token == p->cur.kind) {
			*ret = binaries[i].op;
			return true;
		}
	}
	return false;
}

static struct expr *binary(struct parser *p, unsigned level)
{
	enum expr_op op;

	if (level == LEVEL_UNARY)
		return unary(p, /* with_filters= */ true);
	if (level == LEVEL_CONCAT)
		return concat(p);
	struct expr *x = binary(p, level + 1);
	while (x && at_binary(p, level, &op)) {
		struct mark at = p->cur.at;

		if (parser_advance(p) < 0)
			return NULL;
		x = expr_pair(p, EXPR_BINARY, at, x, binary(p, level + 1));
		if (x)
			x->op = op;
	}
	return x;
}

static bool at_comparison(const struct parser *p, enum expr_op *ret)
{
	static const struct {
		enum token_kind token;
		enum expr_op op;
	} rows[] = {{TOKEN_EQ, OP_EQ}, {TOKEN_NE, OP_NE}, {TOKEN_LT, OP_LT}, {TOKEN_LE, OP_LE},
		{TOKEN_GT, OP_GT}, {TOKEN_GE, OP_GE}};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (rows[i].token == p->cur.kind) {
			*ret = rows[i].op;
			return true;
		}
	}
	*ret = parser_at_word(p, "in") ? OP_IN : OP_NOT_IN;
	return *ret == OP_IN || (parser_at_word(p, "not") && p->next.kind == TOKEN_NAME &&
					p->next.len == 2 && memcmp(p->next.s, "in", 2) == 0);
}

static struct expr *comparison(struct parser *p)
{
	struct expr *first = binary(p, 0), *x = first;
	struct expr_item **tail = NULL;
	enum expr_op op;

	while (x && at_comparison(p, &op)) {
		if (x == first) {
			x = expr_new(p, EXPR_COMPARE, p->cur.at);
			if (!x)
				return NULL;
			x->a = first;
			tail = &x->list;
		}
		if (parser_advance(p) < 0 || (op == OP_NOT_IN && parser_advance(p) < 0))
			return NULL;
		struct expr_item *item = item_add(p, &tail, binary(p, 0));
		if (!item)
			return NULL;
		item->op = op;
	}
	return x;
}

static struct expr *negation(struct parser *p)
{
	struct mark at = p->cur.at;
	int rc = 0;

	if (!skip_word(p, "not", &rc))
		return rc == 0 ? comparison(p) : NULL;
	if (parser_enter(p) < 0)
		return NULL;
	struct expr *x = negation(p);
	parser_leave(p);
	return expr_pair(p, EXPR_NOT, at, x, x);
}

static struct expr *conjunction(struct parser *p)
{
	struct expr *x = negation(p);
	int rc = 0;

	while (x && skip_word(p, "and", &rc))
		x = expr_pair(p, EXPR_AND, x->at, x, negation(p));
	return rc == 0 ? x : NULL;
}

static struct expr *disjunction(struct parser *p)
{
	struct expr *x = conjunction(p);
	int rc = 0;

	while (x && skip_word(p, "or", &rc))
		x = expr_pair(p, EXPR_OR, x->at, x, conjunction(p));
	return rc == 0 ? x : NULL;
}

struct expr *parser_expr_no_cond(struct parser *p)
{
	if (parser_enter(p) < 0)
		return NULL;
	struct expr *x = disjunction(p);
	parser_leave(p);
	return x;
}

static struct expr *conditional(struct parser *p)
{
	struct expr *x = disjunction(p);
	int rc = 0;

	while (x && skip_word(p, "if", &rc)) {
		struct expr *cond = disjunction(p), *other = NULL;

		if (!cond)
			return NULL;
		if (skip_word(p, "else", &rc)) {
			other = parser_expr(p);
			if (!other)
				return NULL;
		}
		x = expr_pair(p, EXPR_COND, x->at, x, x);
		if (!x)
			return NULL;
		x->b = other;
		x->cond = cond;
	}
	return rc == 0 ? x : NULL;
}

struct expr *parser_expr(struct parser *p)
{
	if (parser_enter(p) < 0)
		return NULL;
	struct expr *x = conditional(p);
	parser_leave(p);
	return x;
}

/* Whether a comma was the last thing of a list: nothing that begins an expression follows. */
static bool at_tuple_end(const struct parser *p)
{
	return p->cur.kind == TOKEN_PRINT_END || p->cur.kind == TOKEN_BLOCK_END ||
	       p->cur.kind == TOKEN_RPAREN || p->cur.kind == TOKEN_ASSIGN || parser_at_word(p, "in");
}

struct expr *parser_tuple(struct parser *p, bool with_cond)
{
	struct expr *first = with_cond ? parser_expr(p) : parser_expr_no_cond(p);
	struct expr_item **tail;
	struct expr *x;
	int rc = 0;

	if (!first || p->cur.kind != TOKEN_COMMA)
		return first;
	x = expr_new(p, EXPR_LIST, first->at);
	if (!x)
		return NULL;
	tail = &x->list;
	if (!item_add(p, &tail, first))
		return NULL;
	while (skip(p, TOKEN_COMMA, &rc) && !at_tuple_end(p))
		if (!item_add(p, &tail, with_cond ? parser_expr(p) : parser_expr_no_cond(p)))
			return NULL;
	return rc == 0 ? x : NULL;
}

/* One name to assign to, or a bracket of such. */
static struct expr *target_one(struct parser *p, bool attr)
{
	struct value reserved;
	int rc = 0;

	if (skip(p, TOKEN_LPAREN, &rc)) {
		if (parser_enter(p) < 0)
			return NULL;
		struct expr *x = parser_target(p, /* attr= */ false);
		parser_leave(p);
		return x && parser_expect(p, TOKEN_RPAREN, "behind the names") == 0 ? x : NULL;
	}
	if (constant_word(p, &reserved)) {
		(void)parser_fail(p, p->cur.at, "\"%.*s\" is a constant, not a name to assign to",
			(int)p->cur.len, p->cur.s);
		return NULL;
	}
	struct expr *x = expr_new(p, EXPR_NAME, p->cur.at);
	if (!x || rc < 0 || parser_name(p, &x->value) < 0)
		return NULL;
	if (attr && p->cur.kind == TOKEN_DOT)
		return attribute(p, x);
	return x;
}

struct expr *parser_target(struct parser *p, bool attr)
{
	struct expr *first = target_one(p, attr);
	struct expr_item **tail;
	struct expr *x;
	int rc = 0;

	if (!first || p->cur.kind != TOKEN_COMMA)
		return first;
	x = expr_new(p, EXPR_LIST, first->at);
	if (!x)
		return NULL;
	tail = &x->list;
	if (!item_add(p, &tail, first))
		return NULL;
	while (skip(p, TOKEN_COMMA, &rc) && !at_tuple_end(p))
		if (!item_add(p, &tail, target_one(p, /* attr= */ false)))
			return NULL;
	return rc == 0 ? x : NULL;
}

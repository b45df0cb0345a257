/* The expressions of a template: see parser.h. Precedence as in Jinja2, lowest first: if, or, and,
 * not, comparisons, + -, ~, * / // %, **, unary + -, then what operand.c reads. */
#include <errno.h>
#include <string.h>

#include "templates/engine/parser.h"

/* parser_enter() bounds how deep all these call each other. NOLINTBEGIN(misc-no-recursion) */
static struct expr *unary(struct parser *p, bool with_filters)
{
	struct mark at = p->cur.at;
	bool sign = p->cur.kind == TOKEN_SUB || p->cur.kind == TOKEN_ADD;
	struct expr *x;

	if (sign) {
		enum expr_op op = p->cur.kind == TOKEN_SUB ? OP_SUB : OP_ADD;

		if (parser_enter(p) < 0)
			return NULL;
		struct expr *of =
			parser_advance(p) == 0 ? unary(p, /* with_filters= */ false) : NULL;
		parser_leave(p);
		x = parser_pair(p, EXPR_SIGN, at, of, of);
		if (x)
			x->op = op;
	} else {
		x = parser_primary(p);
	}
	x = parser_postfix(p, x);
	return with_filters ? parser_filters_and_tests(p, x) : x;
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
	x = parser_new(p, EXPR_CONCAT, first->at);
	if (!x)
		return NULL;
	tail = &x->list;
	if (!parser_item(p, &tail, first))
		return NULL;
	while (parser_skip(p, TOKEN_TILDE, &rc))
		if (!parser_item(p, &tail, binary(p, LEVEL_CONCAT + 1)))
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
		x = parser_pair(p, EXPR_BINARY, at, x, binary(p, level + 1));
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
			x = parser_new(p, EXPR_COMPARE, p->cur.at);
			if (!x)
				return NULL;
			x->a = first;
			tail = &x->list;
		}
		if (parser_advance(p) < 0 || (op == OP_NOT_IN && parser_advance(p) < 0))
			return NULL;
		struct expr_item *item = parser_item(p, &tail, binary(p, 0));
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

	if (!parser_skip_word(p, "not", &rc))
		return rc == 0 ? comparison(p) : NULL;
	if (parser_enter(p) < 0)
		return NULL;
	struct expr *x = negation(p);
	parser_leave(p);
	return parser_pair(p, EXPR_NOT, at, x, x);
}

static struct expr *conjunction(struct parser *p)
{
	struct expr *x = negation(p);
	int rc = 0;

	while (x && parser_skip_word(p, "and", &rc))
		x = parser_pair(p, EXPR_AND, x->at, x, negation(p));
	return rc == 0 ? x : NULL;
}

static struct expr *disjunction(struct parser *p)
{
	struct expr *x = conjunction(p);
	int rc = 0;

	while (x && parser_skip_word(p, "or", &rc))
		x = parser_pair(p, EXPR_OR, x->at, x, conjunction(p));
	return rc == 0 ? x : NULL;
}

/* Without `a if b else c` on top. */
static struct expr *expr_no_cond(struct parser *p)
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

	while (x && parser_skip_word(p, "if", &rc)) {
		struct expr *cond = disjunction(p), *other = NULL;

		if (!cond)
			return NULL;
		if (parser_skip_word(p, "else", &rc)) {
			other = parser_expr(p);
			if (!other)
				return NULL;
		}
		x = parser_pair(p, EXPR_COND, x->at, x, x);
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
	       p->cur.kind == TOKEN_RPAREN || p->cur.kind == TOKEN_ASSIGN ||
	       parser_at_word(p, "in");
}

/* `first`, or the tuple that it begins when a comma follows; `next` reads each further part. */
static struct expr *tuple_after(
	struct parser *p, struct expr *first, struct expr *(*next)(struct parser *p))
{
	struct expr_item **tail;
	struct expr *x;
	int rc = 0;

	if (!first || p->cur.kind != TOKEN_COMMA)
		return first;
	x = parser_new(p, EXPR_TUPLE, first->at);
	if (!x)
		return NULL;
	tail = &x->list;
	if (!parser_item(p, &tail, first))
		return NULL;
	while (parser_skip(p, TOKEN_COMMA, &rc) && !at_tuple_end(p))
		if (!parser_item(p, &tail, next(p)))
			return NULL;
	return rc == 0 ? x : NULL;
}

struct expr *parser_tuple(struct parser *p, bool with_cond)
{
	struct expr *(*part)(struct parser *) = with_cond ? parser_expr : expr_no_cond;

	return tuple_after(p, part(p), part);
}

/* One name to assign to, or a bracket of such. */
static struct expr *target_one(struct parser *p, bool attr)
{
	struct value reserved;
	int rc = 0;

	if (parser_skip(p, TOKEN_LPAREN, &rc)) {
		if (parser_enter(p) < 0)
			return NULL;
		struct expr *x = parser_target(p, /* attr= */ false);
		parser_leave(p);
		return x && parser_expect(p, TOKEN_RPAREN, "behind the names") == 0 ? x : NULL;
	}
	if (parser_constant_word(p, &reserved)) {
		(void)parser_fail(p, p->cur.at, "\"%.*s\" is a constant, not a name to assign to",
			(int)p->cur.len, p->cur.s);
		return NULL;
	}
	struct expr *x = parser_new(p, EXPR_NAME, p->cur.at);
	if (!x || rc != 0 || parser_name(p, &x->value) < 0)
		return NULL;
	if (attr && p->cur.kind == TOKEN_DOT)
		return parser_attribute(p, x);
	return x;
}

static struct expr *target_plain(struct parser *p)
{
	return target_one(p, /* attr= */ false);
}

struct expr *parser_target(struct parser *p, bool attr)
{
	return tuple_after(p, target_one(p, attr), target_plain);
}
/* NOLINTEND(misc-no-recursion) */

/* parser.h - template text to tree. Depth is counted: a hostile template can't exhaust the
 * stack. */
#ifndef SLIPWAY_TEMPLATES_ENGINE_PARSER_H
#define SLIPWAY_TEMPLATES_ENGINE_PARSER_H

#include "templates/engine/ast.h"
#include "templates/engine/lexer.h"

#define PARSER_DEPTH_MAX 64

struct parser {
	struct lexer lx;
	struct arena *arena;
	struct token cur, next; /* one token of look-ahead */
	unsigned depth;
	struct err *e; /* what went wrong, once something did */
};

/* Parses a whole template into the arena, which keeps `name` and `text` borrowed.
 * 0, or -EINVAL, -E2BIG (too deep) or -ENOMEM (arena full) with *e filled. */
int parser_run(struct arena *a, const char *name, const char *text, size_t len,
	struct node **ret_body, struct err *e) MUST_USE;

/* The rest is shared between parser.c and expr.c. What returns a pointer gives NULL, what returns
 * an int a negative errno, after *p->e was filled. */

int parser_fail(struct parser *p, struct mark at, const char *fmt, ...) PRINTF_LIKE(3, 4);
void *parser_alloc(struct parser *p, size_t size) MUST_USE;
int parser_advance(struct parser *p) MUST_USE;
int parser_expect(struct parser *p, enum token_kind kind, const char *where) MUST_USE;
int parser_expect_word(struct parser *p, const char *word, const char *where) MUST_USE;
bool parser_at_word(const struct parser *p, const char *word);

/* Counts one level down; parser_leave() goes back up. */
int parser_enter(struct parser *p) MUST_USE;
void parser_leave(struct parser *p);

/* "'endfor'", "'}}'", "\"text\"": the token at the cursor, for messages. */
const char *parser_seen(const struct parser *p, char *buf, size_t size);

/* Steps over the token at the cursor; true when it was of this kind. A failure shows in *rc. */
bool parser_skip(struct parser *p, enum token_kind kind, int *rc);
bool parser_skip_word(struct parser *p, const char *word, int *rc);

/* A name; its text in *ret. */
int parser_name(struct parser *p, struct value *ret) MUST_USE;

/* New parts of the tree. parser_pair() passes a missing part on; parser_item() appends to the list
 * whose last link is **tail, and moves *tail on. */
struct expr *parser_new(struct parser *p, enum expr_kind kind, struct mark at) MUST_USE;
struct expr *parser_const(struct parser *p, struct mark at, struct value v) MUST_USE;
struct expr *parser_pair(struct parser *p, enum expr_kind kind, struct mark at, struct expr *a,
	struct expr *b) MUST_USE;
struct expr_item *parser_item(struct parser *p, struct expr_item ***tail, struct expr *x) MUST_USE;
struct node *parser_node(struct parser *p, enum node_kind kind, struct mark at) MUST_USE;

/* operand.c: a literal, name or bracket; what may follow it at once; filters and tests behind
 * that. */
struct expr *parser_primary(struct parser *p) MUST_USE;
struct expr *parser_postfix(struct parser *p, struct expr *x) MUST_USE;
struct expr *parser_attribute(struct parser *p, struct expr *of) MUST_USE;
struct expr *parser_filters_and_tests(struct parser *p, struct expr *x) MUST_USE;

/* name|name(args)...: filters over `input`, the cursor on the first name. */
struct expr *parser_filters(struct parser *p, struct expr *input) MUST_USE;

/* Whether true, false or none stands at the cursor. */
bool parser_constant_word(const struct parser *p, struct value *ret);

/* expr.c: an expression. */
struct expr *parser_expr(struct parser *p) MUST_USE;

/* One expression, or several parted by commas, which make a tuple. */
struct expr *parser_tuple(struct parser *p, bool with_cond) MUST_USE;

/* What may be assigned to: a name, names parted by commas, or (if `attr`) namespace.name. */
struct expr *parser_target(struct parser *p, bool attr) MUST_USE;

/* The words that may end a block, and the tag that they belong to. */
struct parser_ends {
	const char *opener;
	struct mark at;
	const char *words[4]; /* up to a NULL */
};

/* The end of a tag, then nodes up to one of the ends, whose word is stepped over and given. */
int parser_block(struct parser *p, const struct parser_ends *ends, struct node **ret,
	const char **ret_end) MUST_USE;
int parser_end_tag(struct parser *p) MUST_USE;

/* statement.c: one statement, the cursor on its word; `at` is where its tag began. */
int parser_statement(struct parser *p, struct mark at, const struct parser_ends *ends,
	struct node **ret) MUST_USE;

#endif

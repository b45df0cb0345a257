#include "templates/engine/parser.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int parser_fail(struct parser *p, struct mark at, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	/* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized) */
	int rc = err_vset(p->e, -EINVAL, at, fmt, ap);
	va_end(ap);
	return rc;
}

void *parser_alloc(struct parser *p, size_t size)
{
	void *m = arena_alloc(p->arena, 1, size);

	if (!m)
		(void)parser_fail(p, p->cur.at, "the template is too large");
	return m;
}

int parser_advance(struct parser *p)
{
	p->cur = p->next;
	return lexer_next(&p->lx, &p->next, p->e);
}

bool parser_at_word(const struct parser *p, const char *word)
{
	return p->cur.kind == TOKEN_NAME && p->cur.len == strlen(word) &&
	       memcmp(p->cur.s, word, p->cur.len) == 0;
}

const char *parser_seen(const struct parser *p, char *buf, size_t size)
{
	int len = (int)(p->cur.len < 40 ? p->cur.len : 40);

	if (p->cur.kind == TOKEN_NAME)
		(void)snprintf(buf, size, "'%.*s'", len, p->cur.s);
	else if (p->cur.kind == TOKEN_TEXT)
		(void)snprintf(buf, size, "\"%.*s\"", len, p->cur.s);
	else
		(void)snprintf(buf, size, "%s", token_name(p->cur.kind));
	return buf;
}

int parser_expect(struct parser *p, enum token_kind kind, const char *where)
{
	char seen[64];

	if (p->cur.kind == kind)
		return parser_advance(p);
	return parser_fail(p, p->cur.at, "expected %s %s, found %s", token_name(kind), where,
		parser_seen(p, seen, sizeof(seen)));
}

int parser_expect_word(struct parser *p, const char *word, const char *where)
{
	char seen[64];

	if (parser_at_word(p, word))
		return parser_advance(p);
	return parser_fail(p, p->cur.at, "expected '%s' %s, found %s", word, where,
		parser_seen(p, seen, sizeof(seen)));
}

int parser_enter(struct parser *p)
{
	if (p->depth == PARSER_DEPTH_MAX) {
		(void)parser_fail(p, p->cur.at, "more than %d expressions and blocks in each other",
			PARSER_DEPTH_MAX);
		return -E2BIG;
	}
	p->depth++;
	return 0;
}

void parser_leave(struct parser *p)
{
	p->depth--;
}

struct expr *parser_new(struct parser *p, enum expr_kind kind, struct mark at)
{
	struct expr *x = parser_alloc(p, sizeof(*x));

	if (x) {
		x->kind = kind;
		x->at = at;
	}
	return x;
}

struct expr *parser_const(struct parser *p, struct mark at, struct value v)
{
	struct expr *x = parser_new(p, EXPR_CONST, at);

	if (x)
		x->value = v;
	return x;
}

struct expr *parser_pair(
	struct parser *p, enum expr_kind kind, struct mark at, struct expr *a, struct expr *b)
{
	struct expr *x = a && b ? parser_new(p, kind, at) : NULL;

	if (x) {
		x->a = a;
		x->b = b;
	}
	return x;
}

struct expr_item *parser_item(struct parser *p, struct expr_item ***tail, struct expr *x)
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

bool parser_skip(struct parser *p, enum token_kind kind, int *rc)
{
	if (*rc != 0 || p->cur.kind != kind)
		return false;
	*rc = parser_advance(p);
	return *rc == 0;
}

bool parser_skip_word(struct parser *p, const char *word, int *rc)
{
	return parser_at_word(p, word) && parser_skip(p, TOKEN_NAME, rc);
}

struct node *parser_node(struct parser *p, enum node_kind kind, struct mark at)
{
	struct node *n = parser_alloc(p, sizeof(*n));

	if (n) {
		n->kind = kind;
		n->at = at;
	}
	return n;
}

int parser_end_tag(struct parser *p)
{
	return parser_expect(p, TOKEN_BLOCK_END, "at the end of the tag");
}

static int print_tag(struct parser *p, struct node **ret)
{
	struct node *n = parser_node(p, NODE_PRINT, p->cur.at);
	int rc = n ? parser_advance(p) : -ENOMEM;

	if (rc != 0)
		return rc;
	n->x = parser_tuple(p, /* with_cond= */ true);
	*ret = n;
	return n->x ? parser_expect(p, TOKEN_PRINT_END, "behind the expression") : -EINVAL;
}

static int text_node(struct parser *p, struct node **ret)
{
	if (p->cur.len > 0) {
		*ret = parser_node(p, NODE_TEXT, p->cur.at);
		if (!*ret)
			return -ENOMEM;
		(*ret)->text = value_text_of(p->cur.s, p->cur.len);
	}
	return parser_advance(p);
}

/* When the tag that opens here (the cursor behind its "{%") is one of the ends, its word. */
static const char *at_end(const struct parser *p, const struct parser_ends *ends)
{
	for (size_t i = 0; ends && i < ARRAY_LEN(ends->words) && ends->words[i]; i++)
		if (parser_at_word(p, ends->words[i]))
			return ends->words[i];
	return NULL;
}

/* Nodes up to one of the ends, or without ends up to the end of the template. */
static int nodes(
	struct parser *p, const struct parser_ends *ends, struct node **tail, const char **ret_end)
{
	int rc = 0;

	while (rc == 0 && p->cur.kind != TOKEN_END) {
		struct mark at = p->cur.at;
		struct node *n = NULL;

		if (p->cur.kind == TOKEN_DATA) {
			rc = text_node(p, &n);
		} else if (p->cur.kind == TOKEN_PRINT_BEGIN) {
			rc = print_tag(p, &n);
		} else {
			rc = parser_expect(p, TOKEN_BLOCK_BEGIN, "here");
			*ret_end = rc == 0 ? at_end(p, ends) : NULL;
			if (*ret_end)
				return parser_advance(p);
			if (rc == 0)
				rc = parser_statement(p, at, ends, &n);
		}
		if (n) {
			*tail = n;
			tail = &n->next;
		}
	}
	if (rc != 0 || !ends)
		return rc;
	return parser_fail(p, ends->at, "the '%s' that begins here has no {%% end%s %%}",
		ends->opener, ends->opener);
}

int parser_block(
	struct parser *p, const struct parser_ends *ends, struct node **ret, const char **ret_end)
{
	int rc = parser_end_tag(p);

	if (rc == 0)
		rc = parser_enter(p);
	if (rc != 0)
		return rc;
	rc = nodes(p, ends, ret, ret_end);
	parser_leave(p);
	return rc;
}

int parser_run(struct arena *a, const char *name, const char *text, size_t len,
	struct node **ret_body, struct err *e)
{
	struct parser p = {.arena = a, .e = e};
	const char *end = NULL;
	int rc = lexer_init(&p.lx, a, name, text, len);

	if (rc != 0)
		return err_set(e, rc, (struct mark){.file = name}, "the template is too large");
	*ret_body = NULL;
	for (int i = 0; rc == 0 && i < 2; i++) /* fills cur and next */
		rc = parser_advance(&p);
	return rc != 0 ? rc : nodes(&p, NULL, ret_body, &end);
}

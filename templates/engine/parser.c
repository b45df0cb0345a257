#include "templates/engine/parser.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int parser_fail(struct parser *p, struct mark at, const char *fmt, ...)
{
	char msg[sizeof(p->e->msg)];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(msg, sizeof(msg), fmt, ap); /* what is too long is cut */
	va_end(ap);
	return err_set(p->e, -EINVAL, at, "%s", msg);
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

static struct node *node_new(struct parser *p, enum node_kind kind, struct mark at)
{
	struct node *n = parser_alloc(p, sizeof(*n));

	if (n) {
		n->kind = kind;
		n->at = at;
	}
	return n;
}

static int end_tag(struct parser *p)
{
	return parser_expect(p, TOKEN_BLOCK_END, "at the end of the tag");
}

/* A block's body up to one of the words in `ends` (parted by blanks), which is stepped over and
 * given in *ret_end. `opener` and `at` are the tag it belongs to. Steps over that tag's end first. */
struct ends {
	const char *opener;
	struct mark at;
	const char *words[4]; /* up to a NULL */
};

static int block(struct parser *p, const struct ends *ends, struct node **ret, const char **ret_end);

/* A body with just one end: to the end of its end tag. */
static int body(struct parser *p, const char *opener, struct mark at, const char *end,
	struct node **ret)
{
	const struct ends ends = {.opener = opener, .at = at, .words = {end}};
	const char *found;
	int rc = block(p, &ends, ret, &found);

	return rc < 0 ? rc : end_tag(p);
}

static int parse_if(struct parser *p, struct node *n)
{
	static const char *const words[] = {"elif", "else", "endif"};
	struct ends ends = {.opener = "if", .at = n->at, .words = {"elif", "else", "endif"}};
	struct branch **tail = &n->branches;
	const char *end = words[0];
	int rc = 0;

	n->kind = NODE_IF;
	while (rc == 0 && strcmp(end, "endif") != 0) {
		struct branch *b = parser_alloc(p, sizeof(*b));

		if (!b)
			return -ENOMEM;
		*tail = b;
		tail = &b->next;
		if (strcmp(end, "else") == 0) {
			ends.words[0] = "endif";
			ends.words[1] = NULL;
		} else {
			b->x = parser_tuple(p, /* with_cond= */ false);
			if (!b->x)
				return -EINVAL;
		}
		rc = block(p, &ends, &b->body, &end);
	}
	return rc < 0 ? rc : end_tag(p);
}

static int parse_for(struct parser *p, struct node *n)
{
	const struct ends ends = {.opener = "for", .at = n->at, .words = {"else", "endfor"}};
	const char *end;
	int rc;

	n->kind = NODE_FOR;
	n->target = parser_target(p, /* attr= */ false);
	rc = n->target ? parser_expect_word(p, "in", "behind the loop's names") : -EINVAL;
	if (rc < 0)
		return rc;
	n->x = parser_tuple(p, /* with_cond= */ false);
	if (!n->x)
		return -EINVAL;
	if (parser_at_word(p, "if")) {
		rc = parser_advance(p);
		n->cond = rc == 0 ? parser_expr(p) : NULL;
		if (!n->cond)
			return -EINVAL;
	}
	if (parser_at_word(p, "recursive"))
		return parser_fail(p, p->cur.at, "recursive loops are not part of this template language: "
						 "a macro may call itself");
	rc = block(p, &ends, &n->body, &end);
	if (rc == 0 && strcmp(end, "else") == 0)
		return body(p, "for", n->at, "endfor", &n->els);
	return rc < 0 ? rc : end_tag(p);
}

/* set a = x, or set a ... endset, with filters perhaps. */
static int parse_set(struct parser *p, struct node *n)
{
	struct expr *text;
	int rc;

	n->kind = NODE_SET;
	n->target = parser_target(p, /* attr= */ true);
	if (!n->target)
		return -EINVAL;
	if (p->cur.kind == TOKEN_ASSIGN) {
		rc = parser_advance(p);
		n->x = rc == 0 ? parser_tuple(p, /* with_cond= */ true) : NULL;
		return n->x ? end_tag(p) : -EINVAL;
	}
	n->kind = NODE_CAPTURE;
	text = parser_alloc(p, sizeof(*text));
	if (!text)
		return -ENOMEM;
	*text = (struct expr){.kind = EXPR_BODY, .at = n->at};
	n->x = text;
	if (p->cur.kind == TOKEN_PIPE) {
		rc = parser_advance(p);
		n->x = rc == 0 ? parser_filters(p, text) : NULL;
		if (!n->x)
			return -EINVAL;
	}
	return body(p, "set", n->at, "endset", &n->body);
}

static int parse_filter(struct parser *p, struct node *n)
{
	struct expr *text = parser_alloc(p, sizeof(*text));

	n->kind = NODE_FILTER;
	if (!text)
		return -ENOMEM;
	*text = (struct expr){.kind = EXPR_BODY, .at = n->at};
	n->x = parser_filters(p, text);
	return n->x ? body(p, "filter", n->at, "endfilter", &n->body) : -EINVAL;
}

static struct param *param_new(struct parser *p, struct param ***tail)
{
	struct param *param = parser_alloc(p, sizeof(*param));

	if (param) {
		**tail = param;
		*tail = &param->next;
	}
	return param;
}

static int parse_with(struct parser *p, struct node *n)
{
	struct param **tail = &n->params;
	int rc = 0;

	n->kind = NODE_WITH;
	while (rc == 0 && p->cur.kind != TOKEN_BLOCK_END) {
		struct param *param;

		if (n->params)
			rc = parser_expect(p, TOKEN_COMMA, "between variables");
		param = rc == 0 ? param_new(p, &tail) : NULL;
		if (!param)
			return -EINVAL;
		param->target = parser_target(p, /* attr= */ false);
		rc = param->target ? parser_expect(p, TOKEN_ASSIGN, "behind the variable") : -EINVAL;
		param->x = rc == 0 ? parser_expr(p) : NULL;
		if (!param->x)
			return -EINVAL;
	}
	return rc < 0 ? rc : body(p, "with", n->at, "endwith", &n->body);
}

/* "(a, b=1)" */
static int parameters(struct parser *p, struct macro *m)
{
	struct param **tail = &m->params;
	bool defaults = false;
	int rc = parser_expect(p, TOKEN_LPAREN, "before the parameters");

	while (rc == 0 && p->cur.kind != TOKEN_RPAREN) {
		struct param *param;
		struct mark at;

		if (m->params)
			rc = parser_expect(p, TOKEN_COMMA, "between parameters");
		at = p->cur.at;
		param = rc == 0 ? param_new(p, &tail) : NULL;
		if (!param)
			return -EINVAL;
		rc = parser_name(p, &param->name);
		if (rc == 0 && p->cur.kind == TOKEN_ASSIGN) {
			defaults = true;
			rc = parser_advance(p);
			param->x = rc == 0 ? parser_expr(p) : NULL;
			rc = param->x ? 0 : -EINVAL;
		} else if (rc == 0 && defaults) {
			rc = parser_fail(p, at, "a parameter without default stands behind one that has it");
		}
	}
	return rc < 0 ? rc : parser_expect(p, TOKEN_RPAREN, "behind the parameters");
}

static int parse_macro(struct parser *p, struct node *n)
{
	int rc;

	n->kind = NODE_MACRO;
	n->macro = parser_alloc(p, sizeof(*n->macro));
	if (!n->macro)
		return -ENOMEM;
	n->macro->at = n->at;
	rc = parser_name(p, &n->macro->name);
	if (rc == 0)
		rc = parameters(p, n->macro);
	return rc < 0 ? rc : body(p, "macro", n->at, "endmacro", &n->macro->body);
}

static int parse_call(struct parser *p, struct node *n)
{
	int rc = 0;

	n->kind = NODE_CALL;
	n->macro = parser_alloc(p, sizeof(*n->macro));
	if (!n->macro)
		return -ENOMEM;
	n->macro->at = n->at;
	n->macro->name = value_text_of("caller", strlen("caller"));
	if (p->cur.kind == TOKEN_LPAREN)
		rc = parameters(p, n->macro);
	n->x = rc == 0 ? parser_expr(p) : NULL;
	if (!n->x)
		return -EINVAL;
	if (n->x->kind != EXPR_CALL)
		return parser_fail(p, n->x->at, "'call' wants the call of a macro");
	return body(p, "call", n->at, "endcall", &n->macro->body);
}

/* "with context" or "without context", perhaps. */
static int context_words(struct parser *p, bool *ret_bare)
{
	bool without = parser_at_word(p, "without");
	int rc;

	if (!without && !parser_at_word(p, "with"))
		return 0;
	rc = parser_advance(p);
	if (rc == 0)
		rc = parser_expect_word(p, "context", "here");
	*ret_bare = without;
	return rc;
}

static int parse_include(struct parser *p, struct node *n)
{
	int rc = 0;

	n->kind = NODE_INCLUDE;
	n->x = parser_expr(p);
	if (!n->x)
		return -EINVAL;
	if (parser_at_word(p, "ignore")) {
		n->ignore_missing = true;
		rc = parser_advance(p);
		if (rc == 0)
			rc = parser_expect_word(p, "missing", "behind 'ignore'");
	}
	if (rc == 0)
		rc = context_words(p, &n->bare);
	return rc < 0 ? rc : end_tag(p);
}

static int parse_import(struct parser *p, struct node *n)
{
	int rc;

	n->kind = NODE_IMPORT;
	n->bare = true;
	n->x = parser_expr(p);
	rc = n->x ? parser_expect_word(p, "as", "behind the template's name") : -EINVAL;
	if (rc < 0)
		return rc;
	n->target = parser_target(p, /* attr= */ false);
	if (!n->target)
		return -EINVAL;
	if (n->target->kind != EXPR_NAME)
		return parser_fail(p, n->at, "'import' gives one name");
	rc = context_words(p, &n->bare);
	return rc < 0 ? rc : end_tag(p);
}

static int parse_from(struct parser *p, struct node *n)
{
	struct param **tail = &n->params;
	int rc;

	n->kind = NODE_IMPORT;
	n->bare = true;
	n->x = parser_expr(p);
	rc = n->x ? parser_expect_word(p, "import", "behind the template's name") : -EINVAL;
	while (rc == 0) {
		struct param *param = param_new(p, &tail);

		if (!param)
			return -ENOMEM;
		rc = parser_name(p, &param->name);
		param->as = param->name;
		if (rc == 0 && parser_at_word(p, "as")) {
			rc = parser_advance(p);
			if (rc == 0)
				rc = parser_name(p, &param->as);
		}
		if (rc < 0 || p->cur.kind != TOKEN_COMMA)
			break;
		rc = parser_advance(p);
	}
	if (rc == 0)
		rc = context_words(p, &n->bare);
	return rc < 0 ? rc : end_tag(p);
}

static const struct {
	const char *word;
	int (*parse)(struct parser *p, struct node *n);
} statements[] = {
	{"call", parse_call},
	{"filter", parse_filter},
	{"for", parse_for},
	{"from", parse_from},
	{"if", parse_if},
	{"import", parse_import},
	{"include", parse_include},
	{"macro", parse_macro},
	{"set", parse_set},
	{"with", parse_with},
};

/* What to say of a tag whose word begins no statement here. */
static int unknown_statement(struct parser *p, const struct ends *ends)
{
	const char *words[ARRAY_LEN(statements) + ARRAY_LEN(ends->words) + 1] = {NULL};
	size_t n = 0;
	char word[64];

	if (p->cur.kind != TOKEN_NAME)
		return parser_expect(p, TOKEN_NAME, "behind '{%'");
	(void)snprintf(word, sizeof(word), "%.*s", (int)p->cur.len, p->cur.s);
	bool closes = strncmp(word, "end", 3) == 0 || strncmp(word, "el", 2) == 0;
	if (closes && ends)
		return parser_fail(p, p->cur.at, "expected '%s' for the '%s' of line %u, found '%s'",
			ends->words[1] && !ends->words[2] ? ends->words[1]
			: ends->words[1]                  ? ends->words[2]
							  : ends->words[0],
			ends->opener, ends->at.line, word);
	if (closes)
		return parser_fail(p, p->cur.at, "'%s' ends nothing that is open", word);
	for (size_t i = 0; i < ARRAY_LEN(statements); i++)
		words[n++] = statements[i].word;
	for (size_t i = 0; ends && i < ARRAY_LEN(ends->words) && ends->words[i]; i++)
		words[n++] = ends->words[i];
	const char *near = err_nearest(word, words);
	if (near)
		return parser_fail(p, p->cur.at, "no statement is named '%s' (did you mean '%s'?)", word,
			near);
	return parser_fail(p, p->cur.at, "no statement is named '%s'", word);
}

static int statement(struct parser *p, struct mark at, const struct ends *ends, struct node **ret)
{
	for (size_t i = 0; i < ARRAY_LEN(statements); i++) {
		if (!parser_at_word(p, statements[i].word))
			continue;
		struct node *n = node_new(p, NODE_TEXT, at);
		int rc = n ? parser_advance(p) : -ENOMEM;

		*ret = n;
		return rc < 0 ? rc : statements[i].parse(p, n);
	}
	return unknown_statement(p, ends);
}

static int print_tag(struct parser *p, struct node **ret)
{
	struct node *n = node_new(p, NODE_PRINT, p->cur.at);
	int rc = n ? parser_advance(p) : -ENOMEM;

	if (rc < 0)
		return rc;
	n->x = parser_tuple(p, /* with_cond= */ true);
	*ret = n;
	return n->x ? parser_expect(p, TOKEN_PRINT_END, "behind the expression") : -EINVAL;
}

static int text_node(struct parser *p, struct node **ret)
{
	if (p->cur.len > 0) {
		*ret = node_new(p, NODE_TEXT, p->cur.at);
		if (!*ret)
			return -ENOMEM;
		(*ret)->text = value_text_of(p->cur.s, p->cur.len);
	}
	return parser_advance(p);
}

/* When the tag that opens here (the cursor behind its "{%") is one of the ends, its word. */
static const char *at_end(const struct parser *p, const struct ends *ends)
{
	for (size_t i = 0; ends && i < ARRAY_LEN(ends->words) && ends->words[i]; i++)
		if (parser_at_word(p, ends->words[i]))
			return ends->words[i];
	return NULL;
}

/* Nodes up to one of the ends, or without ends up to the end of the template. */
static int nodes(struct parser *p, const struct ends *ends, struct node **tail, const char **ret_end)
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
				rc = statement(p, at, ends, &n);
		}
		if (n) {
			*tail = n;
			tail = &n->next;
		}
	}
	if (rc < 0 || !ends)
		return rc;
	return parser_fail(p, ends->at, "the '%s' that begins here has no {%% end%s %%}", ends->opener,
		ends->opener);
}

static int block(struct parser *p, const struct ends *ends, struct node **ret, const char **ret_end)
{
	int rc = end_tag(p);

	if (rc == 0)
		rc = parser_enter(p);
	if (rc < 0)
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

	if (rc < 0)
		return err_set(e, rc, (struct mark){.file = name}, "the template is too large");
	*ret_body = NULL;
	for (int i = 0; rc == 0 && i < 2; i++) /* fills cur and next */
		rc = parser_advance(&p);
	return rc < 0 ? rc : nodes(&p, NULL, ret_body, &end);
}

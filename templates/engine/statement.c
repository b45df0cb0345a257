/* The statements of a template, {% word ... %}: see parser.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "templates/engine/parser.h"

/* A body with just one end: to the end of its end tag. */
static int body(
	struct parser *p, const char *opener, struct mark at, const char *end, struct node **ret)
{
	const struct parser_ends ends = {.opener = opener, .at = at, .words = {end}};
	const char *found;
	int rc = parser_block(p, &ends, ret, &found);

	return rc != 0 ? rc : parser_end_tag(p);
}

static int parse_if(struct parser *p, struct node *n)
{
	static const char *const words[] = {"elif", "else", "endif"};
	struct parser_ends ends = {.opener = "if", .at = n->at, .words = {"elif", "else", "endif"}};
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
		rc = parser_block(p, &ends, &b->body, &end);
	}
	return rc != 0 ? rc : parser_end_tag(p);
}

/* Within a loop `loop` is the loop's own. Deep as brackets in the text, which are counted.
 * NOLINTNEXTLINE(misc-no-recursion) */
static int refuse_loop_as_name(struct parser *p, const struct expr *target)
{
	int rc = 0;

	if (target->kind == EXPR_NAME && value_text_is(target->value, "loop"))
		return parser_fail(p, target->at, "'loop' is the loop itself: take another name");
	for (const struct expr_item *i = target->list; i && rc == 0; i = i->next)
		rc = refuse_loop_as_name(p, i->x);
	return rc;
}

static int parse_for(struct parser *p, struct node *n)
{
	const struct parser_ends ends = {.opener = "for", .at = n->at, .words = {"else", "endfor"}};
	const char *end;
	int rc;

	n->kind = NODE_FOR;
	n->target = parser_target(p, /* attr= */ false);
	rc = n->target ? refuse_loop_as_name(p, n->target) : -EINVAL;
	if (rc == 0)
		rc = parser_expect_word(p, "in", "behind the loop's names");
	if (rc != 0)
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
		return parser_fail(p, p->cur.at,
			"recursive loops are not part of this template language: "
			"a macro may call itself");
	rc = parser_block(p, &ends, &n->body, &end);
	if (rc == 0 && strcmp(end, "else") == 0)
		return body(p, "for", n->at, "endfor", &n->els);
	return rc != 0 ? rc : parser_end_tag(p);
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
		return n->x ? parser_end_tag(p) : -EINVAL;
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
		rc = param->target ? parser_expect(p, TOKEN_ASSIGN, "behind the variable")
				   : -EINVAL;
		param->x = rc == 0 ? parser_expr(p) : NULL;
		if (!param->x)
			return -EINVAL;
	}
	return rc != 0 ? rc : body(p, "with", n->at, "endwith", &n->body);
}

static int refuse_second(
	struct parser *p, struct mark at, const struct macro *m, const struct param *name)
{
	for (const struct param *other = m->params; other != name; other = other->next)
		if (other->name.len == name->name.len &&
			memcmp(other->name.text, name->name.text, name->name.len) == 0)
			return parser_fail(p, at, "the parameter '%.*s' stands here twice",
				(int)name->name.len, name->name.text);
	return 0;
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
		if (rc == 0)
			rc = refuse_second(p, at, m, param);
		if (rc == 0 && p->cur.kind == TOKEN_ASSIGN) {
			defaults = true;
			rc = parser_advance(p);
			param->x = rc == 0 ? parser_expr(p) : NULL;
			rc = param->x ? 0 : -EINVAL;
		} else if (rc == 0 && defaults) {
			rc = parser_fail(
				p, at, "a parameter without default stands behind one that has it");
		}
	}
	return rc != 0 ? rc : parser_expect(p, TOKEN_RPAREN, "behind the parameters");
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
	return rc != 0 ? rc : body(p, "macro", n->at, "endmacro", &n->macro->body);
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
	return rc != 0 ? rc : parser_end_tag(p);
}

static int parse_import(struct parser *p, struct node *n)
{
	int rc;

	n->kind = NODE_IMPORT;
	n->bare = true;
	n->x = parser_expr(p);
	rc = n->x ? parser_expect_word(p, "as", "behind the template's name") : -EINVAL;
	if (rc != 0)
		return rc;
	n->target = parser_target(p, /* attr= */ false);
	if (!n->target)
		return -EINVAL;
	if (n->target->kind != EXPR_NAME)
		return parser_fail(p, n->at, "'import' gives one name");
	rc = context_words(p, &n->bare);
	return rc != 0 ? rc : parser_end_tag(p);
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
		if (rc != 0 || p->cur.kind != TOKEN_COMMA)
			break;
		rc = parser_advance(p);
	}
	if (rc == 0)
		rc = context_words(p, &n->bare);
	return rc != 0 ? rc : parser_end_tag(p);
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

/* The word that closes the whole statement. */
static const char *last_end(const struct parser_ends *ends)
{
	size_t i = 0;

	while (i + 1 < ARRAY_LEN(ends->words) && ends->words[i + 1])
		i++;
	return ends->words[i];
}

/* What to say of a tag whose word begins no statement here. */
static int unknown_statement(struct parser *p, const struct parser_ends *ends)
{
	const char *words[ARRAY_LEN(statements) + ARRAY_LEN(ends->words) + 1] = {NULL};
	size_t n = 0;
	char word[64];

	if (p->cur.kind != TOKEN_NAME)
		return parser_expect(p, TOKEN_NAME, "behind '{%'");
	(void)snprintf(word, sizeof(word), "%.*s", (int)p->cur.len, p->cur.s);
	bool closes = strncmp(word, "end", 3) == 0 || strncmp(word, "el", 2) == 0;
	if (closes && ends)
		return parser_fail(p, p->cur.at,
			"expected '%s' for the '%s' of line %u, found '%s'", last_end(ends),
			ends->opener, ends->at.line, word);
	if (closes)
		return parser_fail(p, p->cur.at, "'%s' ends nothing that is open", word);
	for (size_t i = 0; i < ARRAY_LEN(statements); i++)
		words[n++] = statements[i].word;
	for (size_t i = 0; ends && i < ARRAY_LEN(ends->words) && ends->words[i]; i++)
		words[n++] = ends->words[i];
	const char *near = err_nearest(word, words);
	if (near)
		return parser_fail(p, p->cur.at, "no statement is named '%s' (did you mean '%s'?)",
			word, near);
	return parser_fail(p, p->cur.at, "no statement is named '%s'", word);
}

int parser_statement(
	struct parser *p, struct mark at, const struct parser_ends *ends, struct node **ret)
{
	for (size_t i = 0; i < ARRAY_LEN(statements); i++) {
		if (!parser_at_word(p, statements[i].word))
			continue;
		struct node *n = parser_node(p, NODE_TEXT, at);
		int rc = n ? parser_advance(p) : -ENOMEM;

		*ret = n;
		return rc != 0 ? rc : statements[i].parse(p, n);
	}
	return unknown_statement(p, ends);
}

#include "provisioner/base/doc.h"

#include <errno.h>
#include <string.h>
#include <yaml.h>

const struct doc_limits doc_limits_default = {.depth = 64, .nodes = 200000, .expanded = 10000};

/* One open list or map while its end has not come. */
struct frame {
	struct doc_node *node;
	struct doc_node *key; /* maps: the key whose value comes next */
	size_t cap;
	struct frame *outer;
};

struct anchor {
	const char *name;
	struct doc_node *node;
	struct anchor *next;
};

struct build {
	struct arena *arena;
	const char *file;
	const struct doc_limits *limits;
	struct frame *top;
	struct anchor *anchors;
	struct doc_node *root;
	size_t depth, n_nodes, n_expanded;
	struct err *err;
};

static struct mark mark_of(const struct build *b, const yaml_mark_t *m)
{
	return (struct mark){
		.file = b->file, .line = (unsigned)m->line + 1, .col = (unsigned)m->column + 1};
}

static int too_big(struct build *b, struct mark at, const char *what, size_t limit)
{
	return err_set(b->err, -E2BIG, at, "more than %zu %s", limit, what);
}

static struct doc_node *node_new(struct build *b, enum doc_kind kind, struct mark at)
{
	struct doc_node *n = arena_alloc(b->arena, 1, sizeof(*n));

	if (!n)
		return NULL;
	n->kind = kind;
	n->at = at;
	b->n_nodes++;
	return n;
}

static size_t weight_of(const struct doc_node *n)
{
	size_t w = 1;

	/* Depth is limited while building, so this recursion is bounded by limits->depth. */
	for (size_t i = 0; i < n->n; i++)
		w += n->kind == DOC_LIST ? weight_of(n->items[i]) : 1 + weight_of(n->pairs[i].value);
	return w;
}

static int anchor_add(struct build *b, const char *name, struct doc_node *node)
{
	struct anchor *a = arena_alloc(b->arena, 1, sizeof(*a));

	if (!a)
		return -E2BIG;
	*a = (struct anchor){
		.name = arena_strdup(b->arena, name), .node = node, .next = b->anchors};
	b->anchors = a;
	return a->name ? 0 : -E2BIG;
}

static const struct anchor *anchor_find(const struct build *b, const char *name)
{
	for (const struct anchor *a = b->anchors; a; a = a->next)
		if (strcmp(a->name, name) == 0)
			return a;
	return NULL;
}

static int list_append(struct build *b, struct frame *f, struct doc_node *value)
{
	struct doc_node *list = f->node;

	if (list->n == f->cap) {
		size_t cap = f->cap ? f->cap * 2 : 4;
		struct doc_node **items = arena_alloc(b->arena, cap, sizeof(struct doc_node *));

		if (!items)
			return -E2BIG;
		for (size_t i = 0; i < list->n; i++)
			items[i] = list->items[i];
		list->items = items;
		f->cap = cap;
	}
	list->items[list->n++] = value;
	return 0;
}

static int map_append(struct build *b, struct frame *f, struct doc_node *value)
{
	struct doc_node *map = f->node;

	if (map->n == f->cap) {
		size_t cap = f->cap ? f->cap * 2 : 4;
		struct doc_pair *pairs = arena_alloc(b->arena, cap, sizeof(*pairs));

		if (!pairs)
			return -E2BIG;
		for (size_t i = 0; i < map->n; i++)
			pairs[i] = map->pairs[i];
		map->pairs = pairs;
		f->cap = cap;
	}
	map->pairs[map->n++] = (struct doc_pair){.key = f->key, .value = value};
	f->key = NULL;
	return 0;
}

static int take_key(struct build *b, struct frame *f, struct doc_node *key)
{
	if (key->kind != DOC_SCALAR)
		return err_set(b->err, -EINVAL, key->at, "a key must be plain text, not a %s",
			doc_kind_name(key->kind));
	const struct doc_node *first = doc_get(f->node, key->text);
	if (first)
		return err_set(b->err, -EINVAL, key->at, "key \"%s\" was already given (a map may have each key once)",
			key->text);
	f->key = key;
	return 0;
}

/* Puts a finished value where it belongs: root, list item, key or value. */
static int place(struct build *b, struct doc_node *n)
{
	struct frame *f = b->top;
	int rc;

	if (!f) {
		b->root = n;
		return 0;
	}
	if (f->node->kind == DOC_LIST)
		rc = list_append(b, f, n);
	else if (!f->key)
		return take_key(b, f, n);
	else
		rc = map_append(b, f, n);
	return rc < 0 ? err_set(b->err, rc, n->at, "the document is too large") : 0;
}

static int on_scalar(struct build *b, const yaml_event_t *ev)
{
	struct doc_node *n = node_new(b, DOC_SCALAR, mark_of(b, &ev->start_mark));
	const char *text = (const char *)ev->data.scalar.value;

	if (!n || !(n->text = arena_strndup(b->arena, text, ev->data.scalar.length)))
		return err_set(b->err, -E2BIG, mark_of(b, &ev->start_mark), "the document is too large");
	n->len = ev->data.scalar.length;
	if (memchr(n->text, 0, n->len))
		return err_set(b->err, -EINVAL, n->at, "text with a NUL byte");
	if (ev->data.scalar.style == YAML_PLAIN_SCALAR_STYLE)
		n->style = DOC_PLAIN;
	else if (ev->data.scalar.style == YAML_LITERAL_SCALAR_STYLE ||
		 ev->data.scalar.style == YAML_FOLDED_SCALAR_STYLE)
		n->style = DOC_BLOCK;
	else
		n->style = DOC_QUOTED;
	if (ev->data.scalar.tag)
		n->tag = arena_strdup(b->arena, (const char *)ev->data.scalar.tag);
	if (ev->data.scalar.anchor && anchor_add(b, (const char *)ev->data.scalar.anchor, n) < 0)
		return err_set(b->err, -E2BIG, n->at, "the document is too large");
	return place(b, n);
}

static int on_start(struct build *b, enum doc_kind kind, const yaml_mark_t *m, const yaml_char_t *anchor)
{
	struct mark at = mark_of(b, m);
	struct frame *f = arena_alloc(b->arena, 1, sizeof(*f));
	struct doc_node *n = node_new(b, kind, at);

	if (!f || !n)
		return err_set(b->err, -E2BIG, at, "the document is too large");
	if (++b->depth > b->limits->depth)
		return too_big(b, at, "levels of nesting", b->limits->depth);
	if (anchor && anchor_add(b, (const char *)anchor, n) < 0)
		return err_set(b->err, -E2BIG, at, "the document is too large");
	/* A map used as a key is refused before its contents are looked at. */
	if (b->top && b->top->node->kind == DOC_MAP && !b->top->key)
		return err_set(b->err, -EINVAL, at,
			"a key must be plain text, not a %s (quote a value that starts with {{)",
			doc_kind_name(kind));
	*f = (struct frame){.node = n, .outer = b->top};
	b->top = f;
	return 0;
}

static int on_end(struct build *b)
{
	struct frame *f = b->top;

	b->top = f->outer;
	b->depth--;
	return place(b, f->node);
}

static bool is_open(const struct build *b, const struct doc_node *n)
{
	for (const struct frame *f = b->top; f; f = f->outer)
		if (f->node == n)
			return true;
	return false;
}

static int on_alias(struct build *b, const yaml_event_t *ev)
{
	struct mark at = mark_of(b, &ev->start_mark);
	const char *name = (const char *)ev->data.alias.anchor;
	const struct anchor *a = anchor_find(b, name);

	if (!a)
		return err_set(b->err, -EINVAL, at, "alias *%s has no anchor &%s before it", name, name);
	if (is_open(b, a->node))
		return err_set(b->err, -EINVAL, at, "alias *%s stands inside what it names", name);
	size_t weight = weight_of(a->node);
	if (weight > b->limits->expanded - b->n_expanded)
		return too_big(b, at, "nodes reached through aliases", b->limits->expanded);
	b->n_expanded += weight;
	return place(b, a->node);
}

static int on_event(struct build *b, const yaml_event_t *ev)
{
	if (b->n_nodes > b->limits->nodes)
		return too_big(b, mark_of(b, &ev->start_mark), "values in one document", b->limits->nodes);
	switch (ev->type) {
	case YAML_SCALAR_EVENT:
		return on_scalar(b, ev);
	case YAML_SEQUENCE_START_EVENT:
		return on_start(b, DOC_LIST, &ev->start_mark, ev->data.sequence_start.anchor);
	case YAML_MAPPING_START_EVENT:
		return on_start(b, DOC_MAP, &ev->start_mark, ev->data.mapping_start.anchor);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		return on_end(b);
	case YAML_ALIAS_EVENT:
		return on_alias(b, ev);
	case YAML_DOCUMENT_START_EVENT:
		if (b->root)
			return err_set(b->err, -EINVAL, mark_of(b, &ev->start_mark),
				"a second document (---) starts here; only one is read");
		return 0;
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_STREAM_END_EVENT:
	case YAML_DOCUMENT_END_EVENT:
		return 0;
	}
	return 0;
}

/* What libyaml's own words leave the reader to guess. */
static const struct {
	const char *problem, *hint;
} hints[] = {
	{"found character that cannot start any token",
		" (quote a value that starts with @ ` % or a tab; indent with spaces)"},
	{"found a tab character that violates indentation", " (indent with spaces)"},
	{"mapping values are not allowed in this context",
		" (quote a value with \": \" in it, or check the indentation above)"},
	{"did not find expected key", " (check the indentation and quotes above)"},
};

static int syntax_error(struct build *b, const yaml_parser_t *p)
{
	const char *hint = "";

	if (p->error == YAML_READER_ERROR)
		return err_set(b->err, -EINVAL, (struct mark){.file = b->file},
			"byte %zu: not valid UTF-8 text", p->problem_offset);
	for (size_t i = 0; i < ARRAY_LEN(hints); i++)
		if (p->problem && strcmp(p->problem, hints[i].problem) == 0)
			hint = hints[i].hint;
	/* An unterminated quote or bracket is reported at the end of the file; where it was opened
	 * is what helps. */
	bool from_context = p->context && p->context_mark.line < p->problem_mark.line &&
			    strncmp(p->context, "while parsing a block", 21) != 0;
	struct mark at = mark_of(b, from_context ? &p->context_mark : &p->problem_mark);
	return err_set(b->err, -EINVAL, at, "%s%s%s%s", p->context ? p->context : "",
		p->context ? ": " : "", p->problem ? p->problem : "not YAML", hint);
}

static int parse_events(struct build *b, yaml_parser_t *p)
{
	for (bool end = false; !end;) {
		yaml_event_t ev;

		if (!yaml_parser_parse(p, &ev))
			return syntax_error(b, p);
		int rc = on_event(b, &ev);
		end = ev.type == YAML_STREAM_END_EVENT;
		yaml_event_delete(&ev);
		if (rc < 0)
			return rc;
	}
	return 0;
}

int doc_parse(struct arena *a, const char *file, const char *text, size_t len,
	const struct doc_limits *limits, struct doc_node **ret_root, struct err *e)
{
	struct build b = {.arena = a, .file = file, .limits = limits, .err = e};
	yaml_parser_t p;

	if (!yaml_parser_initialize(&p))
		return err_msg(e, -ENOMEM, "%s: out of memory", file);
	yaml_parser_set_encoding(&p, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&p, (const unsigned char *)text, len);
	int rc = parse_events(&b, &p);
	yaml_parser_delete(&p);
	if (rc == 0)
		*ret_root = b.root;
	return rc;
}

struct doc_node *doc_get(const struct doc_node *map, const char *key)
{
	if (!map || map->kind != DOC_MAP)
		return NULL;
	for (size_t i = 0; i < map->n; i++)
		if (strcmp(map->pairs[i].key->text, key) == 0)
			return map->pairs[i].value;
	return NULL;
}

bool doc_is_null(const struct doc_node *n)
{
	return n->kind == DOC_SCALAR && n->style == DOC_PLAIN &&
	       (n->len == 0 || strcmp(n->text, "~") == 0 || strcmp(n->text, "null") == 0);
}

bool doc_is_text(const struct doc_node *n, const char *text)
{
	return n && n->kind == DOC_SCALAR && strcmp(n->text, text) == 0;
}

const char *doc_kind_name(enum doc_kind kind)
{
	switch (kind) {
	case DOC_SCALAR:
		return "value";
	case DOC_LIST:
		return "list";
	case DOC_MAP:
		return "map";
	}
	return "?";
}

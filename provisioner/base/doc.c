#include "provisioner/base/doc.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <yaml.h>

const struct doc_limits doc_limits_default = {
	.bytes = (size_t)4 << 20, .depth = 64, .nodes = 200000, .expanded = 10000, .anchors = 1000};

/* libyaml compares each %TAG with all before it. */
#define DIRECTIVES_MAX 16

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
	size_t weight, height; /* nodes and levels of nesting in it, aliases followed */
	struct anchor *next;
};

struct build {
	struct arena *arena;
	const char *file;
	const char *text;
	size_t len;
	const struct doc_limits *limits;
	struct frame *top;
	struct anchor *anchors;
	struct doc_node *root;
	size_t depth, n_nodes, n_expanded, n_anchors;
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

static int no_room(struct build *b, struct mark at)
{
	return err_set(b->err, -E2BIG, at, "the document is too large");
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

/* Adds the nodes of `n` to *weight and gives its levels of nesting. The recursion is bounded:
 * on_start() and on_alias() keep the depth below limits->depth. NOLINTNEXTLINE(misc-no-recursion) */
static size_t measure(const struct doc_node *n, size_t *weight)
{
	size_t height = 0;

	*weight += n->kind == DOC_MAP ? 1 + n->n : 1;
	for (size_t i = 0; i < n->n; i++) {
		size_t h = measure(n->kind == DOC_LIST ? n->items[i] : n->pairs[i].value, weight);

		height = h > height ? h : height;
	}
	return n->kind == DOC_SCALAR ? 0 : height + 1;
}

static int anchor_add(struct build *b, const yaml_char_t *name, struct doc_node *node)
{
	if (!name)
		return 0;
	if (b->n_anchors == b->limits->anchors)
		return too_big(b, node->at, "anchors", b->limits->anchors);
	struct anchor *a = arena_alloc(b->arena, 1, sizeof(*a));
	char *copy = arena_strdup(b->arena, (const char *)name);
	if (!a || !copy)
		return no_room(b, node->at);
	*a = (struct anchor){.name = copy, .node = node, .next = b->anchors};
	b->anchors = a;
	b->n_anchors++;
	return 0;
}

static struct anchor *anchor_find(const struct build *b, const char *name)
{
	for (struct anchor *a = b->anchors; a; a = a->next)
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

static int take_key(struct build *b, struct frame *f, struct doc_node *key, struct mark at)
{
	if (key->kind != DOC_SCALAR)
		return err_set(b->err, -EINVAL, at, "a key must be plain text, not a %s",
			doc_kind_name(key->kind));
	f->key = key;
	return 0;
}

/* By text; the same text in the order written. */
static int compare_keys(const void *a, const void *b)
{
	const struct doc_node *const *x = a, *const *y = b;
	int order = strcmp((*x)->text, (*y)->text);

	if (order != 0)
		return order;
	if ((*x)->at.line != (*y)->at.line)
		return (*x)->at.line < (*y)->at.line ? -1 : 1;
	return (*x)->at.col < (*y)->at.col ? -1 : (*x)->at.col > (*y)->at.col;
}

/* Sorted, because comparing each with each takes minutes for a hostile map. */
static int refuse_double_keys(struct build *b, const struct doc_node *map)
{
	if (map->n < 2)
		return 0;
	AUTO(free_p) const struct doc_node **keys = xcalloc(map->n, sizeof(struct doc_node *));
	for (size_t i = 0; i < map->n; i++)
		keys[i] = map->pairs[i].key;
	qsort(keys, map->n, sizeof(struct doc_node *), compare_keys);
	for (size_t i = 1; i < map->n; i++) {
		const struct doc_node *first = keys[i - 1], *again = keys[i];

		if (strcmp(first->text, again->text) == 0)
			return err_set(b->err, -EINVAL, again->at,
				"key \"%s\" was already given in line %u (a map may have each key "
				"once)",
				again->text, first->at.line);
	}
	return 0;
}

/* Puts a finished value where it belongs: root, list item, key or value. It is mentioned at `at`. */
static int place(struct build *b, struct doc_node *n, struct mark at)
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
		return take_key(b, f, n, at);
	else
		rc = map_append(b, f, n);
	return rc < 0 ? no_room(b, at) : 0;
}

static int tag_and_anchor(
	struct build *b, struct doc_node *n, const yaml_char_t *tag, const yaml_char_t *anchor)
{
	if (tag && !(n->tag = arena_strdup(b->arena, (const char *)tag)))
		return no_room(b, n->at);
	return anchor_add(b, anchor, n);
}

static int on_scalar(struct build *b, const yaml_event_t *ev)
{
	struct doc_node *n = node_new(b, DOC_SCALAR, mark_of(b, &ev->start_mark));
	const char *text = (const char *)ev->data.scalar.value;

	if (!n || !(n->text = arena_strndup(b->arena, text, ev->data.scalar.length)))
		return no_room(b, mark_of(b, &ev->start_mark));
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
	int rc = tag_and_anchor(b, n, ev->data.scalar.tag, ev->data.scalar.anchor);
	return rc < 0 ? rc : place(b, n, n->at);
}

static int on_start(struct build *b, enum doc_kind kind, const yaml_event_t *ev)
{
	struct mark at = mark_of(b, &ev->start_mark);
	struct frame *f = arena_alloc(b->arena, 1, sizeof(*f));
	struct doc_node *n = node_new(b, kind, at);

	if (!f || !n)
		return no_room(b, at);
	if (++b->depth > b->limits->depth)
		return too_big(b, at, "levels of nesting", b->limits->depth);
	/* A map used as a key is refused before its contents are looked at. */
	if (b->top && b->top->node->kind == DOC_MAP && !b->top->key)
		return err_set(b->err, -EINVAL, at,
			"a key must be plain text, not a %s (quote a value that starts with {{)",
			doc_kind_name(kind));
	int rc = kind == DOC_LIST ? tag_and_anchor(b, n, ev->data.sequence_start.tag,
					    ev->data.sequence_start.anchor)
				  : tag_and_anchor(b, n, ev->data.mapping_start.tag,
					    ev->data.mapping_start.anchor);
	if (rc < 0)
		return rc;
	*f = (struct frame){.node = n, .outer = b->top};
	b->top = f;
	return 0;
}

static int on_end(struct build *b)
{
	struct frame *f = b->top;

	assert(f); /* libyaml ends nothing that it did not start */
	b->top = f->outer;
	b->depth--;
	int rc = f->node->kind == DOC_MAP ? refuse_double_keys(b, f->node) : 0;
	return rc < 0 ? rc : place(b, f->node, f->node->at);
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
	struct anchor *a = anchor_find(b, name);

	if (!a)
		return err_set(
			b->err, -EINVAL, at, "alias *%s has no anchor &%s before it", name, name);
	if (is_open(b, a->node))
		return err_set(b->err, -EINVAL, at, "alias *%s stands inside what it names", name);
	if (a->weight == 0)
		a->height = measure(a->node, &a->weight);
	if (a->weight > b->limits->expanded - b->n_expanded)
		return too_big(b, at, "nodes reached through aliases", b->limits->expanded);
	if (a->height > b->limits->depth - b->depth)
		return too_big(b, at, "levels of nesting", b->limits->depth);
	b->n_expanded += a->weight;
	return place(b, a->node, at);
}

static int on_event(struct build *b, const yaml_event_t *ev)
{
	if (b->n_nodes > b->limits->nodes)
		return too_big(
			b, mark_of(b, &ev->start_mark), "values in one document", b->limits->nodes);
	switch (ev->type) {
	case YAML_SCALAR_EVENT:
		return on_scalar(b, ev);
	case YAML_SEQUENCE_START_EVENT:
		return on_start(b, DOC_LIST, ev);
	case YAML_MAPPING_START_EVENT:
		return on_start(b, DOC_MAP, ev);
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

/* libyaml knows only the offset of a byte that is no text. */
static struct mark mark_of_byte(const struct build *b, size_t offset)
{
	struct mark at = {.file = b->file, .line = 1, .col = 1};

	for (size_t i = 0; i < offset && i < b->len; i++) {
		bool newline = b->text[i] == '\n';
		bool inner = ((unsigned char)b->text[i] & 0xc0) == 0x80; /* of a UTF-8 sequence */

		at.line += newline;
		at.col = newline ? 1 : at.col + !inner;
	}
	return at;
}

static int syntax_error(struct build *b, const yaml_parser_t *p)
{
	const char *hint = "";

	if (p->error == YAML_READER_ERROR)
		return err_set(b->err, -EINVAL, mark_of_byte(b, p->problem_offset), "not text: %s",
			p->problem ? p->problem : "not UTF-8");
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

/* Anywhere: libyaml knows five kinds of line break, and no honest text repeats the word. */
static size_t count_directives(const struct build *b)
{
	static const char word[] = "%TAG";
	const char *at = b->text, *end = b->text + b->len;
	size_t n = 0;

	while (b->len > 0 && (at = memmem(at, (size_t)(end - at), word, strlen(word)))) {
		at += strlen(word);
		n++;
	}
	return n;
}

/* Seven things to name, of which none belongs to another. NOLINTNEXTLINE(readability-function-size) */
int doc_parse(struct arena *a, const char *file, const char *text, size_t len,
	const struct doc_limits *limits, struct doc_node **ret_root, struct err *e)
{
	struct build b = {
		.arena = a, .file = file, .text = text, .len = len, .limits = limits, .err = e};
	yaml_parser_t p;

	if (len > limits->bytes)
		return too_big(&b, (struct mark){.file = file}, "bytes", limits->bytes);
	if (count_directives(&b) > DIRECTIVES_MAX)
		return too_big(
			&b, (struct mark){.file = file}, "directives (%TAG)", DIRECTIVES_MAX);
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

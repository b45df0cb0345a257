#include "provisioner/config/reader.h"

#include <string.h>

#include "provisioner/base/parse.h"

#define ITEMS_MAX 4096 /* of one list */
#define SHOWN_MAX 60   /* bytes of a wrong value that a message shows */
#define NAMES_MAX 64   /* keys of one table, for suggestions */

/* The way from the root to a value, for messages. */
struct where {
	const struct where *outer;
	const char *key; /* or an item: */
	size_t index;
};

static void add_where(struct str *out, const struct where *w)
{
	const struct where *way[8];
	size_t n = 0;

	for (; w && n < ARRAY_LEN(way); w = w->outer)
		way[n++] = w;
	while (n-- > 0) {
		if (!way[n]->key) {
			str_printf(out, "[%zu]", way[n]->index);
			continue;
		}
		if (out->len > 0)
			str_addc(out, '.');
		str_add_escaped(out, way[n]->key, strnlen(way[n]->key, SHOWN_MAX));
	}
}

static void complain(struct reader *r, const struct where *w, struct mark at, const char *fmt, ...)
	PRINTF_LIKE(4, 5);

static void complain(struct reader *r, const struct where *w, struct mark at, const char *fmt, ...)
{
	AUTO(str_done) struct str name = str_init(256), what = str_init(1024);
	va_list ap;

	add_where(&name, w);
	va_start(ap, fmt);
	str_vprintf(&what, fmt, ap);
	va_end(ap);
	err_list_add(r->errors, at, "%s%s%s", str_text(&name), name.len > 0 ? ": " : "",
		str_text(&what));
}

static void complain_about(
	struct reader *r, const struct where *w, const struct doc_node *n, const char *expected)
{
	AUTO(str_done) struct str shown = str_init(4 * SHOWN_MAX + 4);

	str_add_escaped(&shown, n->text, n->len < SHOWN_MAX ? n->len : SHOWN_MAX);
	str_add(&shown, n->len > SHOWN_MAX ? "..." : "");
	complain(r, w, n->at, "\"%s\" is not %s", str_text(&shown), expected);
}

/* ---- Single values ---- */

static const char tag_str[] = "tag:yaml.org,2002:str";
static const char tag_binary[] = "tag:yaml.org,2002:binary";

/* A scalar whose kind, tag and presence suit `type`. */
static bool is_scalar(
	struct reader *r, const struct where *w, const struct doc_node *n, enum key_type type)
{
	bool text = type == KEY_TEXT || type == KEY_BYTES;

	if (n->kind != DOC_SCALAR) {
		complain(r, w, n->at, "here belongs a single value, not a %s",
			doc_kind_name(n->kind));
		return false;
	}
	if (n->tag && !(text && strcmp(n->tag, tag_str) == 0) &&
		!(type == KEY_BYTES && strcmp(n->tag, tag_binary) == 0)) {
		complain(r, w, n->at, "a YAML tag has no place here");
		return false;
	}
	if (type != KEY_BYTES && (n->len == 0 || doc_is_null(n))) {
		complain(r, w, n->at, "has no value; give one or leave the key out");
		return false;
	}
	return true;
}

static bool is_int(const char *text)
{
	int64_t v;

	return parse_i64(text, INT32_MIN, INT32_MAX, &v) == 0;
}

static bool is_float(const char *text)
{
	size_t whole = strspn(text, "0123456789"), part = 0;

	if (text[whole] == '.')
		part = 1 + strspn(text + whole + 1, "0123456789");
	return whole > 0 && part != 1 && text[whole + part] == '\0';
}

/* Zero is what coreos-cloudinit takes for "not given": the setting would be dropped in silence. */
static bool is_zero(const char *text)
{
	return strcmp(text, "false") == 0 || text[strspn(text, "-0.")] == '\0';
}

static bool is_typed(
	struct reader *r, const struct where *w, const struct doc_node *n, enum key_type type)
{
	bool truth, ok = n->style == DOC_PLAIN;
	const char *expected = "";

	if (type == KEY_INT) {
		ok = ok && is_int(n->text);
		expected = "a whole number (without quotes)";
	} else if (type == KEY_FLOAT) {
		ok = ok && is_float(n->text);
		expected = "a number like 2 or 0.5 (without quotes)";
	} else {
		ok = ok && parse_bool(n->text, &truth) == 0;
		expected = "true or false (without quotes)";
	}
	if (!ok)
		complain_about(r, w, n, expected);
	return ok;
}

static bool is_choice(struct reader *r, const struct where *w, const struct doc_node *n,
	const char *const *choices)
{
	AUTO(str_done) struct str all = str_init(512);

	for (size_t i = 0; choices[i]; i++) {
		if (strcmp(choices[i], n->text) == 0)
			return true;
		str_printf(&all, "%s%s", i == 0 ? "" : choices[i + 1] ? ", " : " or ", choices[i]);
	}
	complain_about(r, w, n, str_text(&all));
	return false;
}

static void obey_rule(
	struct reader *r, const struct where *w, const struct doc_node *n, const struct rule *rule)
{
	if (!rule)
		return;
	if (rule->choices)
		(void)is_choice(r, w, n, rule->choices); /* it has complained itself */
	else if (rule == &rule_unit_text && !rule->holds(n->text))
		complain(r, w, n->at, "line %zu of it does not belong into %s",
			rule_bad_unit_line(n->text), rule->expected);
	else if (!rule->holds(n->text))
		complain_about(r, w, n, rule->expected);
}

static struct cc_text text_of(const struct doc_node *n)
{
	/* An absent value of `content:` is an empty file; "~" is YAML's other way to write it. */
	bool null = doc_is_null(n) && !n->tag;

	return (struct cc_text){.text = null ? "" : n->text,
		.len = null ? 0 : n->len,
		.at = n->at,
		.is_block = n->style == DOC_BLOCK,
		.is_binary = n->tag && strcmp(n->tag, tag_binary) == 0};
}

static void read_text(struct reader *r, const struct where *w, const struct key *k,
	const struct doc_node *n, struct cc_text *into)
{
	if (!is_scalar(r, w, n, k->type))
		return;
	if (k->type == KEY_TEXT || k->type == KEY_BYTES)
		obey_rule(r, w, n, k->rule);
	else if (is_typed(r, w, n, k->type) && is_zero(n->text))
		complain(r, w, n->at,
			"coreos-cloudinit drops %s in silence; leave the key out, or set the "
			"variable in a drop-in",
			n->text);
	*into = text_of(n);
}

static void read_flag(struct reader *r, const struct where *w, const struct doc_node *n, bool *into)
{
	if (is_scalar(r, w, n, KEY_FLAG) && is_typed(r, w, n, KEY_FLAG))
		*into = n->text[0] == 't';
}

/* ---- Lists ---- */

/* The items of a list; none for a null. False, with a complaint, for anything else. */
static bool is_list(struct reader *r, const struct where *w, const struct doc_node *n)
{
	if (doc_is_null(n))
		return false;
	if (n->kind != DOC_LIST) {
		complain(r, w, n->at,
			"here belongs a list (lines that begin with \"- \"), not a %s",
			doc_kind_name(n->kind));
		return false;
	}
	if (n->n > ITEMS_MAX) {
		complain(r, w, n->at, "more than %d items", ITEMS_MAX);
		return false;
	}
	return n->n > 0;
}

static void *room_for(struct reader *r, const struct doc_node *n, size_t count, size_t size)
{
	void *p = arena_alloc(r->arena, count, size);

	if (!p)
		err_list_add(r->errors, n->at, "the configuration is too large");
	return p;
}

static void read_texts(struct reader *r, const struct where *w, const struct key *k,
	const struct doc_node *n, struct cc_texts *into)
{
	if (!is_list(r, w, n) || !(into->items = room_for(r, n, n->n, sizeof(struct cc_text))))
		return;
	into->n = n->n;
	for (size_t i = 0; i < n->n; i++) {
		struct where item = {.outer = w, .index = i};

		if (!is_scalar(r, &item, n->items[i], KEY_TEXT))
			continue;
		obey_rule(r, &item, n->items[i], k->rule);
		into->items[i] = text_of(n->items[i]);
	}
}

/* ---- Maps ---- */

static const char *nearest_key(const struct keys *s, const char *name)
{
	const char *names[NAMES_MAX + 1] = {NULL};
	size_t n = 0;

	for (size_t i = 0; i < s->n && n < NAMES_MAX; i++)
		if (s->keys[i].type != KEY_REFUSED)
			names[n++] = s->keys[i].name;
	return err_nearest(name, names);
}

/* CoreOS' program took hyphens for underscores in every key. */
static bool is_same_key(const char *written, const char *key)
{
	while (*written && (*written == *key || (*written == '-' && *key == '_')))
		written++, key++;
	return *written == *key;
}

static void note_hyphens(struct reader *r, const struct key *k, struct mark at)
{
	struct cc_texts *list = r->hyphened;

	if (!list->items)
		list->items = arena_alloc(r->arena, ERR_LIST_MAX, sizeof(*list->items));
	if (list->items && list->n < ERR_LIST_MAX)
		list->items[list->n++] =
			(struct cc_text){.text = k->name, .len = strlen(k->name), .at = at};
}

static bool is_given_twice(struct reader *r, const struct where *w, const struct doc_node *map,
	size_t i, const struct key *k)
{
	for (size_t j = 0; j < i; j++) {
		const struct doc_node *other = map->pairs[j].key;

		if (!is_same_key(other->text, k->name))
			continue;
		complain(r, w, map->pairs[i].key->at, "was already given in line %u, as %s",
			other->at.line, other->text);
		return true;
	}
	return false;
}

/* The row of the map's key number `i`. NULL, with a complaint, when there is none or it came twice. */
static const struct key *row_of(struct reader *r, const struct where *w, const struct keys *s,
	const struct doc_node *map, size_t i)
{
	const struct doc_node *key = map->pairs[i].key;
	const struct key *k = NULL;
	const char *near;

	for (size_t n = 0; n < s->n && !k; n++)
		if (is_same_key(key->text, s->keys[n].name))
			k = &s->keys[n];
	if (k && k->type == KEY_REFUSED)
		complain(r, w, key->at, "not a key of cloud-config here: %s", k->refused);
	else if (k && strchr(key->text, '-'))
		note_hyphens(r, k, key->at);
	if (k)
		return k->type == KEY_REFUSED || is_given_twice(r, w, map, i, k) ? NULL : k;
	near = nearest_key(s, key->text);
	if (near)
		complain(r, w, key->at, "unknown key; did you mean \"%s\"?", near);
	else
		complain(r, w, key->at, "unknown key");
	return NULL;
}

static void read_map(struct reader *r, const struct where *w, const struct keys *s,
	const struct doc_node *n, char *into);

/* Recursion as deep as the tables are: three levels. NOLINTNEXTLINE(misc-no-recursion) */
static void read_maps(struct reader *r, const struct where *w, const struct keys *s,
	const struct doc_node *n, char *into)
{
	char *items;

	if (!is_list(r, w, n) || !(items = room_for(r, n, n->n, s->size)))
		return;
	/* Every list in the model is { struct *items; size_t n; }. */
	memcpy(into, &items, sizeof(items));
	memcpy(into + sizeof(items), &n->n, sizeof(n->n));
	for (size_t i = 0; i < n->n; i++) {
		struct where item = {.outer = w, .index = i};

		read_map(r, &item, s, n->items[i], items + i * s->size);
	}
}

static bool is_map(struct reader *r, const struct where *w, const struct doc_node *n)
{
	if (n->kind != DOC_MAP)
		complain(r, w, n->at, "here belongs a map (KEY: VALUE lines), not a %s",
			doc_kind_name(n->kind));
	return n->kind == DOC_MAP;
}

static void read_section(struct reader *r, const struct where *w, const struct keys *s,
	const struct doc_node *n, struct cc_text **into)
{
	if (doc_is_null(n) || !(*into = room_for(r, n, s->n, s->size)))
		return;
	if (!is_map(r, w, n))
		return;
	for (size_t i = 0; i < n->n; i++) {
		struct where here = {.outer = w, .key = n->pairs[i].key->text};
		const struct key *k = row_of(r, &here, s, n, i);

		if (k)
			read_text(r, &here, k, n->pairs[i].value, &(*into)[k - s->keys]);
	}
}

/* NOLINTNEXTLINE(misc-no-recursion): see read_maps(). */
static void read_value(struct reader *r, const struct where *w, const struct key *k,
	const struct doc_node *n, char *into)
{
	/* The member lies in a struct of its own type: the table was made with offsetof(). */
	void *member = into + k->field;

	switch (k->type) {
	case KEY_TEXT:
	case KEY_BYTES:
	case KEY_INT:
	case KEY_FLOAT:
	case KEY_BOOL:
		read_text(r, w, k, n, member);
		break;
	case KEY_FLAG:
		read_flag(r, w, n, member);
		break;
	case KEY_TEXTS:
		read_texts(r, w, k, n, member);
		break;
	case KEY_MAP:
		if (!doc_is_null(n))
			read_map(r, w, k->sub, n, member);
		break;
	case KEY_MAPS:
		read_maps(r, w, k->sub, n, member);
		break;
	case KEY_SECTION:
		read_section(r, w, k->sub, n, member);
		break;
	case KEY_REFUSED: /* row_of() has said so */
		break;
	}
}

/* NOLINTNEXTLINE(misc-no-recursion): see read_maps(). */
static void read_map(struct reader *r, const struct where *w, const struct keys *s,
	const struct doc_node *n, char *into)
{
	if (!is_map(r, w, n))
		return;
	for (size_t i = 0; i < n->n; i++) {
		struct where here = {.outer = w, .key = n->pairs[i].key->text};
		const struct key *k = row_of(r, &here, s, n, i);

		if (k)
			read_value(r, &here, k, n->pairs[i].value, into);
	}
	for (size_t i = 0; i < s->n; i++)
		if (s->keys[i].required && !doc_get(n, s->keys[i].name))
			complain(r, w, n->at, "%s is missing", s->keys[i].name);
}

void reader_map(struct reader *r, const struct keys *s, const struct doc_node *n, void *into)
{
	read_map(r, NULL, s, n, into);
}

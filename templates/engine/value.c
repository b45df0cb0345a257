#include "templates/engine/value.h"

#include <assert.h>
#include <string.h>

#include "provisioner/base/doc.h"
#include "provisioner/base/parse.h"
#include "templates/engine/number.h"

#define LIST_FIRST_CAP 8
#define SLOTS_FROM 12 /* smaller maps are searched pair by pair */
#define SLOTS_FIRST 32

/* The bodies of a list and a map that found no room: empty, never written. */
static struct value_list no_list;
static struct value_map no_map;

struct value value_none(void)
{
	return (struct value){.kind = VALUE_NONE};
}

struct value value_bool(bool truth)
{
	return (struct value){.kind = VALUE_BOOL, .truth = truth};
}

struct value value_int(int64_t i)
{
	return (struct value){.kind = VALUE_INT, .i = i};
}

struct value value_float(double f)
{
	return (struct value){.kind = VALUE_FLOAT, .f = f};
}

struct value value_text_of(const char *text, size_t len)
{
	assert(len <= UINT32_MAX);
	return (struct value){.kind = VALUE_TEXT, .len = (uint32_t)len, .text = text};
}

struct value value_textn(struct arena *a, const char *text, size_t len)
{
	const char *copy = arena_strndup(a, text, len);

	return copy ? value_text_of(copy, len) : value_text_of("", 0);
}

struct value value_text(struct arena *a, const char *text)
{
	return text ? value_textn(a, text, strlen(text)) : value_none();
}

bool value_text_is(struct value v, const char *text)
{
	return v.kind == VALUE_TEXT && strlen(text) == v.len && memcmp(v.text, text, v.len) == 0;
}

/* An array of `size`-byte elements with room for one more than `n`, or NULL: the arena is full. */
static void *array_grow(struct arena *a, void *old, size_t n, size_t *cap, size_t size)
{
	if (n < *cap)
		return old;
	size_t want = *cap ? *cap * 2 : LIST_FIRST_CAP;
	void *grown = arena_alloc(a, want, size);
	if (!grown)
		return NULL;
	if (n > 0)
		memcpy(grown, old, n * size);
	*cap = want;
	return grown;
}

struct value value_list(struct arena *a)
{
	struct value_list *l = arena_alloc(a, 1, sizeof(*l));

	if (l)
		l->arena = a;
	return (struct value){.kind = VALUE_LIST, .list = l ? l : &no_list};
}

void value_list_form(struct value list, enum value_form form)
{
	if (list.list != &no_list)
		list.list->form = form;
}

void value_list_group(struct value list)
{
	if (list.list != &no_list)
		list.list->is_group = true;
}

bool value_has_places(struct value v)
{
	return v.kind == VALUE_LIST && (v.list->form == VALUE_PLAIN || v.list->form == VALUE_TUPLE);
}

void value_list_add(struct value list, struct value v)
{
	struct value_list *l = list.list;

	assert(list.kind == VALUE_LIST);
	if (l == &no_list)
		return;
	struct value *items = array_grow(l->arena, l->items, l->n, &l->cap, sizeof(*items));
	if (!items)
		return;
	l->items = items;
	l->items[l->n++] = v;
}

struct value value_map(struct arena *a)
{
	struct value_map *m = arena_alloc(a, 1, sizeof(*m));

	if (m)
		m->arena = a;
	return (struct value){.kind = VALUE_MAP, .map = m ? m : &no_map};
}

/* FNV-1a. */
static uint32_t hash_of(const char *text, size_t len)
{
	uint32_t h = 2166136261U;

	for (size_t i = 0; i < len; i++)
		h = (h ^ (uint8_t)text[i]) * 16777619U;
	return h;
}

static bool pair_has(const struct value_pair *p, uint32_t hash, const char *key, size_t len)
{
	return p->hash == hash && p->key.len == len && memcmp(p->key.text, key, len) == 0;
}

static struct value_pair *map_find(
	const struct value_map *m, uint32_t hash, const char *key, size_t len)
{
	if (m->n_slots == 0) {
		for (size_t i = 0; i < m->n; i++)
			if (pair_has(&m->pairs[i], hash, key, len))
				return &m->pairs[i];
		return NULL;
	}
	for (size_t at = hash;; at++) {
		uint32_t slot = m->slots[at & (m->n_slots - 1)];

		if (slot == 0)
			return NULL;
		if (pair_has(&m->pairs[slot - 1], hash, key, len))
			return &m->pairs[slot - 1];
	}
}

static void slot_take(struct value_map *m, size_t pair)
{
	size_t at = m->pairs[pair].hash;

	while (m->slots[at & (m->n_slots - 1)] != 0)
		at++;
	m->slots[at & (m->n_slots - 1)] = (uint32_t)pair + 1;
}

/* Keeps the hash table at most half full. Without room for a larger one the map takes no more. */
static bool slots_grow(struct value_map *m)
{
	if (m->n + 1 < SLOTS_FROM || (m->n + 1) * 2 <= m->n_slots)
		return true;
	size_t want = m->n_slots ? m->n_slots * 2 : SLOTS_FIRST;
	uint32_t *slots = arena_alloc(m->arena, want, sizeof(*slots));
	if (!slots)
		return false;
	m->slots = slots;
	m->n_slots = want;
	for (size_t i = 0; i < m->n; i++)
		slot_take(m, i);
	return true;
}

static void map_put(struct value_map *m, uint32_t hash, struct value key, struct value v)
{
	struct value_pair *pairs = array_grow(m->arena, m->pairs, m->n, &m->cap, sizeof(*pairs));

	if (!pairs)
		return;
	m->pairs = pairs;
	if (!slots_grow(m))
		return;
	m->pairs[m->n++] = (struct value_pair){.key = key, .value = v, .hash = hash};
	if (m->n_slots > 0)
		slot_take(m, m->n - 1);
}

void value_map_put(struct value map, struct value key, struct value v)
{
	assert(map.kind == VALUE_MAP || map.kind == VALUE_NAMESPACE);
	assert(key.kind == VALUE_TEXT);
	if (map.map == &no_map)
		return;
	uint32_t hash = hash_of(key.text, key.len);
	struct value_pair *p = map_find(map.map, hash, key.text, key.len);
	if (p)
		p->value = v;
	else
		map_put(map.map, hash, key, v);
}

void value_map_set(struct value map, const char *key, struct value v)
{
	if (map.map == &no_map)
		return;
	struct value copy = value_text(map.map->arena, key);
	if (copy.len == strlen(key)) /* else the arena is full */
		value_map_put(map, copy, v);
}

struct value value_getn(struct value map, const char *key, size_t len)
{
	if (map.kind != VALUE_MAP && map.kind != VALUE_NAMESPACE)
		return (struct value){.kind = VALUE_UNDEFINED};
	struct value_pair *p = map_find(map.map, hash_of(key, len), key, len);
	return p ? p->value : (struct value){.kind = VALUE_UNDEFINED};
}

struct value value_get(struct value map, const char *key)
{
	return value_getn(map, key, strlen(key));
}

/* A plain scalar that is a number and would print as it stands. */
static bool number_from(const char *text, struct value *ret)
{
	char back[NUMBER_TEXT_SIZE];
	int64_t i;
	double f;

	if (parse_i64(text, INT64_MIN, INT64_MAX, &i) == 0)
		*ret = value_int(i);
	else if (number_parse_float(text, strlen(text), &f))
		*ret = value_float(f);
	else
		return false;
	return strcmp(number_text(*ret, back), text) == 0;
}

static struct value scalar_from(struct arena *a, const struct doc_node *n)
{
	struct value v;

	if (n->style != DOC_PLAIN || (n->tag && strcmp(n->tag, "tag:yaml.org,2002:str") == 0))
		return value_textn(a, n->text, n->len);
	if (doc_is_null(n))
		return value_none();
	static const struct {
		const char *text;
		bool truth;
	} words[] = {{"true", true}, {"True", true}, {"TRUE", true}, {"false", false},
		{"False", false}, {"FALSE", false}};
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (doc_is_text(n, words[i].text))
			return value_bool(words[i].truth);
	return number_from(n->text, &v) ? v : value_textn(a, n->text, n->len);
}

/* doc_parse() bounds the depth. NOLINTNEXTLINE(misc-no-recursion) */
struct value value_from_doc(struct arena *a, const struct doc_node *n)
{
	if (!n)
		return value_none();
	if (n->kind == DOC_SCALAR)
		return scalar_from(a, n);
	struct value v = n->kind == DOC_LIST ? value_list(a) : value_map(a);
	for (size_t i = 0; i < n->n; i++) {
		if (n->kind == DOC_LIST) {
			value_list_add(v, value_from_doc(a, n->items[i]));
			continue;
		}
		const struct doc_node *key = n->pairs[i].key;
		value_map_put(v, value_textn(a, key->text, key->len),
			value_from_doc(a, n->pairs[i].value));
	}
	return v;
}

const char *value_kind_name(enum value_kind kind)
{
	static const char *const names[] = {
		[VALUE_UNDEFINED] = "an undefined value",
		[VALUE_NONE] = "none",
		[VALUE_BOOL] = "a truth value",
		[VALUE_INT] = "a number",
		[VALUE_FLOAT] = "a number",
		[VALUE_TEXT] = "text",
		[VALUE_LIST] = "a list",
		[VALUE_MAP] = "a map",
		[VALUE_NAMESPACE] = "a namespace",
		[VALUE_MACRO] = "a macro",
		[VALUE_FUNCTION] = "a function",
		[VALUE_LOOP] = "the loop",
	};

	return names[kind];
}

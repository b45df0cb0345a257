#include "provisioner/cluster/cluster.h"

#include <errno.h>
#include <string.h>

#include "provisioner/base/parse.h"
#include "provisioner/cluster/check.h"
#include "provisioner/cluster/resolve.h"
#include "provisioner/cluster/schema.h"
#include "provisioner/cluster/values.h"

#define KEYS_MAX 48
#define ROLES_MAX 64

const struct doc_limits cluster_doc_limits = {
	.bytes = (size_t)8 << 20, .depth = 64, .nodes = 600000, .expanded = 10000, .anchors = 1000};

static void load_section(struct load *l, const struct doc_node *map, struct mark at,
	const struct schema_section *s, void *into, const struct path *path);

static void load_in_place(struct load *l, const struct place *p)
{
	load_section(l, p->node, p->node->at, p->key->section, p->field, p->path);
}

static void load_optional(struct load *l, const struct place *p)
{
	void *section = arena_alloc(l->arena, 1, p->key->section->size);

	if (!section)
		return;
	load_section(l, p->node, p->node->at, p->key->section, section, p->path);
	memcpy(p->field, &section, sizeof(section));
}

static void load_named(struct load *l, const struct place *p)
{
	const struct schema_section *s = p->key->section;

	if (p->node->kind != DOC_MAP || p->node->n == 0) {
		value_is_wrong(l, p, p->node);
		return;
	}
	if (value_has_too_many(l, p, p->node->n, ROLES_MAX))
		return;
	char *array = arena_alloc(l->arena, p->node->n, s->size);
	for (size_t i = 0; array && i < p->node->n; i++) {
		const struct doc_node *name = p->node->pairs[i].key;
		char *into = array + i * s->size;

		if (!parse_is_label(name->text))
			err_list_add(l->errors, name->at, "%s: \"%.80s\" is not %s", path_of(l, p),
				name->text, schema_type_text(SCHEMA_LABEL));
		load_section(l, p->node->pairs[i].value, name->at, s, into,
			&(struct path){.outer = p->path, .key = name->text});
		memcpy(into + s->name_offset, &name->text, sizeof(name->text));
	}
	if (array)
		array_set(p->field, array, (uint32_t)p->node->n);
}

static void load_items(struct load *l, const struct place *p)
{
	const struct schema_section *s = p->key->section;
	struct doc_node **items = p->node->items;
	size_t n = p->node->n;

	if (p->node->kind != DOC_LIST) {
		value_is_wrong(l, p, p->node);
		return;
	}
	if (value_has_too_many(l, p, n, (size_t)p->key->max))
		return;
	char *array = arena_alloc(l->arena, n, s->size);
	for (size_t i = 0; array && i < n; i++) {
		load_section(l, items[i], items[i]->at, s, array + i * s->size,
			&(struct path){.outer = p->path, .index = i});
	}
	if (array)
		array_set(p->field, array, (uint32_t)n);
}

static void load_value(struct load *l, const struct place *p)
{
	static const struct {
		enum schema_type type;
		void (*load)(struct load *l, const struct place *p);
	} sections[] = {
		{SCHEMA_SECTION, load_in_place},
		{SCHEMA_OPTIONAL, load_optional},
		{SCHEMA_NAMED, load_named},
		{SCHEMA_ITEMS, load_items},
	};

	for (size_t i = 0; i < ARRAY_LEN(sections); i++) {
		if (sections[i].type == p->key->type) {
			sections[i].load(l, p);
			return;
		}
	}
	value_load(l, p);
}

/* Into the settings and no deeper. NOLINTNEXTLINE(misc-no-recursion) */
static const struct schema_key *find_key(const struct schema_section *s, const char *name)
{
	for (const struct schema_key *k = s->keys; k->key; k++) {
		if (k->type == SCHEMA_SETTINGS) {
			const struct schema_key *setting = find_key(k->section, name);

			if (setting)
				return setting;
		} else if (!schema_is_whole(k) && strcmp(k->key, name) == 0) {
			return k;
		}
	}
	return NULL;
}

/* Likewise. NOLINTNEXTLINE(misc-no-recursion) */
static size_t list_keys(const struct schema_section *s, const char *names[KEYS_MAX + 1], size_t n)
{
	for (const struct schema_key *k = s->keys; k->key && n < KEYS_MAX; k++) {
		if (k->type == SCHEMA_SETTINGS)
			n = list_keys(k->section, names, n);
		else if (!schema_is_whole(k))
			names[n++] = k->key;
	}
	return n;
}

static void unknown_key(struct load *l, const struct schema_section *s, const struct doc_node *key,
	const struct path *path)
{
	const char *names[KEYS_MAX + 1] = {NULL};
	struct path whole = {.outer = path, .key = key->text};

	for (const struct schema_gone *g = s->gone; g && g->key; g++) {
		if (strcmp(g->key, key->text) != 0)
			continue;
		err_list_add(l->errors, key->at, "%s: there is no such key any more; %s",
			path_text(l->arena, &whole), g->advice);
		return;
	}
	(void)list_keys(s, names, 0);
	err_list_add(l->errors, key->at, "%s: no such key%s", path_text(l->arena, &whole),
		err_did_you_mean(key->text, names).text);
}

static void check_for_unknown_keys(struct load *l, const struct doc_node *map,
	const struct schema_section *s, const struct path *path)
{
	for (size_t i = 0; i < map->n; i++)
		if (!find_key(s, map->pairs[i].key->text))
			unknown_key(l, s, map->pairs[i].key, path);
}

/* Checks what one level says of the settings; what comes of it is for settings_resolve(), which loads
 * them anew from all levels together. Only the cluster as a whole must say what is required. */
static void load_said(struct load *l, const struct doc_node *map, const struct schema_section *s,
	struct cluster_said *said, const struct path *path)
{
	if (!l->scratch)
		l->scratch = arena_alloc(l->arena, 1, s->size);
	said->map = map;
	for (const struct schema_key *k = s->keys; k->key; k++) {
		const struct doc_node *value = doc_get(map, k->key);
		struct path name = {.outer = path, .key = k->key};

		said->any = said->any || value;
		if (value && l->scratch && !doc_is_null(value))
			load_value(l, &(struct place){.key = k,
					      .node = value,
					      .field = (char *)l->scratch + k->offset,
					      .path = &name});
		else if (k->required && !path)
			err_list_add(l->errors, value ? value->at : map->at, "%s is missing: %s",
				k->key, k->doc);
	}
}

static void load_whole(struct load *l, const struct doc_node *map, const struct schema_key *k,
	void *field, const struct path *path)
{
	if (k->type == SCHEMA_SETTINGS)
		load_said(l, map, k->section, field, path);
	else
		memcpy(field, &map, sizeof(struct doc_node *));
}

/* A key that was not given: its default, or an error. A section is entered even then, for the
 * defaults inside it. */
/* NOLINTNEXTLINE(misc-no-recursion): as deep as the schema */
static void load_absent(struct load *l, const struct schema_key *k, struct mark at, void *field,
	const struct path *path)
{
	struct doc_node preset = {
		.kind = DOC_SCALAR, .style = DOC_PLAIN, .at = at, .text = k->preset};
	struct doc_node nothing = {.kind = DOC_MAP, .at = at};

	if (k->required)
		err_list_add(l->errors, at, "%s is missing: %s", path_text(l->arena, path), k->doc);
	else if (k->preset)
		load_value(l,
			&(struct place){.key = k, .node = &preset, .field = field, .path = path});
	else if (k->type == SCHEMA_SECTION)
		load_section(l, &nothing, at, k->section, field, path);
}

/* Sections nest as deep as the schema does, which is four levels. NOLINTNEXTLINE(misc-no-recursion) */
static void load_section(struct load *l, const struct doc_node *map, struct mark at,
	const struct schema_section *s, void *into, const struct path *path)
{
	memcpy(into, &at, sizeof(at));
	if (map->kind != DOC_MAP) {
		err_list_add(l->errors, map->at, "%s: expected a map of keys",
			path ? path_text(l->arena, path) : "the file");
		return;
	}
	check_for_unknown_keys(l, map, s, path);
	for (const struct schema_key *k = s->keys; k->key; k++) {
		const struct doc_node *value = doc_get(map, k->key);
		struct path name = {.outer = path, .key = k->key};
		struct place p = {
			.key = k, .node = value, .field = (char *)into + k->offset, .path = &name};

		if (schema_is_whole(k))
			load_whole(l, map, k, p.field, path);
		else if (value && !doc_is_null(value))
			load_value(l, &p);
		else
			load_absent(l, k, at, p.field, p.path);
	}
}

void section_load(struct load *l, const struct doc_node *map, const struct schema_section *s,
	void *into, const struct path *path)
{
	load_section(l, map, map->at, s, into, path);
}

/* The text's document; NULL when it is empty or, with an error added, no YAML. */
static const struct doc_node *parse(struct load *l, const struct cluster_text *text)
{
	const char *name = arena_strdup(l->arena, text->name); /* marks outlive the caller's */
	struct doc_node *root = NULL;
	struct err e;

	if (doc_parse(l->arena, name, text->text, text->len, &cluster_doc_limits, &root, &e) < 0)
		err_list_add_err(l->errors, &e);
	return root;
}

/* The list of nodes in a file of nodes.d: the file itself, or what stands under the key nodes. */
static const struct doc_node *list_of_nodes(struct load *l, const struct doc_node *root)
{
	const struct doc_node *list = root->kind == DOC_MAP ? doc_get(root, "nodes") : root;

	if (root->kind == DOC_MAP && root->n > (list ? 1U : 0U)) {
		const struct doc_node *other = root->pairs[0].key;

		if (strcmp(other->text, "nodes") == 0)
			other = root->pairs[1].key;
		err_list_add(l->errors, other->at,
			"%s: a file of nodes.d holds nodes and nothing else: a list of them, or "
			"nodes: with such a list",
			other->text);
		return NULL;
	}
	return list && !doc_is_null(list) ? list : NULL;
}

/* The nodes of one more file, behind those that are there. */
static void load_more_nodes(struct load *l, struct cluster *c, const struct cluster_text *text)
{
	const struct doc_node *root = parse(l, text), *list = root ? list_of_nodes(l, root) : NULL;
	const struct schema_key *k = find_key(&schema_cluster, "nodes");
	struct {
		struct cluster_node *items;
		uint32_t n;
	} more = {0};

	if (!list)
		return;
	load_items(l, &(struct place){.key = k,
			      .node = list,
			      .field = &more,
			      .path = &(struct path){.key = "nodes"}});
	if (more.n == 0)
		return;
	if (c->n_nodes + more.n > CLUSTER_NODES_MAX) {
		err_list_add(l->errors, list->at, "nodes: %u entries in all files; %d are allowed",
			c->n_nodes + more.n, CLUSTER_NODES_MAX);
		return;
	}
	if (c->n_nodes + more.n > l->nodes_room) {
		uint32_t room = 2 * (c->n_nodes + more.n);
		struct cluster_node *all = arena_alloc(l->arena, room, sizeof(*all));

		if (!all)
			return;
		if (c->n_nodes > 0)
			memcpy(all, c->nodes, c->n_nodes * sizeof(*all));
		c->nodes = all;
		l->nodes_room = room;
	}
	memcpy(c->nodes + c->n_nodes, more.items, more.n * sizeof(*more.items));
	c->n_nodes += more.n;
}

int cluster_load_texts(struct arena *a, const struct cluster_text *texts, size_t n_texts,
	struct cluster **ret, struct err_list *errors)
{
	struct load l = {.arena = a, .errors = errors};
	const struct doc_node *root = parse(&l, &texts[0]);
	struct cluster *c = arena_alloc(a, 1, sizeof(*c));
	struct mark start = {.file = arena_strdup(a, texts[0].name), .line = 1, .col = 1};

	if (!root || !c) {
		if (errors->n == 0)
			err_list_add(errors, start, "the file is empty");
		return -EINVAL;
	}
	load_section(&l, root, start, &schema_cluster, c, NULL);
	for (size_t i = 1; i < n_texts; i++)
		load_more_nodes(&l, c, &texts[i]);
	if (errors->n == 0)
		cluster_check_roles(c, errors);
	if (errors->n == 0)
		settings_resolve(&l, c);
	if (errors->n == 0)
		cluster_check(a, c, errors);
	if (errors->n == 0 && arena_is_full(a))
		err_list_add(errors, start, "there is too much of it");
	err_list_sort(errors);
	if (errors->n > 0)
		return -EINVAL;
	*ret = c;
	return 0;
}

int cluster_load(struct arena *a, const char *file, const char *text, size_t len,
	struct cluster **ret, struct err_list *errors)
{
	return cluster_load_texts(
		a, &(struct cluster_text){.name = file, .text = text, .len = len}, 1, ret, errors);
}

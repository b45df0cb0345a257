#include "provisioner/cluster/cluster.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "provisioner/base/parse.h"
#include "provisioner/cluster/check.h"
#include "provisioner/cluster/schema.h"
#include "provisioner/cluster/values.h"

#define KEYS_MAX 32
#define PATH_TEXT_SIZE 128
#define ROLES_MAX 64

/* CLUSTER_NODES_MAX machines, each with all its keys, fit. */
static const struct doc_limits limits = {
	.bytes = (size_t)8 << 20, .depth = 64, .nodes = 600000, .expanded = 10000, .anchors = 1000};

static const char *join_path(struct load *l, const char *outer, const char *key)
{
	const char *path = outer[0] ? arena_printf(l->arena, "%s.%s", outer, key) : key;

	return path ? path : key;
}

static void load_section(struct load *l, const struct doc_node *map, struct mark at,
	const struct schema_section *s, void *into, const char *path);

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

/* The pointer, and the count that stands right behind it. */
static void set_array(void *field, void *array, uint32_t n)
{
	memcpy(field, &array, sizeof(array));
	memcpy((char *)field + sizeof(array), &n, sizeof(n));
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
			err_list_add(l->errors, name->at, "%s: \"%.80s\" is not %s", p->path,
				name->text, schema_type_text(SCHEMA_LABEL));
		load_section(l, p->node->pairs[i].value, name->at, s, into,
			join_path(l, p->path, name->text));
		memcpy(into + s->name_offset, &name->text, sizeof(name->text));
	}
	if (array)
		set_array(p->field, array, (uint32_t)p->node->n);
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
		char path[PATH_TEXT_SIZE];

		(void)snprintf(
			path, sizeof(path), "%s[%zu]", p->path, i); /* cut is fine: a message */
		const char *kept = arena_strdup(l->arena, path);
		load_section(
			l, items[i], items[i]->at, s, array + i * s->size, kept ? kept : p->path);
	}
	if (array)
		set_array(p->field, array, (uint32_t)n);
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

static void unknown_key(struct load *l, const struct schema_section *s, const struct doc_node *key,
	const char *path)
{
	const char *names[KEYS_MAX + 1] = {NULL};

	for (size_t i = 0; s->keys[i].key && i < KEYS_MAX; i++)
		names[i] = s->keys[i].key;
	for (const struct schema_gone *g = s->gone; g && g->key; g++) {
		if (strcmp(g->key, key->text) != 0)
			continue;
		err_list_add(l->errors, key->at, "%s: there is no such key any more; %s",
			join_path(l, path, key->text), g->advice);
		return;
	}
	const char *near = err_nearest(key->text, names);
	err_list_add(l->errors, key->at, "%s: no such key%s%s%s", join_path(l, path, key->text),
		near ? " (did you mean \"" : "", near ? near : "", near ? "\"?)" : "");
}

static void check_for_unknown_keys(struct load *l, const struct doc_node *map,
	const struct schema_section *s, const char *path)
{
	for (size_t i = 0; i < map->n; i++) {
		const struct schema_key *k = s->keys;

		while (k->key && strcmp(k->key, map->pairs[i].key->text) != 0)
			k++;
		if (!k->key)
			unknown_key(l, s, map->pairs[i].key, path);
	}
}

/* A key that was not given: its default, or an error. A section is entered even then, for the
 * defaults inside it. */
/* NOLINTNEXTLINE(misc-no-recursion): as deep as the schema */
static void load_absent(
	struct load *l, const struct schema_key *k, struct mark at, void *field, const char *path)
{
	struct doc_node preset = {
		.kind = DOC_SCALAR, .style = DOC_PLAIN, .at = at, .text = k->preset};
	struct doc_node nothing = {.kind = DOC_MAP, .at = at};

	if (k->required)
		err_list_add(l->errors, at, "%s is missing: %s", path, k->doc);
	else if (k->preset)
		load_value(l,
			&(struct place){.key = k, .node = &preset, .field = field, .path = path});
	else if (k->type == SCHEMA_SECTION)
		load_section(l, &nothing, at, k->section, field, path);
}

/* Sections nest as deep as the schema does, which is four levels. NOLINTNEXTLINE(misc-no-recursion) */
static void load_section(struct load *l, const struct doc_node *map, struct mark at,
	const struct schema_section *s, void *into, const char *path)
{
	memcpy(into, &at, sizeof(at));
	if (map->kind != DOC_MAP) {
		err_list_add(l->errors, map->at, "%s: expected a map of keys",
			path[0] ? path : "the file");
		return;
	}
	check_for_unknown_keys(l, map, s, path);
	for (const struct schema_key *k = s->keys; k->key; k++) {
		const struct doc_node *value = doc_get(map, k->key);
		struct place p = {.key = k,
			.node = value,
			.field = (char *)into + k->offset,
			.path = join_path(l, path, k->key)};

		if (value && !doc_is_null(value))
			load_value(l, &p);
		else
			load_absent(l, k, at, p.field, p.path);
	}
}

int cluster_load(struct arena *a, const char *file, const char *text, size_t len,
	struct cluster **ret, struct err_list *errors)
{
	struct load l = {.arena = a, .errors = errors};
	struct mark start = {.file = file, .line = 1, .col = 1};
	struct doc_node *root = NULL;
	struct err e;

	int rc = doc_parse(a, file, text, len, &limits, &root, &e);
	if (rc < 0) {
		err_list_add_err(errors, &e);
		return -EINVAL;
	}
	struct cluster *c = arena_alloc(a, 1, sizeof(*c));
	if (!root || !c) {
		err_list_add(errors, start, root ? "the file is too large" : "the file is empty");
		return -EINVAL;
	}
	load_section(&l, root, start, &schema_cluster, c, "");
	if (errors->n == 0)
		cluster_check(a, c, errors);
	if (errors->n > 0)
		return -EINVAL;
	*ret = c;
	return 0;
}

const struct cluster_subnet *cluster_subnet_of(const struct cluster *c, uint32_t address)
{
	if (ipv4_net_has(c->network.internal.address, address))
		return &c->dhcp.local;
	for (uint32_t i = 0; i < c->dhcp.n_subnets; i++)
		if (ipv4_net_has(c->dhcp.subnets[i].net, address))
			return &c->dhcp.subnets[i];
	return NULL;
}

const struct cluster_role *cluster_role_find(const struct cluster *c, const char *name)
{
	for (uint32_t i = 0; i < c->n_roles; i++)
		if (strcmp(c->roles[i].name, name) == 0)
			return &c->roles[i];
	return NULL;
}

static int by_name(const void *name, const void *at)
{
	const struct cluster_node *const *n = at;

	return strcmp(name, (*n)->name);
}

const struct cluster_node *cluster_node_find(const struct cluster *c, const char *name)
{
	if (c->by_name && c->n_nodes > 0) {
		const struct cluster_node *const *n = bsearch(
			name, c->by_name, c->n_nodes, sizeof(struct cluster_node *), by_name);

		return n ? *n : NULL;
	}
	for (uint32_t i = 0; i < c->n_nodes; i++)
		if (strcmp(c->nodes[i].name, name) == 0)
			return &c->nodes[i];
	return NULL;
}

const char *bond_mode_name(enum bond_mode mode)
{
	switch (mode) {
	case BOND_ACTIVE_BACKUP:
		return "active-backup";
	case BOND_802_3AD:
		return "802.3ad";
	case BOND_BALANCE_XOR:
		return "balance-xor";
	case BOND_BALANCE_RR:
		return "balance-rr";
	}
	return "?";
}

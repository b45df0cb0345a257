#include "provisioner/cluster/resolve.h"

#include <string.h>

#include "provisioner/base/arena.h"
#include "provisioner/base/doc.h"
#include "provisioner/cluster/cluster.h"
#include "provisioner/cluster/schema.h"
#include "provisioner/cluster/values.h"

#define SCRATCH_BYTES_MAX ((size_t)4 << 20)

/* A map or list under construction. */
static struct doc_node *node_new(struct arena *a, enum doc_kind kind, size_t room, struct mark at)
{
	struct doc_node *n = arena_alloc(a, 1, sizeof(*n));

	if (!n)
		return NULL;
	n->kind = kind;
	n->at = at;
	if (kind == DOC_MAP)
		n->pairs = arena_alloc(a, room, sizeof(*n->pairs));
	else
		n->items = arena_alloc(a, room, sizeof(struct doc_node *));
	return n->pairs || n->items ? n : NULL;
}

static struct doc_node *text_new(struct arena *a, const char *text)
{
	struct doc_node *n = arena_alloc(a, 1, sizeof(*n));

	if (n)
		*n = (struct doc_node){
			.kind = DOC_SCALAR, .style = DOC_PLAIN, .text = text, .len = strlen(text)};
	return n;
}

/* Trees are handed on as they are, and nobody changes them. */
static struct doc_node *unconst(const struct doc_node *n)
{
	struct doc_node *same;

	memcpy(&same, &n, sizeof(struct doc_node *));
	return same;
}

static void put(struct doc_node *map, struct doc_node *key, const struct doc_node *value)
{
	if (key && value)
		map->pairs[map->n++] = (struct doc_pair){.key = key, .value = unconst(value)};
}

/* What DHCP tells a network, as if it were settings. What is inherited, a subnet takes over from dhcp. */
static const struct doc_node *network_scope(
	struct arena *a, const struct cluster *c, const struct cluster_subnet *net)
{
	static const struct {
		const char *setting, *key;
		bool is_inherited, is_of_host;
	} rows[] = {
		{"gateway", "router", false, false},
		{"routes", "routes", false, false},
		{"dns", "dns", true, false},
		{"search", "search", true, false},
		{"mtu", "mtu", false, false},
		{"ntp", "ntp-servers", true, true},
	};
	const struct doc_node *own = net == &c->dhcp.local ? c->dhcp.doc : net->doc;
	struct doc_node *host = node_new(a, DOC_MAP, 2, own->at);
	struct doc_node *link = node_new(a, DOC_MAP, ARRAY_LEN(rows), own->at);

	for (size_t i = 0; host && link && i < ARRAY_LEN(rows); i++) {
		const struct doc_node *value = doc_get(own, rows[i].key);

		if ((!value || doc_is_null(value)) && rows[i].is_inherited)
			value = doc_get(c->dhcp.doc, rows[i].key);
		put(rows[i].is_of_host ? host : link, text_new(a, rows[i].setting), value);
	}
	if (host && link)
		put(host, text_new(a, "node-internal"), link);
	return host;
}

struct scopes scopes_of(struct arena *a, const struct cluster *c, const struct cluster_node *n)
{
	const struct cluster_subnet *net = n ? cluster_subnet_of(c, n->address) : NULL;

	return (struct scopes){
		.maps = {n ? n->said.map : NULL, n && n->role ? n->role->said.map : NULL,
			c->said.map, network_scope(a, c, net ? net : &c->dhcp.local)}};
}

struct scopes scopes_below(const struct scopes *s, const char *key)
{
	struct scopes below = {0};

	for (size_t i = 0; i < SCOPES; i++) {
		below.maps[i] = s->maps[i] ? doc_get(s->maps[i], key) : NULL;
		if (below.maps[i] && doc_is_null(below.maps[i])) {
			below.maps[i] = NULL;
			break;
		}
	}
	return below;
}

size_t scopes_nearest(const struct scopes *s)
{
	size_t i = 0;

	while (i < SCOPES && !s->maps[i])
		i++;
	return i;
}

struct scopes scopes_below_merged(const struct scopes *s, const char *key)
{
	struct scopes below = scopes_below(s, key);
	size_t nearest = scopes_nearest(&below);
	bool is_covered = nearest < SCOPES && below.maps[nearest]->kind != DOC_MAP;

	for (size_t i = nearest + 1; i < SCOPES; i++) {
		is_covered = is_covered || (below.maps[i] && below.maps[i]->kind != DOC_MAP);
		if (is_covered)
			below.maps[i] = NULL;
	}
	return below;
}

size_t scopes_widest_with(const struct scopes *s, const char *key)
{
	size_t i = SCOPES;

	while (i-- > 0)
		if (s->maps[i] && doc_get(s->maps[i], key))
			return i;
	return SCOPES;
}

size_t scopes_of_name(const struct scopes *s, const char *name)
{
	for (size_t i = 0; i < SCOPES; i++)
		for (size_t k = 0; s->maps[i] && k < s->maps[i]->n; k++)
			if (doc_is_text(doc_get(s->maps[i]->items[k], "name"), name))
				return i;
	return SCOPES;
}

/* All lists, the widest first; of named items only the nearest of each name. */
static struct doc_node *merge_lists(struct arena *a, const struct scopes *s, bool by_name)
{
	size_t room = 0;

	for (size_t i = 0; i < SCOPES; i++)
		room += s->maps[i] ? s->maps[i]->n : 0;
	struct doc_node *list = node_new(a, DOC_LIST, room, s->maps[scopes_nearest(s)]->at);
	for (size_t i = SCOPES; list && i-- > 0;) {
		for (size_t k = 0; s->maps[i] && k < s->maps[i]->n; k++) {
			struct doc_node *item = s->maps[i]->items[k];
			const struct doc_node *name = by_name ? doc_get(item, "name") : NULL;

			if (!name || scopes_of_name(s, name->text) == i)
				list->items[list->n++] = item;
		}
	}
	return list;
}

/* All keys, the widest first, each with the nearest value; maps inside likewise. As deep as a document
 * may be. NOLINTNEXTLINE(misc-no-recursion) */
static struct doc_node *merge_maps(struct arena *a, const struct scopes *s)
{
	size_t room = 0;

	for (size_t i = 0; i < SCOPES; i++)
		room += s->maps[i] ? s->maps[i]->n : 0;
	struct doc_node *map = node_new(a, DOC_MAP, room, s->maps[scopes_nearest(s)]->at);
	for (size_t i = SCOPES; map && i-- > 0;) {
		for (size_t k = 0; s->maps[i] && k < s->maps[i]->n; k++) {
			struct doc_node *key = s->maps[i]->pairs[k].key;
			struct scopes below = scopes_below_merged(s, key->text);
			size_t nearest = scopes_nearest(&below);

			if (nearest == SCOPES || scopes_widest_with(s, key->text) != i)
				continue;
			put(map, key,
				below.maps[nearest]->kind == DOC_MAP ? merge_maps(a, &below)
								     : below.maps[nearest]);
		}
	}
	return map;
}

/* Merged maps of keys are kept as they are; all else is read from and dropped. */
struct merge {
	struct arena *kept, *scratch;
};

static const struct doc_node *merge_sections(
	const struct merge *m, const struct scopes *s, const struct schema_section *section);

/* NOLINTNEXTLINE(misc-no-recursion): as deep as the schema */
static const struct doc_node *merge_key(
	const struct merge *m, const struct scopes *s, const struct schema_key *k)
{
	size_t nearest = scopes_nearest(s);

	if (nearest == SCOPES)
		return NULL;
	if (k->type == SCHEMA_SECTION || k->type == SCHEMA_OPTIONAL)
		return merge_sections(m, s, k->section);
	switch (k->merge) {
	case MERGE_ADD:
		return merge_lists(m->scratch, s, /* by_name= */ false);
	case MERGE_BY_NAME:
		return merge_lists(m->scratch, s, /* by_name= */ true);
	case MERGE_KEYS:
		return merge_maps(m->kept, s);
	case MERGE_NEAREST:
		break;
	}
	return s->maps[nearest];
}

/* NOLINTNEXTLINE(misc-no-recursion): as deep as the schema */
static const struct doc_node *merge_sections(
	const struct merge *m, const struct scopes *s, const struct schema_section *section)
{
	size_t nearest = scopes_nearest(s), room = 0;

	while (section->keys[room].key)
		room++;
	struct doc_node *map = node_new(m->scratch, DOC_MAP, room, s->maps[nearest]->at);
	for (const struct schema_key *k = section->keys; map && k->key; k++) {
		struct scopes below = scopes_below(s, k->key);

		put(map, text_new(m->scratch, k->key), merge_key(m, &below, k));
	}
	return map;
}

static const struct cluster_settings *resolve(
	struct load *l, const struct cluster *c, const struct cluster_node *n)
{
	AUTO(arena_free_p) struct arena *scratch = arena_new(SCRATCH_BYTES_MAX);
	struct merge m = {.kept = l->arena, .scratch = scratch};
	struct scopes s = scopes_of(scratch, c, n);
	const struct doc_node *map = merge_sections(&m, &s, &schema_settings);
	struct cluster_settings *settings = arena_alloc(l->arena, 1, sizeof(*settings));
	struct path path = {.key = n ? n->name : NULL};

	if (map && settings)
		section_load(l, map, &schema_settings, settings, n ? &path : NULL);
	if (arena_is_full(scratch))
		err_list_add(l->errors, n ? n->at : c->at, "%s: too much is said of this node",
			n ? n->name : c->name);
	return settings;
}

void settings_resolve(struct load *l, struct cluster *c)
{
	/* Nodes that say nothing share what comes of their role in their network. */
	size_t n_nets = (size_t)c->dhcp.n_subnets + 1;
	const struct cluster_settings **shared =
		arena_alloc(l->arena, c->n_roles * n_nets, sizeof(struct cluster_settings *));

	c->settings = resolve(l, c, NULL);
	for (uint32_t i = 0; shared && i < c->n_nodes; i++) {
		struct cluster_node *n = &c->nodes[i];
		const struct cluster_subnet *net = cluster_subnet_of(c, n->address);
		size_t nth_net =
			net && net != &c->dhcp.local ? (size_t)(net - c->dhcp.subnets) + 1 : 0;
		size_t nth = (size_t)(n->role - c->roles) * n_nets + nth_net;

		if (n->said.any)
			n->settings = resolve(l, c, n);
		else
			n->settings = shared[nth] ? shared[nth] : (shared[nth] = resolve(l, c, n));
	}
}

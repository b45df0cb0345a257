#include "provisioner/cluster/settings.h"

#include "provisioner/base/arena.h"
#include "provisioner/base/doc.h"
#include "provisioner/base/str.h"
#include "provisioner/cluster/cluster.h"
#include "provisioner/cluster/resolve.h"
#include "provisioner/cluster/schema.h"
#include "provisioner/cluster/values.h"

#define SCRATCH_BYTES_MAX ((size_t)4 << 20)
#define VALUE_BYTES_MAX 4096

struct explain {
	struct arena *arena; /* for names and the network's scope */
	cluster_origin_fn *each;
	void *arg;
};

/* As deep as a document may be. NOLINTNEXTLINE(misc-no-recursion) */
void cluster_value_text(const struct doc_node *n, struct str *text)
{
	if (n->kind == DOC_SCALAR) {
		str_add(text, n->text);
		return;
	}
	str_add(text, n->kind == DOC_LIST ? "[" : "{");
	for (size_t i = 0; i < n->n; i++) {
		str_add(text, i > 0 ? ", " : "");
		if (n->kind == DOC_MAP)
			str_printf(text, "%s: ", n->pairs[i].key->text);
		cluster_value_text(n->kind == DOC_LIST ? n->items[i] : n->pairs[i].value, text);
	}
	str_add(text, n->kind == DOC_LIST ? "]" : "}");
}

static void tell(const struct explain *e, const struct path *path, const struct doc_node *value,
	size_t scope)
{
	AUTO(str_done) struct str text = str_init(VALUE_BYTES_MAX); /* more is cut */

	cluster_value_text(value, &text);
	e->each(e->arg, &(struct cluster_origin){.name = path_text(e->arena, path),
				.value = str_text(&text),
				.level = (enum origin_level)(ORIGIN_NODE + scope),
				.at = value->at});
}

static void tell_default(
	const struct explain *e, const struct path *path, const struct schema_key *k)
{
	e->each(e->arg, &(struct cluster_origin){.name = path_text(e->arena, path),
				.value = k->preset,
				.level = ORIGIN_DEFAULT});
}

/* All items of lists that add up, the widest first, as they are merged. */
static void explain_lists(
	const struct explain *e, const struct scopes *s, const struct path *path, bool by_name)
{
	size_t index = 0;

	for (size_t i = SCOPES; i-- > 0;) {
		for (size_t k = 0; s->maps[i] && k < s->maps[i]->n; k++) {
			const struct doc_node *item = s->maps[i]->items[k];
			const struct doc_node *name = by_name ? doc_get(item, "name") : NULL;
			struct path at = {.outer = path, .index = index};

			if (name && scopes_of_name(s, name->text) != i)
				continue;
			tell(e, &at, item, i);
			index++;
		}
	}
}

/* As deep as a document may be. NOLINTNEXTLINE(misc-no-recursion) */
static void explain_maps(const struct explain *e, const struct scopes *s, const struct path *path)
{
	for (size_t i = SCOPES; i-- > 0;) {
		for (size_t k = 0; s->maps[i] && k < s->maps[i]->n; k++) {
			const char *key = s->maps[i]->pairs[k].key->text;
			struct scopes below = scopes_below_merged(s, key);
			size_t nearest = scopes_nearest(&below);
			struct path at = {.outer = path, .key = key};

			if (nearest == SCOPES || scopes_widest_with(s, key) != i)
				continue;
			if (below.maps[nearest]->kind == DOC_MAP)
				explain_maps(e, &below, &at);
			else
				tell(e, &at, below.maps[nearest], nearest);
		}
	}
}

/* NOLINTNEXTLINE(misc-no-recursion): as deep as the schema */
static void explain_section(const struct explain *e, const struct scopes *s,
	const struct schema_section *section, const struct path *path)
{
	for (const struct schema_key *k = section->keys; k->key; k++) {
		struct scopes below = scopes_below(s, k->key);
		struct path at = {.outer = path, .key = k->key};
		size_t nearest = scopes_nearest(&below);

		if (k->type == SCHEMA_SECTION || (k->type == SCHEMA_OPTIONAL && nearest < SCOPES))
			explain_section(e, &below, k->section, &at);
		else if (nearest == SCOPES && k->preset)
			tell_default(e, &at, k);
		else if (nearest == SCOPES)
			continue;
		else if (k->merge == MERGE_ADD || k->merge == MERGE_BY_NAME)
			explain_lists(e, &below, &at, k->merge == MERGE_BY_NAME);
		else if (k->merge == MERGE_KEYS)
			explain_maps(e, &below, &at);
		else
			tell(e, &at, below.maps[nearest], nearest);
	}
}

void cluster_explain(
	const struct cluster *c, const struct cluster_node *n, cluster_origin_fn *each, void *arg)
{
	AUTO(arena_free_p) struct arena *a = arena_new(SCRATCH_BYTES_MAX);
	struct scopes s = scopes_of(a, c, n);
	struct explain e = {.arena = a, .each = each, .arg = arg};

	explain_section(&e, &s, &schema_settings, NULL);
}

const char *origin_level_name(enum origin_level level)
{
	switch (level) {
	case ORIGIN_NODE:
		return "node";
	case ORIGIN_ROLE:
		return "role";
	case ORIGIN_CLUSTER:
		return "cluster";
	case ORIGIN_NETWORK:
		return "network";
	case ORIGIN_DEFAULT:
		return "default";
	}
	return "?";
}

const char *update_strategy_name(enum update_strategy strategy)
{
	switch (strategy) {
	case UPDATE_OFF:
		return "off";
	case UPDATE_REBOOT:
		return "reboot";
	case UPDATE_ETCD_LOCK:
		return "etcd-lock";
	}
	return "?";
}

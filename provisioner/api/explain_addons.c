#include "provisioner/api/explain_addons.h"

#include <jansson.h>
#include <string.h>

#include "provisioner/base/doc.h"
#include "provisioner/base/str.h"
#include "provisioner/cluster/cluster.h"
#include "provisioner/generation/generation.h"

#define NAME_BYTES_MAX 512
#define VALUE_BYTES_MAX 4096

/* One add-on of one role. */
struct explaining {
	const char *addon;
	const struct doc_node *of_role, *of_cluster; /* what is given to it; NULL: nothing */
	cluster_origin_fn *each;
	void *arg;
};

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

/* In a list of objects. */
static const json_t *find(const json_t *list, const char *name)
{
	json_t *one;
	size_t i;

	json_array_foreach(list, i, one) if (strcmp(text_of(one, "name"), name) == 0) return one;
	return NULL;
}

static struct mark place_of(const json_t *object)
{
	return (struct mark){.file = text_of(object, "file"),
		.line = (unsigned)json_integer_value(json_object_get(object, "line")),
		.col = (unsigned)json_integer_value(json_object_get(object, "column"))};
}

/* `parameter` NULL: the add-on itself. */
static void tell(const struct explaining *e, const char *parameter, const char *value,
	enum origin_level level, struct mark at)
{
	AUTO(str_done) struct str name = str_init(NAME_BYTES_MAX);

	str_printf(
		&name, "addons.%s%s%s", e->addon, parameter ? "." : "", parameter ? parameter : "");
	e->each(e->arg, &(struct cluster_origin){
				.name = str_text(&name), .value = value, .level = level, .at = at});
}

/* What is given as null is not given. */
static const struct doc_node *given(const struct doc_node *map, const char *parameter)
{
	const struct doc_node *n = doc_get(map, parameter);

	return n && !doc_is_null(n) ? n : NULL;
}

/* What is given at one level; what the role gives does not count for the cluster. */
static void tell_given(const struct explaining *e, enum origin_level level)
{
	const struct doc_node *map = level == ORIGIN_ROLE ? e->of_role : e->of_cluster;

	for (size_t i = 0; map && map->kind == DOC_MAP && i < map->n; i++) {
		AUTO(str_done) struct str value = str_init(VALUE_BYTES_MAX); /* more is cut */
		const char *key = map->pairs[i].key->text;
		const struct doc_node *v = given(map, key);

		if (!v || (level == ORIGIN_CLUSTER && given(e->of_role, key)))
			continue;
		cluster_value_text(v, &value);
		tell(e, key, str_text(&value), level, v->at);
	}
}

static void tell_presets(const struct explaining *e, const json_t *addon)
{
	json_t *p;
	size_t i;

	json_array_foreach(json_object_get(addon, "parameters"), i, p)
	{
		const char *name = text_of(p, "name");

		if (!given(e->of_role, name) && !given(e->of_cluster, name))
			tell(e, name, text_of(p, "value"), ORIGIN_DEFAULT, place_of(p));
	}
}

static const struct cluster_addon *find_listed(const struct cluster_role *role, const char *name)
{
	for (uint32_t i = 0; i < role->addons.n; i++)
		if (strcmp(role->addons.items[i].name, name) == 0)
			return &role->addons.items[i];
	return NULL;
}

static void tell_one(struct explaining *e, const struct generation *g,
	const struct cluster_role *role, const json_t *entry, const json_t *addon)
{
	const struct cluster_addon *listed = find_listed(role, e->addon);
	AUTO(str_done) struct str value = str_init(NAME_BYTES_MAX);

	e->of_role = listed ? listed->parameters : NULL;
	e->of_cluster = doc_get(g->cluster->addons, e->addon);
	if (listed) {
		tell(e, NULL, "", ORIGIN_ROLE, listed->at);
	} else {
		str_printf(&value, "brought by %s", text_of(entry, "by"));
		tell(e, NULL, str_text(&value), ORIGIN_DEFAULT, place_of(entry));
	}
	tell_given(e, ORIGIN_ROLE);
	tell_given(e, ORIGIN_CLUSTER);
	tell_presets(e, addon);
}

void explain_addons(const struct generation *g, const struct cluster_role *role,
	cluster_origin_fn *each, void *arg)
{
	json_t *kept = g->addons.data ? json_loadb(g->addons.data, g->addons.len, 0, NULL) : NULL;
	const json_t *entries =
		json_object_get(find(json_object_get(kept, "roles"), role->name), "addons");
	const json_t *addons = json_object_get(kept, "addons");
	struct explaining e = {.each = each, .arg = arg};
	json_t *entry;
	size_t i;

	json_array_foreach(entries, i, entry)
	{
		e.addon = text_of(entry, "name");
		tell_one(&e, g, role, entry, find(addons, e.addon));
	}
	for (uint32_t k = 0; !entries && k < role->addons.n; k++) {
		e.addon = role->addons.items[k].name;
		tell_one(&e, g, role, NULL, NULL);
	}
	json_decref(kept);
}

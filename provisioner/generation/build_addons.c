#include "provisioner/generation/build_addons.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "provisioner/cluster/cluster.h"
#include "provisioner/etcd/seed.h"
#include "provisioner/etcd/values.h"

#define NAME_BYTES_MAX 128
#define SECRETS_MAX 64
#define SECRET_BYTES_MAX 64
#define DISTROS_MAX 16

/* The names that every template sees, and `addons`. */
static struct value with_addons(
	struct arena *a, struct value shared, struct value addons, struct value role)
{
	struct value globals = value_map(a);

	for (size_t i = 0; i < shared.map->n; i++)
		value_map_put(globals, shared.map->pairs[i].key, shared.map->pairs[i].value);
	value_map_set(globals, "addons", addons);
	if (role.kind == VALUE_MAP)
		value_map_set(globals, "role", role);
	return globals;
}

static void check_on(
	struct build *b, struct arena *scratch, const struct role_addons *r, const char *distro)
{
	struct value role = value_map(scratch);

	value_map_set(role, "name", value_text(scratch, r->role->name));
	value_map_set(role, "template", value_text(scratch, r->role->template));
	value_map_set(role, "addons", r->names);
	struct value globals = with_addons(scratch, b->shared, r->values, role);
	value_map_set(globals, "distro", value_text(scratch, distro));
	addons_check_role(scratch, r, distro, globals, b->errors);
}

/* Once for each distribution that nodes of the role boot; without nodes, for the cluster's. */
static void check_role(struct build *b, struct arena *scratch, const struct role_addons *r)
{
	const struct cluster *c = b->in->cluster;
	const char *seen[DISTROS_MAX];
	size_t n = 0;

	for (uint32_t i = 0; r->n > 0 && i < c->n_nodes && n < DISTROS_MAX; i++) {
		const char *distro = c->nodes[i].settings->image.distro;
		size_t k = 0;

		if (c->nodes[i].role != r->role)
			continue;
		while (k < n && strcmp(seen[k], distro) != 0)
			k++;
		if (k == n)
			check_on(b, scratch, r, seen[n++] = distro);
	}
	if (r->n > 0 && n == 0)
		check_on(b, scratch, r, c->settings->image.distro);
}

int build_read_addons(struct build *b)
{
	AUTO(arena_free_p) struct arena *scratch = arena_new(BUILD_SCRATCH_MAX);
	size_t before = b->errors->n + b->errors->dropped;

	int rc = addon_library_load(b->g->arena, &b->sources, &b->library, b->errors);
	if (rc == 0)
		rc = addons_resolve(
			b->g->arena, &b->library, b->in->cluster, &b->addons, b->errors);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < b->addons.n_roles; i++)
		check_role(b, scratch, &b->addons.roles[i]);
	return b->errors->n + b->errors->dropped > before ? -EINVAL : 0;
}

void build_addons_names(const struct build *b, struct value globals, const struct cluster_node *n)
{
	const struct role_addons *r = addons_of(&b->addons, n->role);

	value_map_set(value_get(globals, "role"), "addons", r->names);
	value_map_set(globals, "addons", r->values);
}

/* Renders a YAML file of the add-on into a tree; *ret is NULL when it has no such file, or an empty one. */
static int render_tree(struct build *b, struct arena *a, const char *name, struct value globals,
	struct template_map *map, struct doc_node **ret)
{
	AUTO(str_done) struct str text = str_init(BUILD_ARTEFACT_MAX);
	struct mark at;
	struct err e;

	*ret = NULL;
	build_depends_on(b, name);
	if (!sources_has(&b->sources, name))
		return 0;
	int rc = template_set_render(b->templates, name, &globals, map, &text, &e);
	const char *kept = rc == 0 ? arena_strndup(a, str_text(&text), text.len) : "";
	if (rc == 0 && (rc = doc_parse(a, name, kept ? kept : "", text.len, &doc_limits_default,
				ret, &e)) < 0) {
		at = template_map_at(map, e.at.line);
		if (at.file)
			(void)err_set(&e, 0, (struct mark){at.file, at.line, 0}, "%s", e.msg);
	}
	if (rc < 0)
		err_list_add_err(b->errors, &e);
	return rc;
}

static void complain(struct build *b, const struct template_map *map, struct mark at,
	const char *name, const char *what)
{
	struct mark from = template_map_at(map, at.line);

	if (from.file)
		at = (struct mark){from.file, from.line, 0};
	else
		at.file = name;
	err_list_add(b->errors, at, "%s", what);
}

struct words {
	const char *items[SECRETS_MAX];
	size_t n;
};

/* Keeps them sorted. False when there are too many. */
static bool add_word(struct words *w, const char *word)
{
	size_t i = 0;

	while (i < w->n && strcmp(w->items[i], word) < 0)
		i++;
	if (i < w->n && strcmp(w->items[i], word) == 0)
		return true;
	if (w->n == SECRETS_MAX)
		return false;
	memmove(&w->items[i + 1], &w->items[i], (w->n - i) * sizeof(w->items[0]));
	w->items[i] = word;
	w->n++;
	return true;
}

static int add_secrets(struct build *b, struct arena *scratch, struct value globals,
	const struct addon *addon, struct words *words)
{
	AUTO(template_map_done) struct template_map map = {0};
	char name[NAME_BYTES_MAX];
	struct doc_node *list;

	(void)snprintf(name, sizeof(name), "addons/%s/secrets.yaml", addon->name); /* a label */
	int rc = render_tree(b, scratch, name, globals, &map, &list);
	if (rc < 0 || !list)
		return rc;
	if (list->kind != DOC_LIST) {
		complain(b, &map, list->at, name, "expected a list of secrets' names");
		return -EINVAL;
	}
	for (size_t i = 0; i < list->n; i++) {
		const struct doc_node *n = list->items[i];

		if (n->kind == DOC_SCALAR && strlen(n->text) < SECRET_BYTES_MAX &&
			addon_names_has(&addon->secrets, n->text) && add_word(words, n->text))
			continue;
		complain(b, &map, n->at, name,
			"this is not among the secrets that addon.yaml names");
		return -EINVAL;
	}
	return 0;
}

int build_addons_secrets(
	struct build *b, struct arena *scratch, struct value globals, struct node_artefacts *ret)
{
	const struct role_addons *r = addons_of(&b->addons, ret->node->role);
	AUTO(str_done) struct str text = str_init((size_t)SECRETS_MAX * SECRET_BYTES_MAX);
	struct words words = {.n = 0};

	for (size_t i = 0; i < r->n; i++) {
		char file[NAME_BYTES_MAX];

		(void)snprintf(file, sizeof(file), "addons/%s/addon.yaml",
			r->items[i]->name); /* which says what secrets there are */
		build_depends_on(b, file);
		int rc = r->items[i]->secrets.n == 0
				 ? 0
				 : add_secrets(b, scratch, globals, r->items[i], &words);

		if (rc < 0)
			return rc;
	}
	for (size_t i = 0; i < words.n; i++)
		str_printf(&text, "%s\n", words.items[i]);
	return build_keep(b, "the list of secrets", &text, &ret->texts[ARTEFACT_SECRETS]);
}

static bool is_seeded(const struct generation *g, const char *key)
{
	for (size_t i = 0; i < g->n_seed_keys; i++)
		if (strcmp(g->seed_keys[i].key, key) == 0)
			return true;
	return false;
}

/* Adds the keys of one add-on that nobody has set yet. */
static int add_seed(
	struct build *b, struct arena *scratch, struct value globals, const struct addon *addon)
{
	const struct doc_node *own = b->in->cluster->etcd.seed;
	AUTO(template_map_done) struct template_map map = {0};
	size_t first = b->errors->n, n = 0, n_more = 0;
	char name[NAME_BYTES_MAX];
	struct etcd_seed_key *more = NULL;
	struct doc_node *tree;

	(void)snprintf(name, sizeof(name), "addons/%s/seed.yaml", addon->name); /* a label */
	int rc = render_tree(b, scratch, name, globals, &map, &tree);
	if (rc < 0 || !tree)
		return rc;
	for (size_t i = 0; tree->kind == DOC_MAP && i < tree->n; i++) {
		const struct doc_node *key = tree->pairs[i].key;

		if (doc_get(own, key->text))
			continue;
		if (is_seeded(b->g, key->text)) {
			complain(b, &map, key->at, name, "another add-on seeds this key too");
			return -EINVAL;
		}
		tree->pairs[n++] = tree->pairs[i];
	}
	tree->n = tree->kind == DOC_MAP ? n : tree->n;
	rc = etcd_seed_read(b->g->arena, tree, &more, &n_more, b->errors);
	build_blame(b->errors, first, &map);
	if (rc < 0 || n_more == 0)
		return rc;
	struct etcd_seed_key *all =
		arena_alloc(b->g->arena, b->g->n_seed_keys + n_more, sizeof(*all));
	if (!all)
		return -E2BIG;
	if (b->g->n_seed_keys > 0)
		memcpy(all, b->g->seed_keys, b->g->n_seed_keys * sizeof(*all));
	memcpy(all + b->g->n_seed_keys, more, n_more * sizeof(*all));
	b->g->seed_keys = all;
	b->g->n_seed_keys += n_more;
	return 0;
}

int build_seed(struct build *b)
{
	AUTO(arena_free_p) struct arena *scratch = arena_new(BUILD_SCRATCH_MAX);
	struct value globals = with_addons(scratch, b->shared, b->addons.values, value_none());
	int rc = etcd_seed_read(b->g->arena, b->in->cluster->etcd.seed, &b->g->seed_keys,
		&b->g->n_seed_keys, b->errors);

	for (size_t i = 0; rc == 0 && i < b->addons.n_used; i++)
		rc = add_seed(b, scratch, globals, b->addons.used[i]);
	return rc;
}

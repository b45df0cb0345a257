#include "provisioner/generation/addons.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "netboot/boot/distro.h"
#include "provisioner/cluster/cluster.h"
#include "provisioner/generation/addon_values.h"

#define LIST_TEXT_SIZE 512

/* One role on its way. */
struct resolving {
	struct arena *arena;
	struct err_list *errors;
	const struct addon_library *library;
	const struct cluster *cluster;
	const struct cluster_role *role;
	const struct addon *list[ADDONS_MAX];
	size_t n;
};

/* Where the role lists the add-on, or the role itself for one that came along. */
static struct mark place_of(const struct cluster_role *role, const char *name)
{
	for (uint32_t i = 0; i < role->addons.n; i++)
		if (strcmp(role->addons.items[i].name, name) == 0)
			return role->addons.items[i].at;
	return role->at;
}

static bool has(const struct resolving *r, const char *name)
{
	for (size_t i = 0; i < r->n; i++)
		if (strcmp(r->list[i]->name, name) == 0)
			return true;
	return false;
}

static void no_such(struct err_list *errors, const struct addon_library *l, struct mark at,
	const char *path, const char *name)
{
	const char *names[ADDONS_MAX + 1] = {NULL};

	for (size_t i = 0; i < l->n; i++)
		names[i] = l->items[i].name;
	err_list_add(errors, at, "%s: there is no add-on \"%.60s\"%s; `slipway addons` lists them",
		path, name, err_did_you_mean(name, names).text);
}

static void add(struct resolving *r, const struct addon *a)
{
	if (r->n < ADDONS_MAX && !has(r, a->name))
		r->list[r->n++] = a;
}

/* What the role lists, then what that brings, which may bring more. */
static void gather(struct resolving *r)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "roles.%s.addons", r->role->name);
	for (uint32_t i = 0; i < r->role->addons.n; i++) {
		const struct cluster_addon *listed = &r->role->addons.items[i];
		const struct addon *a = addon_find(r->library, listed->name);

		if (a)
			add(r, a);
		else
			no_such(r->errors, r->library, listed->at, path, listed->name);
	}
	for (size_t i = 0; i < r->n; i++) {
		const struct addon_names *brings = &r->list[i]->brings;

		for (size_t k = 0; k < brings->n; k++) {
			const struct addon *a = addon_find(r->library, brings->items[k].text);

			if (a)
				add(r, a);
			else
				no_such(r->errors, r->library, brings->items[k].at, "brings",
					brings->items[k].text);
		}
	}
}

static void check_company(struct resolving *r)
{
	for (size_t i = 0; i < r->n; i++) {
		const struct addon *a = r->list[i];
		struct mark at = place_of(r->role, a->name);

		for (size_t k = 0; k < a->needs.n; k++)
			if (!has(r, a->needs.items[k].text))
				err_list_add(r->errors, at,
					"roles.%s.addons: %s needs %s on the same node: add %s to "
					"the list",
					r->role->name, a->name, a->needs.items[k].text,
					a->needs.items[k].text);
		for (size_t k = 0; k < a->conflicts.n; k++)
			if (has(r, a->conflicts.items[k].text))
				err_list_add(r->errors, at,
					"roles.%s.addons: %s and %s can't be on the same node",
					r->role->name, a->name, a->conflicts.items[k].text);
	}
}

/* Whether all that must stand before it has its place already. */
static bool may_be_next(const struct resolving *r, const struct addon *a, const bool placed[])
{
	const struct addon_names *before[] = {&a->needs, &a->brings, &a->after};

	for (size_t i = 0; i < r->n; i++)
		for (size_t k = 0; !placed[i] && k < ARRAY_LEN(before); k++)
			if (r->list[i] != a && addon_names_has(before[k], r->list[i]->name))
				return false;
	return true;
}

/* The order written, but for who must come before. */
static void order(struct resolving *r)
{
	const struct addon *sorted[ADDONS_MAX];
	bool placed[ADDONS_MAX] = {false};

	for (size_t n = 0; n < r->n; n++) {
		size_t i = 0;

		while (i < r->n && (placed[i] || !may_be_next(r, r->list[i], placed)))
			i++;
		if (i == r->n) {
			for (i = 0; placed[i]; i++)
				;
			err_list_add(r->errors, place_of(r->role, r->list[i]->name),
				"roles.%s.addons: %s must come before and after another add-on: "
				"their needs, brings and after go round in a circle",
				r->role->name, r->list[i]->name);
			return;
		}
		sorted[n] = r->list[i];
		placed[i] = true;
	}
	memcpy(r->list, sorted, r->n * sizeof(struct addon *));
}

static const struct doc_node *parameters_of_role(
	const struct cluster_role *role, const struct addon *a)
{
	for (uint32_t i = 0; i < role->addons.n; i++)
		if (strcmp(role->addons.items[i].name, a->name) == 0)
			return role->addons.items[i].parameters;
	return NULL;
}

/* Over what holds for the cluster, the role's own. */
static void give_values(struct resolving *r, struct value shared, struct role_addons *ret)
{
	char path[160];

	for (size_t i = 0; i < r->n; i++) {
		struct value base = value_get(shared, r->list[i]->key);

		value_list_add(ret->names, value_text(r->arena, r->list[i]->name));
		(void)snprintf(
			path, sizeof(path), "roles.%s.addons.%s", r->role->name, r->list[i]->name);
		struct addon_values_input in = {.addon = r->list[i],
			.path = path,
			.given = parameters_of_role(r->role, r->list[i]),
			.base = &base,
			.is_used = true,
			.used_at = place_of(r->role, r->list[i]->name)};
		value_map_set(ret->values, r->list[i]->key, addon_values(r->arena, &in, r->errors));
	}
}

static void resolve_role(struct resolving *r, struct role_addons *ret)
{
	gather(r);
	check_company(r);
	order(r);
	ret->role = r->role;
	ret->items = arena_alloc(r->arena, r->n, sizeof(struct addon *));
	if (ret->items && r->n > 0) {
		memcpy(ret->items, r->list, r->n * sizeof(struct addon *));
		ret->n = r->n;
	}
}

static bool is_used(const struct role_addons *roles, size_t n, const struct addon *a)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < roles[i].n; k++)
			if (roles[i].items[k] == a)
				return true;
	return false;
}

/* What cluster.yaml says under the top-level `addons`, of each add-on that is used anywhere. */
static struct value shared_values(struct arena *a, const struct addon_library *l,
	const struct cluster *c, const struct addons *s, struct err_list *errors)
{
	struct value map = value_map(a);
	char path[128];

	for (size_t i = 0; c->addons && i < c->addons->n; i++) {
		const struct doc_pair *pair = &c->addons->pairs[i];
		bool is_map = pair->value->kind == DOC_MAP || doc_is_null(pair->value);

		if (!addon_find(l, pair->key->text))
			no_such(errors, l, pair->key->at, "addons", pair->key->text);
		else if (!is_map)
			err_list_add(errors, pair->value->at,
				"addons.%s: expected a map of parameters", pair->key->text);
	}
	for (size_t i = 0; i < l->n; i++) {
		const struct addon *one = &l->items[i];
		const struct doc_node *given = doc_get(c->addons, one->name);
		bool used = is_used(s->roles, s->n_roles, one);

		(void)snprintf(path, sizeof(path), "addons.%s", one->name);
		if (!given && !used)
			continue;
		struct addon_values_input in = {.addon = one,
			.path = path,
			.given = given && given->kind == DOC_MAP ? given : NULL,
			.registry_mirror = c->registry_mirror};
		struct value values = addon_values(a, &in, errors);
		if (used)
			value_map_set(map, one->key, values);
	}
	return map;
}

/* Every role starts from what holds for all; an add-on of another role is seen as it is there. */
static void give_roles_values(struct arena *a, const struct addon_library *l,
	const struct cluster *c, struct addons *s, struct role_addons *roles,
	struct err_list *errors)
{
	for (size_t i = 0; i < s->n_roles; i++) {
		struct resolving r = {.arena = a,
			.errors = errors,
			.library = l,
			.cluster = c,
			.role = &c->roles[i],
			.n = roles[i].n};

		if (r.n > 0)
			memcpy(r.list, roles[i].items, r.n * sizeof(struct addon *));
		roles[i].names = value_list(a);
		roles[i].values = value_map(a);
		for (size_t k = 0; k < s->n_used; k++)
			value_map_set(roles[i].values, s->used[k]->key,
				value_get(s->values, s->used[k]->key));
		give_values(&r, s->values, &roles[i]);
	}
}

int addons_resolve(struct arena *a, const struct addon_library *l, const struct cluster *c,
	struct addons *ret, struct err_list *errors)
{
	struct role_addons *roles = arena_alloc(a, c->n_roles, sizeof(*roles));
	struct addons s = {.roles = roles,
		.n_roles = c->n_roles,
		.used = arena_alloc(a, ADDONS_MAX, sizeof(struct addon *))};
	size_t before = errors->n + errors->dropped;

	if (!roles || !s.used) {
		err_list_add(errors, c->at, "too many roles with add-ons");
		return -EINVAL;
	}
	for (uint32_t i = 0; i < c->n_roles; i++) {
		struct resolving r = {.arena = a,
			.errors = errors,
			.library = l,
			.cluster = c,
			.role = &c->roles[i]};

		resolve_role(&r, &roles[i]);
	}
	s.values = shared_values(a, l, c, &s, errors);
	for (size_t i = 0; i < l->n; i++)
		if (is_used(roles, s.n_roles, &l->items[i]))
			s.used[s.n_used++] = &l->items[i];
	give_roles_values(a, l, c, &s, roles, errors);
	*ret = s;
	return errors->n + errors->dropped > before ? -EINVAL : 0;
}

const struct role_addons *addons_of(const struct addons *s, const struct cluster_role *role)
{
	for (size_t i = 0; i < s->n_roles; i++)
		if (s->roles[i].role == role)
			return &s->roles[i];
	return NULL;
}

static void check_distro(const struct role_addons *r, const struct addon *a, const char *distro,
	struct err_list *errors)
{
	char known[LIST_TEXT_SIZE] = "";
	size_t len = 0;

	if (a->distros.n == 0 || addon_names_has(&a->distros, distro))
		return;
	for (size_t i = 0; i < a->distros.n && len < sizeof(known); i++) {
		int one = snprintf(known + len, sizeof(known) - len, "%s%s", i ? ", " : "",
			a->distros.items[i].text);

		len += one < 0 ? 0 : (size_t)one;
	}
	err_list_add(errors, place_of(r->role, a->name),
		"roles.%s.addons: %s does not run on %s (it does on %s)", r->role->name, a->name,
		distro, known);
}

void addons_check_role(struct arena *a, const struct role_addons *r, const char *distro,
	struct value globals, struct err_list *errors)
{
	for (size_t i = 0; i < r->n; i++) {
		const struct addon *one = r->items[i];

		check_distro(r, one, distro, errors);
		for (size_t k = 0; k < one->refuse.n; k++) {
			struct distro_text text = {
				.text = one->refuse.items[k].text, .at = one->refuse.items[k].at};
			const char *why = "";
			struct err e;

			if (distro_fill(a, &text, globals, &why, &e) < 0)
				err_list_add_err(errors, &e);
			else if (why[strspn(why, " \n")])
				err_list_add(errors, place_of(r->role, one->name),
					"roles.%s.addons: %s: %s", r->role->name, one->name, why);
		}
	}
}

#include "provisioner/generation/addon_presets.h"

#include <string.h>

#include "provisioner/base/json.h"
#include "provisioner/cluster/cluster.h"
#include "provisioner/generation/addon_values.h"

#define VALUE_BYTES_MAX ((size_t)4096)
#define SCRATCH_BYTES_MAX ((size_t)1 << 20)
#define PATH_BYTES_MAX 512

/* Templates are named as they are below their folder. */
static void write_place(struct json *j, struct mark at)
{
	AUTO(str_done) struct str file = str_init(PATH_BYTES_MAX);

	str_printf(&file, "templates/%s", at.file ? at.file : "");
	json_key_text(j, "file", str_text(&file));
	json_key_int(j, "line", at.line);
	json_key_int(j, "column", at.col);
}

static void write_value(struct json *j, const struct addon_parameter *p, const char *mirror)
{
	AUTO(arena_free_p) struct arena *scratch = arena_new(SCRATCH_BYTES_MAX);
	AUTO(str_done) struct str value = str_init(VALUE_BYTES_MAX); /* more is cut */

	if (p->type == ADDON_IMAGE && p->preset->kind == DOC_SCALAR)
		str_add(&value, addon_image_mirrored(scratch, p->preset->text, mirror));
	else
		cluster_value_text(p->preset, &value);
	json_key_text(j, "value", str_text(&value));
}

static void write_addon(struct json *j, const struct addon *a, const char *mirror)
{
	json_map(j);
	json_key_text(j, "name", a->name);
	json_key(j, "parameters");
	json_list(j);
	for (size_t i = 0; i < a->n_parameters; i++) {
		const struct addon_parameter *p = &a->parameters[i];

		if (!p->preset)
			continue;
		json_map(j);
		json_key_text(j, "name", p->name);
		write_value(j, p, mirror);
		write_place(j, p->preset->at);
		json_map_end(j);
	}
	json_list_end(j);
	json_map_end(j);
}

static bool is_listed(const struct cluster_role *role, const char *name)
{
	for (uint32_t i = 0; i < role->addons.n; i++)
		if (strcmp(role->addons.items[i].name, name) == 0)
			return true;
	return false;
}

/* Who brings it along, and where that is said; nothing for one that the role lists. */
static void write_bringer(struct json *j, const struct role_addons *r, const char *name)
{
	for (size_t i = 0; i < r->n && !is_listed(r->role, name); i++) {
		const struct addon_names *brings = &r->items[i]->brings;

		for (size_t k = 0; k < brings->n; k++) {
			if (strcmp(brings->items[k].text, name) != 0)
				continue;
			json_key_text(j, "by", r->items[i]->name);
			write_place(j, brings->items[k].at);
			return;
		}
	}
}

static void write_role(struct json *j, const struct role_addons *r)
{
	json_map(j);
	json_key_text(j, "name", r->role->name);
	json_key(j, "addons");
	json_list(j);
	for (size_t i = 0; i < r->n; i++) {
		json_map(j);
		json_key_text(j, "name", r->items[i]->name);
		write_bringer(j, r, r->items[i]->name);
		json_map_end(j);
	}
	json_list_end(j);
	json_map_end(j);
}

void addon_presets_write(const struct addons *s, const char *registry_mirror, struct str *out)
{
	struct json j = json_init(out);

	json_map(&j);
	json_key(&j, "roles");
	json_list(&j);
	for (size_t i = 0; i < s->n_roles; i++)
		write_role(&j, &s->roles[i]);
	json_list_end(&j);
	json_key(&j, "addons");
	json_list(&j);
	for (size_t i = 0; i < s->n_used; i++)
		write_addon(&j, s->used[i], registry_mirror);
	json_list_end(&j);
	json_map_end(&j);
}

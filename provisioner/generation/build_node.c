#include "provisioner/generation/build_node.h"

#include <errno.h>

#include "provisioner/cluster/cluster.h"
#include "provisioner/config/emit.h"
#include "provisioner/generation/build_addons.h"
#include "provisioner/generation/slot.h"
#include "provisioner/generation/slot.h"

#define URL_BYTES_MAX 256

/* Slots that a filter has changed would be served as they are. */
static int check_slots(
	const struct build *b, const struct cluster_node *n, const struct str *config)
{
	if (slot_count(str_text(config), config->len, SLOT_JOIN_TOKEN) > 0)
		return 0;
	err_list_add(b->errors, n->role->at,
		"%s: the join token is not in what %s gives this node, so it could never join: "
		"its template must write {{ boot.join_token }} plainly (parts/files-join.yaml "
		"does)",
		n->name, n->role->template);
	return -EINVAL;
}

static int read_and_emit(const struct build *b, struct arena *scratch, const char *name,
	const struct str *text, struct str *config)
{
	struct cloudconfig *model;

	int rc = cloudconfig_read(scratch, name, str_text(text), text->len, &model, b->errors);
	if (rc < 0)
		return rc;
	return config_emit(b->distro.config, model, config, b->errors);
}

static int build_config(
	struct build *b, struct arena *scratch, struct value globals, struct node_artefacts *ret)
{
	AUTO(str_done) struct str text = str_init(BUILD_ARTEFACT_MAX);
	AUTO(str_done) struct str config = str_init(BUILD_ARTEFACT_MAX);
	AUTO(template_map_done) struct template_map map = {0};
	const struct cluster_node *n = ret->node;
	size_t first = b->errors->n;
	struct err e;

	int rc = template_set_render(b->templates, n->role->template, &globals, &map, &text, &e);
	if (rc < 0) {
		if (e.file[0])
			err_list_add_err(b->errors, &e);
		else /* a template that is not there has no place of its own */
			err_list_add(b->errors, n->role->at, "%s", e.msg);
		return rc;
	}
	rc = read_and_emit(b, scratch, n->role->template, &text, &config);
	if (rc < 0)
		build_blame(b->errors, first, &map);
	else
		rc = check_slots(b, n, &config);
	if (rc < 0)
		return rc;
	rc = build_keep(b, "cloud-config", &text, &ret->cloud_config);
	return rc < 0 ? rc : build_keep(b, "the configuration", &config, &ret->config);
}

static void add_args(struct str *args, const struct text_list *more)
{
	for (uint32_t i = 0; i < more->n; i++)
		str_printf(args, " %s", more->items[i]);
}

static int build_plan(struct build *b, struct node_artefacts *ret)
{
	const struct cluster *c = b->in->cluster;
	AUTO(str_done) struct str args = str_init(BUILD_ARTEFACT_MAX);
	AUTO(str_done) struct str config_url = str_init(URL_BYTES_MAX);
	struct value server = value_get(value_get(b->shared, "server"), "url");
	struct err e;

	str_printf(&config_url, "%.*s/n/%s/config", (int)server.len, server.text, SLOT_BOOT_NONCE);
	struct distro_input in = {.version = c->settings->image.version,
		.config_url = str_text(&config_url),
		.image_url = b->image_url,
		.console = ""};
	int rc = distro_plan(b->g->arena, &b->distro, &in, &ret->plan, &e);
	if (rc < 0) {
		err_list_add_err(b->errors, &e);
		return rc;
	}
	if (cluster_node_boots_unified(ret->node) && !ret->plan.unified[0]) {
		err_list_add(b->errors, ret->node->at,
			"%s has boot-file: uki, but %s names no unified kernel image "
			"(boot.unified)",
			ret->node->name, b->distro.kernel.at.file);
		return -EINVAL;
	}
	str_add(&args, ret->plan.args);
	add_args(&args, &ret->node->settings->kernel_args);
	ret->plan.args = arena_strdup(b->g->arena, str_text(&args));
	return ret->plan.args ? 0 : -E2BIG;
}

/* What node.ipxe and grub.cfg see beside the names of every template. */
static void set_script_names(const struct build *b, struct arena *a, struct value globals,
	const struct node_artefacts *n, int64_t number)
{
	const struct cluster_image *image = &b->in->cluster->settings->image;
	struct value map = value_map(a), initrds = value_list(a);
	AUTO(str_done) struct str url = str_init(1024);

	value_map_set(map, "name", value_text(a, image->distro));
	value_map_set(map, "version", value_text(a, image->version));
	value_map_set(map, "url", value_text(a, b->image_url));
	value_map_set(globals, "image", map);
	for (size_t i = 0; i < n->plan.n_initrds; i++) {
		struct value one = value_map(a);

		str_reset(&url);
		str_printf(&url, "%s/%s", b->image_url, n->plan.initrds[i]);
		value_map_set(one, "name", value_text(a, n->plan.initrds[i]));
		value_map_set(one, "url", value_text(a, str_text(&url)));
		str_reset(&url);
		str_printf(&url, "%s/%s", b->image_path, n->plan.initrds[i]);
		value_map_set(one, "path", value_text(a, str_text(&url)));
		value_list_add(initrds, one);
	}
	str_reset(&url);
	str_printf(&url, "%s/%s", b->image_url, n->plan.kernel);
	value_map_set(globals, "kernel_url", value_text(a, str_text(&url)));
	str_reset(&url);
	str_printf(&url, "%s/%s", b->image_path, n->plan.kernel);
	value_map_set(globals, "kernel_path", value_text(a, str_text(&url)));
	value_map_set(globals, "initrds", initrds);
	value_map_set(globals, "args", value_text(a, n->plan.args));
	value_map_set(globals, "generation", value_int(number));
}

/* What the node's boot loader runs: iPXE, or GRUB where Secure Boot or the architecture wants it. */
static int build_scripts(struct build *b, struct arena *scratch, struct value globals,
	struct node_artefacts *ret, int64_t number)
{
	set_script_names(b, scratch, globals, ret, number);
	int rc = build_render(b, "boot/node.ipxe", globals, &ret->script);
	return rc < 0 ? rc : build_render(b, "boot/grub.cfg", globals, &ret->grub);
}

static struct value node_names(
	const struct build *b, struct arena *scratch, const struct cluster_node *n)
{
	struct value globals = context_node(scratch, b->shared, b->in->cluster, n);

	build_addons_names(b, globals, n);
	return globals;
}

int build_node(struct build *b, struct node_artefacts *ret)
{
	AUTO(arena_free_p) struct arena *scratch = arena_new(BUILD_SCRATCH_MAX);
	struct value globals = node_names(b, scratch, ret->node);

	int rc = build_config(b, scratch, globals, ret);
	if (rc == 0)
		rc = build_addons_secrets(b, scratch, globals, ret);
	if (rc == 0)
		rc = build_plan(b, ret);
	return rc < 0 ? rc : build_scripts(b, scratch, globals, ret, 0);
}

int build_node_number(struct build *b, struct node_artefacts *ret, int64_t number)
{
	AUTO(arena_free_p) struct arena *scratch = arena_new(BUILD_SCRATCH_MAX);
	struct value globals = node_names(b, scratch, ret->node);

	return build_scripts(b, scratch, globals, ret, number);
}

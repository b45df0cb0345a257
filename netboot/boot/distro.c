#include "netboot/boot/distro.h"

#include <errno.h>
#include <string.h>

#include "netboot/images/id.h"
#include "provisioner/base/doc.h"
#include "provisioner/base/parse.h"
#include "templates/engine/engine.h"

#define VALUE_BYTES_MAX ((size_t)8 << 10)

int distro_take_text(
	const struct doc_node *n, const char *what, struct distro_text *ret, struct err *e)
{
	if (n->kind != DOC_SCALAR || n->len == 0)
		return err_set(e, -EINVAL, n->at, "%s: expected a text", what);
	*ret = (struct distro_text){.text = n->text, .at = n->at};
	return 0;
}

static int take_required(const struct doc_node *map, struct mark at, const char *key,
	struct distro_text *ret, struct err *e)
{
	const struct doc_node *n = doc_get(map, key);

	return n ? distro_take_text(n, key, ret, e) : err_set(e, -EINVAL, at, "%s is missing", key);
}

static int read_config(const struct distro_text *text, enum config_kind *ret, struct err *e)
{
	if (config_kind_find(text->text, ret))
		return 0;
	return err_set(e, -EINVAL, text->at, "config: \"%.40s\" is not one of %s", text->text,
		config_kind_names());
}

static int read_initrds(const struct doc_node *boot, struct distro *d, struct err *e)
{
	const struct doc_node *list = doc_get(boot, "initrds");

	if (!list)
		return 0;
	if (list->kind != DOC_LIST || list->n > DISTRO_INITRDS_MAX)
		return err_set(e, -EINVAL, list->at,
			"boot.initrds: expected a list of at most %d files", DISTRO_INITRDS_MAX);
	for (size_t i = 0; i < list->n; i++) {
		int rc = distro_take_text(list->items[i], "boot.initrds", &d->initrds[i], e);

		if (rc < 0)
			return rc;
	}
	d->n_initrds = list->n;
	return 0;
}

static int read_args(struct arena *a, const struct doc_node *root, struct distro *d, struct err *e)
{
	const struct doc_node *list = doc_get(root, "args");

	if (!list)
		return 0;
	if (list->kind != DOC_LIST)
		return err_set(e, -EINVAL, list->at, "args: expected a list of kernel arguments");
	struct distro_text *args = arena_alloc(a, list->n, sizeof(*args));
	for (size_t i = 0; args && i < list->n; i++) {
		int rc = distro_take_text(list->items[i], "args", &args[i], e);

		if (rc < 0)
			return rc;
	}
	d->args = args;
	d->n_args = args ? list->n : 0;
	return 0;
}

int distro_read(struct arena *a, const char *file, const char *text, size_t len, struct distro *ret,
	struct err *e)
{
	struct mark start = {.file = file, .line = 1, .col = 1};
	struct distro_text name = {0}, title = {0}, config = {.text = ""};
	struct distro d = {0};
	struct doc_node *root = NULL;
	int rc = doc_parse(a, file, text, len, &doc_limits_default, &root, e);

	if (rc < 0)
		return rc;
	const struct doc_node *boot = doc_get(root, "boot");
	if (!boot)
		return err_set(e, -EINVAL, start, "boot is missing: kernel and initrds");
	if ((rc = take_required(root, start, "name", &name, e)) < 0 ||
		(rc = take_required(root, start, "title", &title, e)) < 0 ||
		(rc = take_required(root, start, "config", &config, e)) < 0 ||
		(rc = read_config(&config, &d.config, e)) < 0 ||
		(rc = take_required(boot, boot->at, "kernel", &d.kernel, e)) < 0 ||
		(rc = read_initrds(boot, &d, e)) < 0 || (rc = read_args(a, root, &d, e)) < 0)
		return rc;
	const struct doc_node *rootfs = doc_get(boot, "rootfs");
	if (rootfs && (rc = distro_take_text(rootfs, "boot.rootfs", &d.rootfs, e)) < 0)
		return rc;
	const struct doc_node *unified = doc_get(boot, "unified");
	if (unified && (rc = distro_take_text(unified, "boot.unified", &d.unified, e)) < 0)
		return rc;
	const struct doc_node *disk = doc_get(doc_get(root, "disk"), "image");
	if (disk && (rc = distro_take_text(disk, "disk.image", &d.disk, e)) < 0)
		return rc;
	d.root = root;
	d.name = name.text;
	d.title = title.text;
	*ret = d;
	return 0;
}

int distro_fill(struct arena *a, const struct distro_text *t, struct value globals,
	const char **ret, struct err *e)
{
	AUTO(str_done) struct str out = str_init(VALUE_BYTES_MAX);
	struct template_source source = {
		.name = t->at.file, .text = t->text, .len = strlen(t->text)};
	struct template_options options = {.max_output = VALUE_BYTES_MAX};
	struct err inner;

	int rc = template_render(&source, &globals, &options, &out, &inner);
	if (rc < 0)
		return err_set(e, rc, t->at, "%s", inner.msg);
	*ret = arena_strdup(a, str_text(&out));
	return *ret ? 0 : err_set(e, -E2BIG, t->at, "too large");
}

static int plan_args(struct arena *a, const struct distro *d, struct value globals,
	struct distro_plan *plan, struct err *e)
{
	AUTO(str_done) struct str all = str_init(VALUE_BYTES_MAX);

	for (size_t i = 0; i < d->n_args; i++) {
		const char *arg = "";
		int rc = distro_fill(a, &d->args[i], globals, &arg, e);

		if (rc < 0)
			return rc;
		if (arg[0] && !parse_is_kernel_arg(arg))
			return err_set(e, -EINVAL, d->args[i].at,
				"\"%.80s\" is not one kernel argument, without blanks, quotes, \\ "
				"and ${",
				arg);
		if (arg[0])
			str_printf(&all, "%s%s", all.len ? " " : "", arg);
	}
	plan->args = arena_strdup(a, str_text(&all));
	return plan->args && str_ok(&all) ? 0
					  : err_msg(e, -E2BIG, "%s: too many arguments", d->name);
}

static const char arm_suffix[] = "-aarch64";

static bool is_for_arm(const char *label)
{
	size_t len = strlen(label), tail = sizeof(arm_suffix) - 1;

	return len > tail && strcmp(label + len - tail, arm_suffix) == 0;
}

const char *distro_arch(const char *label)
{
	return is_for_arm(label) ? "aarch64" : "x86_64";
}

void distro_split_version(
	struct arena *a, const char *label, const char **ret_version, const char **ret_arch)
{
	const char *version = NULL;

	if (is_for_arm(label))
		version = arena_strndup(a, label, strlen(label) - (sizeof(arm_suffix) - 1));
	*ret_version = version ? version : label;
	*ret_arch = distro_arch(label);
}

/* A file of the image, as part of a URL and a word of a script. */
static int fill_file(struct arena *a, const struct distro_text *t, struct value globals,
	const char **ret, struct err *e)
{
	int rc = distro_fill(a, t, globals, ret, e);

	if (rc == 0 && !image_file_is_legal(*ret))
		rc = err_set(e, -EINVAL, t->at, "\"%.100s\" can not be a file of an image", *ret);
	return rc;
}

int distro_plan(struct arena *a, const struct distro *d, const struct distro_input *in,
	struct distro_plan *ret, struct err *e)
{
	struct distro_plan plan = {
		.n_initrds = d->n_initrds, .rootfs = "", .unified = "", .disk = ""};
	struct value globals = value_map(a);
	const char *version, *arch;
	int rc;

	distro_split_version(a, in->version, &version, &arch);
	value_map_set(globals, "version", value_text(a, version));
	value_map_set(globals, "arch", value_text(a, arch));
	value_map_set(globals, "config_url", value_text(a, in->config_url));
	value_map_set(globals, "image_url", value_text(a, in->image_url));
	value_map_set(globals, "console", value_text(a, in->console));
	if ((rc = fill_file(a, &d->kernel, globals, &plan.kernel, e)) < 0)
		return rc;
	for (size_t i = 0; i < d->n_initrds; i++)
		if ((rc = fill_file(a, &d->initrds[i], globals, &plan.initrds[i], e)) < 0)
			return rc;
	if (d->rootfs.text && (rc = fill_file(a, &d->rootfs, globals, &plan.rootfs, e)) < 0)
		return rc;
	if (d->unified.text && (rc = fill_file(a, &d->unified, globals, &plan.unified, e)) < 0)
		return rc;
	if (d->disk.text && (rc = fill_file(a, &d->disk, globals, &plan.disk, e)) < 0)
		return rc;
	value_map_set(globals, "rootfs", value_text(a, plan.rootfs));
	if ((rc = plan_args(a, d, globals, &plan, e)) < 0)
		return rc;
	*ret = plan;
	return 0;
}

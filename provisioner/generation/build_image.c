#include "provisioner/generation/build_image.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "netboot/images/store.h"
#include "provisioner/base/files.h"
#include "provisioner/cluster/cluster.h"
#include "provisioner/generation/slot.h"

#define NAME_BYTES_MAX 256
#define URL_BYTES_MAX 1024

static int read_distro(struct build *b, struct build_image *i)
{
	char name[NAME_BYTES_MAX];
	struct template_source source;
	struct err e;

	(void)snprintf(
		name, sizeof(name), "distros/%s.yaml", i->image->distro); /* checked: < 128 bytes */
	int rc = sources_load(&b->sources, name, b->g->arena, &source, &e);
	if (rc == -ENOENT) {
		(void)snprintf(name, sizeof(name), "%s.yaml", i->image->distro);
		const char *near = sources_nearest(&b->sources, "distros", name, b->g->arena);
		err_list_add(b->errors, i->image->at,
			"image: there is no distribution \"%s\" (no templates/distros/%s)%s%.*s%s",
			i->image->distro, name, near ? " (did you mean \"" : "",
			near ? (int)(strlen(near) - strlen(".yaml")) : 0, near ? near : "",
			near ? "\"?)" : "");
		return rc;
	}
	if (rc == 0)
		rc = distro_read(b->g->arena, source.name, source.text, source.len, &i->distro, &e);
	if (rc < 0)
		err_list_add_err(b->errors, &e);
	return rc;
}

static int make_plan(struct build *b, struct build_image *i, const char *url)
{
	AUTO(str_done) struct str config_url = str_init(URL_BYTES_MAX);
	struct value server = value_get(value_get(b->shared, "server"), "url");
	struct err e;

	str_printf(&config_url, "%.*s/n/%s/config", (int)server.len, server.text, SLOT_BOOT_NONCE);
	struct distro_input in = {.version = i->image->version,
		.config_url = str_text(&config_url),
		.image_url = url,
		.console = ""};
	int rc = distro_plan(b->g->arena, &i->distro, &in, &i->plan, &e);
	if (rc < 0)
		err_list_add_err(b->errors, &e);
	return rc;
}

/* What node.ipxe and grub.cfg see of it: each file by its URL, and by its path for TFTP. */
static void make_values(struct build *b, struct build_image *i, const char *url, const char *path)
{
	struct arena *a = b->g->arena;

	i->name = value_map(a);
	value_map_set(i->name, "name", value_text(a, i->image->distro));
	value_map_set(i->name, "distro", value_text(a, i->image->distro));
	value_map_set(i->name, "version", value_text(a, i->image->version));
	value_map_set(i->name, "url", value_text(a, url));
	i->kernel_url = value_text(a, arena_printf(a, "%s/%s", url, i->plan.kernel));
	i->kernel_path = value_text(a, arena_printf(a, "%s/%s", path, i->plan.kernel));
	i->initrds = value_list(a);
	for (size_t k = 0; k < i->plan.n_initrds; k++) {
		const char *name = i->plan.initrds[k];
		struct value one = value_map(a);

		value_map_set(one, "name", value_text(a, name));
		value_map_set(one, "url", value_text(a, arena_printf(a, "%s/%s", url, name)));
		value_map_set(one, "path", value_text(a, arena_printf(a, "%s/%s", path, name)));
		value_list_add(i->initrds, one);
	}
}

/* Every file that scripts name must be in the image store. */
static int check_file(const struct build *b, const struct build_image *i, const char *file)
{
	char path[2 * NAME_BYTES_MAX];

	(void)snprintf(path, sizeof(path), "%s/%s/%s", i->image->distro, i->image->version, file);
	AUTO(close_p) int fd = file_open_beneath(b->in->images_dir, path);
	if (fd >= 0)
		return 0;
	err_list_add(b->errors, i->image->at, "image: %s/%s has no file %s in the image store (%s)",
		i->image->distro, i->image->version, file, strerror(-fd));
	return fd;
}

/* A node boots this image, and boots it by its unified kernel image. */
static bool is_unified_wanted(const struct build *b, const struct cluster_image *image)
{
	for (uint32_t i = 0; i < b->in->cluster->n_nodes; i++) {
		const struct cluster_node *n = &b->in->cluster->nodes[i];

		if (cluster_node_boots_unified(n) &&
			strcmp(n->settings->image.distro, image->distro) == 0 &&
			strcmp(n->settings->image.version, image->version) == 0)
			return true;
	}
	return false;
}

/* What has no manifest, or is not in it, can not be verified, and is not served. */
static int check_manifest(const struct build *b, const struct build_image *i)
{
	const char *unified = i->plan.unified;
	AUTO(free_p) struct manifest *m = xcalloc(1, sizeof(*m));
	struct image_id id;
	struct err e = {.msg = ""};
	char text[640];
	int rc = image_id_make(i->image->distro, i->image->version, &id);

	if (rc == 0)
		rc = images_manifest(b->in->images_dir, &id, m, &e);
	if (rc == 0 && unified[0] && is_unified_wanted(b, i->image) && !manifest_find(m, unified))
		rc = err_msg(&e, -ENOENT, "%s/%s was imported without %s: import it again",
			i->image->distro, i->image->version, unified);
	if (rc < 0)
		err_list_add(b->errors, i->image->at, "image: %s",
			e.msg[0] ? err_text(&e, text, sizeof(text))
				 : "not a name that an image can have");
	return rc;
}

static int check_files(const struct build *b, const struct build_image *i)
{
	int rc = check_file(b, i, i->plan.kernel);

	for (size_t k = 0; k < i->plan.n_initrds; k++) {
		int one = check_file(b, i, i->plan.initrds[k]);

		rc = rc < 0 ? rc : one;
	}
	if (i->plan.rootfs[0] && rc == 0)
		rc = check_file(b, i, i->plan.rootfs);
	return rc < 0 ? rc : check_manifest(b, i);
}

/* What the templates do not read and what stands in artefacts all the same. */
static const char *list_depends(
	const struct build *b, const struct build_image *i, const char *path)
{
	AUTO(str_done) struct str text = str_init((size_t)URL_BYTES_MAX * DISTRO_INITRDS_MAX);

	str_printf(&text, "%s %s %s %s %s", path, config_kind_name(i->distro.config),
		i->plan.kernel, i->plan.rootfs, i->plan.unified);
	for (size_t k = 0; k < i->plan.n_initrds; k++)
		str_printf(&text, " %s", i->plan.initrds[k]);
	return arena_strdup(b->g->arena, str_text(&text));
}

static int read_image(struct build *b, struct build_image *i)
{
	struct value server = value_get(value_get(b->shared, "server"), "url");
	const char *path =
		arena_printf(b->g->arena, "/images/%s/%s", i->image->distro, i->image->version);
	const char *url =
		path ? arena_printf(b->g->arena, "%.*s%s", (int)server.len, server.text, path)
		     : NULL;
	int rc = url ? read_distro(b, i) : -E2BIG;

	if (rc < 0 || (rc = make_plan(b, i, url)) < 0)
		return rc;
	make_values(b, i, url, path);
	i->depends = list_depends(b, i, path);
	/* A cluster without nodes may be written before its image is there. */
	return b->in->images_dir < 0 || b->in->cluster->n_nodes == 0 ? 0 : check_files(b, i);
}

int build_find_image(struct build *b, const struct cluster_image *image, struct build_image **ret)
{
	struct build_image **at = &b->images;

	for (; *at; at = &(*at)->next) {
		*ret = *at;
		if (strcmp((*at)->image->distro, image->distro) == 0 &&
			strcmp((*at)->image->version, image->version) == 0)
			return (*at)->failed ? -EINVAL : 0;
	}
	struct build_image *i = arena_alloc(b->g->arena, 1, sizeof(*i));
	if (!i)
		return -E2BIG;
	i->image = image;
	*at = *ret = i;
	int rc = read_image(b, i);
	i->failed = rc < 0;
	return rc;
}

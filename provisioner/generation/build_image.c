#include "provisioner/generation/build_image.h"

#include <errno.h>
#include <string.h>

#include "netboot/images/store.h"
#include "provisioner/base/files.h"
#include "provisioner/cluster/cluster.h"

#define NAME_BYTES_MAX 256

int build_read_distro(struct build *b)
{
	const struct cluster_image *image = &b->in->cluster->settings->image;
	char name[NAME_BYTES_MAX];
	struct sources sources = b->in->sources;
	struct template_source source;
	struct err e;

	(void)snprintf(
		name, sizeof(name), "distros/%s.yaml", image->distro); /* checked: < 128 bytes */
	int rc = sources_load(&sources, name, b->g->arena, &source, &e);
	if (rc == -ENOENT) {
		err_list_add(b->errors, image->at,
			"image: there is no distribution \"%s\" (no templates/%s)", image->distro,
			name);
		return rc;
	}
	if (rc == 0)
		rc = distro_read(b->g->arena, source.name, source.text, source.len, &b->distro, &e);
	if (rc < 0)
		err_list_add_err(b->errors, &e);
	return rc;
}

/* Every file that scripts name must be in the image store. */
static int check_image_file(const struct build *b, const char *file)
{
	const struct cluster_image *image = &b->in->cluster->settings->image;
	char path[2 * NAME_BYTES_MAX];

	(void)snprintf(path, sizeof(path), "%s/%s/%s", image->distro, image->version, file);
	AUTO(close_p) int fd = file_open_beneath(b->in->images_dir, path);
	if (fd >= 0)
		return 0;
	err_list_add(b->errors, image->at, "image: %s/%s has no file %s in the image store (%s)",
		image->distro, image->version, file, strerror(-fd));
	return fd;
}

/* What has no manifest, or is not in it, can not be verified, and is not served. */
static int check_manifest(const struct build *b, const char *unified)
{
	const struct cluster_image *image = &b->in->cluster->settings->image;
	AUTO(free_p) struct manifest *m = xcalloc(1, sizeof(*m));
	struct image_id id;
	struct err e = {.msg = ""};
	char text[640];
	int rc = image_id_make(image->distro, image->version, &id);

	if (rc == 0)
		rc = images_manifest(b->in->images_dir, &id, m, &e);
	if (rc == 0 && unified && !manifest_find(m, unified))
		rc = err_msg(&e, -ENOENT, "%s/%s was imported without %s: import it again",
			image->distro, image->version, unified);
	if (rc < 0)
		err_list_add(b->errors, image->at, "image: %s",
			e.msg[0] ? err_text(&e, text, sizeof(text))
				 : "not a name that an image can have");
	return rc;
}

static bool is_unified_wanted(const struct build *b)
{
	for (uint32_t i = 0; i < b->in->cluster->n_nodes; i++)
		if (cluster_node_boots_unified(&b->in->cluster->nodes[i]))
			return true;
	return false;
}

int build_check_image(const struct build *b)
{
	if (b->in->images_dir < 0 || b->in->cluster->n_nodes == 0)
		return 0;
	const struct distro_plan *plan = &b->g->nodes[0].plan;
	int rc = check_image_file(b, plan->kernel);

	for (size_t i = 0; i < plan->n_initrds; i++) {
		int one = check_image_file(b, plan->initrds[i]);

		rc = rc < 0 ? rc : one;
	}
	if (plan->rootfs[0] && rc == 0)
		rc = check_image_file(b, plan->rootfs);
	return rc < 0 ? rc : check_manifest(b, is_unified_wanted(b) ? plan->unified : NULL);
}

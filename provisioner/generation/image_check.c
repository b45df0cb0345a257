#include "provisioner/generation/image_check.h"

#include <errno.h>
#include <inttypes.h>

#include "netboot/images/store.h"
#include "provisioner/base/files.h"
#include "provisioner/generation/generation.h"

#define PATH_BYTES_MAX 1024

static int check_file(int images_dir, const struct generation_image *i, const char *file)
{
	AUTO(str_done) struct str path = str_init(PATH_BYTES_MAX);

	str_printf(&path, "%s/%s/%s", i->distro, i->version, file);
	AUTO(close_p)
	int fd = str_ok(&path) ? file_open_beneath(images_dir, str_text(&path)) : -ENAMETOOLONG;
	return fd < 0 ? fd : 0;
}

/* The first of its files that nodes would not get, or NULL. What has no manifest is not served. */
static const char *find_missing(int images_dir, const struct generation_image *i)
{
	if (check_file(images_dir, i, MANIFEST_NAME) < 0)
		return MANIFEST_NAME;
	if (check_file(images_dir, i, i->kernel) < 0)
		return i->kernel;
	for (size_t k = 0; k < i->n_initrds; k++)
		if (check_file(images_dir, i, i->initrds[k]) < 0)
			return i->initrds[k];
	return NULL;
}

int image_check(const struct generation *g, int images_dir, struct err *e)
{
	for (size_t i = 0; i < g->n_images; i++) {
		const struct generation_image *image = &g->images[i];
		const char *missing = find_missing(images_dir, image);

		if (missing)
			return err_msg(e, -EINVAL,
				"the nodes of generation %" PRId64
				" boot %s/%s, of which %s is not in "
				"the image store any more: fetch or import it first",
				g->number, image->distro, image->version, missing);
	}
	return 0;
}

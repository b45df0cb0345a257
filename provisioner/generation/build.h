/* build.h - a generation in the making: what its parts share while it is rendered.
 *
 * generation.c makes one, build_image.c reads the image's distribution and looks whether its files are
 * there, build_node.c renders what one node gets. Private to this room. */
#ifndef SLIPWAY_GENERATION_BUILD_H
#define SLIPWAY_GENERATION_BUILD_H

#include "provisioner/base/str.h"
#include "provisioner/generation/addons.h"
#include "provisioner/generation/generation.h"

#define BUILD_SCRATCH_MAX ((size_t)64 << 20)
#define BUILD_ARTEFACT_MAX ((size_t)4 << 20)

struct build {
	const struct generation_inputs *in;
	struct generation *g;
	struct sources sources;
	struct template_set *templates;
	struct distro distro;
	struct value shared;
	struct addon_library library;
	struct addons addons;
	const char *image_url, *image_path; /* its folder, by HTTP and by TFTP */
	struct err_list *errors;
};

/* All return 0, or a negative errno with b->errors filled. */

/* Copies a text into the generation; `what` names it in an error. */
int build_keep(const struct build *b, const char *what, const struct str *text,
	struct artefact *ret) MUST_USE;

/* Renders one template into the generation. */
int build_render(
	struct build *b, const char *name, struct value globals, struct artefact *ret) MUST_USE;

/* Tells errors[first..], whose lines are those of rendered text, where the template wrote them. */
void build_blame(struct err_list *errors, size_t first, const struct template_map *map);

#endif

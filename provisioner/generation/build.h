/* build.h - a generation in the making: what its parts share while it is rendered.
 *
 * build.c goes through everything, build_image.c reads the distribution of an image and looks whether its files are
 * there, build_node.c renders what one node gets. Private to this room. */
#ifndef SLIPWAY_GENERATION_BUILD_H
#define SLIPWAY_GENERATION_BUILD_H

#include "provisioner/base/str.h"
#include "provisioner/generation/addons.h"
#include "provisioner/generation/generation.h"

#define BUILD_SCRATCH_MAX ((size_t)64 << 20)
#define BUILD_ARTEFACT_MAX ((size_t)4 << 20)

/* An image that a node boots, with all that does not depend on the node. */
struct build_image {
	const struct cluster_image *image; /* as it was first met */
	struct distro distro;
	struct distro_plan plan;
	struct value name, kernel_url, kernel_path, initrds; /* for boot scripts */
	const char *depends; /* what nodes depend on that boot it, in a line */
	bool failed;         /* that was said */
	struct build_image *next;
};

struct build {
	const struct generation_inputs *in;
	const struct generation_sink *sink;
	struct generation *g;
	struct arena *keep; /* where build_keep() keeps: the generation's, or that of one node */
	struct sources sources;
	struct template_set *templates;
	struct depends *depends;
	struct build_image *images; /* in the order they were met */
	struct value shared;
	struct addon_library library;
	struct addons addons;
	struct err_list *errors;
};

/* All return 0, or a negative errno with b->errors filled. */

/* Copies a text to b->keep; `what` names it in an error. What was cut off, here or by whoever wrote into `text`, is
 * never served. */
int build_keep(const struct build *b, const char *what, const struct str *text,
	struct artefact *ret) MUST_USE;

/* Renders one template. */
int build_render(
	struct build *b, const char *name, struct value globals, struct artefact *ret) MUST_USE;

/* Tells errors[first..], whose lines are those of rendered text, where the template wrote them. */
void build_blame(struct err_list *errors, size_t first, const struct template_map *map);

/* Notes that the node being rendered depends on this file of the templates, or on there being none. */
void build_depends_on(struct build *b, const char *name);

#endif

/* build_image.h - an image that nodes boot: its distribution, its plan, and whether the store has its files. */
#ifndef SLIPWAY_GENERATION_BUILD_IMAGE_H
#define SLIPWAY_GENERATION_BUILD_IMAGE_H

#include "provisioner/generation/build.h"

/* The image, read and checked when it is first asked for. 0 and *ret; or a negative errno: b->errors says why,
 * the first time. */
int build_find_image(
	struct build *b, const struct cluster_image *image, struct build_image **ret) MUST_USE;

#endif

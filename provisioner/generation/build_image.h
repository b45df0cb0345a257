/* build_image.h - the image that nodes boot: its distribution, and whether the store has its files. */
#ifndef SLIPWAY_GENERATION_BUILD_IMAGE_H
#define SLIPWAY_GENERATION_BUILD_IMAGE_H

#include "provisioner/generation/build.h"

/* Both return 0, or a negative errno with b->errors filled. */
int build_read_distro(struct build *b) MUST_USE;

/* Every file that scripts name, and a manifest. Looks at the plan of the first node. */
int build_check_image(const struct build *b) MUST_USE;

#endif

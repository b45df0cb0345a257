/* image_check.h - whether the images of a generation that was published are still in the image store. */
#ifndef SLIPWAY_GENERATION_IMAGE_CHECK_H
#define SLIPWAY_GENERATION_IMAGE_CHECK_H

#include "provisioner/base/err.h"

struct generation;

/* 0, or -EINVAL with *e naming the first file that nodes would miss. */
int image_check(const struct generation *g, int images_dir, struct err *e) MUST_USE;

#endif

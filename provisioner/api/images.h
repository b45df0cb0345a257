/* images.h - the images that nodes boot: of what is served, with what the verifier says of each; and of any generation
 * that is kept, for a rollback may publish it again. */
#ifndef SLIPWAY_API_IMAGES_H
#define SLIPWAY_API_IMAGES_H

#include "provisioner/base/json.h"
#include "provisioner/store/archive.h"

struct admin;

/* "images" of status: a key of an open map. */
void images_write_status(const struct admin *a, struct json *j);

/* "images" of a generation: a key of an open map. 0, or what the archive returns. */
int images_write_generation(struct archive *a, int64_t number, struct json *j) MUST_USE;

#endif

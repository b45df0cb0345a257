/* shared.h - what a generation holds beside its nodes' artefacts, into the archive and back: the scripts that any
 * machine may get, the images that nodes boot, the keys that etcd is seeded with. */
#ifndef SLIPWAY_GENERATION_SHARED_H
#define SLIPWAY_GENERATION_SHARED_H

#include "provisioner/generation/generation.h"

/* Puts it under `number`, between begin and commit; and its text after *sum, for a hash over all. 0, or what the archive
 * returns. */
int shared_put(
	const struct generation *g, struct archive *a, int64_t number, struct str *sum) MUST_USE;

/* Fills *g, whose number and arena are set. 0, or a negative errno with *e filled. */
int shared_get(struct generation *g, struct archive *a, struct err *e) MUST_USE;

/* The images alone, of any generation; in the arena. 0, -EBADMSG (it is not whole), or what the archive returns. */
int shared_images(struct archive *a, int64_t number, struct arena *arena,
	const struct generation_image **ret, size_t *ret_n) MUST_USE;

#endif

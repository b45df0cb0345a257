/* addon_library.h - every add-on there is: the shipped ones and the operator's.
 *
 * A folder below /etc/slipway/templates/addons adds one; a file there takes the place of the shipped
 * file of that name. Everything lives in the arena that was passed. */
#ifndef SLIPWAY_GENERATION_ADDON_LIBRARY_H
#define SLIPWAY_GENERATION_ADDON_LIBRARY_H

#include <stddef.h>

#include "provisioner/base/arena.h"
#include "provisioner/base/err.h"
#include "provisioner/generation/addon.h"

struct sources;

#define ADDONS_MAX 64

struct addon_library {
	struct addon *items; /* sorted by name */
	size_t n;
};

/* Reads every templates/addons/NAME/addon.yaml. 0, or -EINVAL with errors added. */
int addon_library_load(struct arena *a, const struct sources *s, struct addon_library *ret,
	struct err_list *errors) MUST_USE;

const struct addon *addon_find(const struct addon_library *l, const char *name);

#endif

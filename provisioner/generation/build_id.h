/* build_id.h - which build of slipway this is: another one may render the same templates to something else. */
#ifndef SLIPWAY_GENERATION_BUILD_ID_H
#define SLIPWAY_GENERATION_BUILD_ID_H

#include "provisioner/base/str.h"

/* Adds the version, and the id that the linker gave this program where it gave one. */
void build_id(struct str *out);

#endif

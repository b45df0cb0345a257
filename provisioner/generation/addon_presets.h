/* addon_presets.h - what the add-ons of each role are given where cluster.yaml says nothing, and where that is said. Pure.
 *
 * Kept with a generation, for the files that say so may be others by the time somebody asks. JSON:
 *
 *   roles    [{name, addons: [{name, by, file, line, column}]}]  in order; `by` (and where) only for one that
 *            another add-on brings along
 *   addons   [{name, parameters: [{name, value, file, line, column}]}]  those that have a default */
#ifndef SLIPWAY_GENERATION_ADDON_PRESETS_H
#define SLIPWAY_GENERATION_ADDON_PRESETS_H

#include "provisioner/base/str.h"
#include "provisioner/generation/addons.h"

/* Of the add-ons that any role has; images by way of the mirror, if it is not NULL. */
void addon_presets_write(const struct addons *s, const char *registry_mirror, struct str *out);

#endif

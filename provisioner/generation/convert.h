/* convert.h - what a published node would get if it read another language.
 *
 * From the cloud-config that its template wrote, by the emitters that published what it does read. */
#ifndef SLIPWAY_GENERATION_CONVERT_H
#define SLIPWAY_GENERATION_CONVERT_H

#include "provisioner/base/err.h"
#include "provisioner/base/str.h"

struct generation;

/* Whether `as` is a language, and no artefact that is published anyway: ignition, coreos, flatcar,
 * cloud-init, network-config. */
bool convert_is_language(const char *as);

/* "ignition, coreos, ..." for messages. */
const char *convert_languages(void);

/* Adds the text. 0; -ENOENT: no such node; -EINVAL with `errors` filled: it can not be said in that
 * language; or what archive_text() returns. */
int convert_node(const struct generation *g, const char *node, const char *as, struct str *out,
	struct err_list *errors) MUST_USE;

#endif

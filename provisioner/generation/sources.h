/* sources.h - where templates come from: the operator's own folder first, then the shipped one.
 *
 * `/etc/slipway/templates/NAME` takes the place of the shipped NAME. Names come from templates and
 * from cluster.yaml and never lead out of either folder. */
#ifndef SLIPWAY_GENERATION_SOURCES_H
#define SLIPWAY_GENERATION_SOURCES_H

#include <stdbool.h>
#include <stddef.h>

#include "provisioner/base/arena.h"
#include "provisioner/base/err.h"
#include "templates/engine/engine.h"

struct sources {
	int config_dir;  /* the folder of cluster.yaml: its "templates" is the operator's */
	int shipped_dir; /* shipped templates */
};

/* A template_load_fn; `arg` is a struct sources. Text lives in `a`. */
int sources_load(void *arg, const char *name, struct arena *a, struct template_source *ret,
	struct err *e) MUST_USE;

/* Whether there is such a template. */
bool sources_has(const struct sources *s, const char *name);

#define SOURCES_NAMES_MAX 256

struct sources_names {
	const char *items[SOURCES_NAMES_MAX];
	size_t n;
};

/* The names in `folder` (a constant), of either place, each once. 0, also when there is
 * no such folder; -E2BIG, or the errno of what failed. */
int sources_folders(const struct sources *s, const char *folder, struct arena *a,
	struct sources_names *ret) MUST_USE;

/* For "did you mean": the name of a file in `folder` that is nearest to `name`, or NULL. */
const char *sources_nearest(
	const struct sources *s, const char *folder, const char *name, struct arena *a);

#endif

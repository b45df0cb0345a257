/* sources.h - where templates come from: the operator's own folder first, then the shipped one.
 *
 * `/etc/slipway/templates/NAME` takes the place of the shipped NAME. Names come from templates and
 * from cluster.yaml and never lead out of either folder. */
#ifndef SLIPWAY_GENERATION_SOURCES_H
#define SLIPWAY_GENERATION_SOURCES_H

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

#endif

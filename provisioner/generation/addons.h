/* addons.h - which add-ons each role gets, in which order, and with what parameters. Pure.
 *
 * Resolving holds cluster.yaml against the library: what is brought along comes in, what is needed
 * must be there, parameters have values, and mistakes are told at their place in cluster.yaml.
 * Everything lives in the arena that was passed. */
#ifndef SLIPWAY_GENERATION_ADDONS_H
#define SLIPWAY_GENERATION_ADDONS_H

#include <stddef.h>

#include "provisioner/base/arena.h"
#include "provisioner/base/err.h"
#include "provisioner/generation/addon_library.h"
#include "templates/engine/value.h"

struct cluster;
struct cluster_role;

struct role_addons {
	const struct cluster_role *role;
	const struct addon **items; /* in the order in which their files and units come */
	size_t n;
	struct value names;  /* the same as a list: role.addons */
	struct value values; /* `addons` as templates of this role see it */
};

struct addons {
	const struct role_addons *roles; /* as cluster->roles */
	size_t n_roles;
	const struct addon **used; /* by any role, sorted by name */
	size_t n_used;
	struct value values; /* `addons` as templates of no role see it: cluster-wide */
};

/* 0 and *ret, or -EINVAL with errors added. Keeps the library and the cluster. */
int addons_resolve(struct arena *a, const struct addon_library *l, const struct cluster *c,
	struct addons *ret, struct err_list *errors) MUST_USE;

const struct role_addons *addons_of(const struct addons *s, const struct cluster_role *role);

/* Lets each add-on say why it can not be what cluster.yaml asks for (`refuse` and `distros`), for one
 * role on one distribution. `globals` is what its templates see. */
void addons_check_role(struct arena *a, const struct role_addons *r, const char *distro,
	struct value globals, struct err_list *errors);

#endif

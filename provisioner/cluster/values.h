/* values.h - one value of cluster.yaml: from its text into the field that its row names.
 *
 * Every type that is not a section is read here. Mistakes are added to the list; the field then
 * keeps what it was. Private to cluster/. */
#ifndef SLIPWAY_CLUSTER_VALUES_H
#define SLIPWAY_CLUSTER_VALUES_H

#include <stdbool.h>
#include <stddef.h>

#include "provisioner/base/arena.h"
#include "provisioner/base/doc.h"
#include "provisioner/base/err.h"

struct schema_key;

struct load {
	struct arena *arena;
	struct err_list *errors;
};

/* One value on its way into its field. `path` is what a message calls it: "nodes[3].mac". */
struct place {
	const struct schema_key *key;
	const struct doc_node *node;
	void *field;
	const char *path;
};

/* Reads a scalar, a list of scalars or a tree. */
void value_load(struct load *l, const struct place *p);

/* The add-ons of a role (role_addons.c). */
void role_addons_load(struct load *l, const struct place *p);

/* "this is not ...", for a value of the wrong kind. */
void value_is_wrong(struct load *l, const struct place *p, const struct doc_node *n);

/* True, with an error added, when `n` entries are more than `max`. */
bool value_has_too_many(struct load *l, const struct place *p, size_t n, size_t max);

#endif

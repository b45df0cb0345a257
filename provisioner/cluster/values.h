/* values.h - one value of cluster.yaml: from its text into the field that its row names.
 *
 * Every type that is not a section is read here. Mistakes are added to the list; the field then
 * keeps what it was. Private to cluster/. */
#ifndef SLIPWAY_CLUSTER_VALUES_H
#define SLIPWAY_CLUSTER_VALUES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "provisioner/base/arena.h"
#include "provisioner/base/doc.h"
#include "provisioner/base/err.h"

struct schema_key;
struct schema_section;

struct load {
	struct arena *arena;
	struct err_list *errors;
	void *scratch;       /* settings that are read only to be checked */
	uint32_t nodes_room; /* in the array of nodes, once it has grown */
};

/* What a message calls a value, "nodes[3].mac", from the inside out; text only once it is needed. */
struct path {
	const struct path *outer; /* NULL at the top */
	const char *key;          /* NULL: an item of the list */
	size_t index;
};

/* "" for NULL. Lives in the arena. */
const char *path_text(struct arena *a, const struct path *p);

/* One value on its way into its field. */
struct place {
	const struct schema_key *key;
	const struct doc_node *node;
	void *field;
	const struct path *path;
};

const char *path_of(struct load *l, const struct place *p);

/* Reads all keys of a section from a map, with their defaults. */
void section_load(struct load *l, const struct doc_node *map, const struct schema_section *s,
	void *into, const struct path *path);

/* Reads a scalar, a list of scalars or a tree. */
void value_load(struct load *l, const struct place *p);

/* The add-ons of a role (role_addons.c). */
void role_addons_load(struct load *l, const struct place *p);

/* A field that is an array: the pointer, and the count that stands right behind it. */
void array_set(void *field, void *array, uint32_t n);

/* "this is not ...", for a value of the wrong kind. */
void value_is_wrong(struct load *l, const struct place *p, const struct doc_node *n);

/* True, with an error added, when `n` entries are more than `max`. */
bool value_has_too_many(struct load *l, const struct place *p, size_t n, size_t max);

#endif

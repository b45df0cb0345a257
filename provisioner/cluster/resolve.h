/* resolve.h - from what each level says of the settings to what a node has.
 *
 * A `struct scopes` holds the maps that speak of one node, the nearest first. Walking them key by key
 * gives both the outcome (settings_resolve) and its origins (explain.c), so the two can not differ.
 * A null takes back what wider levels say. Private to cluster/. */
#ifndef SLIPWAY_CLUSTER_RESOLVE_H
#define SLIPWAY_CLUSTER_RESOLVE_H

#include <stddef.h>

#include "provisioner/cluster/settings.h"

struct arena;
struct cluster_subnet;
struct load;

#define SCOPES (ORIGIN_NETWORK - ORIGIN_NODE + 1)

struct scopes {
	const struct doc_node *maps[SCOPES]; /* of ORIGIN_NODE and so on; NULL: says nothing */
};

/* Of a node, or of the cluster as such when `n` is NULL. The network's part is made in `a`. */
struct scopes scopes_of(struct arena *a, const struct cluster *c, const struct cluster_node *n);

/* What stands under `key` at each level. */
struct scopes scopes_below(const struct scopes *s, const char *key);

/* The same in maps that are merged key by key: below the nearest map only maps are left. */
struct scopes scopes_below_merged(const struct scopes *s, const char *key);

/* The index of the nearest level that says something, or SCOPES. */
size_t scopes_nearest(const struct scopes *s);

/* The index of the widest level whose map has this key: where it is first met, the widest first. */
size_t scopes_widest_with(const struct scopes *s, const char *key);

/* The index of the nearest level whose list of maps has one with this `name`. */
size_t scopes_of_name(const struct scopes *s, const char *name);

/* Gives the cluster and each node its settings. Roles are known already. */
void settings_resolve(struct load *l, struct cluster *c);

#endif

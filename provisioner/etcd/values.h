/* values.h - what stands under `etcd.seed` in cluster.yaml, as the keys and texts that are stored.
 *
 * A scalar is stored as its text. A map or a list is stored as compact JSON with its keys in the
 * order written; inside it plain scalars keep the type YAML gives them, quoted ones are text.
 * What YAML and JSON would read differently (010, 0x1f, .inf) is an error that says to quote it. */
#ifndef SLIPWAY_ETCD_VALUES_H
#define SLIPWAY_ETCD_VALUES_H

#include <stddef.h>

#include "provisioner/base/arena.h"
#include "provisioner/base/doc.h"
#include "provisioner/base/err.h"
#include "provisioner/base/str.h"
#include "provisioner/etcd/seed.h"

#define ETCD_SEED_KEYS_MAX 1000

/* Adds the value to `out`. 0, -EINVAL, or -E2BIG (it does not fit into `out`). */
int etcd_seed_value(const struct doc_node *value, struct str *out, struct err *e) MUST_USE;

/* The whole map of key to value; `map` may be NULL. Keys and values live in the arena. 0, or -EINVAL
 * with all that is wrong in `errors`; flannel's configuration is checked by its rules (flannel.h). */
int etcd_seed_read(struct arena *a, const struct doc_node *map, struct etcd_seed_key **ret_keys,
	size_t *ret_n, struct err_list *errors) MUST_USE;

#endif

/* sort.h - lists in order: stable, by the item or something in it, with texts folded if wanted. */
#ifndef SLIPWAY_TEMPLATES_ENGINE_SORT_H
#define SLIPWAY_TEMPLATES_ENGINE_SORT_H

#include "templates/engine/builtin.h"

struct sort_by {
	bool reverse, fold_case;
	struct value path; /* none: the item itself; else a path, or several parted by commas */
};

int sort_list(struct call *c, const struct value_list *items, const struct sort_by *by,
	struct value *ret) MUST_USE;

/* A map's [key, value] lists, in its order. */
int sort_pairs(struct call *c, struct value map, struct value *ret) MUST_USE;

#endif

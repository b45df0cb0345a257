/* loop.h - the `loop` of a running {% for %}. */
#ifndef SLIPWAY_TEMPLATES_ENGINE_LOOP_H
#define SLIPWAY_TEMPLATES_ENGINE_LOOP_H

#include "templates/engine/value.h"

struct eval;

struct loop {
	const struct value_list *items;
	size_t i;
};

/* loop.index and friends; false when there is no such attribute. */
bool loop_attr(struct eval *ev, const struct loop *l, struct value name, struct value *ret);

#endif

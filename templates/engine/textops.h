/* textops.h - what the text filters and the methods of texts have in common. */
#ifndef SLIPWAY_TEMPLATES_ENGINE_TEXTOPS_H
#define SLIPWAY_TEMPLATES_ENGINE_TEXTOPS_H

#include "templates/engine/builtin.h"

enum textops_side { TEXTOPS_LEFT = 1, TEXTOPS_RIGHT = 2, TEXTOPS_BOTH = 3 };

/* Without blanks, or any of `chars`, at its ends. */
struct value textops_strip(struct value in, const struct value *chars, enum textops_side side);

int textops_map(struct call *c, struct value in, char (*change)(char), struct value *ret) MUST_USE;
int textops_capitalize(struct call *c, struct value in, struct value *ret) MUST_USE;

/* At most `count` times, counted from the left; any number when it is negative. */
int textops_replace(struct call *c, struct value in, struct value from, struct value to,
	int64_t count, struct value *ret) MUST_USE;

/* By the call's arguments 0 (what parts; blanks if not given) and 1 (how often at most). */
int textops_split(struct call *c, struct value in, struct value *ret) MUST_USE;
int textops_lines(struct call *c, struct value in, struct value *ret) MUST_USE;

/* The items of `list` (any value one can go through) with `by` between them. */
int textops_join(struct call *c, struct value list, struct value by, struct value *ret) MUST_USE;

#endif

/* undefined.h - values that are not there, and the sentence a user reads when one is needed. */
#ifndef SLIPWAY_TEMPLATES_ENGINE_UNDEFINED_H
#define SLIPWAY_TEMPLATES_ENGINE_UNDEFINED_H

#include "templates/engine/eval.h"

/* The name or access `x` found nothing in `of` (none for a name: all that is visible). */
struct value undefined_found(struct eval *ev, const struct expr *x, struct value of);

/* Undefined for a reason of its own, a sentence that is kept. */
struct value undefined_because(struct eval *ev, const char *why);

/* What `a if b` gives when b is false and there is no else: undefined, but nothing when it is
 * printed, looped over or asked for its truth, as in Jinja2. */
struct value undefined_nothing(struct eval *ev);
bool undefined_is_nothing(struct value v);

/* The error that `v` is undefined: its path, and the name that was perhaps meant. */
int undefined_fail(struct eval *ev, struct mark at, struct value v);

#endif

/* scope.h - the variables that a template sets, scope in scope.
 *
 * A loop's body, a macro, `with` and a block's body have their own; {% set %} works on the
 * innermost. A macro keeps the scope it was defined in, so scopes live in the arena of the
 * render. */
#ifndef SLIPWAY_TEMPLATES_ENGINE_SCOPE_H
#define SLIPWAY_TEMPLATES_ENGINE_SCOPE_H

#include "templates/engine/value.h"

struct variable {
	struct value name, v;
	struct variable *next;
};

struct scope {
	struct scope *outer;
	struct variable *variables; /* the newest first */
};

/* A scope inside `outer` (NULL for none). NULL when the arena is full. */
struct scope *scope_new(struct arena *a, struct scope *outer);

/* Sets in this scope only; silently nothing when the arena is full. */
void scope_set(struct arena *a, struct scope *s, struct value name, struct value v);

/* Looks here, then outwards. */
bool scope_get(const struct scope *s, struct value name, struct value *ret);

#endif

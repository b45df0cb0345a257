/* macro.h - macros: a body with parameters, and the scope it was defined in. */
#ifndef SLIPWAY_TEMPLATES_ENGINE_MACRO_H
#define SLIPWAY_TEMPLATES_ENGINE_MACRO_H

#include "templates/engine/eval.h"

struct args;

/* The macro as a value, bound to the scope that is current. */
struct value macro_value(struct eval *ev, const struct macro *m);

/* The text that its body makes. */
int macro_call(struct eval *ev, struct mark at, struct value macro, const struct args *args,
	struct value *ret) MUST_USE;

/* The same for {% call %}: the macro sees `caller`. */
int macro_call_with(struct eval *ev, struct mark at, struct value macro, const struct args *args,
	struct value caller, struct value *ret) MUST_USE;

#endif

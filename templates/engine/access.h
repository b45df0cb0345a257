/* access.h - names, attributes, places and slices, and what is said when there is nothing. */
#ifndef SLIPWAY_TEMPLATES_ENGINE_ACCESS_H
#define SLIPWAY_TEMPLATES_ENGINE_ACCESS_H

#include "templates/engine/eval.h"

int access_name(struct eval *ev, const struct expr *x, struct value *ret) MUST_USE;
int access_expr_attr(struct eval *ev, const struct expr *x, struct value *ret) MUST_USE;
int access_expr_index(struct eval *ev, const struct expr *x, struct value *ret) MUST_USE;
int access_expr_slice(struct eval *ev, const struct expr *x, struct value *ret) MUST_USE;

/* The method that `x`, an EXPR_ATTR about to be called, names on `of`; *ret_method is NULL when it
 * names none. An error for methods that Python has and templates can't use. */
int access_method(struct eval *ev, const struct expr *x, struct value of,
	const struct builtin **ret_method) MUST_USE;

/* The attribute that `x`, an EXPR_ATTR, names on `of`. */
int access_attr(struct eval *ev, const struct expr *x, struct value of, struct value *ret) MUST_USE;

#endif

/* format.h - Python's "%s-%02d" % (a, b). */
#ifndef SLIPWAY_TEMPLATES_ENGINE_FORMAT_H
#define SLIPWAY_TEMPLATES_ENGINE_FORMAT_H

#include "templates/engine/eval.h"

/* Known are %s %d %i %x %X %o %c %e %f %g (any case) and %%, with the flags - + 0 # and blank, a
 * width and a precision. Takes exactly as many values as there are signs. */
int format_text(struct eval *ev, struct mark at, struct value format, const struct value *values,
	size_t n, struct value *ret) MUST_USE;

#endif

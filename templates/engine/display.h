/* display.h - values as text. Python prints True, None and ['a'] into a configuration where no
 * reader expects them, so what is printed or joined bare must be a text or a number. */
#ifndef SLIPWAY_TEMPLATES_ENGINE_DISPLAY_H
#define SLIPWAY_TEMPLATES_ENGINE_DISPLAY_H

#include "templates/engine/eval.h"

/* What {{ v }}, `~` and join make of it: an error, with the remedy, for all but text and
 * numbers. */
int display_bare(struct eval *ev, struct mark at, struct value v, struct value *ret) MUST_USE;

/* What |string and the text filters make of it: truth values and none are spelled as in Python. */
int display_text(struct eval *ev, struct mark at, struct value v, struct value *ret) MUST_USE;

#endif

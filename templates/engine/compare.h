/* compare.h - truth, equality, order and membership, as Python has them. */
#ifndef SLIPWAY_TEMPLATES_ENGINE_COMPARE_H
#define SLIPWAY_TEMPLATES_ENGINE_COMPARE_H

#include "templates/engine/eval.h"

#define COMPARE_DEPTH_MAX 64 /* lists in lists */

int compare_truth(struct eval *ev, struct mark at, struct value v, bool *ret) MUST_USE;

/* Values of different kinds differ; numbers and truth values compare as numbers. */
int compare_equal(
	struct eval *ev, struct mark at, struct value a, struct value b, bool *ret) MUST_USE;

/* Below, at or above 0 in *ret. An error for values without an order: a text and a number. */
int compare_order(
	struct eval *ev, struct mark at, struct value a, struct value b, int *ret) MUST_USE;

/* An item of a list, a key of a map, a part of a text. */
int compare_in(
	struct eval *ev, struct mark at, struct value item, struct value in, bool *ret) MUST_USE;

bool compare_is_number(struct value v); /* truth values count as 0 and 1 */

#endif

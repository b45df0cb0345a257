/* arith.h - the operators + - * / // % ** on numbers, texts and lists, as Python has them; whole
 * numbers have 64 bits, and more is an error. */
#ifndef SLIPWAY_TEMPLATES_ENGINE_ARITH_H
#define SLIPWAY_TEMPLATES_ENGINE_ARITH_H

#include "templates/engine/eval.h"

int arith_binary(struct eval *ev, struct mark at, enum expr_op op, struct value l, struct value r,
	struct value *ret) MUST_USE;

/* OP_SUB negates, OP_ADD leaves as it is. */
int arith_sign(struct eval *ev, struct mark at, enum expr_op op, struct value v,
	struct value *ret) MUST_USE;

#endif

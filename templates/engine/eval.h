/* eval.h - the running of one template: what is left of its budget, and the value of expressions.
 *
 * Every function that can fail returns a negative errno with ev->e filled. Values and texts made on
 * the way live in ev->arena until the render ends. */
#ifndef SLIPWAY_TEMPLATES_ENGINE_EVAL_H
#define SLIPWAY_TEMPLATES_ENGINE_EVAL_H

#include "provisioner/base/str.h"
#include "templates/engine/ast.h"
#include "templates/engine/scope.h"

#define EVAL_DEPTH_MAX 400 /* expressions and blocks in each other, through macros and includes */

struct args;
struct template_map;
struct template_set;
struct template_watch;

struct eval {
	struct template_set *set;
	struct arena *arena;
	struct value globals;
	struct scope *scope;
	struct str *out;
	const struct str *main_out; /* the caller's; of the others captured text is made */
	size_t main_begin;          /* where in it our output begins */
	size_t max_output;
	struct template_map *map; /* filled for what goes to main_out; may be NULL */
	size_t steps_left;
	unsigned depth, includes, max_includes;
	struct value body;                  /* of EXPR_BODY */
	const struct template_watch *watch; /* may be NULL */
	struct err *e;
};

int eval_fail(struct eval *ev, struct mark at, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Takes `n` steps off the budget. */
int eval_step(struct eval *ev, struct mark at, size_t n) MUST_USE;

/* One level down, if there is one; eval_leave() goes back up. */
int eval_enter(struct eval *ev, struct mark at) MUST_USE;
void eval_leave(struct eval *ev);

/* NULL, with the error set, when the memory for one render is used up. */
void *eval_alloc(struct eval *ev, struct mark at, size_t n, size_t size) MUST_USE;

/* The value, which may be undefined. */
int eval_expr(struct eval *ev, const struct expr *x, struct value *ret) MUST_USE;

/* The value; undefined is an error. */
int eval_defined(struct eval *ev, const struct expr *x, struct value *ret) MUST_USE;

/* An error if `v` is undefined: says which name, and what was perhaps meant. */
int eval_need(struct eval *ev, struct mark at, struct value v) MUST_USE;

int eval_args(struct eval *ev, const struct expr_item *items, struct args *ret) MUST_USE;

/* What a loop goes through: a list's items, a map's keys, a text's characters. */
int eval_items(
	struct eval *ev, struct mark at, struct value v, const struct value_list **ret) MUST_USE;

/* "a.b.0" from a value, as filters take it; undefined when it is not there. */
int eval_path(struct eval *ev, struct mark at, struct value of, struct value path,
	struct value *ret) MUST_USE;

#endif

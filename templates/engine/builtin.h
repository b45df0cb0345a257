/* builtin.h - filters, tests, methods and functions: rows of tables, and how one is called.
 *
 * A row names its parameters, so that arguments are bound, counted and complained about in one
 * place; the function finds them by position. */
#ifndef SLIPWAY_TEMPLATES_ENGINE_BUILTIN_H
#define SLIPWAY_TEMPLATES_ENGINE_BUILTIN_H

#include "templates/engine/eval.h"

enum builtin_kind {
	BUILTIN_FILTER,
	BUILTIN_TEST,
	BUILTIN_TEXT_METHOD,
	BUILTIN_MAP_METHOD,
	BUILTIN_LIST_METHOD,
	BUILTIN_LOOP_METHOD,
	BUILTIN_FUNCTION
};

/* Arguments as they were given. */
struct args {
	struct value *pos;
	size_t n_pos;
	struct keyword {
		struct value name, v;
	} * kw;
	size_t n_kw;
};

#define BUILTIN_PARAMS_MAX 4

struct call {
	struct eval *ev;
	struct mark at;
	const struct builtin *builtin;
	struct value in;                       /* what the filter, test or method works on */
	struct value args[BUILTIN_PARAMS_MAX]; /* by parameter */
	bool given[BUILTIN_PARAMS_MAX];
	const struct args *raw;
};

typedef int builtin_fn(struct call *c, struct value *ret);

enum {
	BUILTIN_UNDEFINED_IN = 1,   /* works on undefined values as well */
	BUILTIN_UNDEFINED_ARGS = 2, /* takes them as arguments */
	BUILTIN_OPEN = 4            /* any arguments, in call.raw; nothing is bound */
};

struct builtin {
	const char *name;
	builtin_fn *fn;
	const char *params; /* names, parted by blanks */
	unsigned n_required;
	unsigned flags;
};

/* NULL when there is none of this name. */
const struct builtin *builtin_find(enum builtin_kind kind, struct value name);

/* The name most like `name`, or NULL. */
const char *builtin_nearest(enum builtin_kind kind, struct value name);

/* Binds the arguments and calls. */
int builtin_call(struct eval *ev, struct mark at, const struct builtin *b, struct value in,
	const struct args *args, struct value *ret) MUST_USE;

/* For the functions behind the rows. An argument that was not given has the default passed here. */
int call_fail(const struct call *c, const char *fmt, ...) PRINTF_LIKE(2, 3);
int call_text(const struct call *c, size_t i, const char *otherwise, struct value *ret) MUST_USE;
int call_int(const struct call *c, size_t i, int64_t otherwise, int64_t *ret) MUST_USE;
int call_bool(const struct call *c, size_t i, bool otherwise, bool *ret) MUST_USE;
int call_in_text(const struct call *c, struct value *ret) MUST_USE;

/* Memory of the running template; NULL with the error set when it has had its share. */
void *call_alloc(const struct call *c, size_t n, size_t size) MUST_USE;

/* A struct str as a text value: frees it. */
int call_give_text(const struct call *c, struct str *text, struct value *ret) MUST_USE;

/* The tables; each ends with a row without a name. */
extern const struct builtin filters_text[], filters_list[], filters_apply[], filters_number[],
	filters_data[], filters_net[];
extern const struct builtin tests_all[];
extern const struct builtin methods_text[], methods_map[], methods_list[], methods_loop[];
extern const struct builtin functions_all[];

#endif

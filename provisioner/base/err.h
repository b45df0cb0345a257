/* err.h - errors in what a person wrote: where it stands, and what is wrong with it.
 *
 * One `struct err` carries one message; `struct err_list` collects up to ERR_LIST_MAX of them so
 * that a user sees all mistakes of a file at once. Messages name what was read and what was
 * expected, and print as compilers do: "cluster.yaml:12:7: nodes[3].mac: ...". */
#ifndef SLIPWAY_BASE_ERR_H
#define SLIPWAY_BASE_ERR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "provisioner/base/mem.h"

/* A place in a file. Lines and columns count from 1; 0 means "not known". `file` is borrowed and
 * lives as long as the arena (or constant) it came from. */
struct mark {
	const char *file;
	unsigned line, col;
};

/* `file` is a copy of at.file, cut to fit: an error outlives the arena that its place came from. */
struct err {
	struct mark at;
	char file[128];
	char msg[512];
};

/* Fills *e (which may be NULL) and returns `code`, a negative errno, so that a failing function can
 * end in `return err_set(e, -EINVAL, at, "...")`. The arguments may point into *e: a caller may put
 * words before a message. Control characters become '?'. */
int err_set(struct err *e, int code, struct mark at, const char *fmt, ...) PRINTF_LIKE(4, 5);
int err_vset(struct err *e, int code, struct mark at, const char *fmt, va_list ap)
	PRINTF_LIKE(4, 0);

/* The same without a place. */
int err_msg(struct err *e, int code, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* "file:line:col: message", or the message alone; `buf` always ends in a NUL. */
const char *err_text(const struct err *e, char *buf, size_t size);
void err_print(const struct err *e, FILE *to);

#define ERR_LIST_MAX 20

/* Errors, and beside them warnings: what is legal but hardly meant. A list without errors is a success. */
struct err_list {
	struct err list[ERR_LIST_MAX];
	size_t n;
	size_t dropped; /* errors beyond ERR_LIST_MAX */
	struct err warnings[ERR_LIST_MAX];
	size_t n_warnings;
};

/* Adds an error; one that is listed already, at the same place in the same words, is not added again. */
void err_list_add(struct err_list *l, struct mark at, const char *fmt, ...) PRINTF_LIKE(3, 4);
void err_list_add_err(struct err_list *l, const struct err *e);

/* The same for a warning; those beyond ERR_LIST_MAX are dropped. */
void err_list_warn(struct err_list *l, struct mark at, const char *fmt, ...) PRINTF_LIKE(3, 4);
bool err_list_is_full(const struct err_list *l);

/* Puts errors and warnings in the order in which they stand in their files; those without a place first. */
void err_list_sort(struct err_list *l);

/* Prints all, one a line, and says how many more there were; then the warnings. */
void err_list_print(const struct err_list *l, FILE *to);

/* The candidate nearest to `word` by edit distance, or NULL when none is near enough to be what the
 * writer meant. `candidates` ends in NULL. */
const char *err_nearest(const char *word, const char *const candidates[]);

/* That candidate as the end of a message: " (did you mean \"acm\"?)"; or "". */
struct err_hint {
	char text[128];
};
struct err_hint err_did_you_mean(const char *word, const char *const candidates[]);

#endif

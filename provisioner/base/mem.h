/* mem.h - allocation that cannot fail, and scope-bound cleanup.
 *
 * Every size in the suite is bounded before it is allocated, so running out of memory is a fault of
 * the machine: x*() log and abort, and the supervisor restarts the process. AUTO() frees at the end
 * of the scope; TAKE() hands the value on and disarms it. */
#ifndef SLIPWAY_BASE_MEM_H
#define SLIPWAY_BASE_MEM_H

#include <stddef.h>
#include <stdlib.h>

#define AUTO(cleanup_fn) __attribute__((cleanup(cleanup_fn)))
#define MUST_USE __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))
#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* Gives the value of the pointer `p` and sets `p` to NULL. */
#define TAKE(p)                                \
	__extension__({                        \
		__typeof__(p) take_tmp_ = (p); \
		(p) = NULL;                    \
		take_tmp_;                     \
	})

/* Gives the descriptor `fd` and sets it to -1, so that AUTO(close_p) leaves it open. */
#define TAKE_FD(fd)                      \
	__extension__({                  \
		int take_fd_tmp_ = (fd); \
		(fd) = -1;               \
		take_fd_tmp_;            \
	})

/* Zeroed memory for `n` elements of `size` bytes; the caller frees with free(). */
void *xcalloc(size_t n, size_t size) __attribute__((malloc, returns_nonnull));

/* Grows an array to `n` elements; the new part is not zeroed. */
void *xreallocarray(void *p, size_t n, size_t size) __attribute__((returns_nonnull));

/* Copies of text; the caller frees with free(). */
char *xstrdup(const char *text) __attribute__((malloc, returns_nonnull));
char *xstrndup(const char *text, size_t max) __attribute__((malloc, returns_nonnull));

/* Cleanup helpers for AUTO(). */
void free_p(void *pointer_to_pointer);
void close_p(int *fd);

#endif

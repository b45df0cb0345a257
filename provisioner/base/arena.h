/* arena.h - memory that is freed all at once.
 *
 * One arena per load of a configuration or template: everything that hangs together is allocated
 * from it and goes with arena_free(). Memory is zeroed and aligned for any type. A ceiling fixed at
 * birth bounds what hostile input can make us hold: past it, arena_alloc() gives NULL, and
 * arena_is_full() says so from then on, for builders that test once at their end. */
#ifndef SLIPWAY_BASE_ARENA_H
#define SLIPWAY_BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

#include "provisioner/base/mem.h"

struct arena;

struct arena *arena_new(size_t max_bytes);
void arena_free(struct arena *a);
void arena_free_p(struct arena **a);

/* NULL only when the ceiling is reached. */
void *arena_alloc(struct arena *a, size_t n, size_t size) MUST_USE;
char *arena_strndup(struct arena *a, const char *text, size_t len) MUST_USE;
char *arena_strdup(struct arena *a, const char *text) MUST_USE;
char *arena_printf(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3) MUST_USE;

/* Whether an allocation has ever failed. */
bool arena_is_full(const struct arena *a);

#endif

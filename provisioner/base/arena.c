#include "provisioner/base/arena.h"

#include <assert.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define BLOCK_BYTES ((size_t)16 << 10)
#define ALIGN alignof(max_align_t)

struct block {
	struct block *next;
	size_t used, cap;
	alignas(max_align_t) unsigned char data[];
};

struct arena {
	struct block *head;
	size_t used, max;
	bool full;
};

struct arena *arena_new(size_t max_bytes)
{
	struct arena *a = xcalloc(1, sizeof(*a));

	a->max = max_bytes;
	return a;
}

void arena_free(struct arena *a)
{
	if (!a)
		return;
	for (struct block *b = a->head, *next; b; b = next) {
		next = b->next;
		free(b);
	}
	free(a);
}

void arena_free_p(struct arena **a)
{
	arena_free(*a);
}

static struct block *block_with_room(struct arena *a, size_t bytes)
{
	struct block *b = a->head;

	if (b && bytes <= b->cap - b->used)
		return b;
	size_t cap = bytes > BLOCK_BYTES ? bytes : BLOCK_BYTES;
	b = xcalloc(1, sizeof(*b) + cap);
	b->cap = cap;
	b->next = a->head;
	a->head = b;
	return b;
}

static void *arena_refuse(struct arena *a)
{
	a->full = true;
	return NULL;
}

void *arena_alloc(struct arena *a, size_t n, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes) || bytes > a->max)
		return arena_refuse(a);
	bytes = bytes ? (bytes + ALIGN - 1) / ALIGN * ALIGN : ALIGN;
	if (bytes > a->max - a->used)
		return arena_refuse(a);
	struct block *b = block_with_room(a, bytes);
	void *p = b->data + b->used;
	b->used += bytes;
	a->used += bytes;
	return p;
}

char *arena_strndup(struct arena *a, const char *text, size_t len)
{
	char *copy = arena_alloc(a, len + 1, 1);

	if (copy && len > 0)
		memcpy(copy, text, len);
	return copy;
}

char *arena_strdup(struct arena *a, const char *text)
{
	return arena_strndup(a, text, strlen(text));
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap, again;

	va_start(ap, fmt);
	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	assert(n >= 0);
	char *text = arena_alloc(a, (size_t)n + 1, 1);
	if (text)
		(void)vsnprintf(text, (size_t)n + 1, fmt, ap); /* the length was just measured */
	va_end(ap);
	return text;
}

bool arena_is_full(const struct arena *a)
{
	return a->full;
}

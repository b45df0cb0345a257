#include "tests/bench/times.h"

#include <stdio.h>
#include <time.h>

#include "provisioner/base/mem.h"

int64_t times_now_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

void times_add(struct times *t, int64_t us)
{
	if (t->n == t->max) {
		t->max = t->max ? 2 * t->max : 4096;
		t->v = xreallocarray(t->v, t->max, sizeof(*t->v));
	}
	t->v[t->n++] = (uint32_t)us;
}

void times_free(struct times *t)
{
	free(t->v);
	*t = (struct times){0};
}

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

void times_print(const char *name, struct times *t)
{
	if (t->n > 0)
		qsort(t->v, t->n, sizeof(*t->v), compare);
	(void)printf("\"%s_us\":{\"p50\":%u,\"p99\":%u,\"max\":%u}", name,
		t->n ? t->v[t->n / 2] : 0, t->n ? t->v[t->n * 99 / 100] : 0,
		t->n ? t->v[t->n - 1] : 0);
}

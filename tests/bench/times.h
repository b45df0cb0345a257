/* times.h - durations in microseconds, as many as were seen, and what they say: median, 99 of 100, worst. */
#ifndef SLIPWAY_BENCH_TIMES_H
#define SLIPWAY_BENCH_TIMES_H

#include <stddef.h>
#include <stdint.h>

struct times {
	uint32_t *v;
	size_t n, max;
};

int64_t times_now_us(void); /* monotonic */

void times_add(struct times *t, int64_t us);
void times_free(struct times *t);

/* "NAME_us":{"p50":1,"p99":2,"max":3} on standard output; zeros when there are none. Sorts. */
void times_print(const char *name, struct times *t);

#endif

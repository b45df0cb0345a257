/* plan.h - what seeding does next. Pure: no clock, no network; it only counts.
 *
 * Wait until etcd is healthy, then create key after key. A key that etcd refuses does not hold up
 * the others: it is tried again in the next round. When etcd goes away the round ends and health is
 * asked for again. Waits double from one second to ten and fall back with every success. Private to
 * etcd/; the shell around it is seed.c. */
#ifndef SLIPWAY_ETCD_PLAN_H
#define SLIPWAY_ETCD_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PLAN_WAIT_MIN_MS 1000
#define PLAN_WAIT_MAX_MS 10000

/* What has happened. */
enum plan_input {
	PLAN_START = 1, /* or: the wait is over */
	PLAN_HEALTHY,
	PLAN_UNREACHABLE, /* at the question for health, or while creating */
	PLAN_STORED,      /* the key is there now, whoever put it */
	PLAN_REFUSED      /* a sound etcd does not want the key */
};

/* What to do now. */
enum plan_act {
	PLAN_ASK_HEALTH = 1,
	PLAN_CREATE, /* the key number plan->at */
	PLAN_WAIT,   /* for plan->wait_ms */
	PLAN_FINISH  /* all keys are there */
};

struct plan {
	bool *stored; /* kept: one for each of the `n` keys */
	size_t n, at;
	bool healthy;
	int64_t wait_ms, next_wait_ms;
};

/* Keeps `stored`, whose members say which keys need nothing more. */
struct plan plan_init(bool *stored, size_t n);
enum plan_act plan_step(struct plan *p, enum plan_input input);

#endif

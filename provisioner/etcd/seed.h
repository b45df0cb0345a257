/* seed.h - puts the first keys into a new cluster's etcd: each one created only if it is absent.
 *
 * Begins at once and goes on until all keys are there: it waits for etcd to become healthy, tries
 * again what failed, and never changes a value that somebody else has set. Starting it a second time
 * is harmless. What happens is told through one callback; a reason that repeats is told once. */
#ifndef SLIPWAY_ETCD_SEED_H
#define SLIPWAY_ETCD_SEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct etcd_client;
struct etcd_seed;
struct event_base;

struct etcd_seed_key {
	const char *key, *value;
};

enum etcd_seed_what {
	ETCD_SEED_WAITING = 1, /* etcd is not up, or went away: `reason`, next try in `retry_ms` */
	ETCD_SEED_HEALTHY,     /* `endpoint` answers */
	ETCD_SEED_CREATED,     /* `key` */
	ETCD_SEED_EXISTED, /* `key` was there; `differs` when with another value, which was kept */
	ETCD_SEED_FAILED,  /* etcd refuses `key`: `reason`; the others go on; tried again later */
	ETCD_SEED_DONE     /* the last report */
};

struct etcd_seed_report {
	enum etcd_seed_what what;
	const char *key, *reason,
		*endpoint; /* borrowed for the callback; NULL where not named above */
	bool differs;
	int64_t retry_ms;
};

/* Keeps `base` and `client`, copies the keys. Reports come from the loop, never from here, and must
 * not free the seed or the client. */
struct etcd_seed *etcd_seed_new(struct event_base *base, struct etcd_client *client,
	const struct etcd_seed_key *keys, size_t n,
	void (*fn)(const struct etcd_seed_report *r, void *arg), void *arg);
void etcd_seed_free(struct etcd_seed *s);

/* Cuts the wait short, when something else has shown that etcd may be up now. */
void etcd_seed_poke(struct etcd_seed *s);

bool etcd_seed_is_done(const struct etcd_seed *s);

#endif

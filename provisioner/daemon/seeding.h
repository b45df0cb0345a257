/* seeding.h - brings `etcd.seed` of cluster.yaml into the masters' etcd, and tells how it goes.
 *
 * A thin shell around provisioner/etcd/seed.h: it keeps one seeding going, and
 * turns what it reports into events of the etcd members' timelines. */
#ifndef SLIPWAY_DAEMON_SEEDING_H
#define SLIPWAY_DAEMON_SEEDING_H

#include <stdbool.h>

struct event_base;
struct generation;
struct nodes;
struct secrets;
struct seeding;

/* Keeps all; `secrets` gives the certificate for an etcd that speaks TLS. *seeded says whether every
 * key was seen in place since the last restart. */
struct seeding *seeding_new(
	struct event_base *base, struct nodes *nodes, const struct secrets *secrets, bool *seeded);
void seeding_free(struct seeding *s);

/* Begins anew with the keys and etcd members of `g`, which it keeps until the next call. */
void seeding_configure(struct seeding *s, const struct generation *g);

/* Begins anew with the same: an etcd may have lost its data. */
void seeding_restart(struct seeding *s);

/* Cuts the wait for etcd short: one of its members has just been heard of. */
void seeding_poke(struct seeding *s);

#endif

/* enrolling.h - unknown machines become nodes, where cluster.yaml says enroll: open.
 *
 * A machine that asks for its boot script is remembered; those of about a second go to the builder together, which
 * decides and publishes (generation/publish_enroll.h). While what is on disk is not what is published, nobody is enrolled,
 * and each is told why. Everything here may be lost: who waits asks again. */
#ifndef SLIPWAY_DAEMON_ENROLLING_H
#define SLIPWAY_DAEMON_ENROLLING_H

#include <stdbool.h>

#include "provisioner/daemon/publishing.h"

struct cluster;
struct enrolling;
struct event_base;
struct mac;
struct machine;
struct nodes;

struct enrolling_setup {
	struct nodes *nodes;
	struct publishing *publishing;
	bool (*differs)(void *arg); /* cluster.yaml is not what is published */
	publishing_done *done;      /* hears of each outcome first */
	void *arg;
};

struct enrolling *enrolling_new(struct event_base *base, const struct enrolling_setup *setup);
void enrolling_free(struct enrolling *e);

/* Another cluster is served from here on: who was held up is looked at again. Keeps `c` until the next call. */
void enrolling_configure(struct enrolling *e, const struct cluster *c);

/* The machine asks for its boot script with a card that is no node's. What to tell it while it waits, good until the
 * next call of anything here; NULL: nobody is enrolled. */
const char *enrolling_ask(struct enrolling *e, struct machine *m, const struct mac *mac);

/* Why nobody is enrolled for now, or ""; the place stays the same. */
const char *enrolling_held_up(const struct enrolling *e);

#endif

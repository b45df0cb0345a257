/* events.h - the part of the timeline's bookkeeping that commits and deletions need.
 *
 * Private to the store; what others use is in store.h. */
#ifndef SLIPWAY_STORE_EVENTS_H
#define SLIPWAY_STORE_EVENTS_H

#include "provisioner/base/mem.h"

struct store;

/* Drops the oldest events beyond STORE_EVENTS_MAX; costs nothing below it. */
int events_prune(struct store *s) MUST_USE;

int events_delete(struct store *s, const char *node) MUST_USE;

#endif

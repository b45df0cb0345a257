/* batch.h - what is written to the store between two flushes: one transaction. Private to nodes/.
 *
 * The first write begins it. The first failure stays until the end: what comes after it is not even
 * tried, and the end rolls everything back. */
#ifndef SLIPWAY_NODES_BATCH_H
#define SLIPWAY_NODES_BATCH_H

#include <stdbool.h>

#include "provisioner/base/log.h"
#include "provisioner/base/mem.h"

struct machine;
struct store;
struct store_event;

struct batch {
	struct store *store; /* borrowed */
	bool is_open;
	int failed; /* the first store error, or 0 */
	struct log_rate rate;
};

/* Adds or replaces the machine's row. False: it was not written. */
bool batch_put(struct batch *b, const struct machine *m);

/* Deletes the row with this key, if there is one. */
void batch_delete(struct batch *b, const char *key);

/* Adds an event, which gets its number. */
void batch_event(struct batch *b, struct store_event *e);

/* Makes all of it durable. A store error, which is also logged, when nothing of it was kept; the next
 * write begins anew either way. */
int batch_end(struct batch *b) MUST_USE;

#endif

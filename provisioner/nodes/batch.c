#include "provisioner/nodes/batch.h"

#include <stdio.h>
#include <string.h>

#include "provisioner/base/clock.h"
#include "provisioner/nodes/record.h"
#include "provisioner/store/store.h"

static bool begin(struct batch *b)
{
	if (!b->is_open && b->failed == 0) {
		b->failed = store_begin(b->store);
		b->is_open = b->failed == 0;
	}
	return b->is_open && b->failed == 0;
}

static void result(struct batch *b, int rc)
{
	if (rc < 0 && b->failed == 0)
		b->failed = rc;
}

bool batch_put(struct batch *b, const struct machine *m)
{
	if (!begin(b))
		return false;
	result(b, record_put(b->store, m));
	return b->failed == 0;
}

void batch_delete(struct batch *b, const char *key)
{
	if (begin(b))
		result(b, store_node_delete(b->store, key));
}

void batch_event(struct batch *b, struct store_event *e)
{
	if (begin(b))
		result(b, store_event_add(b->store, e, &e->id));
}

int batch_end(struct batch *b)
{
	char reason[256];
	unsigned held;

	int rc = b->failed;
	if (b->is_open && rc == 0)
		rc = store_commit(b->store);
	(void)snprintf(reason, sizeof(reason), "%s",
		store_reason(b->store)); /* before the roll-back's own */
	if (b->is_open && b->failed < 0)
		store_abort(b->store);
	b->is_open = false;
	b->failed = 0;
	if (rc < 0 && log_rate_allows(&b->rate, clock_mono_ms(), &held))
		log_error("state.db: %s (%s), trying again (%u more)", reason, strerror(-rc), held);
	return rc;
}

/* look.h - whether cluster.yaml is what is published, for who asks often.
 *
 * A hall's files are megabytes, and `slipway status`, the page and a monitor ask each second. So they are read again only
 * when stat() says that something may have changed. */
#ifndef SLIPWAY_GENERATION_LOOK_H
#define SLIPWAY_GENERATION_LOOK_H

#include <stdbool.h>
#include <stdint.h>

#include "provisioner/base/stamp.h"

struct archive;

/* What the last look found; begins as {0}. */
struct look {
	int64_t number; /* of the generation that was compared with */
	struct stamp stamp;
	int64_t good_until_ms; /* by the wall clock */
	bool differs;
};

/* What publish_differs() says, or would say. */
struct publish_order;
bool look_differs(struct look *l, struct archive *a, int64_t number,
	const struct publish_order *where, int64_t now_ms);

#endif

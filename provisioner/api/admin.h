/* admin.h - the admin plane: what `slipway nodes`, `events`, `status` and others ask for.
 *
 * Over the UNIX socket, whose file mode is the permission. docs/reference/api.md lists the
 * paths; json in, json out. The server borrows everything in `struct admin`. */
#ifndef SLIPWAY_API_ADMIN_H
#define SLIPWAY_API_ADMIN_H

#include <stdint.h>

#include "provisioner/api/hall.h"
#include "provisioner/api/generations.h"
#include "provisioner/api/http.h"
#include "provisioner/messages/messages.h"
#include "provisioner/nodes/rivals.h"

#define ADMIN_COUNTERS_MAX 256

struct drift_table;
struct generation;
struct leases;
struct nodes;
struct store;
struct tracing;

struct admin {
	struct nodes *nodes;
	struct store *store;
	struct leases *leases;
	struct tracing *tracing;
	struct drift_table *drift;
	const struct generation *generation; /* that is served */
	struct generations generations;
	int64_t started_ms;
	struct rivals_seen rivals;
	struct hall_seen hall;
	struct message_counter counters[ADMIN_COUNTERS_MAX];
	size_t n_counters;
	bool etcd_seeded;
	const char *enroll_held_up; /* why nobody is enrolled for now, or ""; changes */
	/* What the verifier says of an image; NULL: nothing yet. */
	struct {
		const struct message_image *(*find)(
			const void *arg, const char *distro, const char *version);
		const void *arg;
	} images;
};

extern const struct api_route admin_routes[];

/* What is said of one that is not published. */
#define ADMIN_NO_NODE                                                                   \
	"\"%s\" is not a node of generation %lld, which nodes get (one that is new in " \
	"cluster.yaml "                                                                 \
	"is one after slipway apply)"

/* Takes a worker's counter in. */
void admin_count(struct admin *a, const struct message_counter *c);

#endif

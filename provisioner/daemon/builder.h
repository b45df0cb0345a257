/* builder.h - the process that renders: a child of the provisioner's, made before that opens a database, so that no
 * SQLite handle is ever carried over a fork.
 *
 * It has no part of the provisioner's secrets in its memory and may connect to nothing. For each order it makes a child
 * of its own, which reads cluster.yaml and the templates, publishes into the archive and tells what came of it: whatever
 * kills that one, nothing has changed and the next order is carried out. Orders are done one after the other. */
#ifndef SLIPWAY_DAEMON_BUILDER_H
#define SLIPWAY_DAEMON_BUILDER_H

#include <stdint.h>

#include "provisioner/generation/publish.h"
#include "provisioner/nodes/enroll.h"

/* What stays the same from order to order. */
struct builder_options {
	int fd; /* its end of a SOCK_SEQPACKET pair */
	int config_dir, templates_dir, images_dir;
	const char *config_name;
	const char *state_dir; /* where the archive is */
};

/* Plain data over the socket. */
struct builder_order {
	uint64_t id;
	struct publish_wish wish;
	char ca_fingerprint[65];
	int64_t number_above;  /* of publish_order */
	int64_t in_use;        /* which generation must not go */
	uint32_t n_candidates; /* above 0: it is about these machines: publish_enroll() */
	struct enroll_candidate candidates[ENROLL_BATCH_MAX];
};

struct builder_reply {
	uint64_t id;
	struct publish_outcome outcome; /* whose verdicts stand here: a pointer does not travel */
	struct enroll_verdict verdicts[ENROLL_BATCH_MAX];
};

/* Carries out orders until the other end is closed; the exit status. Runs after privileges were dropped. */
int builder_run(const struct builder_options *o);

#endif

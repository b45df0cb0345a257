/* publish_loaded.h - a cluster that was read, rendered and put into the archive. Private to generation/.
 *
 * publish.c publishes what is on disk, publish_enroll.c that and more nodes. */
#ifndef SLIPWAY_GENERATION_PUBLISH_LOADED_H
#define SLIPWAY_GENERATION_PUBLISH_LOADED_H

#include "provisioner/cluster/files.h"
#include "provisioner/generation/publish.h"

/* The files that an order is about. */
int publish_read(
	const struct publish_order *o, struct cluster_files *ret, struct err_list *errors) MUST_USE;

struct publish_loaded {
	const struct cluster_files *files;
	struct cluster *cluster; /* as they say */
	bool is_trial;           /* nothing is kept: ret->is_new says what would come of it */
	/* Called when there is something new and all of it but the commit is done: a value below 0 takes it back. */
	int (*before_commit)(void *arg);
	void *arg;
};

/* As publish_config(). */
int publish_loaded(struct archive *a, const struct publish_order *o,
	const struct publish_loaded *what, struct publish_result *ret,
	struct err_list *errors) MUST_USE;

#endif

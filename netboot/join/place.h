/* place.h - secret files on this node: written, remembered, removed, and told of.
 *
 * Each is replaced whole or not at all, below a root folder and through no symlink. What was placed is
 * remembered in the state folder, so that a restart needs no provisioner; what the node is no longer
 * to have is removed. RUN/slipway/secrets-ready stands there while all is in place: units wait for it. */
#ifndef SLIPWAY_JOIN_PLACE_H
#define SLIPWAY_JOIN_PLACE_H

#include <stdbool.h>

#include "netboot/join/delivery.h"
#include "provisioner/base/err.h"

#define PLACE_READY "run/slipway/secrets-ready"

struct place {
	int root, state;                     /* folders: borrowed */
	char version[DELIVERY_VERSION_SIZE]; /* of what is in place; "" when nothing is */
	char paths[DELIVERY_FILES_MAX][DELIVERY_PATH_SIZE];
	size_t n;
};

/* What an earlier start has left, if all of it is still there. Never fails: nothing is "". */
void place_open(struct place *p, int root, int state);

/* Writes all files, then removes those that are no longer named, then says that they are ready. 0, or
 * a negative errno with *e: some may have been written, and nothing waits any less. */
int place_put(struct place *p, const struct delivery *d, struct err *e) MUST_USE;

/* Says that units may begin. 0, or a negative errno with *e. */
int place_say_ready(const struct place *p, struct err *e) MUST_USE;

/* The whole of a placed file, or NULL. The caller wipes and frees. */
char *place_read(const struct place *p, const char *path, size_t *ret_len);

#endif

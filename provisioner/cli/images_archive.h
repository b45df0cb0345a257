/* images_archive.h - the images of what is published, read from the archive itself: when no server runs that would tell.
 *
 * The archive belongs to the workers' user, and root parses nothing that a worker could have written: a child reads it as
 * that user. */
#ifndef SLIPWAY_CLI_IMAGES_ARCHIVE_H
#define SLIPWAY_CLI_IMAGES_ARCHIVE_H

#include <stdint.h>

#include "netboot/images/id.h"
#include "provisioner/base/err.h"

/* An image that the nodes of a generation boot. */
struct images_archived {
	int64_t number;
	char id[IMAGE_ID_SIZE];
};

/* Of the server's state folder; the newest generation first. The caller frees *ret. 0, also when nothing was published
 * there; or a negative errno with *e filled. */
int images_archive_read(
	const char *state_dir, struct images_archived **ret, size_t *ret_n, struct err *e) MUST_USE;

#endif

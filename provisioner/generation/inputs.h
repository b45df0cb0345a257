/* inputs.h - cluster.yaml and its includes as they were when a generation was published. */
#ifndef SLIPWAY_GENERATION_INPUTS_H
#define SLIPWAY_GENERATION_INPUTS_H

#include "provisioner/cluster/files.h"

struct archive;

/* Out of the archive, as cluster_files_read() gives those on disk: to be freed with cluster_files_done(). 0, or a
 * negative errno with *e filled. */
int inputs_read(
	struct archive *a, int64_t number, struct cluster_files *ret, struct err *e) MUST_USE;

#endif

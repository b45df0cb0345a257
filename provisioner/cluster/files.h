/* files.h - cluster.yaml and the files of nodes.d beside it, read whole from disk.
 *
 * nodes.d/NAME.yaml holds more nodes. All files whose names end in .yaml are read, in the order of
 * their names; hidden ones are not. Symlinks are followed: the folder belongs to the operator. */
#ifndef SLIPWAY_CLUSTER_FILES_H
#define SLIPWAY_CLUSTER_FILES_H

#include <stddef.h>

#include "provisioner/base/err.h"
#include "provisioner/cluster/cluster.h"

#define CLUSTER_NODES_DIR "nodes.d"
#define CLUSTER_FILES_MAX 1024
#define CLUSTER_BYTES_MAX ((size_t)16 << 20) /* of all files together */

/* texts[0] is cluster.yaml. */
struct cluster_files {
	struct cluster_text *texts;
	size_t n;
	char **owned; /* the names and texts, which cluster_files_done() frees */
};

/* Reads `path` and what stands beside it. The last part of `path` is opened in the folder `dir`, or the
 * whole of it when that is AT_FDCWD; messages call the files by it. 0, or a negative errno with an error
 * added, or more than one. */
int cluster_files_read(
	int dir, const char *path, struct cluster_files *ret, struct err_list *errors) MUST_USE;
void cluster_files_done(struct cluster_files *f);

/* Reads them and loads what they say: cluster_files_read(), then cluster_load_texts(). */
int cluster_files_load(struct arena *a, int dir, const char *path, struct cluster **ret,
	struct err_list *errors) MUST_USE;

#endif

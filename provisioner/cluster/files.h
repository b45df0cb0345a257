/* files.h - cluster.yaml and the files of nodes.d beside it, read whole from disk.
 *
 * nodes.d/NAME.yaml holds more nodes. All files whose names end in .yaml are read, in the order of
 * their names; hidden ones are not. Symlinks are followed: the folder belongs to the operator.
 *
 * The server writes such files itself for machines that it has enrolled, into a folder of its own state: they are read
 * behind those. Nothing but regular files is read there. */
#ifndef SLIPWAY_CLUSTER_FILES_H
#define SLIPWAY_CLUSTER_FILES_H

#include <stddef.h>

#include "provisioner/base/err.h"
#include "provisioner/cluster/cluster.h"

#define CLUSTER_NODES_DIR "nodes.d"
#define CLUSTER_ENROLLED_DIR "enrolled"
#define CLUSTER_FILES_MAX 1024
#define CLUSTER_ENROLLED_MAX CLUSTER_ENROLL_ADDRESSES_MAX
#define CLUSTER_BYTES_MAX ((size_t)16 << 20) /* of all files together */

/* texts[0] is cluster.yaml. */
struct cluster_files {
	struct cluster_text *texts;
	size_t n;
	char **owned; /* the names and texts, which cluster_files_done() frees */
	size_t n_owned;
};

/* Reads `path` and what stands beside it. The last part of `path` is opened in the folder `dir`, or the
 * whole of it when that is AT_FDCWD; messages call the files by it. 0, or a negative errno with an error
 * added, or more than one. */
int cluster_files_read(
	int dir, const char *path, struct cluster_files *ret, struct err_list *errors) MUST_USE;
void cluster_files_done(struct cluster_files *f);

/* Adds the files of enrolled nodes, from CLUSTER_ENROLLED_DIR of the folder `state`. Messages call them
 * "<called>enrolled/NAME.yaml"; a server, which calls its files as cluster.yaml sees them, gives "". A folder that is
 * not there holds none. 0, or a negative errno with an error added. */
int cluster_files_add_enrolled(struct cluster_files *f, const char *state, const char *called,
	struct err_list *errors) MUST_USE;

/* Puts one text among those of enrolled nodes, in place of the one of this name if there is one. Takes both strings.
 * -E2BIG: there are CLUSTER_ENROLLED_MAX already. */
int cluster_files_put_enrolled(struct cluster_files *f, char *name, char *text) MUST_USE;

/* Reads them and loads what they say: cluster_files_read(), then cluster_load_texts(). */
int cluster_files_load(struct arena *a, int dir, const char *path, struct cluster **ret,
	struct err_list *errors) MUST_USE;

#endif

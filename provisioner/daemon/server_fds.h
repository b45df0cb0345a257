/* server_fds.h - every descriptor that the supervisor opens as root, once, for its workers.
 *
 * Sockets, channels and folders stay open while the server runs, each at its place in enum server_fd;
 * workers get copies, so the queues in them outlive any worker. Each lies above all numbers that a
 * worker's copies get: moving copies there can not run over one that is still to be moved. */
#ifndef SLIPWAY_DAEMON_SERVER_FDS_H
#define SLIPWAY_DAEMON_SERVER_FDS_H

#include <sys/types.h>

#include "provisioner/base/err.h"
#include "provisioner/daemon/worker.h"

struct cluster;

struct server_fds {
	int fds[N_SERVER_FDS]; /* -1: not opened */
	int ready;             /* the end of SERVER_READY that we read */
};

void server_fds_init(struct server_fds *s);
void server_fds_done(struct server_fds *s);

/* All return 0, or a negative errno with *e filled. `what` says what the folder is for. The sockets
 * are those that `c` asks for, and the admin plane's at `admin_path`, open to the group `gid`. */
int server_fds_open_folder(struct server_fds *s, enum server_fd which, const char *path,
	const char *what, struct err *e) MUST_USE;
int server_fds_open_channels(struct server_fds *s, struct err *e) MUST_USE;
int server_fds_open_sockets(struct server_fds *s, const struct cluster *c, const char *admin_path,
	gid_t gid, struct err *e) MUST_USE;

/* Moves `fd` out of the way of workers' numbers: the new one, or a negative errno. `fd` is closed. */
int server_fds_raise(int fd) MUST_USE;

#endif

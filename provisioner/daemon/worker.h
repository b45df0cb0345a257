/* worker.h - the processes of one server, and how each is started.
 *
 * The supervisor starts a worker by running this very program as `slipway worker NAME` with the
 * descriptors of its row at numbers 3, 4, 5, ... in the order of enum worker_fd. worker_run() then
 * opens what only root may, gives up its privileges, and runs its room's loop. */
#ifndef SLIPWAY_DAEMON_WORKER_H
#define SLIPWAY_DAEMON_WORKER_H

#include <sys/types.h>

#include "provisioner/base/mem.h"

enum worker_kind { WORKER_PROVISIONER, WORKER_DHCPD, WORKER_NETBOOT, N_WORKERS };

/* Exit status of a worker that a restart cannot help: what the operator wrote is wrong. */
#define WORKER_EXIT_CONFIG 78

/* Everything the supervisor opens, once, and keeps open over restarts of workers: so the sockets'
 * queues and the channels between workers outlive any of them. */
enum server_fd {
	SERVER_DHCPD_SIDE, /* channel dhcpd <-> provisioner, dhcpd's end */
	SERVER_DHCPD_PEER, /* and the provisioner's */
	SERVER_NETBOOT_SIDE,
	SERVER_NETBOOT_PEER,
	SERVER_BOOTPS, /* UDP 67 */
	SERVER_PXE,    /* UDP 4011 */
	SERVER_TFTP,   /* UDP 69 */
	SERVER_HTTP,   /* TCP, boot HTTP */
	SERVER_JOIN,   /* TCP, join agents */
	SERVER_ADMIN,  /* UNIX socket of the admin plane */
	SERVER_IMAGES, /* folders */
	SERVER_FIRMWARE,
	SERVER_AGENT,
	SERVER_CONFIG_DIR, /* the folder of cluster.yaml */
	SERVER_TEMPLATES,  /* shipped templates */
	SERVER_READY,      /* the provisioner writes a byte when it serves */
	N_SERVER_FDS
};

struct worker_row {
	const char *name;
	const char *title; /* what it is for, in one line */
	enum server_fd fds[12];
	size_t n_fds;
};

extern const struct worker_row worker_rows[N_WORKERS];

/* What a worker is told on its command line. */
struct worker_options {
	enum worker_kind kind;
	const char *interface;   /* dhcpd */
	const char *state_dir;   /* its own folder below the server's state folder */
	const char *config_name; /* provisioner: the file name of cluster.yaml in its folder */
	uid_t uid;
	gid_t gid;
};

/* The number that `fd` has in a worker of this kind. */
int worker_fd(enum worker_kind kind, enum server_fd fd);

/* Runs until SIGTERM; the exit status. */
int worker_run(const struct worker_options *o);

#endif

/* worker.h - the processes of one server, and how each is started.
 *
 * The supervisor starts a worker by running its program as `slipway worker NAME ...` with the descriptors
 * of its row at numbers 3, 4, 5, ... in the order of enum worker_fd. The worker opens what only root
 * may, gives up its privileges by worker_lock_in(), and runs its room's loop. The one exception is tftpd,
 * which becomes Debian's in.tftpd where cluster.yaml asks for it. */
#ifndef SLIPWAY_DAEMON_WORKER_H
#define SLIPWAY_DAEMON_WORKER_H

#include <stdbool.h>
#include <sys/types.h>

#include "provisioner/base/err.h"
#include "provisioner/base/mem.h"

enum worker_kind {
	WORKER_PROVISIONER,
	WORKER_DHCPD,
	WORKER_NETBOOT,
	WORKER_TFTPD,
	WORKER_VERIFIER,
	N_WORKERS
};

/* Exit status of a worker that a restart cannot help: what the operator wrote is wrong. */
#define WORKER_EXIT_CONFIG 78

/* Everything the supervisor opens, once, and keeps open over restarts of workers: so the sockets'
 * queues and the channels between workers outlive any of them. */
enum server_fd {
	SERVER_DHCPD_SIDE, /* channel dhcpd <-> provisioner, dhcpd's end */
	SERVER_DHCPD_PEER, /* and the provisioner's */
	SERVER_NETBOOT_SIDE,
	SERVER_NETBOOT_PEER,
	SERVER_VERIFIER_SIDE,
	SERVER_VERIFIER_PEER,
	SERVER_BOOTPS, /* UDP 67 */
	SERVER_PXE,    /* UDP 4011 */
	SERVER_TFTP,   /* UDP 69 */
	SERVER_HTTP,   /* TCP, boot HTTP */
	SERVER_HTTPS,  /* TCP, the same with TLS, where cluster.yaml wants it */
	SERVER_JOIN,   /* TCP, join agents */
	SERVER_ADMIN,  /* UNIX socket of the admin plane */
	SERVER_IMAGES, /* folders */
	SERVER_FIRMWARE,
	SERVER_AGENT,
	SERVER_CONFIG_DIR, /* the folder of cluster.yaml */
	SERVER_TEMPLATES,  /* shipped templates */
	SERVER_VERDICTS,   /* where the verifier says what may be served */
	SERVER_READY,      /* the provisioner writes a byte when it serves */
	N_SERVER_FDS
};

struct worker_row {
	const char *name;
	const char *title;   /* what it is for, in one line */
	const char *program; /* NULL: the supervisor's own */
	enum server_fd fds[12];
	size_t n_fds;
};

extern const struct worker_row worker_rows[N_WORKERS];

/* Who serves TFTP, and how. */
enum worker_tftp { WORKER_TFTP_PORTS = 1, WORKER_TFTP_SINGLE_PORT, WORKER_TFTP_HPA };

const char *worker_tftp_word(enum worker_tftp mode);

/* What a worker is told on its command line. */
struct worker_options {
	enum worker_kind kind;
	const char *interface;      /* dhcpd */
	const char *state_dir;      /* its own folder below the server's state folder */
	const char *config_name;    /* provisioner: the file name of cluster.yaml in its folder */
	enum worker_tftp tftp;      /* netboot */
	const char *user, *address; /* tftpd */
	const char *
		listening; /* provisioner: what the supervisor has opened, by publish_listening() */
	bool publishes;    /* provisioner: what is on disk, before it serves */
	uid_t uid;
	gid_t gid;
};

/* The words after `slipway worker`. */
enum worker_word {
	WORKER_WORD_NAME,
	WORKER_WORD_INTERFACE,
	WORKER_WORD_STATE,
	WORKER_WORD_CONFIG,
	WORKER_WORD_USER,
	WORKER_WORD_LEVEL,
	WORKER_WORD_TFTP,
	WORKER_WORD_ADDRESS,
	WORKER_WORD_LISTENING,
	WORKER_WORD_PUBLISHES, /* "publish", or "-" */
	N_WORKER_WORDS
};

/* Reads the words (kept) and takes the name and the log level on. -EINVAL when the supervisor would not have said
 * so. */
int worker_begin(
	const char *const words[static N_WORKER_WORDS], struct worker_options *ret) MUST_USE;

/* A descriptor of the program that this worker runs, looked for beside the supervisor's and where it is
 * installed; or a negative errno with *e filled. */
int worker_program(enum worker_kind kind, struct err *e) MUST_USE;

/* Starts it with `fds` (every server_fd) of its row at 3, 4, 5, ... and nothing else of ours. 0 with *ret_pid, or a
 * negative errno. */
int worker_spawn(enum worker_kind kind, int program, const int fds[static N_SERVER_FDS],
	char *const argv[], pid_t *ret_pid) MUST_USE;

/* The number that `fd` has in a worker of this kind. */
int worker_fd(enum worker_kind kind, enum server_fd fd);

/* Gives up privileges: from here on the worker may read what strangers send. The lists end in NULL; NULL for
 * none. 0, or a negative errno after saying why. */
int worker_lock_in(const struct worker_options *o, const char *const *write_dirs,
	const char *const *read_dirs, bool may_connect) MUST_USE;

/* The same for a process that may make others, and may connect to nothing. */
int worker_lock_in_maker(const struct worker_options *o, const char *const *write_dirs,
	const char *const *read_dirs) MUST_USE;

#endif

#include "provisioner/daemon/worker.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "provisioner/base/log.h"
#include "provisioner/base/sandbox.h"

#define FIRST_FD 3

/* clang-format off */
const struct worker_row worker_rows[N_WORKERS] = {
	[WORKER_PROVISIONER] = {.name = "provisioner",
		.title = "configuration, templates, state, CA key, API",
		.fds = {SERVER_DHCPD_PEER, SERVER_NETBOOT_PEER, SERVER_JOIN, SERVER_ADMIN, SERVER_IMAGES,
			SERVER_AGENT, SERVER_CONFIG_DIR, SERVER_TEMPLATES, SERVER_READY, SERVER_VERIFIER_PEER},
		.n_fds = 10},
	[WORKER_DHCPD] = {.name = "dhcpd",
		.title = "DHCP and PXE on the internal interface",
		.program = "slipway-dhcpd",
		.fds = {SERVER_DHCPD_SIDE, SERVER_BOOTPS, SERVER_PXE},
		.n_fds = 3},
	[WORKER_NETBOOT] = {.name = "netboot",
		.title = "TFTP and boot HTTP",
		.fds = {SERVER_NETBOOT_SIDE, SERVER_TFTP, SERVER_HTTP, SERVER_IMAGES, SERVER_FIRMWARE,
			SERVER_AGENT, SERVER_VERDICTS, SERVER_HTTPS},
		.n_fds = 8},
	[WORKER_TFTPD] = {.name = "tftpd",
		.title = "TFTP by tftp-hpa's in.tftpd",
		.fds = {SERVER_FIRMWARE},
		.n_fds = 1},
	[WORKER_VERIFIER] = {.name = "verifier",
		.title = "reads images before nodes may have them",
		.fds = {SERVER_VERIFIER_SIDE, SERVER_IMAGES, SERVER_VERDICTS},
		.n_fds = 3},
};
/* clang-format on */

int worker_fd(enum worker_kind kind, enum server_fd fd)
{
	const struct worker_row *row = &worker_rows[kind];

	for (size_t i = 0; i < row->n_fds; i++)
		if (row->fds[i] == fd)
			return FIRST_FD + (int)i;
	assert(!"this worker does not get that descriptor");
	return -1;
}

static const char *const tftp_words[] = {
	[WORKER_TFTP_PORTS] = "ports",
	[WORKER_TFTP_SINGLE_PORT] = "single-port",
	[WORKER_TFTP_HPA] = "tftpd-hpa",
};

const char *worker_tftp_word(enum worker_tftp mode)
{
	return tftp_words[mode];
}

static bool read_tftp(const char *word, enum worker_tftp *ret)
{
	for (size_t i = WORKER_TFTP_PORTS; i < ARRAY_LEN(tftp_words); i++) {
		if (strcmp(tftp_words[i], word) == 0) {
			*ret = (enum worker_tftp)i;
			return true;
		}
	}
	return false;
}

int worker_begin(const char *const words[static N_WORKER_WORDS], struct worker_options *ret)
{
	enum log_level level;
	char name[32];

	*ret = (struct worker_options){.kind = N_WORKERS,
		.interface = words[WORKER_WORD_INTERFACE],
		.state_dir = words[WORKER_WORD_STATE],
		.config_name = words[WORKER_WORD_CONFIG],
		.user = words[WORKER_WORD_USER],
		.address = words[WORKER_WORD_ADDRESS],
		.listening = words[WORKER_WORD_LISTENING],
		.publishes = strcmp(words[WORKER_WORD_PUBLISHES], "publish") == 0};
	for (size_t i = 0; i < N_WORKERS; i++)
		if (strcmp(worker_rows[i].name, words[WORKER_WORD_NAME]) == 0)
			ret->kind = (enum worker_kind)i;
	if (ret->kind == N_WORKERS || log_level_parse(words[WORKER_WORD_LEVEL], &level) < 0 ||
		!read_tftp(words[WORKER_WORD_TFTP], &ret->tftp) ||
		sandbox_user(words[WORKER_WORD_USER], &ret->uid, &ret->gid) < 0)
		return -EINVAL;
	log_init(worker_rows[ret->kind].name, level);
	(void)snprintf(name, sizeof(name), "slipway-%s", worker_rows[ret->kind].name);
	(void)prctl(
		PR_SET_NAME, name); /* cut to 15 bytes; it was started by a descriptor's number */
	return 0;
}

int worker_program(enum worker_kind kind, struct err *e)
{
	const char *name = worker_rows[kind].program;
	char own[PATH_MAX] = "", path[PATH_MAX + 64];
	int fd;

	if (!name) {
		fd = open("/proc/self/exe", O_PATH | O_CLOEXEC);
		return fd < 0 ? err_msg(e, -errno, "/proc/self/exe: %s", strerror(errno)) : fd;
	}
	ssize_t n = readlink("/proc/self/exe", own, sizeof(own) - 1);
	while (n > 0 && own[n - 1] != '/')
		n--;
	(void)snprintf(path, sizeof(path), "%.*s%s", (int)(n > 0 ? n : 0), own, name);
	fd = open(path, O_PATH | O_CLOEXEC);
	if (fd < 0) {
		(void)snprintf(path, sizeof(path), SLIPWAY_LIBDIR "/workers/%s", name);
		fd = open(path, O_PATH | O_CLOEXEC);
	}
	return fd < 0 ? err_msg(e, -errno, "%s: %s (the program of %s)", path, strerror(errno),
				worker_rows[kind].name)
		      : fd;
}

/* SIGHUP stays blocked until the provisioner takes it, or one that comes early would end it. In a process group
 * of its own, Ctrl-C and a lost terminal reach the supervisor alone. */
static void set_signals(posix_spawnattr_t *attr)
{
	sigset_t hangup, all;

	(void)sigemptyset(&hangup);
	(void)sigaddset(&hangup, SIGHUP);
	(void)sigfillset(&all);
	(void)posix_spawnattr_setsigmask(attr, &hangup);
	(void)posix_spawnattr_setsigdefault(attr, &all);
	(void)posix_spawnattr_setflags(
		attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
}

int worker_spawn(enum worker_kind kind, int program, const int fds[static N_SERVER_FDS],
	char *const argv[], pid_t *ret_pid)
{
	const struct worker_row *row = &worker_rows[kind];
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	char path[32];

	if (posix_spawn_file_actions_init(&actions) != 0 || posix_spawnattr_init(&attr) != 0)
		return -ENOMEM;
	for (size_t i = 0; i < row->n_fds; i++)
		if (fds[row->fds[i]] >= 0) /* no TFTP socket where tftpd has its own; no HTTPS unasked */
			(void)posix_spawn_file_actions_adddup2(
				&actions, fds[row->fds[i]], worker_fd(kind, row->fds[i]));
	set_signals(&attr);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", program);
	int rc = posix_spawn(ret_pid, path, &actions, &attr, argv, environ);
	(void)posix_spawn_file_actions_destroy(&actions);
	(void)posix_spawnattr_destroy(&attr);
	return -rc;
}

static int lock_in(const struct sandbox *s)
{
	pid_t parent = getppid();
	struct err e;

	int rc = sandbox_enter(s, &e);
	if (rc < 0) {
		log_error("%s", e.msg);
		return rc;
	}
	/* A supervisor that was killed takes its workers along. Set late: a change of user clears it. */
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM); /* a kernel without it merely leaves us running */
	if (getppid() != parent) {
		log_error("the supervisor is gone");
		return -ESRCH;
	}
	return 0;
}

int worker_lock_in(const struct worker_options *o, const char *const *write_dirs,
	const char *const *read_dirs, bool may_connect)
{
	return lock_in(&(struct sandbox){.uid = o->uid,
		.gid = o->gid,
		.write_dirs = write_dirs,
		.read_dirs = read_dirs,
		.may_connect = may_connect});
}

int worker_lock_in_maker(
	const struct worker_options *o, const char *const *write_dirs, const char *const *read_dirs)
{
	return lock_in(&(struct sandbox){.uid = o->uid,
		.gid = o->gid,
		.write_dirs = write_dirs,
		.read_dirs = read_dirs,
		.may_fork = true});
}

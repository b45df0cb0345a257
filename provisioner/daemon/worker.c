#include "provisioner/daemon/worker.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "dhcpd/server.h"
#include "netboot/server/server.h"
#include "provisioner/base/log.h"
#include "provisioner/base/sandbox.h"
#include "provisioner/daemon/provisioner.h"

#define FIRST_FD 3
#define FOLDERS_MAX 4
#define FOLDER_PATH_SIZE 24

/* The folders a worker was given as descriptors, as paths for its sandbox. */
struct folders {
	char text[FOLDERS_MAX][FOLDER_PATH_SIZE];
	const char *paths[FOLDERS_MAX + 1];
};

/* clang-format off */
const struct worker_row worker_rows[N_WORKERS] = {
	[WORKER_PROVISIONER] = {.name = "provisioner",
		.title = "configuration, templates, state, CA key, API",
		.fds = {SERVER_DHCPD_PEER, SERVER_NETBOOT_PEER, SERVER_JOIN, SERVER_ADMIN, SERVER_IMAGES,
			SERVER_AGENT, SERVER_CONFIG_DIR, SERVER_TEMPLATES, SERVER_READY},
		.n_fds = 9},
	[WORKER_DHCPD] = {.name = "dhcpd",
		.title = "DHCP and PXE on the internal interface",
		.fds = {SERVER_DHCPD_SIDE, SERVER_BOOTPS, SERVER_PXE},
		.n_fds = 3},
	[WORKER_NETBOOT] = {.name = "netboot",
		.title = "TFTP and boot HTTP",
		.fds = {SERVER_NETBOOT_SIDE, SERVER_TFTP, SERVER_HTTP, SERVER_IMAGES, SERVER_FIRMWARE,
			SERVER_AGENT},
		.n_fds = 6},
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

static void folders_of(
	enum worker_kind kind, const enum server_fd *fds, size_t n, struct folders *ret)
{
	*ret = (struct folders){0};
	assert(n <= FOLDERS_MAX);
	for (size_t i = 0; i < n; i++) {
		(void)snprintf(ret->text[i], FOLDER_PATH_SIZE, "/proc/self/fd/%d",
			worker_fd(kind, fds[i]));
		ret->paths[i] = ret->text[i];
	}
}

/* Gives up privileges. From here on the worker may read what strangers send. */
static int lock_in(const struct worker_options *o, const char *const *write_dirs,
	const char *const *read_dirs, bool may_connect)
{
	struct sandbox s = {.uid = o->uid,
		.gid = o->gid,
		.write_dirs = write_dirs,
		.read_dirs = read_dirs,
		.may_connect = may_connect};
	pid_t supervisor = getppid();
	struct err e;

	int rc = sandbox_enter(&s, &e);
	if (rc < 0) {
		log_error("%s", e.msg);
		return rc;
	}
	/* A supervisor that was killed takes its workers along. Set late: a change of user clears it. */
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM); /* a kernel without it merely leaves us running */
	if (getppid() != supervisor) {
		log_error("the supervisor is gone");
		return -ESRCH;
	}
	return 0;
}

static int run_dhcpd(const struct worker_options *o)
{
	const char *const write_dirs[] = {o->state_dir, NULL};
	struct err e;

	struct dhcpd *d =
		dhcpd_open(&(struct dhcpd_options){.interface = o->interface,
				   .provisioner_fd = worker_fd(o->kind, SERVER_DHCPD_SIDE),
				   .bootps_fd = worker_fd(o->kind, SERVER_BOOTPS),
				   .pxe_fd = worker_fd(o->kind, SERVER_PXE),
				   .lease_dir = o->state_dir},
			&e);
	if (!d) {
		log_error("%s", e.msg);
		return EXIT_FAILURE;
	}
	int status = lock_in(o, write_dirs, NULL, false) < 0 ? EXIT_FAILURE : dhcpd_run(d);
	dhcpd_free(d);
	return status;
}

static int run_netboot(const struct worker_options *o)
{
	static const enum server_fd served[] = {SERVER_IMAGES, SERVER_FIRMWARE, SERVER_AGENT};
	struct folders folders;

	folders_of(o->kind, served, ARRAY_LEN(served), &folders);
	if (lock_in(o, NULL, folders.paths, false) < 0)
		return EXIT_FAILURE;
	return netboot_run(
		&(struct netboot_options){.provisioner_fd = worker_fd(o->kind, SERVER_NETBOOT_SIDE),
			.tftp_fd = worker_fd(o->kind, SERVER_TFTP),
			.http_fd = worker_fd(o->kind, SERVER_HTTP),
			.images_dir = worker_fd(o->kind, SERVER_IMAGES),
			.firmware_dir = worker_fd(o->kind, SERVER_FIRMWARE),
			.agent_dir = worker_fd(o->kind, SERVER_AGENT)});
}

static int run_provisioner(const struct worker_options *o)
{
	static const enum server_fd read[] = {
		SERVER_IMAGES, SERVER_AGENT, SERVER_CONFIG_DIR, SERVER_TEMPLATES};
	const char *const write_dirs[] = {o->state_dir, NULL};
	struct folders folders;

	folders_of(o->kind, read, ARRAY_LEN(read), &folders);
	if (lock_in(o, write_dirs, folders.paths, true) < 0)
		return EXIT_FAILURE;
	return provisioner_run(
		&(struct provisioner_options){.dhcpd_fd = worker_fd(o->kind, SERVER_DHCPD_PEER),
			.netboot_fd = worker_fd(o->kind, SERVER_NETBOOT_PEER),
			.join_fd = worker_fd(o->kind, SERVER_JOIN),
			.admin_fd = worker_fd(o->kind, SERVER_ADMIN),
			.images_dir = worker_fd(o->kind, SERVER_IMAGES),
			.agent_dir = worker_fd(o->kind, SERVER_AGENT),
			.config_dir = worker_fd(o->kind, SERVER_CONFIG_DIR),
			.templates_dir = worker_fd(o->kind, SERVER_TEMPLATES),
			.ready_fd = worker_fd(o->kind, SERVER_READY),
			.config_name = o->config_name,
			.state_dir = o->state_dir});
}

int worker_run(const struct worker_options *o)
{
	log_init(worker_rows[o->kind].name, log_level());
	switch (o->kind) {
	case WORKER_PROVISIONER:
		return run_provisioner(o);
	case WORKER_DHCPD:
		return run_dhcpd(o);
	case WORKER_NETBOOT:
		return run_netboot(o);
	case N_WORKERS:
		break;
	}
	return EXIT_FAILURE;
}

#include "provisioner/daemon/run.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <string.h>

#include "netboot/images/verifier.h"
#include "netboot/server/server.h"
#include "provisioner/base/log.h"
#include "provisioner/daemon/builder.h"
#include "provisioner/daemon/provisioner.h"
#include "provisioner/daemon/tftpd.h"

#define FOLDERS_MAX 4
#define FOLDER_PATH_SIZE 24

/* The folders a worker was given as descriptors, as paths for its sandbox. */
struct folders {
	char text[FOLDERS_MAX][FOLDER_PATH_SIZE];
	const char *paths[FOLDERS_MAX + 1];
};

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

static int run_netboot(const struct worker_options *o)
{
	static const enum server_fd served[] = {
		SERVER_IMAGES, SERVER_FIRMWARE, SERVER_AGENT, SERVER_VERDICTS};
	struct folders folders;
	int readers[READERS];
	int https = worker_fd(o->kind, SERVER_HTTPS); /* there is none unless it was asked for */

	if (fcntl(https, F_GETFD) < 0)
		https = -1;
	folders_of(o->kind, served, ARRAY_LEN(served), &folders);
	int reader = reader_fork(readers); /* a worker that is locked in can not */
	if (reader < 0)
		log_error("netboot: disk readers: %s", strerror(-reader));
	if (reader < 0 || worker_lock_in(o, NULL, folders.paths, false) < 0)
		return EXIT_FAILURE;
	if (reader > 0)
		return reader_run(reader);
	struct netboot_options options = {
		.provisioner_fd = worker_fd(o->kind, SERVER_NETBOOT_SIDE),
		.tftp_fd = o->tftp == WORKER_TFTP_HPA ? -1 : worker_fd(o->kind, SERVER_TFTP),
		.tftp_single_port = o->tftp == WORKER_TFTP_SINGLE_PORT,
		.http_fd = worker_fd(o->kind, SERVER_HTTP),
		.https_fd = https,
		.images_dir = worker_fd(o->kind, SERVER_IMAGES),
		.firmware_dir = worker_fd(o->kind, SERVER_FIRMWARE),
		.agent_dir = worker_fd(o->kind, SERVER_AGENT),
		.verdicts_dir = worker_fd(o->kind, SERVER_VERDICTS),
	};
	memcpy(options.readers, readers, sizeof(readers));
	return netboot_run(&options);
}

static int run_verifier(const struct worker_options *o)
{
	static const enum server_fd read[] = {SERVER_IMAGES};
	const char *const write_dirs[] = {o->state_dir, NULL};
	struct folders folders;

	folders_of(o->kind, read, ARRAY_LEN(read), &folders);
	if (worker_lock_in(o, write_dirs, folders.paths, false) < 0)
		return EXIT_FAILURE;
	return verifier_run(&(struct verifier_options){
		.provisioner_fd = worker_fd(o->kind, SERVER_VERIFIER_SIDE),
		.images_dir = worker_fd(o->kind, SERVER_IMAGES),
		.verdicts_dir = worker_fd(o->kind, SERVER_VERDICTS)});
}

/* What it renders it reads by descriptors and writes into the archive; it sees no socket and not the CA's key. */
static int run_builder(const struct worker_options *o, int fd)
{
	static const enum server_fd read[] = {SERVER_IMAGES, SERVER_CONFIG_DIR, SERVER_TEMPLATES};
	static const enum server_fd not_ours[] = {SERVER_DHCPD_PEER, SERVER_NETBOOT_PEER,
		SERVER_VERIFIER_PEER, SERVER_JOIN, SERVER_ADMIN, SERVER_READY, SERVER_AGENT};
	const char *const write_dirs[] = {o->state_dir, NULL};
	struct folders folders;

	for (size_t i = 0; i < ARRAY_LEN(not_ours); i++)
		(void)close(worker_fd(o->kind, not_ours[i]));
	(void)prctl(PR_SET_NAME, "slipway-builder"); /* for ps */
	folders_of(o->kind, read, ARRAY_LEN(read), &folders);
	if (worker_lock_in_maker(o, write_dirs, folders.paths) < 0)
		return EXIT_FAILURE;
	return builder_run(&(struct builder_options){.fd = fd,
		.config_dir = worker_fd(o->kind, SERVER_CONFIG_DIR),
		.templates_dir = worker_fd(o->kind, SERVER_TEMPLATES),
		.images_dir = worker_fd(o->kind, SERVER_IMAGES),
		.config_name = o->config_name,
		.state_dir = o->state_dir});
}

/* A descriptor to a builder, which is made now: nothing of ours is open yet. */
static int make_builder(const struct worker_options *o)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	pid_t pid = fork();
	if (pid == 0) {
		(void)close(pair[0]);
		exit(run_builder(o, pair[1]));
	}
	(void)close(pair[1]);
	if (pid < 0) {
		(void)close(pair[0]);
		return -EAGAIN;
	}
	return pair[0];
}

static int run_provisioner(const struct worker_options *o)
{
	static const enum server_fd read[] = {
		SERVER_IMAGES, SERVER_AGENT, SERVER_CONFIG_DIR, SERVER_TEMPLATES};
	const char *const write_dirs[] = {o->state_dir, NULL};
	struct folders folders;
	int builder = make_builder(o);

	if (builder < 0) {
		log_error("no process to render in: %s", strerror(-builder));
		return EXIT_FAILURE;
	}
	folders_of(o->kind, read, ARRAY_LEN(read), &folders);
	if (worker_lock_in(o, write_dirs, folders.paths, true) < 0)
		return EXIT_FAILURE;
	return provisioner_run(
		&(struct provisioner_options){.dhcpd_fd = worker_fd(o->kind, SERVER_DHCPD_PEER),
			.netboot_fd = worker_fd(o->kind, SERVER_NETBOOT_PEER),
			.verifier_fd = worker_fd(o->kind, SERVER_VERIFIER_PEER),
			.join_fd = worker_fd(o->kind, SERVER_JOIN),
			.admin_fd = worker_fd(o->kind, SERVER_ADMIN),
			.images_dir = worker_fd(o->kind, SERVER_IMAGES),
			.agent_dir = worker_fd(o->kind, SERVER_AGENT),
			.config_dir = worker_fd(o->kind, SERVER_CONFIG_DIR),
			.templates_dir = worker_fd(o->kind, SERVER_TEMPLATES),
			.builder_fd = builder,
			.ready_fd = worker_fd(o->kind, SERVER_READY),
			.config_name = o->config_name,
			.state_dir = o->state_dir,
			.listening = o->listening,
			.publishes = o->publishes});
}

static int run_tftpd(const struct worker_options *o)
{
	return tftpd_exec(&(struct tftpd_options){.address = o->address,
		.user = o->user,
		.firmware_dir = worker_fd(o->kind, SERVER_FIRMWARE)});
}

int run_worker(const struct worker_options *o)
{
	switch (o->kind) {
	case WORKER_PROVISIONER:
		return run_provisioner(o);
	case WORKER_NETBOOT:
		return run_netboot(o);
	case WORKER_TFTPD:
		return run_tftpd(o);
	case WORKER_VERIFIER:
		return run_verifier(o);
	case WORKER_DHCPD:
		log_error("%s is a program of its own", worker_rows[o->kind].program);
		return EXIT_FAILURE;
	case N_WORKERS:
		break;
	}
	return EXIT_FAILURE;
}

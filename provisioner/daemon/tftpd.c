#include "provisioner/daemon/tftpd.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "provisioner/base/files.h"
#include "provisioner/base/log.h"

#define PROGRAM "/usr/sbin/in.tftpd"
#define BLKSIZE_MAX "1468" /* an Ethernet frame without IP, UDP and TFTP headers */
#define FD_PATH_SIZE 32

/* in.tftpd's own language: rules of a regular expression and what it becomes. */
static const char map[] = "rg \\\\ /\n"
			  "r ^/+\n"
			  "r ^firmware/+\n";

/* A descriptor that lives on in the next program, as a path. */
static int path_of(int fd, char ret[static FD_PATH_SIZE])
{
	if (fd < 0 || fcntl(fd, F_SETFD, 0) < 0)
		return -errno;
	(void)snprintf(ret, FD_PATH_SIZE, "/proc/self/fd/%d", fd);
	return 0;
}

int tftpd_exec(const struct tftpd_options *o)
{
	char folder[FD_PATH_SIZE], rules[FD_PATH_SIZE], address[64];
	pid_t supervisor = getppid();

	if (path_of(memfd_sealed("tftpd map", map, sizeof(map) - 1), rules) < 0 ||
		path_of(o->firmware_dir, folder) < 0) {
		log_error("tftpd: no descriptor for its files: %s", strerror(errno));
		return EXIT_FAILURE;
	}
	(void)snprintf(address, sizeof(address), "%s:69", o->address);
	/* A supervisor that was killed takes it along. */
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != supervisor)
		return EXIT_FAILURE;
	(void)execl(PROGRAM, "in.tftpd", "--foreground", "--secure", "--address", address, "--user",
		o->user, "--blocksize", BLKSIZE_MAX, "--map-file", rules, folder, (char *)NULL);
	log_error("tftpd: %s: %s (Debian's package tftpd-hpa has it)", PROGRAM, strerror(errno));
	return EXIT_FAILURE;
}

#include "provisioner/daemon/server_fds.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "provisioner/base/files.h"
#include "provisioner/cluster/cluster.h"
#include "provisioner/daemon/sockets.h"

#define CHANNEL_BUFFER_BYTES (4 << 20)
#define LOWEST_FD 64 /* above every number that a worker's descriptors are moved to */

void server_fds_init(struct server_fds *s)
{
	for (size_t i = 0; i < N_SERVER_FDS; i++)
		s->fds[i] = -1;
	s->ready = -1;
}

void server_fds_done(struct server_fds *s)
{
	for (size_t i = 0; i < N_SERVER_FDS; i++)
		close_p(&s->fds[i]);
	close_p(&s->ready);
}

int server_fds_raise(int fd)
{
	int high = fcntl(fd, F_DUPFD_CLOEXEC, LOWEST_FD);

	(void)close(fd);
	return high < 0 ? -errno : high;
}

static int keep_fd(struct server_fds *s, enum server_fd which, int fd)
{
	if (fd < 0)
		return fd;
	s->fds[which] = server_fds_raise(fd);
	return s->fds[which] < 0 ? s->fds[which] : 0;
}

static int open_channel(struct server_fds *s, enum server_fd one, enum server_fd other)
{
	int pair[2], bytes = CHANNEL_BUFFER_BYTES;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	for (int i = 0; i < 2; i++)
		(void)setsockopt(pair[i], SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof(bytes));
	int rc = keep_fd(s, one, pair[0]);
	int rc2 = keep_fd(s, other, pair[1]);
	return rc < 0 ? rc : rc2;
}

static int open_ready_pipe(struct server_fds *s)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
		return -errno;
	s->ready = server_fds_raise(ends[0]);
	return keep_fd(s, SERVER_READY, ends[1]);
}

int server_fds_open_channels(struct server_fds *s, struct err *e)
{
	int rc = open_channel(s, SERVER_DHCPD_SIDE, SERVER_DHCPD_PEER);

	if (rc == 0)
		rc = open_channel(s, SERVER_NETBOOT_SIDE, SERVER_NETBOOT_PEER);
	if (rc == 0)
		rc = open_channel(s, SERVER_VERIFIER_SIDE, SERVER_VERIFIER_PEER);
	if (rc == 0)
		rc = open_ready_pipe(s);
	return rc < 0 ? err_msg(e, rc, "socketpair: %s", strerror(-rc)) : 0;
}

int server_fds_open_sockets(struct server_fds *s, const struct cluster *c, const char *admin_path,
	gid_t gid, struct err *e)
{
	const char *interface = c->network.internal.interface;
	uint32_t address = c->network.internal.address.addr;
	int rc;

	if ((rc = keep_fd(s, SERVER_BOOTPS, socket_dhcp(interface, 67, e))) < 0 ||
		(rc = keep_fd(s, SERVER_PXE, socket_dhcp(interface, 4011, e))) < 0 ||
		(c->tftp.backend == TFTP_BUILTIN &&
			(rc = keep_fd(s, SERVER_TFTP, socket_udp(address, 69, e))) < 0) ||
		(rc = keep_fd(s, SERVER_HTTP, socket_tcp(address, (uint16_t)c->ports.http, e))) <
			0 ||
		(c->ports.https && (rc = keep_fd(s, SERVER_HTTPS,
					    socket_tcp(address, (uint16_t)c->ports.https, e))) < 0) ||
		(rc = keep_fd(s, SERVER_JOIN, socket_tcp(address, (uint16_t)c->ports.join, e))) < 0)
		return rc;
	return keep_fd(s, SERVER_ADMIN, socket_unix(admin_path, gid, e));
}

int server_fds_open_folder(struct server_fds *s, enum server_fd which, const char *path,
	const char *what, struct err *e)
{
	int rc = keep_fd(s, which, dir_open(path));

	return rc < 0 ? err_msg(e, rc, "%s: %s (%s)", path, strerror(-rc), what) : 0;
}

#include "provisioner/daemon/sockets.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "provisioner/base/addr.h"

#define LISTEN_BACKLOG 512
#define UDP_BUFFER_BYTES (8 << 20)

static int new_socket(int domain, int type, struct err *e)
{
	int fd = socket(domain, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	return fd < 0 ? err_msg(e, -errno, "socket: %s", strerror(errno)) : fd;
}

static int set_flag(int fd, int option)
{
	int on = 1;

	return setsockopt(fd, SOL_SOCKET, option, &on, sizeof(on));
}

/* Hands `fd` on when binding worked, closes it otherwise. */
static int bound(int fd, const struct sockaddr_in *sa, const char *what, struct err *e)
{
	char addr[IPV4_TEXT_SIZE];

	if (bind(fd, (const struct sockaddr *)sa, sizeof(*sa)) == 0)
		return fd;
	int rc = -errno;
	(void)close(fd);
	return err_msg(e, rc, "%s port %u on %s: %s%s", what, ntohs(sa->sin_port),
		ipv4_text(ntohl(sa->sin_addr.s_addr), addr), strerror(-rc),
		rc == -EADDRINUSE ? " (does another DHCP, TFTP or web server run here?)" : "");
}

int socket_dhcp(const char *interface, uint16_t port, struct err *e)
{
	struct sockaddr_in any = ipv4_sockaddr(INADDR_ANY, port);
	int fd = new_socket(AF_INET, SOCK_DGRAM, e);

	if (fd < 0)
		return fd;
	if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, interface, (socklen_t)strlen(interface)) <
			0 ||
		set_flag(fd, SO_BROADCAST) < 0) {
		int rc = -errno;
		(void)close(fd);
		return err_msg(e, rc, "UDP port %u on %s: %s", port, interface, strerror(-rc));
	}
	return bound(fd, &any, "UDP", e);
}

int socket_udp(uint32_t address, uint16_t port, struct err *e)
{
	struct sockaddr_in sa = ipv4_sockaddr(address, port);
	int bytes = UDP_BUFFER_BYTES;
	int fd = new_socket(AF_INET, SOCK_DGRAM, e);

	if (fd < 0)
		return fd;
	/* A hall that is powered on sends all its requests at once: the default keeps 167 of them. */
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes));
	return bound(fd, &sa, "UDP", e);
}

int socket_tcp(uint32_t address, uint16_t port, struct err *e)
{
	struct sockaddr_in sa = ipv4_sockaddr(address, port);
	int fd = new_socket(AF_INET, SOCK_STREAM, e);

	if (fd < 0)
		return fd;
	(void)set_flag(fd, SO_REUSEADDR); /* without it, a restart waits for old connections */
	fd = bound(fd, &sa, "TCP", e);
	if (fd >= 0 && listen(fd, LISTEN_BACKLOG) < 0) {
		int rc = -errno;
		(void)close(fd);
		return err_msg(e, rc, "TCP port %u: %s", port, strerror(-rc));
	}
	return fd;
}

static bool answers(const struct sockaddr_un *sa)
{
	AUTO(close_p) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return fd >= 0 && connect(fd, (const struct sockaddr *)sa, sizeof(*sa)) == 0;
}

int socket_unix(const char *path, gid_t gid, struct err *e)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};

	if (strlen(path) >= sizeof(sa.sun_path))
		return err_msg(e, -ENAMETOOLONG, "%s: a socket's path has at most %zu bytes", path,
			sizeof(sa.sun_path) - 1);
	memcpy(sa.sun_path, path, strlen(path));
	if (answers(&sa))
		return err_msg(e, -EADDRINUSE, "%s: another slipway serves here", path);
	(void)unlink(path); /* left by one that was killed */

	AUTO(close_p) int fd = new_socket(AF_UNIX, SOCK_STREAM, e);
	if (fd < 0)
		return fd;
	if (bind(fd, (const struct sockaddr *)&sa, sizeof(sa)) < 0 || chmod(path, 0660) < 0 ||
		chown(path, (uid_t)-1, gid) < 0 || listen(fd, LISTEN_BACKLOG) < 0)
		return err_msg(e, -errno, "%s: %s", path, strerror(errno));
	return TAKE_FD(fd);
}

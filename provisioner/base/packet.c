#include "provisioner/base/packet.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "provisioner/base/mem.h"

union control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(sizeof(int))];
};

int packet_send(int sock, struct iovec *parts, size_t n_parts, int fd, int flags)
{
	union control control = {0};
	struct msghdr m = {.msg_iov = parts, .msg_iovlen = n_parts};

	if (fd >= 0) {
		m.msg_control = control.bytes;
		m.msg_controllen = sizeof(control.bytes);
		struct cmsghdr *c = CMSG_FIRSTHDR(&m);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &fd, sizeof(int));
	}
	return sendmsg(sock, &m, MSG_NOSIGNAL | flags) < 0 ? -errno : 0;
}

/* The one descriptor that came along, or -1. The space for one, rounded up, has room for two: a
 * hostile peer's second one must not stay open unseen. */
static int received_fd(struct msghdr *m)
{
	int fd = -1;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t at = 0; CMSG_LEN(at + sizeof(int)) <= c->cmsg_len; at += sizeof(int)) {
			close_p(&fd);
			memcpy(&fd, CMSG_DATA(c) + at, sizeof(int));
		}
	}
	return fd;
}

ssize_t packet_receive(int sock, struct iovec *parts, size_t n_parts, int *ret_fd, int flags)
{
	union control control;
	struct msghdr m = {.msg_iov = parts,
		.msg_iovlen = n_parts,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes)};
	ssize_t n;

	*ret_fd = -1;
	do
		n = recvmsg(sock, &m, MSG_CMSG_CLOEXEC | flags);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	*ret_fd = received_fd(&m);
	if (!(m.msg_flags & MSG_TRUNC))
		return n;
	close_p(ret_fd);
	return -EMSGSIZE;
}

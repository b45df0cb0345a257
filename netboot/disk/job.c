#include "netboot/disk/job.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "provisioner/base/mem.h"

union control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(sizeof(int))];
};

int job_send(int channel, const void *message, uint64_t size, int fd)
{
	struct iovec iov = {.iov_len = size};
	union control control = {0};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};

	memcpy(&iov.iov_base, &message, sizeof(message)); /* sendmsg() does not write to it */
	if (fd >= 0) {
		m.msg_control = control.bytes;
		m.msg_controllen = sizeof(control.bytes);
		struct cmsghdr *c = CMSG_FIRSTHDR(&m);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &fd, sizeof(int));
	}
	return sendmsg(channel, &m, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int job_receive(int channel, void *message, uint64_t size, int *ret_fd)
{
	struct iovec iov = {message, size};
	union control control;
	struct msghdr m = {.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes)};
	ssize_t n;

	*ret_fd = -1;
	do
		n = recvmsg(channel, &m, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		return n < 0 && errno == EAGAIN ? -EAGAIN : -EPIPE;
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
		memcpy(ret_fd, CMSG_DATA(c), sizeof(int));
	if ((uint64_t)n == size)
		return 0;
	close_p(ret_fd);
	return -EBADMSG;
}

#include "netboot/disk/job.h"

#include <errno.h>
#include <string.h>

#include "provisioner/base/mem.h"
#include "provisioner/base/packet.h"

int job_send(int channel, const void *message, uint64_t size, int fd)
{
	struct iovec iov = {.iov_len = size};

	memcpy(&iov.iov_base, &message, sizeof(message)); /* sendmsg() does not write to it */
	return packet_send(channel, &iov, 1, fd, /* flags= */ 0);
}

int job_receive(int channel, void *message, uint64_t size, int *ret_fd)
{
	struct iovec iov = {message, size};
	ssize_t n = packet_receive(channel, &iov, 1, ret_fd, /* flags= */ 0);

	if (n == (ssize_t)size)
		return 0;
	close_p(ret_fd);
	if (n > 0 || n == -EMSGSIZE)
		return -EBADMSG;
	return n == -EAGAIN ? -EAGAIN : -EPIPE;
}

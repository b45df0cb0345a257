#include "tests/unit/test.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "provisioner/base/files.h"
#include "provisioner/base/mem.h"
#include "provisioner/base/packet.h"

/* Sends the text in two parts, and reads it into two others. */
static ssize_t send_and_receive(const char *sent, int fd, char got[static 4], int *ret_fd)
{
	char copy[8];
	struct iovec out[2] = {{copy, 2}, {copy + 2, strlen(sent) - 2}};
	struct iovec in[2] = {{got, 1}, {got + 1, 3}};
	int ends[2];

	(void)snprintf(copy, sizeof(copy), "%s", sent);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	assert_int_equal(packet_send(ends[0], out, 2, fd, 0), 0);
	ssize_t n = packet_receive(ends[1], in, 2, ret_fd, MSG_DONTWAIT);
	close_p(&ends[0]);
	close_p(&ends[1]);
	return n;
}

TEST(parts_arrive_in_other_parts_with_a_descriptor)
{
	AUTO(close_p) int file = memfd_sealed("file", "x", 1);
	AUTO(close_p) int fd = -1;
	char got[4], inside = 0;

	assert_int_equal(send_and_receive("abcd", file, got, &fd), 4);
	assert_memory_equal(got, "abcd", 4);
	assert_int_equal(pread(fd, &inside, 1, 0), 1);
	assert_int_equal(inside, 'x');
}

static int lowest_free(void)
{
	int fd = dup(STDERR_FILENO), number = fd;

	close_p(&fd);
	return number;
}

TEST(what_is_too_long_is_refused_and_its_descriptor_closed)
{
	AUTO(close_p) int file = memfd_sealed("file", "x", 1);
	int fd = 99, before = lowest_free();
	char got[4];

	assert_int_equal(send_and_receive("abcde", file, got, &fd), -EMSGSIZE);
	assert_int_equal(fd, -1);
	assert_int_equal(lowest_free(), before);
}

RUN(t(parts_arrive_in_other_parts_with_a_descriptor),
	t(what_is_too_long_is_refused_and_its_descriptor_closed))

#include "tests/unit/test.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "netboot/disk/job.h"
#include "provisioner/base/files.h"
#include "provisioner/base/mem.h"

struct channel {
	int ends[2];
};

static struct channel channel_new(void)
{
	struct channel c;

	assert_int_equal(
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, c.ends), 0);
	return c;
}

static void channel_done(struct channel *c)
{
	close_p(&c->ends[0]);
	close_p(&c->ends[1]);
}

TEST(a_job_arrives_with_its_descriptor)
{
	struct channel c = channel_new();
	AUTO(close_p) int file = memfd_sealed("file", "abc", 3);
	AUTO(close_p) int got = -1;
	struct job out = {.kind = JOB_LOAD, .offset = UINT64_C(1) << 40, .len = 3}, in;
	char text[3];

	assert_int_equal(job_send(c.ends[0], &out, sizeof(out), file), 0);
	assert_int_equal(job_receive(c.ends[1], &in, sizeof(in), &got), 0);
	assert_memory_equal(&in, &out, sizeof(in));
	assert_int_equal(pread(got, text, sizeof(text), 0), 3);
	assert_memory_equal(text, "abc", 3);
	channel_done(&c);
}

TEST(a_result_arrives_without_one)
{
	struct channel c = channel_new();
	struct job_result out = {.rc = -ENOENT}, in;
	int got = 99;

	assert_int_equal(job_send(c.ends[1], &out, sizeof(out), -1), 0);
	assert_int_equal(job_receive(c.ends[0], &in, sizeof(in), &got), 0);
	assert_int_equal(in.rc, -ENOENT);
	assert_int_equal(got, -1);
	channel_done(&c);
}

TEST(nothing_yet_the_wrong_size_and_the_end_are_told_apart)
{
	struct channel c = channel_new();
	struct job_result in;
	int got;

	assert_int_equal(job_receive(c.ends[0], &in, sizeof(in), &got), -EAGAIN);
	assert_int_equal(job_send(c.ends[1], "x", 1, c.ends[1]), 0);
	assert_int_equal(job_receive(c.ends[0], &in, sizeof(in), &got), -EBADMSG);
	assert_int_equal(got, -1);
	assert_int_equal(job_send(c.ends[1], "longer", 7, -1), 0);
	assert_int_equal(job_receive(c.ends[0], &in, sizeof(in), &got), -EBADMSG);
	close_p(&c.ends[1]);
	assert_int_equal(job_receive(c.ends[0], &in, sizeof(in), &got), -EPIPE);
	assert_true(job_send(c.ends[0], &in, sizeof(in), -1) < 0);
	channel_done(&c);
}

RUN(t(a_job_arrives_with_its_descriptor), t(a_result_arrives_without_one),
	t(nothing_yet_the_wrong_size_and_the_end_are_told_apart))

#include "tests/unit/test.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "netboot/disk/job.h"
#include "netboot/tftp/source.h"
#include "provisioner/base/files.h"
#include "provisioner/base/mem.h"
#include "tests/unit/netboot/disk/readers.h"

/* A disk whose readers are the test itself, and a transfer that it tells. */
struct desk {
	struct event_base *base;
	struct disk *disk;
	int readers[READERS];
	struct tftp_source source;
	int told, rc;
};

static void on_loaded(void *arg, int rc)
{
	struct desk *d = arg;

	d->told++;
	d->rc = tftp_source_loaded(&d->source, rc);
}

static void desk_init(struct desk *d, int file)
{
	assert_true(file >= 0);
	*d = (struct desk){.base = event_base_new()};
	d->disk = disk_read_by(d->base, d->readers);
	tftp_source_begin(&d->source, file);
}

static void desk_done(struct desk *d)
{
	tftp_source_done(&d->source);
	disk_read_by_none(d->disk, d->readers);
	event_base_free(d->base);
}

/* What the first reader is asked for. */
static struct job asked(struct desk *d)
{
	AUTO(close_p) int fd = -1;
	struct job job = {0};

	assert_int_equal(job_receive(d->readers[0], &job, sizeof(job), &fd), 0);
	return job;
}

static void answer(struct desk *d, int rc)
{
	const struct job_result r = {.rc = rc};

	assert_int_equal(job_send(d->readers[0], &r, sizeof(r), -1), 0);
	(void)event_base_loop(d->base, EVLOOP_NONBLOCK);
}

static int load(struct desk *d, uint64_t offset, size_t want)
{
	return tftp_source_load(&d->source, d->disk, offset, want, on_loaded, d);
}

/* Eight bytes are wanted, eight more are welcome. */
static ssize_t read_some(struct desk *d, uint64_t offset, char ret[static 16])
{
	const struct iovec iov[] = {{ret, 8}, {ret + 8, 8}};

	return tftp_source_read(&d->source, offset, 8, iov, 1, 2);
}

TEST(what_is_in_memory_is_read_at_once_and_more_of_it)
{
	char text[16];
	struct desk d;

	desk_init(&d, memfd_sealed("file", "0123456789abcdefghij", 20));
	assert_int_equal(read_some(&d, 0, text), 16);
	assert_memory_equal(text, "0123456789abcdef", 16);
	assert_int_equal(read_some(&d, 10, text), 10);
	assert_memory_equal(text, "abcdefghij", 10);
	desk_done(&d);
}

TEST(file_that_has_shrunk_is_an_error)
{
	int file = memfd_create("file", MFD_CLOEXEC);
	char text[16];
	struct desk d;

	desk_init(&d, file);
	assert_int_equal(write(file, "0123456789", 10), 10);
	assert_int_equal(read_some(&d, 0, text), 10);
	assert_int_equal(ftruncate(file, 7), 0);
	assert_int_equal(read_some(&d, 0, text), -EIO);
	assert_int_equal(read_some(&d, 100, text), -EIO);
	desk_done(&d);
}

TEST(nothing_of_an_empty_file_is_read)
{
	struct desk d;

	desk_init(&d, memfd_sealed("file", "", 0));
	assert_int_equal(tftp_source_read(&d.source, 0, 0, NULL, 0, 0), 0);
	desk_done(&d);
}

/* Files of /proc do not tell what is cached, and lie on no disk that can be trusted to be one. */
TEST(what_may_have_to_be_waited_for_is_loaded_first)
{
	char text[16], more[16];
	struct desk d;

	desk_init(&d, open("/proc/version", O_RDONLY | O_CLOEXEC));
	assert_int_equal(read_some(&d, 6, text), -EAGAIN);
	assert_int_equal(load(&d, 6, 8), 0);
	struct job job = asked(&d);
	assert_int_equal(job.kind, JOB_LOAD);
	assert_int_equal(job.offset, 6);
	assert_true(job.len >= 8);
	assert_int_equal(d.told, 0);
	answer(&d, 0);
	assert_int_equal(d.told, 1);
	assert_int_equal(d.rc, 0);
	assert_int_equal(read_some(&d, 6, text), 8);
	assert_memory_equal(text, "version ", 8);
	assert_int_equal(read_some(&d, 14, more), 8); /* that was loaded too */
	assert_int_equal(read_some(&d, 6 + job.len, more), -EAGAIN);
	desk_done(&d);
}

TEST(file_that_has_shrunk_while_it_was_loaded_is_an_error)
{
	char text[16];
	struct desk d;

	desk_init(&d, open("/proc/version", O_RDONLY | O_CLOEXEC));
	assert_int_equal(read_some(&d, 100000, text), -EAGAIN);
	assert_int_equal(load(&d, 100000, 8), 0);
	(void)asked(&d);
	answer(&d, 0);
	assert_int_equal(read_some(&d, 100000, text), -EIO);
	desk_done(&d);
}

TEST(file_that_can_not_be_read_is_an_error)
{
	char text[16];
	struct desk d;

	desk_init(&d, open("/proc/version", O_RDONLY | O_CLOEXEC));
	assert_int_equal(read_some(&d, 0, text), -EAGAIN);
	assert_int_equal(load(&d, 0, 8), 0);
	(void)asked(&d);
	answer(&d, -EIO);
	assert_int_equal(d.told, 1);
	assert_int_equal(d.rc, -EIO);
	desk_done(&d);
}

TEST(transfer_that_has_ended_is_not_told)
{
	char text[16];
	struct desk d;

	desk_init(&d, open("/proc/version", O_RDONLY | O_CLOEXEC));
	assert_int_equal(read_some(&d, 0, text), -EAGAIN);
	assert_int_equal(load(&d, 0, 8), 0);
	tftp_source_done(&d.source);
	assert_int_equal(d.source.file, -1);
	(void)asked(&d);
	answer(&d, 0);
	assert_int_equal(d.told, 0);
	desk_done(&d);
}

RUN(t(what_is_in_memory_is_read_at_once_and_more_of_it), t(file_that_has_shrunk_is_an_error),
	t(nothing_of_an_empty_file_is_read), t(what_may_have_to_be_waited_for_is_loaded_first),
	t(file_that_has_shrunk_while_it_was_loaded_is_an_error),
	t(file_that_can_not_be_read_is_an_error), t(transfer_that_has_ended_is_not_told))

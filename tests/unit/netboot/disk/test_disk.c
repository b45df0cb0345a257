#include "tests/unit/test.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "netboot/disk/disk.h"
#include "netboot/disk/job.h"
#include "provisioner/base/files.h"
#include "provisioner/base/mem.h"
#include "tests/unit/netboot/disk/readers.h"

/* A disk whose readers are the test itself, at the other ends of their channels. */
struct desk {
	struct event_base *base;
	struct disk *disk;
	int readers[READERS];
	int told, last_rc;
};

static void on_told(void *arg, int rc)
{
	struct desk *d = arg;

	d->told++;
	d->last_rc = rc;
}

static void desk_init(struct desk *d)
{
	*d = (struct desk){.base = event_base_new()};
	d->disk = disk_read_by(d->base, d->readers);
}

static void desk_done(struct desk *d)
{
	disk_read_by_none(d->disk, d->readers);
	event_base_free(d->base);
}

/* The job that reader `i` has been given. */
static bool has_job(struct desk *d, size_t i, struct job *ret)
{
	AUTO(close_p) int fd = -1;

	return job_receive(d->readers[i], ret, sizeof(*ret), &fd) == 0;
}

static unsigned count_jobs(struct desk *d)
{
	struct job job;
	unsigned n = 0;

	for (size_t i = 0; i < READERS; i++)
		n += has_job(d, i, &job) ? 1U : 0U;
	return n;
}

static void reply(struct desk *d, size_t i, int rc)
{
	const struct job_result r = {.rc = rc};

	assert_int_equal(job_send(d->readers[i], &r, sizeof(r), -1), 0);
	(void)event_base_loop(d->base, EVLOOP_NONBLOCK);
}

TEST(who_wants_bytes_is_told_when_a_reader_has_read_them)
{
	AUTO(close_p) int file = memfd_sealed("file", "abc", 3);
	struct desk d;
	struct job job;

	desk_init(&d);
	assert_non_null(disk_load(d.disk, file, 7, 1000, on_told, &d));
	assert_true(has_job(&d, 0, &job));
	assert_int_equal(job.kind, JOB_LOAD);
	assert_int_equal(job.offset, 7);
	assert_int_equal(job.len, 1000);
	assert_int_equal(d.told, 0);
	reply(&d, 0, -EIO);
	assert_int_equal(d.told, 1);
	assert_int_equal(d.last_rc, -EIO);
	desk_done(&d);
}

TEST(one_device_has_two_readers_and_the_rest_waits)
{
	AUTO(close_p) int file = memfd_sealed("file", "abc", 3);
	AUTO(close_p) int other = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
	struct desk d;

	desk_init(&d);
	for (int i = 0; i < 4; i++)
		(void)disk_load(d.disk, file, 0, 1, on_told, &d);
	assert_int_equal(count_jobs(&d), 2);
	(void)disk_load(d.disk, other, 0, 1, on_told, &d);
	assert_int_equal(count_jobs(&d), 1); /* past those that wait */
	reply(&d, 0, 0);
	assert_int_equal(count_jobs(&d), 1);
	assert_int_equal(d.told, 1);
	desk_done(&d);
}

TEST(who_has_forgotten_is_not_told)
{
	AUTO(close_p) int file = memfd_sealed("file", "abc", 3);
	struct desk d;
	struct disk_job *jobs[3];

	desk_init(&d);
	for (size_t i = 0; i < ARRAY_LEN(jobs); i++)
		jobs[i] = disk_load(d.disk, file, 0, 1, on_told, &d);
	assert_int_equal(count_jobs(&d), 2);
	disk_forget(jobs[0]); /* a reader has it */
	disk_forget(jobs[2]); /* it waits */
	disk_forget(NULL);
	reply(&d, 0, 0);
	assert_int_equal(count_jobs(&d), 0);
	assert_int_equal(d.told, 0);
	reply(&d, 1, 0);
	assert_int_equal(d.told, 1);
	desk_done(&d);
}

TEST(a_reader_that_ends_leaves_its_job_to_another)
{
	AUTO(close_p) int file = memfd_sealed("file", "abc", 3);
	struct desk d;
	struct job job;

	desk_init(&d);
	(void)disk_load(d.disk, file, 5, 1, on_told, &d);
	assert_true(has_job(&d, 0, &job));
	close_p(&d.readers[0]);
	(void)event_base_loop(d.base, EVLOOP_NONBLOCK);
	assert_true(has_job(&d, 1, &job));
	assert_int_equal(job.offset, 5);
	reply(&d, 1, 0);
	assert_int_equal(d.told, 1);
	desk_done(&d);
}

TEST(without_readers_the_loop_ends)
{
	struct desk d;

	desk_init(&d);
	for (size_t i = 0; i < READERS; i++)
		close_p(&d.readers[i]);
	assert_int_equal(event_base_dispatch(d.base), 0);
	assert_true(event_base_got_exit(d.base));
	desk_done(&d);
}

TEST(what_is_in_memory_is_ready_and_what_is_known_is_opened_at_once)
{
	char folder[] = "/tmp/test_disk.XXXXXX";
	struct disk_job *job = NULL;
	struct desk d;

	desk_init(&d);
	assert_non_null(mkdtemp(folder));
	AUTO(close_p) int dir = dir_open(folder);
	assert_int_equal(file_write(dir, "file", "abc", 3, 0600), 0);
	AUTO(close_p) int fd = disk_open(d.disk, dir, "file", on_told, &d, &job);
	if (fd == -EINPROGRESS) { /* this kernel can not tell: a reader is asked */
		assert_int_equal(count_jobs(&d), 1);
		disk_forget(job);
	} else {
		assert_true(fd >= 0);
		const struct disk_file f = {.fd = fd};

		assert_int_equal(disk_ready(d.disk, &f, 0, 3), 3);
		assert_int_equal(disk_ready(d.disk, &f, 1, 1), 1);
	}
	assert_int_equal(unlinkat(dir, "file", 0), 0);
	assert_int_equal(rmdir(folder), 0);
	desk_done(&d);
}

RUN(t(who_wants_bytes_is_told_when_a_reader_has_read_them),
	t(one_device_has_two_readers_and_the_rest_waits), t(who_has_forgotten_is_not_told),
	t(a_reader_that_ends_leaves_its_job_to_another), t(without_readers_the_loop_ends),
	t(what_is_in_memory_is_ready_and_what_is_known_is_opened_at_once))

#include "netboot/disk/disk.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "netboot/disk/job.h"
#include "netboot/disk/warm.h"
#include "provisioner/base/clock.h"
#include "provisioner/base/files.h"
#include "provisioner/base/log.h"

#define ALIKE_MAX 2                /* readers that one disk may keep waiting */
#define STRIDE ((size_t)128 << 10) /* reclaim takes 32 pages at a time */

struct disk_job {
	TAILQ_ENTRY(disk_job) next; /* while no reader has it */
	struct disk *disk;
	int fd; /* our own copy: who wanted it may close theirs */
	dev_t device;
	disk_told *tell; /* NULL: forgotten */
	void *arg;
	struct job job;
};

struct reader {
	struct disk *disk;
	int channel; /* -1: it has ended */
	struct event *readable;
	struct disk_job *job; /* NULL: idle */
};

struct disk {
	struct event_base *base;
	struct reader readers[READERS];
	unsigned n_readers;
	TAILQ_HEAD(, disk_job) waiting;
	struct disk_counters counters;
	struct warm warm;
};

static void job_free(struct disk_job *j)
{
	close_p(&j->fd);
	free(j);
}

/* Where a file lies that must be looked for is not known before. */
static bool is_alike(const struct disk_job *a, const struct disk_job *b)
{
	return a->job.kind == b->job.kind && (a->job.kind == JOB_OPEN || a->device == b->device);
}

static bool may_begin(const struct disk *d, const struct disk_job *j)
{
	unsigned n = 0;

	for (size_t i = 0; i < READERS; i++)
		n += d->readers[i].job && is_alike(d->readers[i].job, j);
	return n < ALIKE_MAX;
}

static struct reader *idle_reader(struct disk *d)
{
	for (size_t i = 0; i < READERS; i++) {
		if (d->readers[i].channel >= 0 && !d->readers[i].job)
			return &d->readers[i];
	}
	return NULL;
}

static struct disk_job *next_job(struct disk *d)
{
	struct disk_job *j;

	TAILQ_FOREACH(j, &d->waiting, next)
	{
		if (may_begin(d, j))
			return j;
	}
	return NULL;
}

static void reader_ended(struct reader *r)
{
	struct disk *d = r->disk;

	if (r->job) { /* somebody else will do it */
		TAILQ_INSERT_HEAD(&d->waiting, r->job, next);
		r->job = NULL;
	}
	(void)event_del(r->readable);
	close_p(&r->channel);
	d->n_readers--;
	log_error("netboot: a disk reader has ended, %u left", d->n_readers);
	if (d->n_readers == 0)
		(void)event_base_loopexit(d->base, NULL); /* to be started anew with all of them */
}

static void dispatch(struct disk *d)
{
	struct reader *r;
	struct disk_job *j;

	while ((r = idle_reader(d)) && (j = next_job(d))) {
		TAILQ_REMOVE(&d->waiting, j, next);
		r->job = j;
		if (job_send(r->channel, &j->job, sizeof(j->job), j->fd) < 0)
			reader_ended(r);
	}
}

static void on_result(evutil_socket_t channel, short what, void *arg)
{
	struct reader *r = arg;
	struct disk_job *j = r->job;
	struct job_result result;
	AUTO(close_p) int opened = -1;

	(void)what;
	int rc = job_receive(channel, &result, sizeof(result), &opened);
	if (rc == -EAGAIN)
		return;
	if (rc < 0 || !j) {
		reader_ended(r);
		dispatch(r->disk);
		return;
	}
	r->job = NULL;
	if (j->tell && j->job.kind == JOB_OPEN && result.rc == 0)
		result.rc = opened < 0 ? -EMFILE : TAKE_FD(opened);
	if (j->tell)
		j->tell(j->arg, result.rc);
	job_free(j);
	dispatch(r->disk);
}

struct disk *disk_new(struct event_base *base, const int channels[static READERS])
{
	struct disk *d = xcalloc(1, sizeof(*d));

	d->base = base;
	d->n_readers = READERS;
	TAILQ_INIT(&d->waiting);
	for (size_t i = 0; i < READERS; i++) {
		struct reader *r = &d->readers[i];

		*r = (struct reader){.disk = d, .channel = channels[i]};
		(void)evutil_make_socket_nonblocking(channels[i]);
		r->readable = event_new(base, channels[i], EV_READ | EV_PERSIST, on_result, r);
		assert(r->readable);
		(void)event_add(r->readable, NULL);
	}
	return d;
}

void disk_free(struct disk *d)
{
	struct disk_job *j;

	if (!d)
		return;
	for (size_t i = 0; i < READERS; i++) {
		if (d->readers[i].job)
			job_free(d->readers[i].job);
		event_free(d->readers[i].readable);
		close_p(&d->readers[i].channel);
	}
	while ((j = TAILQ_FIRST(&d->waiting))) {
		TAILQ_REMOVE(&d->waiting, j, next);
		job_free(j);
	}
	free(d);
}

/* NULL without a descriptor to spare. */
static struct disk_job *job_new(
	struct disk *d, enum job_kind kind, int fd, disk_told *tell, void *arg)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	struct stat st;

	if (copy < 0)
		return NULL;
	struct disk_job *j = xcalloc(1, sizeof(*j));
	j->disk = d;
	j->fd = copy;
	j->device = fstat(fd, &st) == 0 ? st.st_dev : 0;
	j->tell = tell;
	j->arg = arg;
	j->job.kind = kind;
	return j;
}

static void add(struct disk *d, struct disk_job *j)
{
	TAILQ_INSERT_TAIL(&d->waiting, j, next);
	dispatch(d);
}

int disk_open(struct disk *d, int root, const char *path, disk_told *tell, void *arg,
	struct disk_job **ret_job)
{
	size_t len = strlen(path);
	int fd = file_open_beneath_cached(root, path);

	if (fd != -EAGAIN)
		return fd;
	if (len >= JOB_PATH_SIZE)
		return -ENAMETOOLONG;
	struct disk_job *j = job_new(d, JOB_OPEN, root, tell, arg);
	if (!j)
		return -EMFILE;
	memcpy(j->job.path, path, len + 1);
	d->counters.opened++;
	add(d, j);
	*ret_job = j;
	return -EINPROGRESS;
}

bool disk_is_memory(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 && (fs.f_type == TMPFS_MAGIC || fs.f_type == RAMFS_MAGIC);
}

static bool is_cached(int fd, uint64_t offset)
{
	char byte;
	struct iovec iov = {&byte, 1};

	return preadv2(fd, &iov, 1, (off_t)offset, RWF_NOWAIT) >= 0 ||
	       (errno == EOPNOTSUPP && disk_is_memory(fd));
}

static size_t ask(int fd, uint64_t offset, size_t len)
{
	size_t ready = 0, run = 0;

	while (ready < len && is_cached(fd, offset + ready)) {
		run = STRIDE - (size_t)((offset + ready) % STRIDE);
		if (run > len - ready)
			run = len - ready;
		ready += run;
	}
	/* What was read in ends where it likes. */
	return ready > 0 && is_cached(fd, offset + ready - 1) ? ready : ready - run;
}

size_t disk_ready(struct disk *d, const struct disk_file *f, uint64_t offset, size_t len)
{
	struct warm_piece piece = {f->device, f->inode, offset / DISK_PIECE};
	int64_t now = clock_mono_ms();

	assert(len <= DISK_PIECE - offset % DISK_PIECE);
	if (warm_knows(&d->warm, piece, now))
		return len;
	size_t ready = ask(f->fd, offset, len);
	if (ready == DISK_PIECE)
		warm_note(&d->warm, piece, now);
	return ready;
}

struct disk_job *disk_load(
	struct disk *d, int fd, uint64_t offset, size_t len, disk_told *tell, void *arg)
{
	struct disk_job *j = job_new(d, JOB_LOAD, fd, tell, arg);

	if (!j)
		return NULL;
	j->job.offset = offset;
	j->job.len = len;
	d->counters.loaded++;
	add(d, j);
	return j;
}

void disk_forget(struct disk_job *job)
{
	if (!job)
		return;
	for (size_t i = 0; i < READERS; i++) {
		if (job->disk->readers[i].job == job) { /* freed when its reader is done */
			job->tell = NULL;
			return;
		}
	}
	TAILQ_REMOVE(&job->disk->waiting, job, next);
	job_free(job);
}

struct disk_counters disk_counters(const struct disk *d)
{
	return d->counters;
}

#include "netboot/tftp/source.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/uio.h>

#include "provisioner/base/mem.h"

/* A disk's time is better used in one go, but firmware waits for the first block of it. */
#define LOAD_CHUNK ((size_t)1 << 20)

void tftp_source_begin(struct tftp_source *s, int file)
{
	*s = (struct tftp_source){.file = file};
	/* The kernel would read ahead, and wait for a disk that has much to do. */
	(void)posix_fadvise(file, 0, 0, POSIX_FADV_RANDOM);
}

void tftp_source_done(struct tftp_source *s)
{
	disk_forget(s->load);
	close_p(&s->file);
	*s = TFTP_SOURCE_NONE;
}

/* Of so many buffers, or a negative errno. */
static ssize_t read_into(
	const struct tftp_source *s, uint64_t offset, const struct iovec *iov, int n, int flags)
{
	ssize_t got;

	do
		got = preadv2(s->file, iov, n, (off_t)offset, flags);
	while (got < 0 && errno == EINTR);
	return got < 0 ? -errno : got;
}

ssize_t tftp_source_read(struct tftp_source *s, uint64_t offset, size_t want,
	const struct iovec *iov, int n_want, int n)
{
	if (want == 0)
		return 0;
	if (!s->is_memory && offset + want > s->sure) {
		ssize_t got = read_into(s, offset, iov, n, RWF_NOWAIT);

		if (got >= 0 && (size_t)got >= want)
			return got;
		s->is_blind = got == -EOPNOTSUPP;
		s->is_memory = s->is_blind && disk_is_memory(s->file);
		if (!s->is_memory)
			return -EAGAIN;
	}
	ssize_t got = read_into(s, offset, iov, s->is_memory ? n : n_want, 0);
	return got >= 0 && (size_t)got >= want ? got : -EIO;
}

int tftp_source_load(struct tftp_source *s, struct disk *disk, uint64_t offset, size_t want,
	disk_told *tell, void *arg)
{
	assert(!s->load && want <= LOAD_CHUNK);
	s->load = disk_load(disk, s->file, offset, LOAD_CHUNK, tell, arg);
	if (!s->load)
		return -EMFILE;
	s->sure_then = offset + (s->is_blind ? LOAD_CHUNK : want);
	return 0;
}

int tftp_source_loaded(struct tftp_source *s, int rc)
{
	s->load = NULL;
	s->sure = s->sure_then;
	return rc < 0 ? -EIO : 0;
}

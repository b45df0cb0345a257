#include "netboot/disk/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "netboot/disk/job.h"
#include "provisioner/base/files.h"

#define PIECE ((size_t)256 << 10)

int reader_fork(int ret_channels[static READERS])
{
	for (int i = 0; i < READERS; i++) {
		int pair[2];

		if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
			return -errno;
		pid_t pid = fork();
		if (pid < 0)
			return -errno;
		if (pid == 0) {
			for (int k = 0; k < i; k++)
				close_p(&ret_channels[k]);
			close_p(&pair[0]);
			return pair[1];
		}
		close_p(&pair[1]);
		ret_channels[i] = pair[0];
	}
	return 0;
}

/* The bytes themselves are of no use here: they are in the page cache then. */
static int load(int fd, uint64_t offset, uint64_t len, char *buf)
{
	(void)posix_fadvise(fd, (off_t)offset, (off_t)len, POSIX_FADV_WILLNEED);
	while (len > 0) {
		ssize_t n = pread(fd, buf, len < PIECE ? len : PIECE, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0) /* it has become shorter: whoever sends it will see */
			break;
		offset += (uint64_t)n;
		len -= (uint64_t)n;
	}
	return 0;
}

static int work(const struct job *job, int given, char *buf, int *ret_opened)
{
	switch ((enum job_kind)job->kind) {
	case JOB_OPEN:
		*ret_opened = file_open_beneath(given, job->path);
		return *ret_opened < 0 ? *ret_opened : 0;
	case JOB_LOAD:
		return load(given, job->offset, job->len, buf);
	}
	return -EINVAL;
}

int reader_run(int channel)
{
	AUTO(free_p) char *buf = xcalloc(1, PIECE);

	(void)prctl(PR_SET_NAME, "slipway-disk", 0, 0, 0);
	(void)signal(SIGINT, SIG_IGN); /* netboot's end is ours */
	(void)signal(SIGTERM, SIG_IGN);
	if (dup2(channel, STDERR_FILENO + 1) < 0 || close_range(STDERR_FILENO + 2, UINT_MAX, 0) < 0)
		return EXIT_FAILURE;
	channel = STDERR_FILENO + 1;
	for (;;) {
		struct job job;
		AUTO(close_p) int given = -1;
		AUTO(close_p) int opened = -1;

		int rc = job_receive(channel, &job, sizeof(job), &given);
		if (rc < 0)
			return rc == -EPIPE ? EXIT_SUCCESS : EXIT_FAILURE;
		job.path[sizeof(job.path) - 1] = '\0';
		const struct job_result result = {.rc = work(&job, given, buf, &opened)};
		if (job_send(channel, &result, sizeof(result), opened) < 0)
			return EXIT_SUCCESS;
	}
}

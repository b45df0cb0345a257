/* job.h - what netboot and one of its readers say to each other: one job at a time, and how it went.
 *
 * Both are of one fork: structs as they are, one message each. A job comes with the descriptor that it is about (a
 * folder to open `path` below, or a file to load), the result of an opening with the file's. */
#ifndef SLIPWAY_DISK_JOB_H
#define SLIPWAY_DISK_JOB_H

#include <stdint.h>

#define JOB_PATH_SIZE 512

enum job_kind { JOB_OPEN = 1, JOB_LOAD };

struct job {
	uint32_t kind; /* enum job_kind */
	uint64_t offset, len;
	char path[JOB_PATH_SIZE];
};

/* 0, or a negative errno. */
struct job_result {
	int32_t rc;
};

/* Borrow `fd` (-1: none). 0 or a negative errno. */
int job_send(int channel, const void *message, uint64_t size, int fd);

/* 0, -EAGAIN, or -EPIPE when the other side is gone; -EBADMSG for what has another size. *ret_fd, when one came, is the
 * caller's; else it is -1. */
int job_receive(int channel, void *message, uint64_t size, int *ret_fd);

#endif

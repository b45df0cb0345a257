/* source.h - the file that a transfer sends, read without waiting for a disk.
 *
 * What the page cache holds is read at once. The rest is loaded by netboot/disk's readers, one piece at a time, and the
 * bytes that were missing are then read whatever the kernel says of them, so that each load gets the transfer on. */
#ifndef SLIPWAY_TFTP_SOURCE_H
#define SLIPWAY_TFTP_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "netboot/disk/disk.h"

struct iovec;

struct tftp_source {
	int file;       /* -1: none */
	bool is_blind;  /* the kernel does not tell what of it is cached */
	bool is_memory; /* all of it, always */
	uint64_t sure;  /* bytes before this one were loaded: reading them does not wait */
	struct disk_job *load;
	uint64_t sure_then; /* `sure`, once it is done */
};

#define TFTP_SOURCE_NONE ((struct tftp_source){.file = -1})

/* Takes `file`. */
void tftp_source_begin(struct tftp_source *s, int file);
void tftp_source_done(struct tftp_source *s);

/* Reads `want` bytes from `offset` on, which is what the first `n_want` of the `n` buffers hold, and more into the others
 * where that costs nothing. The number of bytes, -EAGAIN when it must be loaded first, -EIO when the file has shrunk or can
 * not be read. */
ssize_t tftp_source_read(struct tftp_source *s, uint64_t offset, size_t want,
	const struct iovec *iov, int n_want, int n);

/* Has what could not be read loaded; `tell` hears of the end, and says so to tftp_source_loaded(). 0, or -EMFILE. */
int tftp_source_load(struct tftp_source *s, struct disk *disk, uint64_t offset, size_t want,
	disk_told *tell, void *arg) MUST_USE;

/* 0, or -EIO: it can not be read. */
int tftp_source_loaded(struct tftp_source *s, int rc) MUST_USE;

#endif

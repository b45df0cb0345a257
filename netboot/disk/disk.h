/* disk.h - files for a loop that may not wait for a disk.
 *
 * What is in the page cache is opened and read at once; what is not is fetched into it by a reader
 * (reader.h), and who needs it is told. A slow disk so holds up only who reads from it: at most two readers work for
 * one device, and at most two look for files, whatever else waits.
 *
 * The kernel tells what is cached (preadv2 with RWF_NOWAIT, openat2 with RESOLVE_CACHED). disk_ready() asks it for
 * one page in 32, the run of pages that the kernel drops at a time, and does not ask again for a moment (warm.h):
 * docs/adr/0012 says what that is worth. */
#ifndef SLIPWAY_DISK_DISK_H
#define SLIPWAY_DISK_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "netboot/disk/reader.h"

struct disk;
struct disk_job;
struct event_base;

/* An opened file (a descriptor that is the receiver's), 0 when bytes were loaded, or a negative errno. */
typedef void disk_told(void *arg, int rc);

/* Takes the channels. With the last reader gone it ends the loop. */
struct disk *disk_new(struct event_base *base, const int channels[static READERS]);
void disk_free(struct disk *d);

/* A regular file below the folder `root`, as file_open_beneath() says. A descriptor or a negative errno at
 * once, or -EINPROGRESS with *ret_job: `tell` hears of it, unless the job is forgotten. */
int disk_open(struct disk *d, int root, const char *path, disk_told *tell, void *arg,
	struct disk_job **ret_job) MUST_USE;

/* What of a file is asked for at a time, at most: from one multiple of it to the next. */
#define DISK_PIECE ((size_t)1 << 20)

struct disk_file {
	int fd; /* borrowed */
	dev_t device;
	ino_t inode;
};

/* How many of the `len` bytes from `offset` on, all in one piece, can be read without waiting: 0 for none of them. */
size_t disk_ready(struct disk *d, const struct disk_file *f, uint64_t offset, size_t len) MUST_USE;

/* A file system without a disk; some of these can not tell what is cached. */
bool disk_is_memory(int fd) MUST_USE;

/* Has bytes read into the page cache. Borrows `fd` until then. */
struct disk_job *disk_load(
	struct disk *d, int fd, uint64_t offset, size_t len, disk_told *tell, void *arg);

/* Nobody wants to know any more. `job` may be NULL. */
void disk_forget(struct disk_job *job);

struct disk_counters {
	uint64_t opened, loaded; /* by readers */
};

struct disk_counters disk_counters(const struct disk *d);

#endif

/* readers.h - a disk whose readers are the test itself, at the other ends of their channels. */
#ifndef SLIPWAY_TESTS_DISK_READERS_H
#define SLIPWAY_TESTS_DISK_READERS_H

#include <sys/socket.h>

#include "netboot/disk/disk.h"
#include "provisioner/base/mem.h"
#include "tests/unit/test.h"

static inline struct disk *disk_read_by(struct event_base *base, int ret_readers[static READERS])
{
	int ours[READERS];

	for (size_t i = 0; i < READERS; i++) {
		int pair[2];

		assert_int_equal(
			socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair),
			0);
		ours[i] = pair[0];
		ret_readers[i] = pair[1];
	}
	return disk_new(base, ours);
}

static inline void disk_read_by_none(struct disk *disk, int readers[static READERS])
{
	disk_free(disk);
	for (size_t i = 0; i < READERS; i++)
		close_p(&readers[i]);
}

#endif

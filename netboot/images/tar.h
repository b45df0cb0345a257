/* tar.h - the blocks of a tar archive, one at a time (POSIX.1-1988 ustar, with pax's path and size).
 *
 * Pure: a header block to a plain struct and back; who calls reads and writes the rest. An image is
 * a handful of regular files, so of tar's many types only those, folders, and pax records are told
 * apart; everything else is TAR_OTHER, for the caller to refuse by its name. */
#ifndef SLIPWAY_IMAGES_TAR_H
#define SLIPWAY_IMAGES_TAR_H

#include <stddef.h>
#include <stdint.h>

#include "provisioner/base/mem.h"

#define TAR_BLOCK 512
#define TAR_NAME_SIZE 257 /* prefix (155), a slash, name (100), NUL */

enum tar_type { TAR_END = 1, TAR_FILE, TAR_FOLDER, TAR_PAX, TAR_PAX_GLOBAL, TAR_OTHER };

struct tar_entry {
	enum tar_type type;
	const char *what; /* of TAR_OTHER: "a symbolic link" */
	uint64_t size;    /* of the data that follows, padded to whole blocks */
	char name[TAR_NAME_SIZE];
};

/* 0, or -EBADMSG: not the header of a tar archive. */
int tar_read(const uint8_t block[static TAR_BLOCK], struct tar_entry *ret) MUST_USE;

/* Applies the records of a TAR_PAX entry to the entry behind it. 0, or -EBADMSG. */
int tar_read_pax(const char *records, size_t len, struct tar_entry *entry) MUST_USE;

/* A regular file of mode 0644. 0, or -ENAMETOOLONG, -EFBIG (more than 8 GiB). */
int tar_write(
	const char *name, uint64_t size, int64_t mtime_s, uint8_t ret[static TAR_BLOCK]) MUST_USE;

#endif

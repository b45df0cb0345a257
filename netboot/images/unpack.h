/* unpack.h - the files of a tar archive, laid into a folder. The archive is a stranger's.
 *
 * Only regular files with legal names come out, all of one folder of the archive, none of them
 * twice; links, devices, sparse files and ".." end it. Count and size have ceilings, and nothing is
 * written but below the folder given. The archive is read once, from front to back: it may be a
 * pipe. What was written before an error stays, for the caller to discard. */
#ifndef SLIPWAY_IMAGES_UNPACK_H
#define SLIPWAY_IMAGES_UNPACK_H

#include "netboot/images/verify.h"

#define UNPACK_BYTES_MAX ((uint64_t)32 << 30)

/* The file's name in an archive's path "./flatcar/1.2/vmlinuz"; NULL when it is no legal one. */
const char *unpack_name(const char *path);

/* 0, -EBADMSG (not an archive of an image), -EFBIG, or the errno of reading or writing. */
int unpack_tar(int tar, int dir, const struct images_watch *watch, struct err *e) MUST_USE;

/* Writes an image's files, its manifest first. 0 or a negative errno with *e. */
int pack_tar(int dir, const struct manifest *m, int tar, const struct images_watch *watch,
	struct err *e) MUST_USE;

#endif

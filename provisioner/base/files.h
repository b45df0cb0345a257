/* files.h - files read and written whole, and paths that cannot leave their root.
 *
 * Reads are bounded. Writes are atomic: temporary file, fsync, rename, fsync of the folder. A path
 * that came from a stranger is only ever resolved by file_open_beneath(). */
#ifndef SLIPWAY_BASE_FILES_H
#define SLIPWAY_BASE_FILES_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "provisioner/base/mem.h"

/* The whole of a regular file of at most `max` bytes; a NUL stands behind the last byte. The caller
 * frees *ret_data. `dir` may be AT_FDCWD. 0, -EFBIG, -EISDIR, or the errno of open or read. */
int file_read(int dir, const char *path, size_t max, char **ret_data, size_t *ret_len) MUST_USE;

/* Replaces `name` in the folder `dir` whole or not at all, durably. Two writers of one name take
 * turns. 0, -EINVAL (a name with '/'), or the errno of what failed: the old file then stands. */
int file_write(int dir, const char *name, const void *data, size_t len, mode_t mode) MUST_USE;

/* The same for a file that is to belong to somebody: it does before it holds a byte. */
struct file_access {
	mode_t mode;
	uid_t uid; /* both may be -1: whoever writes it */
	gid_t gid;
};
int file_write_as(int dir, const char *name, const void *data, size_t len,
	const struct file_access *access) MUST_USE;

/* Opens a regular file below the folder `root` read-only. Never leaves it: "..", absolute paths,
 * symlinks out of it and magic links are refused by the kernel (openat2, RESOLVE_BENEATH).
 * A descriptor, or -ENOENT, -EACCES, -EISDIR (not a regular file), -EXDEV (outside). */
int file_open_beneath(int root, const char *path) MUST_USE;

/* The same as long as the kernel knows the whole path without asking a disk; else -EAGAIN. */
int file_open_beneath_cached(int root, const char *path) MUST_USE;

/* The name of the file at `path`, without its folder: the end of it. */
const char *path_name(const char *path);

/* The folder that it is in; "." for a name alone. The caller frees it. */
char *path_folder(const char *path);

/* An O_PATH-less folder descriptor for the calls above, or a negative errno. */
int dir_open(const char *path) MUST_USE;

/* Makes `path` with its parents; the last one gets `mode` and, as root, the owner. It must not be a
 * symlink (-ENOTDIR): where an ordinary user owns the parent, root does not follow him. */
int dir_make(const char *path, mode_t mode, uid_t uid, gid_t gid) MUST_USE;

/* A descriptor of an anonymous, sealed file with these bytes, positioned at 0: what one process
 * hands to another to send on. A descriptor or a negative errno. */
int memfd_sealed(const char *name, const void *data, size_t len) MUST_USE;

#endif

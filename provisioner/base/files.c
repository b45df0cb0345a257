#include "provisioner/base/files.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TEMPORARY_TRIES 100
#define BENEATH_TRIES 8

/* Reads up to the end. The size that stat() tells is only a hint: a file may grow, and those of
 * /proc say 0. */
static int read_all(int fd, size_t hint, size_t max, char **ret_data, size_t *ret_len)
{
	size_t cap = (hint < max ? hint : max) + 1, len = 0;
	AUTO(free_p) char *data = xcalloc(cap + 1, 1);

	for (;;) {
		ssize_t n = read(fd, data + len, cap - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		len += (size_t)n;
		if (len > max)
			return -EFBIG;
		if (n == 0)
			break;
		if (len == cap) {
			cap = cap < max / 2 ? cap * 2 : max + 1;
			data = xreallocarray(data, cap + 1, 1);
		}
	}
	data[len] = '\0';
	*ret_data = TAKE(data);
	*ret_len = len;
	return 0;
}

static int write_all(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

int file_read(int dir, const char *path, size_t max, char **ret_data, size_t *ret_len)
{
	AUTO(close_p) int fd = openat(dir, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	assert(max < SIZE_MAX / 2);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
	if (st.st_size < 0 || (uint64_t)st.st_size > max)
		return -EFBIG;
	return read_all(fd, (size_t)st.st_size, max, ret_data, ret_len);
}

/* Opens the temporary file and locks it, so that two writers of one name take turns. The one who
 * waited holds a file that the other has renamed by then, and begins anew. */
static int open_temporary(int dir, const char *name)
{
	for (int tries = 0; tries < TEMPORARY_TRIES; tries++) {
		AUTO(close_p)
		int fd = openat(
			dir, name, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
		struct stat mine, named;

		if (fd < 0 || flock(fd, LOCK_EX) < 0 || fstat(fd, &mine) < 0)
			return -errno;
		if (!S_ISREG(mine.st_mode))
			return -EINVAL;
		if (fstatat(dir, name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
			named.st_dev == mine.st_dev && named.st_ino == mine.st_ino)
			return TAKE_FD(fd);
	}
	return -EBUSY;
}

/* What a crash has left in it goes first, and nothing is written that a wider mode would show. */
static int fill_temporary(int fd, const void *data, size_t len, const struct file_access *access)
{
	/* chown() may clear bits of the mode: it comes first. */
	if (ftruncate(fd, 0) < 0 || fchown(fd, access->uid, access->gid) < 0 ||
		fchmod(fd, access->mode) < 0)
		return -errno;
	int rc = write_all(fd, data, len);
	if (rc < 0)
		return rc;
	return fsync(fd) < 0 ? -errno : 0;
}

int file_write_as(
	int dir, const char *name, const void *data, size_t len, const struct file_access *access)
{
	char temporary[NAME_MAX + 1];

	if (!name[0] || strchr(name, '/'))
		return -EINVAL;
	if (snprintf(temporary, sizeof(temporary), ".%s.new", name) >= (int)sizeof(temporary))
		return -ENAMETOOLONG;
	AUTO(close_p) int fd = open_temporary(dir, temporary);
	if (fd < 0)
		return fd;
	int rc = fill_temporary(fd, data, len, access);
	if (rc < 0)
		goto unlink_temporary;
	if (renameat(dir, temporary, dir, name) < 0) {
		rc = -errno;
		goto unlink_temporary;
	}
	return fsync(dir) < 0 ? -errno : 0;

unlink_temporary:
	(void)unlinkat(dir, temporary, 0); /* the first failure is the one to report */
	return rc;
}

int file_write(int dir, const char *name, const void *data, size_t len, mode_t mode)
{
	const struct file_access access = {.mode = mode, .uid = (uid_t)-1, .gid = (gid_t)-1};

	return file_write_as(dir, name, data, len, &access);
}

static int open_beneath(int root, const char *path, uint64_t resolve, int tries)
{
	struct open_how how = {
		.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | resolve,
	};
	struct stat st;
	AUTO(close_p) int fd = -1;

	/* EAGAIN: something was renamed meanwhile. glibc 2.36 has no wrapper for openat2(). */
	for (; fd < 0 && tries > 0; tries--) {
		fd = (int)syscall(SYS_openat2, root, path, &how, sizeof(how));
		if (fd < 0 && errno != EAGAIN)
			break;
	}
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	return S_ISREG(st.st_mode) ? TAKE_FD(fd) : -EISDIR;
}

int file_open_beneath(int root, const char *path)
{
	return open_beneath(root, path, 0, BENEATH_TRIES);
}

int file_open_beneath_cached(int root, const char *path)
{
	int fd = open_beneath(root, path, RESOLVE_CACHED, 1);

	return fd == -EINVAL ? -EAGAIN : fd; /* before Linux 5.12: nothing is known to be cached */
}

const char *path_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

char *path_folder(const char *path)
{
	size_t len = (size_t)(path_name(path) - path);

	if (len == 0)
		return xstrdup(".");
	return xstrndup(path, len > 1 ? len - 1 : len);
}

int dir_open(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static int make_one(const char *path, mode_t mode)
{
	return mkdir(path, mode) < 0 && errno != EEXIST ? -errno : 0;
}

int dir_make(const char *path, mode_t mode, uid_t uid, gid_t gid)
{
	AUTO(free_p) char *part = xstrdup(path);
	size_t len = strlen(part);

	while (len > 1 && part[len - 1] == '/')
		part[--len] = '\0';
	if (len == 0)
		return -ENOENT;
	for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		int rc = make_one(part, 0755);
		*slash = '/';
		if (rc < 0)
			return rc;
	}
	int rc = make_one(part, mode);
	if (rc < 0)
		return rc;
	/* A link that the owner of the parent has put here must not move our chown() elsewhere. */
	AUTO(close_p) int fd = open(part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (geteuid() == 0 && fchown(fd, uid, gid) < 0)
		return -errno;
	return fchmod(fd, mode) < 0 ? -errno : 0;
}

int memfd_sealed(const char *name, const void *data, size_t len)
{
	AUTO(close_p) int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0)
		return -errno;
	int rc = write_all(fd, data, len);
	if (rc < 0)
		return rc;
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0 ||
		lseek(fd, 0, SEEK_SET) < 0)
		return -errno;
	return TAKE_FD(fd);
}

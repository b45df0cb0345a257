#include "provisioner/base/files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int read_all(int fd, char *to, size_t want, size_t *ret_len)
{
	size_t len = 0;

	while (len < want) {
		ssize_t n = read(fd, to + len, want - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		len += (size_t)n;
	}
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
	size_t len = 0;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
	if (st.st_size < 0 || (uint64_t)st.st_size > max)
		return -EFBIG;

	AUTO(free_p) char *data = xcalloc((size_t)st.st_size + 1, 1);
	int rc = read_all(fd, data, (size_t)st.st_size, &len);
	if (rc < 0)
		return rc;
	data[len] = '\0';
	*ret_data = TAKE(data);
	*ret_len = len;
	return 0;
}

/* Writes and syncs the temporary file. */
static int write_temporary(int dir, const char *name, const void *data, size_t len, mode_t mode)
{
	AUTO(close_p) int fd =
		openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, mode);

	if (fd < 0)
		return -errno;
	int rc = write_all(fd, data, len);
	if (rc < 0)
		return rc;
	if (fchmod(fd, mode) < 0 || fsync(fd) < 0)
		return -errno;
	return 0;
}

int file_write(int dir, const char *name, const void *data, size_t len, mode_t mode)
{
	char temporary[NAME_MAX + 1];

	if (snprintf(temporary, sizeof(temporary), ".%s.new", name) >= (int)sizeof(temporary))
		return -ENAMETOOLONG;
	int rc = write_temporary(dir, temporary, data, len, mode);
	if (rc < 0)
		goto unlink_temporary;
	if (renameat(dir, temporary, dir, name) < 0) {
		rc = -errno;
		goto unlink_temporary;
	}
	return fsync(dir) < 0 ? -errno : 0;

unlink_temporary:
	(void)unlinkat(dir, temporary, 0); /* it may not exist */
	return rc;
}

int file_open_beneath(int root, const char *path)
{
	struct open_how how = {
		.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
	};
	struct stat st;

	/* glibc 2.36 has no wrapper for openat2(). */
	AUTO(close_p) int fd = (int)syscall(SYS_openat2, root, path, &how, sizeof(how));
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EISDIR;
	int kept = fd;
	fd = -1;
	return kept;
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

	for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		int rc = make_one(part, 0755);
		*slash = '/';
		if (rc < 0)
			return rc;
	}
	int rc = make_one(path, mode);
	if (rc < 0)
		return rc;
	AUTO(close_p) int fd = dir_open(path);
	if (fd < 0)
		return fd;
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
	int kept = fd;
	fd = -1;
	return kept;
}

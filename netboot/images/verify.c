#include "netboot/images/verify.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "netboot/images/digest.h"

static const struct images_watch no_watch;

int images_open_file(int dir, const char *name)
{
	AUTO(close_p)
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	return S_ISREG(st.st_mode) ? TAKE_FD(fd) : -EISDIR;
}

static int read_file(int dir, const struct manifest_file *f, const struct images_watch *watch,
	struct manifest_file *ret, struct err *e)
{
	AUTO(close_p) int fd = images_open_file(dir, f->name);
	char hex[DIGEST_HEX_SIZE];
	struct stat st;

	if (fd < 0)
		return err_msg(e, fd, "%s: %s", f->name, strerror(-fd));
	if (fstat(fd, &st) < 0)
		return err_msg(e, -errno, "%s: %s", f->name, strerror(errno));
	ret->size = (uint64_t)st.st_size;
	if (f != ret && ret->size != f->size) /* no need to read it */
		return err_msg(e, -EBADMSG,
			"%s is not what the manifest says: %" PRIu64 " bytes instead of %" PRIu64,
			f->name, ret->size, f->size);
	if (!watch)
		watch = &no_watch;
	int rc = digest_of_fd(fd, DIGEST_SHA256, hex, watch->step, watch->arg);
	if (rc < 0)
		return err_msg(e, rc, "%s: %s", f->name, strerror(-rc));
	memcpy(ret->sha256, hex, sizeof(ret->sha256));
	return 0;
}

static int verify_file(
	int dir, const struct manifest_file *f, const struct images_watch *watch, struct err *e)
{
	struct manifest_file found = {.size = 0};

	int rc = read_file(dir, f, watch, &found, e);
	if (rc < 0)
		return rc;
	if (strcmp(found.sha256, f->sha256) != 0)
		return err_msg(e, -EBADMSG,
			"%s is not what the manifest says: sha256 %.12s... instead of %.12s...",
			f->name, found.sha256, f->sha256);
	return 0;
}

int images_verify_files(
	int dir, const struct manifest *m, const struct images_watch *watch, struct err *e)
{
	for (size_t i = 0; i < m->n_files; i++) {
		int rc = verify_file(dir, &m->files[i], watch, e);

		if (rc < 0)
			return rc;
	}
	return 0;
}

int images_measure(
	int dir, struct manifest_file *f, const struct images_watch *watch, struct err *e)
{
	return read_file(dir, f, watch, f, e);
}

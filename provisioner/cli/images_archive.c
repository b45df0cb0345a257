#include "provisioner/cli/images_archive.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "provisioner/base/files.h"
#include "provisioner/base/sandbox.h"
#include "provisioner/generation/shared.h"

#define ARENA_BYTES_MAX ((size_t)16 << 20)
#define ROWS_MAX 4096

/* What comes over the pipe: rows, and one without an id at the end, whose number says how it went. */
struct reading {
	struct archive *archive;
	int fd;
};

/* --- the child ------------------------------------------------------------------------------------ */

static int send_row(int fd, int64_t number, const char *distro, const char *version)
{
	struct images_archived row = {.number = number};

	if (snprintf(row.id, sizeof(row.id), "%s/%s", distro, version) >= (int)sizeof(row.id))
		return 0; /* none of the store's */
	return write(fd, &row, sizeof(row)) == (ssize_t)sizeof(row) ? 0 : -EPIPE;
}

static int send_generation(const struct archive_generation *g, void *arg)
{
	AUTO(arena_free_p) struct arena *arena = arena_new(ARENA_BYTES_MAX);
	const struct generation_image *images = NULL;
	struct reading *r = arg;
	size_t n = 0;
	int rc = shared_images(r->archive, g->number, arena, &images, &n);

	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = send_row(r->fd, g->number, images[i].distro, images[i].version);
	return rc == -EBADMSG ? 0 : rc; /* one that is not whole can not be published again */
}

static int send_all(const char *folder, int fd, uid_t uid, gid_t gid)
{
	const char *const dirs[] = {folder, NULL};
	struct sandbox sandbox = {.uid = uid, .gid = gid, .write_dirs = dirs};
	struct reading r = {.fd = fd};
	struct err e;
	int rc = sandbox_enter(&sandbox, &e);

	if (rc == 0)
		rc = archive_open(folder, /* is_writer= */ false, &r.archive, &e);
	if (rc == -ENOENT)
		return 0;
	if (rc == 0)
		rc = archive_each(r.archive, send_generation, &r);
	archive_close(r.archive);
	return rc;
}

static void tell(const char *folder, int fd, uid_t uid, gid_t gid)
{
	struct images_archived end = {.number = send_all(folder, fd, uid, gid)};

	_exit(write(fd, &end, sizeof(end)) == (ssize_t)sizeof(end) ? EXIT_SUCCESS : EXIT_FAILURE);
}

/* --- who asks ------------------------------------------------------------------------------------- */

/* Rows that are sound; the last one's number. */
static int64_t receive(int fd, struct images_archived **ret, size_t *ret_n)
{
	struct images_archived row;
	struct image_id id;

	/* A row is smaller than what a pipe takes at once: it comes whole. */
	while (read(fd, &row, sizeof(row)) == (ssize_t)sizeof(row)) {
		if (row.id[0] == '\0')
			return row.number;
		row.id[sizeof(row.id) - 1] = '\0';
		if (image_id_parse(row.id, &id) < 0 || *ret_n == ROWS_MAX)
			continue;
		*ret = xreallocarray(*ret, *ret_n + 1, sizeof(**ret));
		(*ret)[(*ret_n)++] = row;
	}
	return -EIO;
}

int images_archive_read(
	const char *state_dir, struct images_archived **ret, size_t *ret_n, struct err *e)
{
	char folder[PATH_MAX];
	struct stat st;
	int ends[2];

	*ret = NULL;
	*ret_n = 0;
	if (snprintf(folder, sizeof(folder), "%s/provisioner", state_dir) >= (int)sizeof(folder))
		return err_msg(e, -ENAMETOOLONG, "%s: name too long", state_dir);
	if (stat(folder, &st) < 0)
		return errno == ENOENT ? 0 : err_msg(e, -errno, "%s: %s", folder, strerror(errno));
	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_msg(e, -errno, "pipe: %s", strerror(errno));
	pid_t pid = fork();
	if (pid == 0)
		tell(folder, ends[1], st.st_uid, st.st_gid);
	(void)close(ends[1]);
	int64_t rc = pid > 0 ? receive(ends[0], ret, ret_n) : -EAGAIN;
	(void)close(ends[0]);
	if (pid > 0)
		(void)waitpid(pid, NULL, 0);
	if (rc == 0)
		return 0;
	free(*ret);
	*ret = NULL;
	*ret_n = 0;
	return err_msg(e, -EIO, "%s/generations.db can not be read", folder);
}

#include "netboot/images/unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "netboot/images/tar.h"

#define BLOCK_BYTES ((size_t)256 << 10)
#define PAX_BYTES_MAX ((size_t)16 << 10)
#define ENTRIES_MAX (4 * MANIFEST_FILES_MAX)
#define FOLDERS_MAX 3 /* "./NAME/VERSION/FILE" */

struct unpack {
	int tar, dir;
	const struct images_watch *watch;
	uint8_t *block; /* BLOCK_BYTES */
	uint64_t left;  /* of UNPACK_BYTES_MAX */
	size_t n_entries, n_files;
	char folder[TAR_NAME_SIZE]; /* that the first file lies in */
	char pax[PAX_BYTES_MAX];
	size_t pax_len;
};

/* All of `len` bytes: 1, 0 at the end of the input, or a negative errno. */
static int read_exactly(int fd, void *data, size_t len)
{
	uint8_t *at = data;
	size_t got = 0;

	while (got < len) {
		ssize_t n = read(fd, at + got, len - got);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return got == 0 ? 0 : -EBADMSG;
		got += (size_t)n;
	}
	return 1;
}

static int write_all(int fd, const void *data, size_t len)
{
	const uint8_t *at = data;

	while (len > 0) {
		ssize_t n = write(fd, at, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

static void step(const struct images_watch *watch, size_t bytes)
{
	if (watch && watch->step)
		watch->step(watch->arg, bytes);
}

const char *unpack_name(const char *path)
{
	const char *name = path;
	char part[TAR_NAME_SIZE];
	unsigned folders = 0;

	for (const char *slash; (slash = strchr(name, '/')); name = slash + 1) {
		size_t len = (size_t)(slash - name);

		memcpy(part, name, len); /* of a path that has that size */
		part[len] = '\0';
		if (++folders > FOLDERS_MAX || (!image_word_is_legal(part, sizeof(part)) &&
						       (strcmp(part, ".") != 0 || folders > 1)))
			return NULL;
	}
	return image_file_is_legal(name) || strcmp(name, MANIFEST_NAME) == 0 ? name : NULL;
}

/* The data of one entry, in whole blocks; into `out`, or nowhere for -1. */
static int read_data(struct unpack *u, uint64_t size, int out)
{
	while (size > 0) {
		size_t want = size < BLOCK_BYTES ? (size_t)size : BLOCK_BYTES;
		size_t padded = (want + TAR_BLOCK - 1) / TAR_BLOCK * TAR_BLOCK;
		int rc = read_exactly(u->tar, u->block, padded);

		if (rc == 1 && out >= 0)
			rc = write_all(out, u->block, want);
		else if (rc == 0)
			rc = -EBADMSG;
		if (rc < 0)
			return rc;
		step(u->watch, want);
		size -= want;
	}
	return 0;
}

static int read_pax(struct unpack *u, const struct tar_entry *entry)
{
	size_t padded = (size_t)((entry->size + TAR_BLOCK - 1) / TAR_BLOCK * TAR_BLOCK);

	if (entry->size > PAX_BYTES_MAX - TAR_BLOCK)
		return -EBADMSG;
	u->pax_len = (size_t)entry->size;
	int rc = padded ? read_exactly(u->tar, u->pax, padded) : 1;
	return rc == 1 ? 0 : rc == 0 ? -EBADMSG : rc;
}

/* All files lie in the folder of the first one. */
static bool is_in_one_folder(struct unpack *u, const char *path, const char *name)
{
	size_t len = (size_t)(name - path);

	if (u->n_files == 0) {
		memcpy(u->folder, path, len);
		u->folder[len] = '\0';
	}
	return strlen(u->folder) == len && strncmp(u->folder, path, len) == 0;
}

static int take_file(struct unpack *u, const struct tar_entry *entry, struct err *e)
{
	const char *name = unpack_name(entry->name);
	char shown[TAR_NAME_SIZE];

	(void)snprintf(shown, sizeof(shown), "%s", entry->name);
	str_defang(shown);
	if (!name)
		return err_msg(e, -EBADMSG, "\"%s\" can not be a file of an image", shown);
	if (!is_in_one_folder(u, entry->name, name))
		return err_msg(e, -EBADMSG, "files of two folders: \"%s\" is not in \"%s\"", shown,
			u->folder);
	if (u->n_files > MANIFEST_FILES_MAX)
		return err_msg(e, -EBADMSG, "more than %d files", MANIFEST_FILES_MAX);
	if (entry->size > u->left)
		return err_msg(e, -EFBIG, "%s: larger than an image may be", name);
	u->left -= entry->size;
	AUTO(close_p)
	int out = openat(u->dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (out < 0)
		return err_msg(e, errno == EEXIST ? -EBADMSG : -errno, "%s: %s", name,
			errno == EEXIST ? "is in the archive twice" : strerror(errno));
	u->n_files++;
	int rc = read_data(u, entry->size, out);
	return rc < 0 ? err_msg(e, rc, "%s: %s", name,
				rc == -EBADMSG ? "the archive ends in the middle of it"
					       : strerror(-rc))
		      : 0;
}

/* 1 to go on, 0 at the end of the archive. */
static int take_entry(struct unpack *u, struct err *e)
{
	uint8_t header[TAR_BLOCK];
	struct tar_entry entry;

	int rc = read_exactly(u->tar, header, sizeof(header));
	if (rc < 0)
		return err_msg(
			e, rc, "%s", rc == -EBADMSG ? "the archive ends too early" : strerror(-rc));
	if (rc == 0 && u->n_files > 0)
		return 0; /* without its two empty blocks: some writers leave them out */
	if (rc == 0 || tar_read(header, &entry) < 0)
		return err_msg(
			e, -EBADMSG, "not a tar archive (a compressed one is unpacked first)");
	if (entry.type == TAR_END)
		return 0;
	if (++u->n_entries > ENTRIES_MAX)
		return err_msg(e, -EBADMSG, "more entries than an image can have");
	if (entry.type == TAR_PAX || entry.type == TAR_PAX_GLOBAL) {
		rc = read_pax(u, &entry);
		if (entry.type == TAR_PAX_GLOBAL)
			u->pax_len = 0; /* a comment, as git writes it */
		return rc < 0 ? err_msg(e, rc, "a pax record that is broken or too long") : 1;
	}
	rc = tar_read_pax(u->pax, u->pax_len, &entry);
	u->pax_len = 0;
	if (rc < 0)
		return err_msg(e, rc, "a pax record that is broken");
	if (entry.type == TAR_OTHER) {
		str_defang(entry.name);
		return err_msg(e, -EBADMSG, "\"%s\" is %s: an image has only regular files",
			entry.name, entry.what);
	}
	if (entry.type == TAR_FOLDER)
		return entry.size == 0 ? 1 : err_msg(e, -EBADMSG, "a folder with data");
	rc = take_file(u, &entry, e);
	return rc < 0 ? rc : 1;
}

int unpack_tar(int tar, int dir, const struct images_watch *watch, struct err *e)
{
	AUTO(free_p) struct unpack *u = xcalloc(1, sizeof(*u));
	AUTO(free_p) uint8_t *block = xcalloc(1, BLOCK_BYTES);
	int rc;

	*u = (struct unpack){
		.tar = tar, .dir = dir, .watch = watch, .block = block, .left = UNPACK_BYTES_MAX};
	while ((rc = take_entry(u, e)) > 0)
		;
	if (rc == 0 && u->n_files == 0)
		return err_msg(e, -EBADMSG, "the archive is empty");
	return rc;
}

/* --- the other way ------------------------------------------------------------------------------ */

static int pack_file(
	int dir, const char *name, int tar, const struct images_watch *watch, struct err *e)
{
	AUTO(free_p) uint8_t *block = xcalloc(1, BLOCK_BYTES);
	AUTO(close_p) int fd = images_open_file(dir, name);
	uint8_t header[TAR_BLOCK];
	struct stat st;
	int rc = fd < 0 ? fd : fstat(fd, &st) < 0 ? -errno : 0;

	if (rc == 0)
		rc = tar_write(name, (uint64_t)st.st_size, st.st_mtime, header);
	if (rc == 0)
		rc = write_all(tar, header, sizeof(header));
	for (uint64_t left = rc == 0 ? (uint64_t)st.st_size : 0; rc == 0 && left > 0;) {
		size_t want = left < BLOCK_BYTES ? (size_t)left : BLOCK_BYTES;
		size_t padded = (want + TAR_BLOCK - 1) / TAR_BLOCK * TAR_BLOCK;

		memset(block + want, 0, padded - want);
		rc = read_exactly(fd, block, want);
		rc = rc == 1 ? write_all(tar, block, padded) : rc == 0 ? -EBADMSG : rc;
		left -= want;
		step(watch, want);
	}
	return rc < 0 ? err_msg(e, rc, "%s: %s", name, strerror(-rc)) : 0;
}

int pack_tar(
	int dir, const struct manifest *m, int tar, const struct images_watch *watch, struct err *e)
{
	static const uint8_t end[2 * TAR_BLOCK];
	int rc = pack_file(dir, MANIFEST_NAME, tar, NULL, e);

	for (size_t i = 0; rc == 0 && i < m->n_files; i++)
		rc = pack_file(dir, m->files[i].name, tar, watch, e);
	if (rc == 0 && (rc = write_all(tar, end, sizeof(end))) < 0)
		return err_msg(e, rc, "%s", strerror(-rc));
	return rc;
}

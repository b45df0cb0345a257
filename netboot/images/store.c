#include "netboot/images/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "provisioner/base/files.h"

#define ENTRIES_MAX ((size_t)4096)
#define FOLDER_NAME_SIZE (IMAGE_VERSION_SIZE + 16)
#define TREE_DEPTH_MAX 4
#define FOLDER_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

static const struct {
	enum images_state state;
	const char *prefix, *suffix;
} shapes[] = {
	{IMAGES_PARTIAL, ".", ".partial"},
	{IMAGES_REMOVED, ".", ".removed"},
	{IMAGES_WHOLE, "", ""},
};

static void folder_name(
	const struct image_id *id, enum images_state state, char ret[static FOLDER_NAME_SIZE])
{
	for (size_t i = 0; i < ARRAY_LEN(shapes); i++)
		if (shapes[i].state == state)
			(void)snprintf(ret, FOLDER_NAME_SIZE, "%s%s%s", shapes[i].prefix,
				id->version, shapes[i].suffix); /* a version fits */
}

static int open_folder(int dir, const char *name)
{
	int fd = openat(dir, name, FOLDER_FLAGS);

	return fd < 0 ? -errno : fd;
}

/* --- listing ------------------------------------------------------------------------------------ */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

int images_compare_versions(const char *a, const char *b)
{
	while (*a && *b) {
		if (is_digit(*a) && is_digit(*b)) {
			size_t n = strspn(a, "0"), m = strspn(b, "0");

			a += n, b += m;
			n = strspn(a, "0123456789"), m = strspn(b, "0123456789");
			int order = n == m ? strncmp(a, b, n) : n < m ? -1 : 1;
			if (order != 0)
				return order < 0 ? -1 : 1;
			a += n, b += m;
		} else if (*a != *b) {
			return (unsigned char)*a < (unsigned char)*b ? -1 : 1;
		} else {
			a++, b++;
		}
	}
	return *a ? 1 : *b ? -1 : 0;
}

static int by_id(const void *a, const void *b)
{
	const struct images_entry *x = a, *y = b;
	int order = strcmp(x->id.name, y->id.name);

	if (order == 0)
		order = images_compare_versions(x->id.version, y->id.version);
	if (order == 0)
		order = strcmp(x->id.version, y->id.version);
	return order != 0 ? order : (int)x->state - (int)y->state;
}

/* False when the folder's name is none of ours. */
static bool read_folder_name(const char *name, const char *folder, struct images_entry *ret)
{
	char version[IMAGE_VERSION_SIZE];

	for (size_t i = 0; i < ARRAY_LEN(shapes); i++) {
		size_t len = strlen(folder), pre = strlen(shapes[i].prefix),
		       post = strlen(shapes[i].suffix);

		if (len <= pre + post || strncmp(folder, shapes[i].prefix, pre) != 0 ||
			strcmp(folder + len - post, shapes[i].suffix) != 0 ||
			len - pre - post >= sizeof(version))
			continue;
		memcpy(version, folder + pre, len - pre - post);
		version[len - pre - post] = '\0';
		ret->state = shapes[i].state;
		return image_id_make(name, version, &ret->id) == 0;
	}
	return false;
}

/* A stream over a folder of its own, so that two listings do not share a position. */
static DIR *open_stream(int dir, const char *name)
{
	int fd = openat(dir, name, FOLDER_FLAGS);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);

	if (!stream && fd >= 0)
		(void)close(fd);
	return stream;
}

static int list_name(int store, const char *name, struct images_entry **list, size_t *n)
{
	DIR *stream = open_stream(store, name);
	const struct dirent *d;

	if (!stream)
		return errno == ENOTDIR || errno == ELOOP || errno == ENOENT ? 0 : -errno;
	while ((d = readdir(stream)) && *n < ENTRIES_MAX) { // NOLINT(concurrency-mt-unsafe)
		struct images_entry entry;
		struct stat st;

		if (!read_folder_name(name, d->d_name, &entry) ||
			fstatat(dirfd(stream), d->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
			!S_ISDIR(st.st_mode))
			continue;
		*list = xreallocarray(*list, *n + 1, sizeof(**list));
		(*list)[(*n)++] = entry;
	}
	(void)closedir(stream);
	return 0;
}

int images_list(int store, struct images_entry **ret, size_t *ret_n)
{
	AUTO(free_p) struct images_entry *list = NULL;
	DIR *stream = open_stream(store, ".");
	const struct dirent *d;
	size_t n = 0;
	int rc = 0;

	if (!stream)
		return -errno;
	while (rc == 0 && (d = readdir(stream))) // NOLINT(concurrency-mt-unsafe)
		if (image_word_is_legal(d->d_name, IMAGE_NAME_SIZE))
			rc = list_name(store, d->d_name, &list, &n);
	(void)closedir(stream);
	if (rc < 0)
		return rc;
	if (n > 0)
		qsort(list, n, sizeof(*list), by_id);
	*ret = TAKE(list);
	*ret_n = n;
	return 0;
}

/* --- looking ------------------------------------------------------------------------------------ */

static int open_entry(int store, const struct image_id *id, enum images_state state)
{
	AUTO(close_p) int name_dir = open_folder(store, id->name);
	char folder[FOLDER_NAME_SIZE];

	if (name_dir < 0)
		return name_dir;
	folder_name(id, state, folder);
	return open_folder(name_dir, folder);
}

int images_folder(int store, const struct image_id *id)
{
	return open_entry(store, id, IMAGES_WHOLE);
}

int images_manifest(int store, const struct image_id *id, struct manifest *ret, struct err *e)
{
	AUTO(close_p) int dir = images_folder(store, id);
	AUTO(free_p) char *text = NULL;
	char name[IMAGE_ID_SIZE], file[IMAGE_ID_SIZE + sizeof(MANIFEST_NAME)];
	size_t len;

	(void)image_id_text(id, name);
	if (dir < 0)
		return err_msg(e, dir, "there is no image %s (%s)", name, strerror(-dir));
	int rc = file_read(dir, MANIFEST_NAME, MANIFEST_BYTES_MAX, &text, &len);
	if (rc == -ENOENT)
		return err_msg(e, -ENODATA,
			"%s has no %s: `slipway images import FOLDER --name %s` makes one", name,
			MANIFEST_NAME, name);
	(void)snprintf(file, sizeof(file), "%s/%s", name, MANIFEST_NAME);
	if (rc < 0)
		return err_msg(e, -EINVAL, "%s: %s", file, strerror(-rc));
	rc = manifest_read(file, text, len, ret, e);
	if (rc == 0 && !image_id_equal(&ret->id, id))
		return err_msg(e, -EINVAL, "%s is of %s/%s", file, ret->id.name, ret->id.version);
	return rc;
}

uint64_t images_disk_bytes(int store, const struct images_entry *entry)
{
	AUTO(close_p) int dir = open_entry(store, &entry->id, entry->state);
	DIR *stream = dir < 0 ? NULL : open_stream(dir, ".");
	const struct dirent *d;
	uint64_t bytes = 0;
	struct stat st;

	while (stream && (d = readdir(stream))) // NOLINT(concurrency-mt-unsafe)
		if (fstatat(dirfd(stream), d->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
			S_ISREG(st.st_mode))
			bytes += (uint64_t)st.st_size;
	if (stream)
		(void)closedir(stream);
	return bytes;
}

/* --- removing ----------------------------------------------------------------------------------- */

static int remove_tree(int parent, const char *name, unsigned depth);

/* Empties a folder; with `keep`, but for the files that this manifest names. */
static int empty_folder(int dir, const struct manifest *keep, unsigned depth)
{
	DIR *stream = open_stream(dir, ".");
	const struct dirent *d;
	int rc = 0;

	if (!stream)
		return -errno;
	while (rc == 0 && (d = readdir(stream))) { // NOLINT(concurrency-mt-unsafe)
		if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0 ||
			(keep && manifest_find(keep, d->d_name)))
			continue;
		if (unlinkat(dir, d->d_name, 0) < 0)
			rc = errno == EISDIR ? remove_tree(dir, d->d_name, depth + 1) : -errno;
	}
	(void)closedir(stream);
	return rc;
}

/* TREE_DEPTH_MAX bounds it: no image has folders. NOLINTNEXTLINE(misc-no-recursion) */
static int remove_tree(int parent, const char *name, unsigned depth)
{
	AUTO(close_p) int dir = open_folder(parent, name);

	if (dir < 0)
		return dir;
	int rc = depth > TREE_DEPTH_MAX ? -ENOTEMPTY : empty_folder(dir, NULL, depth);
	if (rc < 0)
		return rc;
	return unlinkat(parent, name, AT_REMOVEDIR) < 0 ? -errno : 0;
}

/* Out of sight at once, then gone. A leftover of the same name goes first. */
static int remove_folder(int name_dir, const struct image_id *id, const char *folder)
{
	char removed[FOLDER_NAME_SIZE];

	folder_name(id, IMAGES_REMOVED, removed);
	if (strcmp(folder, removed) != 0) {
		int rc = remove_tree(name_dir, removed, 0);

		if (rc < 0 && rc != -ENOENT)
			return rc;
		if (renameat(name_dir, folder, name_dir, removed) < 0 || fsync(name_dir) < 0)
			return -errno;
	}
	return remove_tree(name_dir, removed, 0);
}

int images_remove(int store, const struct images_entry *entry, struct err *e)
{
	AUTO(close_p) int name_dir = open_folder(store, entry->id.name);
	char text[IMAGE_ID_SIZE], folder[FOLDER_NAME_SIZE];

	(void)image_id_text(&entry->id, text);
	folder_name(&entry->id, entry->state, folder);
	AUTO(close_p) int dir = name_dir < 0 ? -1 : open_folder(name_dir, folder);
	if (name_dir < 0 || dir < 0)
		return err_msg(e, -ENOENT, "there is no image %s", text);
	if (entry->state == IMAGES_PARTIAL && flock(dir, LOCK_EX | LOCK_NB) < 0)
		return err_msg(e, -EBUSY, "%s is being made by another process", text);
	int rc = remove_folder(name_dir, &entry->id, folder);
	if (rc < 0)
		return err_msg(e, rc, "%s can not be removed: %s", text, strerror(-rc));
	(void)unlinkat(store, entry->id.name, AT_REMOVEDIR); /* it stays while others are in it */
	return 0;
}

/* --- making ------------------------------------------------------------------------------------- */

static int make_folder(int dir, const char *name)
{
	if (mkdirat(dir, name, 0755) < 0 && errno != EEXIST)
		return -errno;
	int fd = open_folder(dir, name);
	if (fd < 0)
		return fd;
	if (fchmod(fd, 0755) == 0) /* whatever the umask: workers without privileges read it */
		return fd;
	int rc = -errno;
	(void)close(fd);
	return rc;
}

/* Locked by us, and still the one of that name. */
static int lock_partial(int name_dir, const char *folder, int dir)
{
	struct stat mine, named;

	if (flock(dir, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? -EBUSY : -errno;
	if (fstat(dir, &mine) < 0 || fstatat(name_dir, folder, &named, AT_SYMLINK_NOFOLLOW) < 0 ||
		mine.st_ino != named.st_ino || mine.st_dev != named.st_dev)
		return -EBUSY; /* another one has just finished it */
	return 0;
}

int images_begin(int store, const struct image_id *id, struct images_work *ret, struct err *e)
{
	AUTO(close_p) int name_dir = make_folder(store, id->name);
	char folder[FOLDER_NAME_SIZE], text[IMAGE_ID_SIZE];

	folder_name(id, IMAGES_PARTIAL, folder);
	AUTO(close_p) int dir = name_dir < 0 ? name_dir : make_folder(name_dir, folder);
	int rc = dir < 0 ? dir : lock_partial(name_dir, folder, dir);
	if (rc == -EBUSY)
		return err_msg(
			e, rc, "%s is being made by another process", image_id_text(id, text));
	if (rc < 0)
		return err_msg(e, rc, "the image store can not take %s: %s",
			image_id_text(id, text), strerror(-rc));
	*ret = (struct images_work){.id = *id, .name_dir = TAKE_FD(name_dir), .dir = TAKE_FD(dir)};
	return 0;
}

void images_leave(struct images_work *w)
{
	close_p(&w->dir);
	close_p(&w->name_dir);
	*w = IMAGES_NO_WORK;
}

void images_discard(struct images_work *w)
{
	char folder[FOLDER_NAME_SIZE];

	if (w->name_dir >= 0) {
		folder_name(&w->id, IMAGES_PARTIAL, folder);
		(void)remove_tree(w->name_dir, folder, 0); /* `prune` finds what is left */
	}
	images_leave(w);
}

int images_empty(const struct images_work *w, struct err *e)
{
	int rc = empty_folder(w->dir, NULL, 0);

	return rc < 0 ? err_msg(e, rc, "leftovers of %s/%s can not be removed: %s", w->id.name,
				w->id.version, strerror(-rc))
		      : 0;
}

static int sync_files(int dir, const struct manifest *m)
{
	for (size_t i = 0; i < m->n_files; i++) {
		AUTO(close_p)
		int fd = openat(dir, m->files[i].name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

		if (fd < 0 || fchmod(fd, 0644) < 0 || fsync(fd) < 0)
			return -errno;
	}
	return 0;
}

/* The last step: until here nothing of the image could be seen. */
static int put_in_place(struct images_work *w)
{
	char partial[FOLDER_NAME_SIZE];

	folder_name(&w->id, IMAGES_PARTIAL, partial);
	if (renameat2(w->name_dir, partial, w->name_dir, w->id.version, RENAME_NOREPLACE) == 0)
		return fsync(w->name_dir) < 0 ? -errno : 0;
	if (errno != EEXIST)
		return -errno;
	if (renameat2(w->name_dir, partial, w->name_dir, w->id.version, RENAME_EXCHANGE) < 0 ||
		fsync(w->name_dir) < 0)
		return -errno;
	(void)remove_folder(w->name_dir, &w->id, partial); /* the old one; `prune` finds it */
	return 0;
}

int images_commit(struct images_work *w, const struct manifest *m, struct err *e)
{
	AUTO(str_done) struct str text = str_init(MANIFEST_BYTES_MAX);
	char name[IMAGE_ID_SIZE];

	manifest_write(m, &text);
	int rc = str_ok(&text) ? empty_folder(w->dir, m, 0) : -EFBIG;
	if (rc == 0)
		rc = sync_files(w->dir, m);
	if (rc == 0)
		rc = file_write(w->dir, MANIFEST_NAME, str_text(&text), text.len, 0644);
	if (rc == 0)
		rc = put_in_place(w);
	if (rc < 0)
		return err_msg(e, rc, "%s can not be put into the store: %s",
			image_id_text(&w->id, name), strerror(-rc));
	images_leave(w);
	return 0;
}

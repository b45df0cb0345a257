#include "provisioner/cluster/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "provisioner/base/files.h"
#include "provisioner/base/str.h"

#define PATH_BYTES_MAX 4096

static void closedir_p(DIR **dir)
{
	if (*dir)
		(void)closedir(*dir);
}

static bool ends_in(const char *name, const char *ending)
{
	size_t len = strlen(name), tail = strlen(ending);

	return len > tail && strcasecmp(name + len - tail, ending) == 0;
}

static bool is_yaml(const char *name)
{
	size_t len = strlen(name);

	return name[0] != '.' && len > 5 && strcmp(name + len - 5, ".yaml") == 0;
}

/* What `name` beside `path` is called: "/etc/slipway/nodes.d/a.yaml". */
static char *beside(const char *path, const char *name)
{
	AUTO(str_done) struct str text = str_init(PATH_BYTES_MAX);

	str_printf(&text, "%.*s%s%s%s", (int)(path_name(path) - path), path, CLUSTER_NODES_DIR,
		name ? "/" : "", name ? name : "");
	return str_take(&text);
}

static int complain(struct err_list *errors, const char *path, int rc)
{
	const char *why = rc == -EFBIG    ? "too large"
			  : rc == -EINVAL ? "not a regular file"
					  : strerror(-rc);

	err_list_add(errors, (struct mark){.file = path}, "%s", why);
	return rc;
}

/* Files on their way in. */
struct reading {
	struct cluster_files files;
	size_t left; /* bytes that may still come */
	struct err_list *errors;
};

/* Adds one file; takes `name`, by which messages call it. */
static int add(struct reading *r, int dir, const char *opened, char *name)
{
	struct cluster_files *f = &r->files;
	char *text;
	size_t len;
	int rc = file_read(dir, opened, r->left, &text, &len);

	if (rc < 0) {
		(void)complain(r->errors, name, rc);
		free(name);
		return rc;
	}
	r->left -= len;
	f->owned[2 * f->n] = name;
	f->owned[2 * f->n + 1] = text;
	f->texts[f->n++] = (struct cluster_text){.name = name, .text = text, .len = len};
	return 0;
}

static int by_name(const void *a, const void *b)
{
	char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

/* The names in the folder that are to be read, sorted. */
static int list(DIR *dir, const char *path, char **names, size_t *n, struct err_list *errors)
{
	const struct dirent *d;

	*n = 0;
	while ((d = readdir(dir))) { // NOLINT(concurrency-mt-unsafe): we have no threads
		if (!is_yaml(d->d_name)) {
			AUTO(free_p) char *name = beside(path, d->d_name);

			if (d->d_name[0] != '.' &&
				(ends_in(d->d_name, ".yml") || ends_in(d->d_name, ".yaml")))
				err_list_warn(errors, (struct mark){.file = name},
					"not read: only names that end in .yaml are");
			continue;
		}
		if (*n == CLUSTER_FILES_MAX) {
			AUTO(free_p) char *name = beside(path, NULL);

			err_list_add(errors, (struct mark){.file = name}, "more than %d files",
				CLUSTER_FILES_MAX);
			return -E2BIG;
		}
		names[(*n)++] = xstrdup(d->d_name);
	}
	qsort(names, *n, sizeof(*names), by_name);
	return 0;
}

static int add_folder(struct reading *r, int dir, const char *path)
{
	int fd = openat(dir, CLUSTER_NODES_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO(closedir_p) DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	AUTO(free_p) char **names = xcalloc(CLUSTER_FILES_MAX, sizeof(char *));
	size_t n;

	if (!stream) {
		int rc = -errno;
		AUTO(free_p) char *name = beside(path, NULL);

		if (fd >= 0)
			(void)close(fd);
		return rc == -ENOENT ? 0 : complain(r->errors, name, rc);
	}
	int rc = list(stream, path, names, &n, r->errors);
	for (size_t i = 0; i < n; i++) {
		if (rc == 0)
			rc = add(r, fd, names[i], beside(path, names[i]));
		free(names[i]);
	}
	return rc;
}

/* The folder of `path`, opened anew: the caller's descriptor may be of no use for openat() of a path. */
static int open_folder(int dir, const char *path)
{
	if (dir != AT_FDCWD)
		return fcntl(dir, F_DUPFD_CLOEXEC, 0);
	AUTO(free_p) char *folder = path_folder(path);
	return dir_open(folder);
}

int cluster_files_read(
	int dir, const char *path, struct cluster_files *ret, struct err_list *errors)
{
	AUTO(close_p) int folder = open_folder(dir, path);
	struct reading r = {
		.files = {.texts = xcalloc(CLUSTER_FILES_MAX + 1, sizeof(struct cluster_text)),
			.owned = xcalloc((size_t)2 * (CLUSTER_FILES_MAX + 1), sizeof(char *))},
		.left = CLUSTER_BYTES_MAX,
		.errors = errors};

	int rc = folder < 0 ? complain(errors, path, folder)
			    : add(&r, folder, path_name(path), xstrdup(path));
	if (rc == 0)
		rc = add_folder(&r, folder, path);
	if (rc < 0)
		cluster_files_done(&r.files);
	else
		*ret = r.files;
	return rc;
}

void cluster_files_done(struct cluster_files *f)
{
	for (size_t i = 0; f->owned && i < 2 * f->n; i++)
		free(f->owned[i]);
	free(f->owned);
	free(f->texts);
	*f = (struct cluster_files){0};
}

int cluster_files_load(
	struct arena *a, int dir, const char *path, struct cluster **ret, struct err_list *errors)
{
	struct cluster_files f;
	int rc = cluster_files_read(dir, path, &f, errors);

	if (rc < 0)
		return rc;
	rc = cluster_load_texts(a, f.texts, f.n, ret, errors);
	cluster_files_done(&f);
	return rc;
}

#include "provisioner/cluster/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
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

/* A folder of files that hold nodes. */
struct folder {
	const char *
		path; /* its name is put behind the last slash of this: "/etc/slipway/cluster.yaml" */
	const char *name;
	size_t max;
	bool is_ours; /* of the server: no symlinks */
};

/* What `file` in it is called: "/etc/slipway/nodes.d/a.yaml". */
static char *called(const struct folder *f, const char *file)
{
	AUTO(str_done) struct str text = str_init(PATH_BYTES_MAX);

	str_printf(&text, "%.*s%s%s%s", (int)(path_name(f->path) - f->path), f->path, f->name,
		file ? "/" : "", file ? file : "");
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
	f->owned[f->n_owned++] = name;
	f->owned[f->n_owned++] = text;
	f->texts[f->n++] = (struct cluster_text){.name = name, .text = text, .len = len};
	return 0;
}

static int by_name(const void *a, const void *b)
{
	char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

/* The names in the folder that are to be read, sorted. */
static int list(DIR *dir, const struct folder *f, char **names, size_t *n, struct err_list *errors)
{
	const struct dirent *d;

	*n = 0;
	while ((d = readdir(dir))) { // NOLINT(concurrency-mt-unsafe): we have no threads
		if (!is_yaml(d->d_name)) {
			AUTO(free_p) char *name = called(f, d->d_name);

			if (d->d_name[0] != '.' &&
				(ends_in(d->d_name, ".yml") || ends_in(d->d_name, ".yaml")))
				err_list_warn(errors, (struct mark){.file = name},
					"not read: only names that end in .yaml are");
			continue;
		}
		if (*n == f->max) {
			AUTO(free_p) char *name = called(f, NULL);

			err_list_add(
				errors, (struct mark){.file = name}, "more than %zu files", f->max);
			return -E2BIG;
		}
		names[(*n)++] = xstrdup(d->d_name);
	}
	qsort(names, *n, sizeof(*names), by_name);
	return 0;
}

static bool is_regular(int dir, const char *name)
{
	struct stat st;

	return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode);
}

/* Takes `fd`, the folder; or it is a negative errno. */
static int add_folder(struct reading *r, int fd, const struct folder *f)
{
	AUTO(closedir_p) DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	AUTO(free_p) char **names = xcalloc(f->max, sizeof(char *));
	size_t n;

	if (!stream) {
		int rc = fd < 0 ? fd : -errno;
		AUTO(free_p) char *name = called(f, NULL);

		close_p(&fd);
		return rc == -ENOENT ? 0 : complain(r->errors, name, rc);
	}
	int rc = list(stream, f, names, &n, r->errors);
	for (size_t i = 0; i < n; i++) {
		char *name = called(f, names[i]);

		if (rc == 0 && f->is_ours && !is_regular(fd, names[i]))
			rc = complain(r->errors, name, -EINVAL);
		if (rc == 0)
			rc = add(r, fd, names[i], TAKE(name));
		free(name);
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

static int open_below(int dir, const char *name)
{
	int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
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
		rc = add_folder(&r, open_below(folder, CLUSTER_NODES_DIR),
			&(struct folder){
				.path = path, .name = CLUSTER_NODES_DIR, .max = CLUSTER_FILES_MAX});
	if (rc < 0)
		cluster_files_done(&r.files);
	else
		*ret = r.files;
	return rc;
}

int cluster_files_add_enrolled(
	struct cluster_files *f, const char *state, const char *called, struct err_list *errors)
{
	AUTO(close_p) int dir = dir_open(state);
	struct reading r = {.files = *f, .left = CLUSTER_BYTES_MAX, .errors = errors};

	for (size_t i = 0; i < f->n; i++)
		r.left -= f->texts[i].len; /* they were counted when they were read */
	r.files.texts =
		xreallocarray(f->texts, f->n + CLUSTER_ENROLLED_MAX, sizeof(struct cluster_text));
	r.files.owned = xreallocarray(
		f->owned, f->n_owned + 2 * (size_t)CLUSTER_ENROLLED_MAX, sizeof(char *));
	int rc = add_folder(&r, dir < 0 ? dir : open_below(dir, CLUSTER_ENROLLED_DIR),
		&(struct folder){.path = called,
			.name = CLUSTER_ENROLLED_DIR,
			.max = CLUSTER_ENROLLED_MAX,
			.is_ours = true});
	*f = r.files;
	return rc;
}

static size_t n_before_enrolled(const struct cluster_files *f)
{
	static const char folder[] = CLUSTER_ENROLLED_DIR "/";
	size_t n = f->n;

	while (n > 1 && strncmp(f->texts[n - 1].name, folder, sizeof(folder) - 1) == 0)
		n--;
	return n;
}

int cluster_files_put_enrolled(struct cluster_files *f, char *name, char *text)
{
	size_t first = n_before_enrolled(f), at = f->n;

	while (at > first && strcmp(f->texts[at - 1].name, name) >= 0)
		at--;
	bool is_there = at < f->n && strcmp(f->texts[at].name, name) == 0;
	if (!is_there && f->n - first >= CLUSTER_ENROLLED_MAX) {
		free(name);
		free(text);
		return -E2BIG;
	}
	f->owned = xreallocarray(f->owned, f->n_owned + 2, sizeof(char *));
	f->owned[f->n_owned++] = name;
	f->owned[f->n_owned++] = text;
	if (!is_there) {
		f->texts = xreallocarray(f->texts, f->n + 1, sizeof(struct cluster_text));
		memmove(&f->texts[at + 1], &f->texts[at], (f->n - at) * sizeof(*f->texts));
		f->n++;
	}
	f->texts[at] = (struct cluster_text){.name = name, .text = text, .len = strlen(text)};
	return 0;
}

void cluster_files_done(struct cluster_files *f)
{
	for (size_t i = 0; i < f->n_owned; i++)
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

#include "provisioner/generation/sources.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "provisioner/base/files.h"
#include "provisioner/base/str.h"

#define TEMPLATE_BYTES_MAX ((size_t)1 << 20)

/* Reads the whole of an open file into the arena. */
static int slurp(int fd, const char *name, struct arena *a, struct template_source *ret)
{
	AUTO(free_p) char *data = NULL;
	size_t len;
	off_t size = lseek(fd, 0, SEEK_END);

	if (size < 0 || (size_t)size > TEMPLATE_BYTES_MAX)
		return -EFBIG;
	data = xcalloc((size_t)size + 1, 1);
	ssize_t n = pread(fd, data, (size_t)size, 0);
	if (n < 0)
		return -errno;
	len = (size_t)n;
	*ret = (struct template_source){
		.name = arena_strdup(a, name), .text = arena_strndup(a, data, len), .len = len};
	return ret->name && ret->text ? 0 : -E2BIG;
}

static int open_source(const struct sources *s, const char *name)
{
	AUTO(str_done) struct str path = str_init(512);

	str_printf(&path, "templates/%s", name);
	int fd = str_ok(&path) ? file_open_beneath(s->config_dir, str_text(&path)) : -ENAMETOOLONG;
	return fd == -ENOENT ? file_open_beneath(s->shipped_dir, name) : fd;
}

bool sources_has(const struct sources *s, const char *name)
{
	AUTO(close_p) int fd = open_source(s, name);

	return fd >= 0;
}

int sources_load(
	void *arg, const char *name, struct arena *a, struct template_source *ret, struct err *e)
{
	AUTO(close_p) int fd = open_source(arg, name);
	int rc = fd < 0 ? fd : slurp(fd, name, a, ret);
	return rc < 0 ? err_msg(e, rc, "template \"%s\": %s", name, strerror(-rc)) : 0;
}

static bool is_listed(const struct sources_names *names, const char *name)
{
	for (size_t i = 0; i < names->n; i++)
		if (strcmp(names->items[i], name) == 0)
			return true;
	return false;
}

static void close_dir(DIR **d)
{
	if (*d)
		(void)closedir(*d);
}

static int add_folders(int dir, const char *path, struct arena *a, struct sources_names *ret)
{
	int fd = openat(dir, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	AUTO(close_dir) DIR *d = fdopendir(fd);
	if (!d) {
		int rc = -errno;

		(void)close(fd);
		return rc;
	}
	for (const struct dirent *e = readdir(d); e; e = readdir(d)) {
		if (e->d_name[0] == '.' || is_listed(ret, e->d_name))
			continue;
		const char *name = ret->n < SOURCES_NAMES_MAX ? arena_strdup(a, e->d_name) : NULL;
		if (!name)
			return -E2BIG;
		ret->items[ret->n++] = name;
	}
	return 0;
}

int sources_folders(
	const struct sources *s, const char *folder, struct arena *a, struct sources_names *ret)
{
	char path[128];

	*ret = (struct sources_names){0};
	(void)snprintf(path, sizeof(path), "templates/%s", folder); /* constants: it fits */
	int rc = add_folders(s->config_dir, path, a, ret);
	return rc < 0 ? rc : add_folders(s->shipped_dir, folder, a, ret);
}

const char *sources_nearest(
	const struct sources *s, const char *folder, const char *name, struct arena *a)
{
	static const char suffix[] = ".yaml";
	struct sources_names all;
	const char *files[SOURCES_NAMES_MAX + 1] = {NULL};
	size_t n = 0;

	if (sources_folders(s, folder, a, &all) < 0)
		return NULL;
	for (size_t i = 0; i < all.n; i++) {
		size_t len = strlen(all.items[i]);

		if (len >= sizeof(suffix) &&
			strcmp(all.items[i] + len - strlen(suffix), suffix) == 0)
			files[n++] = all.items[i];
	}
	return err_nearest(name, files);
}

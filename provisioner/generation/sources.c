#include "provisioner/generation/sources.h"

#include <errno.h>
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

int sources_load(
	void *arg, const char *name, struct arena *a, struct template_source *ret, struct err *e)
{
	const struct sources *s = arg;
	AUTO(str_done) struct str path = str_init(512);

	str_printf(&path, "templates/%s", name);
	AUTO(close_p)
	int fd = str_ok(&path) ? file_open_beneath(s->config_dir, str_text(&path)) : -ENAMETOOLONG;
	if (fd == -ENOENT)
		fd = file_open_beneath(s->shipped_dir, name);
	int rc = fd < 0 ? fd : slurp(fd, name, a, ret);
	return rc < 0 ? err_msg(e, rc, "template \"%s\": %s", name, strerror(-rc)) : 0;
}

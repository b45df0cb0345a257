#include "netboot/join/peek.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "provisioner/base/files.h"
#include "provisioner/base/parse.h"

#define BLANKS " \t\r\n"

PRINTF_LIKE(2, 0)
static bool make_path(char path[static PEEK_PATH_MAX], const char *fmt, va_list ap)
{
	/* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): the callers' va_start() is not seen. */
	int n = vsnprintf(path, PEEK_PATH_MAX, fmt, ap);

	return n >= 0 && n < PEEK_PATH_MAX;
}

static size_t read_path(int root, const char *path, char *buf, size_t size)
{
	AUTO(close_p) int fd = openat(root, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	size_t len = 0;

	while (fd >= 0 && len < size - 1) {
		ssize_t n = read(fd, buf + len, size - 1 - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		len += (size_t)n;
	}
	while (len > 0 && strchr(BLANKS, buf[len - 1])) /* strchr also finds the NUL */
		len--;
	buf[len] = '\0';
	return len;
}

size_t peek_text(int root, char *buf, size_t size, const char *fmt, ...)
{
	char path[PEEK_PATH_MAX];
	va_list ap;

	buf[0] = '\0';
	va_start(ap, fmt);
	bool ok = make_path(path, fmt, ap);
	va_end(ap);
	return ok ? read_path(root, path, buf, size) : 0;
}

bool peek_number(int root, int64_t *ret, const char *fmt, ...)
{
	char path[PEEK_PATH_MAX], text[32] = "";
	va_list ap;

	va_start(ap, fmt);
	bool ok = make_path(path, fmt, ap);
	va_end(ap);
	return ok && read_path(root, path, text, sizeof(text)) > 0 &&
	       parse_i64(text, INT64_MIN, INT64_MAX, ret) == 0;
}

bool peek_exists(int root, const char *fmt, ...)
{
	char path[PEEK_PATH_MAX];
	va_list ap;

	va_start(ap, fmt);
	bool ok = make_path(path, fmt, ap);
	va_end(ap);
	return ok && faccessat(root, path, F_OK, 0) == 0;
}

void peek_link(int root, char *buf, size_t size, const char *fmt, ...)
{
	char path[PEEK_PATH_MAX], target[PATH_MAX];
	va_list ap;

	buf[0] = '\0';
	va_start(ap, fmt);
	bool ok = make_path(path, fmt, ap);
	va_end(ap);
	ssize_t n = ok ? readlinkat(root, path, target, sizeof(target) - 1) : -1;
	if (n < 0)
		return;
	target[n] = '\0';
	const char *name = path_name(target);
	if (strlen(name) < size)
		memcpy(buf, name, strlen(name) + 1);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void closedir_p(DIR **d)
{
	if (*d)
		(void)closedir(*d);
}

size_t peek_names(int root, const char *path, size_t max, char ***ret_names)
{
	int fd = openat(root, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO(closedir_p) DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *d;
	size_t n = 0;

	*ret_names = NULL;
	if (!dir) {
		close_p(&fd);
		return 0;
	}
	*ret_names = xcalloc(max, sizeof(**ret_names));
	while (n < max && (d = readdir(dir)))
		if (d->d_name[0] != '.')
			(*ret_names)[n++] = xstrdup(d->d_name);
	qsort(*ret_names, n, sizeof(**ret_names), by_name);
	return n;
}

void peek_names_free(char **names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(names[i]);
	free(names);
}

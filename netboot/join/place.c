#include "netboot/join/place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "netboot/join/peek.h"
#include "provisioner/base/files.h"
#include "provisioner/base/log.h"
#include "provisioner/base/parse.h"
#include "provisioner/base/str.h"

#define PLACED_FILE "secrets" /* in the state folder: the version, then a path a line */
#define PLACED_MAX ((size_t)8 << 10)
#define PASSWD_MAX ((size_t)1 << 20)

/* --- who owns a file ------------------------------------------------------------------------------ */

/* Two numbers of a passwd line ("name:x:232:232:..."), behind its name. */
static bool read_ids(const char *line, uid_t *ret_uid, gid_t *ret_gid)
{
	const char *at = strchr(line, ':');
	uint32_t ids[2];

	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		char number[16];
		size_t len = at ? strcspn(at + 1, ":\n") : 0;

		if (len == 0 || len >= sizeof(number) || at[1 + len] != ':')
			return false;
		memcpy(number, at + 1, len);
		number[len] = '\0';
		if (parse_u32(number, 0, UINT32_MAX - 1, &ids[i]) < 0)
			return false;
		at += 1 + len;
	}
	*ret_uid = ids[0];
	*ret_gid = ids[1];
	return true;
}

static bool find_user(const char *text, const char *name, uid_t *ret_uid, gid_t *ret_gid)
{
	size_t len = strlen(name);

	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, name, len) == 0 && line[len] == ':')
			return read_ids(line + len + 1, ret_uid, ret_gid);
	}
	return false;
}

/* The user's ids by the node's own files: a static program has no name service. A node without that
 * user runs the service as root. */
static struct file_access access_of(int root, const struct delivery_file *f)
{
	/* The second is where Flatcar and the third where Fedora CoreOS keep users of the system. */
	static const char *const files[] = {
		"etc/passwd", "usr/share/baselayout/passwd", "usr/lib/passwd"};
	struct file_access access = {.mode = f->mode};

	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		AUTO(free_p) char *text = NULL;
		size_t len = 0;

		if (file_read(root, files[i], PASSWD_MAX, &text, &len) == 0 &&
			find_user(text, f->owner, &access.uid, &access.gid))
			break;
	}
	return access;
}

/* --- where it lies -------------------------------------------------------------------------------- */

/* The folder of `path`, made with its parents where it is missing, and the name in it. No link is
 * followed: who may write in a parent can not send a key elsewhere. A descriptor or a negative errno. */
static int open_folder(int root, const char *path, bool make, const char **ret_name)
{
	AUTO(close_p) int at = openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const char *part = path + 1, *slash;

	if (at < 0)
		return -errno;
	for (; (slash = strchr(part, '/')); part = slash + 1) {
		char name[DELIVERY_PATH_SIZE];
		size_t len = (size_t)(slash - part);

		if (len == 0 || len >= sizeof(name))
			return -ENAMETOOLONG;
		memcpy(name, part, len);
		name[len] = '\0';
		if (make && mkdirat(at, name, 0755) < 0 && errno != EEXIST)
			return -errno;
		int next = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (next < 0)
			return -errno;
		close_p(&at);
		at = next;
	}
	*ret_name = part;
	return TAKE_FD(at);
}

static int put_file(const struct place *p, const struct delivery_file *f, struct err *e)
{
	const struct file_access access = access_of(p->root, f);
	const char *name = "";
	AUTO(close_p) int folder = open_folder(p->root, f->path, /* make= */ true, &name);
	int rc = folder;

	if (rc >= 0)
		rc = file_write_as(folder, name, f->content, strlen(f->content), &access);
	return rc < 0 ? err_msg(e, rc, "%s: %s", f->path, strerror(-rc)) : 0;
}

static void remove_file(const struct place *p, const char *path)
{
	const char *name = "";
	AUTO(close_p) int folder = open_folder(p->root, path, /* make= */ false, &name);

	if (folder >= 0 && unlinkat(folder, name, 0) == 0)
		log_info("%s is not this node's any more: removed", path);
}

/* --- what is remembered --------------------------------------------------------------------------- */

static bool read_placed(struct place *p, char *text)
{
	char *rest = text, *line = strsep(&rest, "\n");

	if (!delivery_is_version(line))
		return false;
	memcpy(p->version, line, strlen(line) + 1);
	while ((line = strsep(&rest, "\n"))) {
		if (!line[0])
			continue;
		if (p->n == DELIVERY_FILES_MAX || !delivery_is_path(line))
			return false;
		memcpy(p->paths[p->n++], line, strlen(line) + 1);
	}
	return true;
}

void place_open(struct place *p, int root, int state)
{
	AUTO(free_p) char *text = NULL;
	size_t len = 0;

	*p = (struct place){.root = root, .state = state};
	bool good = file_read(state, PLACED_FILE, PLACED_MAX, &text, &len) == 0 &&
		    strlen(text) == len && read_placed(p, text);
	for (size_t i = 0; i < p->n; i++)
		good = good && peek_exists(root, "%s", p->paths[i] + 1);
	if (!good)
		p->version[0] = '\0'; /* the paths stay: they are ours to remove */
}

static int remember(const struct place *p, const struct delivery *d, struct err *e)
{
	AUTO(str_done) struct str text = str_init(PLACED_MAX);

	str_printf(&text, "%s\n", d->version);
	for (size_t i = 0; i < d->n; i++)
		str_printf(&text, "%s\n", d->files[i].path);
	int rc = file_write(p->state, PLACED_FILE, str_text(&text), text.len, 0600);
	return rc < 0 ? err_msg(e, rc, PLACED_FILE ": %s", strerror(-rc)) : 0;
}

static bool is_named(const struct delivery *d, const char *path)
{
	for (size_t i = 0; i < d->n; i++)
		if (strcmp(d->files[i].path, path) == 0)
			return true;
	return false;
}

static void remove_others(const struct place *p, const struct delivery *d)
{
	for (size_t i = 0; i < p->n; i++)
		if (!is_named(d, p->paths[i]))
			remove_file(p, p->paths[i]);
}

static void take_over(struct place *p, const struct delivery *d)
{
	memcpy(p->version, d->version, sizeof(p->version));
	for (size_t i = 0; i < d->n; i++)
		memcpy(p->paths[i], d->files[i].path, sizeof(p->paths[i]));
	p->n = d->n;
}

int place_put(struct place *p, const struct delivery *d, struct err *e)
{
	for (size_t i = 0; i < d->n; i++) {
		int rc = put_file(p, &d->files[i], e);

		if (rc < 0)
			return rc;
	}
	remove_others(p, d); /* before they are forgotten: a crash in between leaves none behind */
	int rc = remember(p, d, e);
	if (rc < 0)
		return rc;
	take_over(p, d);
	return place_say_ready(p, e);
}

int place_say_ready(const struct place *p, struct err *e)
{
	const char *name = NULL;
	AUTO(close_p) int folder = open_folder(p->root, "/" PLACE_READY, /* make= */ true, &name);
	int rc = folder;

	if (rc >= 0)
		rc = file_write(folder, name, p->version, strlen(p->version), 0644);
	return rc < 0 ? err_msg(e, rc, "/" PLACE_READY ": %s", strerror(-rc)) : 0;
}

char *place_read(const struct place *p, const char *path, size_t *ret_len)
{
	char *text = NULL;

	return file_read(p->root, path + 1, DELIVERY_CONTENT_MAX, &text, ret_len) == 0 ? text
										       : NULL;
}

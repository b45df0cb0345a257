#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "netboot/fetch/admit.h"
#include "netboot/images/tar.h"
#include "netboot/images/unpack.h"
#include "provisioner/base/clock.h"
#include "provisioner/base/files.h"
#include "provisioner/base/human.h"
#include "provisioner/cli/images.h"
#include "provisioner/cli/progress.h"

#define ARENA_BYTES_MAX ((size_t)64 << 20)
#define COPY_BYTES ((size_t)16 << 20)

static const struct cli_option options[] = {
	{"name", 0, "NAME/VERSION", NULL, "what it is called; without it, as its manifest says"},
	IMAGES_KEYRING_OPTION,
	IMAGES_INSECURE_OPTION,
	IMAGES_STORE_OPTION,
	IMAGES_TEMPLATES_OPTION,
	IMAGES_CONFIG_OPTION,
	{.name = NULL},
};

/* One import, from what was given to an image in the store. */
struct import {
	const struct cli *cli;
	struct arena *arena;
	const char *path;
	int source; /* folder, or archive */
	bool is_folder;
	int store;
	struct image_id id;
	bool has_id;
	struct distro distro;
	struct mirror mirror;
	struct admit_rules rules;
	struct admit_files files;
	struct progress progress;
	struct images_work work;
	struct manifest *manifest;
};

static void on_bytes(void *arg, size_t bytes)
{
	progress_add(arg, bytes);
}

static void say(void *arg, const char *text)
{
	progress_note(arg, text);
}

static int read_manifest(int dir, struct manifest *ret, struct err *e)
{
	AUTO(free_p) char *text = NULL;
	size_t len;

	int rc = file_read(dir, MANIFEST_NAME, MANIFEST_BYTES_MAX, &text, &len);
	if (rc < 0)
		return err_msg(e, rc, "%s: %s", MANIFEST_NAME, strerror(-rc));
	return manifest_read(MANIFEST_NAME, text, len, ret, e);
}

/* An archive's manifest is at its front, if it is one of ours. It is read there, and again later. */
static int peek_manifest(struct import *im, struct err *e)
{
	AUTO(free_p) char *text = NULL;
	uint8_t header[TAR_BLOCK];
	struct tar_entry entry;
	const char *name;

	if (im->is_folder)
		return read_manifest(im->source, im->manifest, e);
	if (pread(im->source, header, sizeof(header), 0) != sizeof(header) ||
		tar_read(header, &entry) < 0 || entry.type != TAR_FILE ||
		!(name = unpack_name(entry.name)) || strcmp(name, MANIFEST_NAME) != 0)
		return -ENOENT;
	if (entry.size > MANIFEST_BYTES_MAX)
		return err_msg(e, -EFBIG, "%s: too large", MANIFEST_NAME);
	text = xcalloc((size_t)entry.size + 1, 1);
	if (pread(im->source, text, (size_t)entry.size, TAR_BLOCK) != (ssize_t)entry.size)
		return err_msg(e, -EBADMSG, "the archive ends too early");
	return manifest_read(MANIFEST_NAME, text, (size_t)entry.size, im->manifest, e);
}

/* By --name or by its manifest; when there are both, they must agree. */
static int find_id(struct import *im, struct err *e)
{
	int rc = peek_manifest(im, e);

	if (rc < 0 && rc != -ENOENT)
		return rc;
	if (rc == -ENOENT && !im->has_id)
		return err_msg(e, -EINVAL,
			"it has no %s to say what it is: give --name NAME/VERSION", MANIFEST_NAME);
	if (rc == 0 && im->has_id && !image_id_equal(&im->id, &im->manifest->id))
		return err_msg(e, -EINVAL, "its manifest says that it is %s/%s",
			im->manifest->id.name, im->manifest->id.version);
	if (rc == 0)
		im->id = im->manifest->id;
	return 0;
}

static int load_rules(struct import *im, struct err *e)
{
	int rc = images_load_distro(im->cli, im->arena, im->id.name, &im->distro, e);

	if (rc < 0)
		return rc;
	rc = mirror_read(&im->distro, &im->mirror, e);
	if (rc < 0 && rc != -ENOENT)
		return rc;
	im->rules = (struct admit_rules){.arena = im->arena,
		.distro = &im->distro,
		.mirror = rc == 0 ? &im->mirror : NULL,
		.keyring = images_keyring(im->cli, im->arena, im->id.name),
		.insecure = cli_has(im->cli, "insecure"),
		.say = say,
		.arg = &im->progress};
	rc = admit_files(im->arena, &im->distro, im->id.version, &im->files, e);
	return rc < 0 ? rc : admit_check_keys(&im->rules, e);
}

/* --- files of a folder -------------------------------------------------------------------------- */

static bool has_file(int dir, const char *name)
{
	struct stat st;

	return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode);
}

/* What an image of this distribution may consist of, as far as the folder has it. */
static int list_known(struct import *im, int dir, struct manifest *m, struct err *e)
{
	const char *names[2 * ADMIT_FILES_MAX + 2];
	size_t n = 0;

	for (size_t i = 0; i < im->files.n; i++) {
		names[n++] = im->files.names[i];
		int rc = admit_signature_name(&im->rules, im->files.names[i], &names[n], e);
		if (rc < 0)
			return rc;
		n += names[n] != NULL;
	}
	if (im->rules.mirror && im->mirror.build_file)
		names[n++] = im->mirror.build_file;
	if (im->files.unified[0])
		names[n++] = im->files.unified;
	for (size_t i = 0; i < n; i++)
		if (!manifest_find(m, names[i]) && has_file(dir, names[i]))
			(void)manifest_add(m, names[i]); /* fewer than it holds */
	return 0;
}

static int copy_file(struct import *im, const char *name, struct err *e)
{
	AUTO(close_p) int from = images_open_file(im->source, name);
	AUTO(close_p)
	int to = openat(
		im->work.dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	ssize_t n = 1;

	if (from < 0 || to < 0)
		return err_msg(e, from < 0 ? from : -errno, "%s: %s", name,
			strerror(from < 0 ? -from : errno));
	while ((n = copy_file_range(from, NULL, to, NULL, COPY_BYTES, 0)) > 0)
		on_bytes(&im->progress, (size_t)n);
	if (n < 0 && (errno == EXDEV || errno == EINVAL || errno == EOPNOTSUPP)) {
		AUTO(free_p) char *block = xcalloc(1, COPY_BYTES);

		while ((n = read(from, block, COPY_BYTES)) > 0) {
			if (write(to, block, (size_t)n) != n) {
				n = -1;
				break;
			}
			on_bytes(&im->progress, (size_t)n);
		}
	}
	return n < 0 ? err_msg(e, errno ? -errno : -EIO, "%s: %s", name, strerror(errno)) : 0;
}

static int copy_folder(struct import *im, struct err *e)
{
	AUTO(free_p) struct manifest *list = xcalloc(1, sizeof(*list));
	int rc = has_file(im->source, MANIFEST_NAME) ? read_manifest(im->source, list, e)
						     : list_known(im, im->source, list, e);

	for (size_t i = 0; rc == 0 && i < list->n_files; i++)
		rc = copy_file(im, list->files[i].name, e);
	if (rc == 0 && has_file(im->source, MANIFEST_NAME))
		rc = copy_file(im, MANIFEST_NAME, e);
	return rc;
}

/* --- from files to an image --------------------------------------------------------------------- */

/* A manifest that came along must be right; else one is made of what is there. */
static int fill_manifest(struct import *im, int dir, struct err *e)
{
	const struct images_watch watch = {on_bytes, &im->progress};
	struct manifest *m = im->manifest;
	int rc;

	if (has_file(dir, MANIFEST_NAME)) {
		rc = read_manifest(dir, m, e);
		if (rc == 0 && !image_id_equal(&m->id, &im->id))
			rc = err_msg(e, -EINVAL, "its manifest says that it is %s/%s", m->id.name,
				m->id.version);
		return rc < 0 ? rc : images_verify_files(dir, m, &watch, e);
	}
	*m = (struct manifest){.id = im->id};
	(void)snprintf(m->source, sizeof(m->source), "imported");
	rc = list_known(im, dir, m, e);
	for (size_t i = 0; rc == 0 && i < m->n_files; i++)
		rc = images_measure(dir, &m->files[i], &watch, e);
	return rc;
}

static int admit(struct import *im, int dir, struct err *e)
{
	int rc = fill_manifest(im, dir, e);

	if (rc < 0)
		return rc;
	manifest_set_date(im->manifest, clock_wall_ms());
	return admit_image(&im->rules, dir, im->manifest, e);
}

/* The folder given is the image's own place in the store: it only lacks a manifest. */
static bool is_in_place(const struct import *im)
{
	AUTO(close_p) int dir = images_folder(im->store, &im->id);
	struct stat a, b;

	return im->is_folder && dir >= 0 && fstat(dir, &a) == 0 && fstat(im->source, &b) == 0 &&
	       a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

static int adopt(struct import *im, struct err *e)
{
	AUTO(str_done) struct str text = str_init(MANIFEST_BYTES_MAX);
	int rc = admit(im, im->source, e);

	if (rc < 0)
		return rc;
	manifest_write(im->manifest, &text);
	rc = str_ok(&text) ? file_write(im->source, MANIFEST_NAME, str_text(&text), text.len, 0644)
			   : -EFBIG;
	return rc < 0 ? err_msg(e, rc, "%s: %s", MANIFEST_NAME, strerror(-rc)) : 0;
}

static int import_into_store(struct import *im, struct err *e)
{
	const struct images_watch watch = {on_bytes, &im->progress};

	if (is_in_place(im))
		return adopt(im, e);
	int rc = images_begin(im->store, &im->id, &im->work, e);
	if (rc == 0)
		rc = images_empty(&im->work, e);
	if (rc == 0)
		rc = im->is_folder ? copy_folder(im, e)
				   : unpack_tar(im->source, im->work.dir, &watch, e);
	if (rc == 0)
		rc = admit(im, im->work.dir, e);
	if (rc == 0)
		rc = images_commit(&im->work, im->manifest, e);
	if (rc < 0)
		images_discard(&im->work);
	return rc;
}

static int open_source(struct import *im, struct err *e)
{
	struct stat st;

	im->source = open(im->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (im->source < 0 || fstat(im->source, &st) < 0)
		return err_msg(e, -errno, "%s", strerror(errno));
	im->is_folder = S_ISDIR(st.st_mode);
	return im->is_folder || S_ISREG(st.st_mode)
		       ? 0
		       : err_msg(e, -EINVAL, "neither a folder nor a file");
}

static int import(struct import *im, struct err *e)
{
	int rc = open_source(im, e);

	if (rc == 0)
		rc = find_id(im, e);
	if (rc == 0)
		rc = load_rules(im, e);
	if (rc < 0)
		return rc;
	im->progress = progress_begin(stderr, im->path, 0);
	rc = import_into_store(im, e);
	progress_end(&im->progress);
	return rc;
}

static int run(const struct cli *cli)
{
	AUTO(arena_free_p) struct arena *arena = arena_new(ARENA_BYTES_MAX);
	AUTO(free_p) struct manifest *manifest = xcalloc(1, sizeof(*manifest));
	struct import im = {.cli = cli,
		.arena = arena,
		.path = cli->args[0],
		.source = -1,
		.work = IMAGES_NO_WORK,
		.manifest = manifest,
		.has_id = cli_has(cli, "name")};
	char id[IMAGE_ID_SIZE], bytes[HUMAN_SIZE];
	struct err e, why;

	int rc = im.has_id ? images_take_id(cli, cli_value(cli, "name"), &im.id) : CLI_OK;
	if (rc != CLI_OK)
		return rc;
	AUTO(close_p) int store = images_open_store(cli, /* make= */ true);
	if (store < 0)
		return CLI_FAILED;
	im.store = store;
	rc = import(&im, &why);
	close_p(&im.source);
	if (rc < 0) {
		(void)err_msg(&e, rc, "%s: %s", im.path, why.msg);
		(void)images_failed(cli, &e, rc);
		return CLI_FAILED;
	}
	printf("%s: %zu files, %s; signer: %s\n", image_id_text(&manifest->id, id),
		manifest->n_files, human_bytes(manifest_bytes(manifest), bytes),
		manifest_signer(manifest->signer));
	return CLI_OK;
}

const struct cli_command cmd_images_import = {
	.name = "images import",
	.args = "FOLDER|FILE.tar",
	.summary = "put an image into the store, from a folder or from an archive of `export`",
	.detail = "A folder that lies in the store already, as NAME/VERSION, gets its manifest "
		  "there.",
	.options = options,
	.min_args = 1,
	.max_args = 1,
	.run = run,
};

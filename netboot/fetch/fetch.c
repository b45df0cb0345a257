#include "netboot/fetch/fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "netboot/fetch/digests.h"
#include "netboot/fetch/signature.h"
#include "netboot/fetch/stream.h"
#include "netboot/fetch/version_txt.h"
#include "netboot/images/verify.h"
#include "provisioner/base/clock.h"
#include "provisioner/base/files.h"

#define FILE_BYTES_MAX ((uint64_t)8 << 30)
#define SIGNATURE_BYTES_MAX ((uint64_t)64 << 10)
#define LATEST_NAME "latest" /* in a folder of its own for as long as it takes */
#define SMALL_MAX (2 * ADMIT_FILES_MAX + 1)

/* One file that nodes boot, and the small ones beside it. */
struct item {
	const char *name;
	const char *url;
	const char *signature, *signature_url; /* NULL: none is wanted */
	const char *digests, *digests_url;
	char sha256[MANIFEST_SHA256_SIZE]; /* as the stream has it; "" when nothing says it */
	bool is_resumed;
};

struct plan {
	struct item items[ADMIT_FILES_MAX];
	size_t n;
	const char *build_url;
};

/* --- the newest version -------------------------------------------------------------------------- */

/* A small text, by way of a folder in the store that nobody sees. */
static int load_text(const struct fetch *f, const char *url, size_t max, char **ret,
	size_t *ret_len, struct err *e)
{
	struct image_id id;
	struct images_work work = IMAGES_NO_WORK;
	struct download d = {.url = url, .name = LATEST_NAME, .max_bytes = max};
	struct download_options net = f->net;

	net.progress = NULL;
	(void)snprintf(id.name, sizeof(id.name), "%s", f->rules.distro->name);
	(void)snprintf(id.version, sizeof(id.version), LATEST_NAME "-%d", (int)getpid());
	int rc = images_begin(f->store, &id, &work, e);
	if (rc == 0)
		rc = images_empty(&work, e);
	if (rc == 0)
		rc = download_files(work.dir, &d, 1, &net, e);
	if (rc == 0) {
		rc = file_read(work.dir, LATEST_NAME, max, ret, ret_len);
		if (rc < 0)
			rc = err_msg(e, rc, "%s: %s", url, strerror(-rc));
	}
	images_discard(&work);
	return rc;
}

/* What the mirror keeps where its rules say that the newest version is named. */
static int load_latest(const struct fetch *f, size_t max, const char **ret_url, char **ret_text,
	size_t *ret_len, struct err *e)
{
	const struct mirror *m = f->rules.mirror;
	struct mirror_values v = f->values;

	v.version = "";
	int rc = mirror_fill(f->rules.arena, m, &v, &m->latest, "", ret_url, e);
	return rc < 0 ? rc : load_text(f, *ret_url, max, ret_text, ret_len, e);
}

static int load_stream(const struct fetch *f, struct stream **ret, struct err *e)
{
	AUTO(free_p) char *text = NULL;
	const char *url = NULL;
	size_t len = 0;

	int rc = load_latest(f, STREAM_BYTES_MAX, &url, &text, &len, e);
	if (rc < 0)
		return rc;
	*ret = stream_open(text, len, f->values.board, f->rules.mirror->platform, e);
	return *ret ? 0 : -EBADMSG;
}

static int newest_of_stream(
	const struct fetch *f, char ret[static IMAGE_VERSION_SIZE], struct err *e)
{
	struct stream *s = NULL;
	int rc = load_stream(f, &s, e);

	if (rc == 0)
		rc = stream_release(s, ret, e);
	stream_close(s);
	return rc;
}

static int newest_of_keys(const struct fetch *f, char ret[static IMAGE_VERSION_SIZE], struct err *e)
{
	const char *key = f->rules.mirror->latest_key;
	AUTO(free_p) char *text = NULL;
	const char *url = NULL;
	size_t len = 0;

	int rc = load_latest(f, VERSION_TXT_BYTES_MAX, &url, &text, &len, e);
	if (rc < 0)
		return rc;
	if (version_txt_get(text, len, key, ret, IMAGE_VERSION_SIZE) < 0 ||
		!image_word_is_legal(ret, IMAGE_VERSION_SIZE))
		return err_msg(e, -EBADMSG, "%s names no version under %s", url, key);
	return 0;
}

int fetch_resolve(struct fetch *f, struct image_id *ret_id, struct err *e)
{
	bool is_usual_arch = strcmp(f->values.arch, "x86_64") == 0;
	char version[IMAGE_VERSION_SIZE], label[IMAGE_VERSION_SIZE];

	if (!f->values.version) {
		int rc = f->rules.mirror->latest_format == MIRROR_STREAM
				 ? newest_of_stream(f, version, e)
				 : newest_of_keys(f, version, e);

		if (rc < 0)
			return rc;
		f->values.version = arena_strdup(f->rules.arena, version);
		if (!f->values.version)
			return err_msg(e, -E2BIG, "out of room");
	}
	int n = snprintf(label, sizeof(label), "%s%s%s", f->values.version,
		is_usual_arch ? "" : "-", is_usual_arch ? "" : f->values.arch);
	if (n >= (int)sizeof(label) || image_id_make(f->rules.distro->name, label, ret_id) < 0)
		return err_msg(e, -EINVAL, "\"%.100s\" can not be a version", f->values.version);
	return 0;
}

/* --- what to load -------------------------------------------------------------------------------- */

static int url_of(const struct fetch *f, const char *name, const char **ret, struct err *e)
{
	const char *folder;
	int rc = mirror_fill(
		f->rules.arena, f->rules.mirror, &f->values, &f->rules.mirror->url, "", &folder, e);

	if (rc < 0)
		return rc;
	*ret = arena_printf(f->rules.arena, "%s/%s", folder, name);
	return *ret ? 0 : err_msg(e, -E2BIG, "out of room");
}

/* The stream names places on the distribution's own mirror; an operator's copy has the same paths. */
static int rebase(const struct fetch *f, const char *url, const char **ret, struct err *e)
{
	struct mirror_values own = f->values;
	const char *from, *to;
	int rc = 0;

	*ret = arena_strdup(f->rules.arena, url);
	if (!f->values.base)
		return *ret ? 0 : -E2BIG;
	own.base = NULL;
	if ((rc = mirror_base(f->rules.arena, f->rules.mirror, &own, &from, e)) < 0 ||
		(rc = mirror_base(f->rules.arena, f->rules.mirror, &f->values, &to, e)) < 0)
		return rc;
	if (strncmp(url, from, strlen(from)) != 0 || url[strlen(from)] != '/')
		return err_msg(e, -EBADMSG, "the stream metadata names %s, which is not below %s",
			url, from);
	*ret = arena_printf(f->rules.arena, "%s%s", to, url + strlen(from));
	return *ret ? 0 : -E2BIG;
}

static int plan_item(const struct fetch *f, const char *name, struct item *ret, struct err *e)
{
	const struct mirror *m = f->rules.mirror;
	int rc = url_of(f, name, &ret->url, e);

	ret->name = name;
	if (rc == 0)
		rc = admit_signature_name(&f->rules, name, &ret->signature, e);
	if (rc == 0 && ret->signature)
		rc = url_of(f, ret->signature, &ret->signature_url, e);
	if (rc == 0 && m->digests.text)
		rc = mirror_fill(
			f->rules.arena, m, &f->values, &m->digests, name, &ret->digests, e);
	if (rc == 0 && ret->digests && !image_file_is_legal(ret->digests))
		return err_set(e, -EINVAL, m->digests.at, "can not be a file's name");
	return rc == 0 && ret->digests ? url_of(f, ret->digests, &ret->digests_url, e) : rc;
}

static int apply_stream_file(const struct fetch *f, const struct stream *s,
	const struct mirror_artifact *a, struct item *item, struct err *e)
{
	struct stream_file file;

	if (!a->format)
		return 0;
	int rc = stream_file(s, a->format, a->name, &file, e);
	if (rc == 0)
		rc = rebase(f, file.url, &item->url, e);
	if (rc == 0 && file.signature[0])
		rc = rebase(f, file.signature, &item->signature_url, e);
	if (rc == 0)
		memcpy(item->sha256, file.sha256, sizeof(item->sha256));
	return rc;
}

/* Of the newest release the stream knows more: places, and sums. Of older ones it knows nothing. */
static int apply_stream(
	const struct fetch *f, const struct admit_files *files, struct plan *p, struct err *e)
{
	const struct mirror *m = f->rules.mirror;
	char release[IMAGE_VERSION_SIZE];
	struct stream *s = NULL;

	if (m->latest_format != MIRROR_STREAM)
		return 0;
	int rc = load_stream(f, &s, e);
	if (rc == 0)
		rc = stream_release(s, release, e);
	if (rc == 0 && strcmp(release, f->values.version) == 0) {
		/* In the order of admit_files(): kernel, RAM disk, root, disk image. */
		const struct mirror_artifact *artifacts[] = {
			&m->kernel, &m->initrd, &m->rootfs, &m->disk};

		for (size_t i = 0; rc == 0 && i < p->n && i < ARRAY_LEN(artifacts); i++)
			rc = apply_stream_file(f, s, artifacts[i], &p->items[i], e);
		if (files->n != ARRAY_LEN(artifacts))
			rc = err_msg(
				e, -EINVAL, "%s: a stream is of four files", f->rules.distro->name);
	}
	stream_close(s);
	return rc;
}

static int make_plan(
	const struct fetch *f, const struct image_id *id, struct plan *ret, struct err *e)
{
	const struct mirror *m = f->rules.mirror;
	struct admit_files files;

	*ret = (struct plan){.n = 0};
	int rc = admit_files(f->rules.arena, f->rules.distro, id->version, &files, e);
	for (size_t i = 0; rc == 0 && i < (f->with_disk ? files.n : files.n_needed); i++)
		rc = plan_item(f, files.names[i], &ret->items[ret->n++], e);
	if (rc == 0 && m->build_file)
		rc = url_of(f, m->build_file, &ret->build_url, e);
	return rc < 0 ? rc : apply_stream(f, &files, ret, e);
}

/* --- loading ------------------------------------------------------------------------------------- */

/* Small files are always loaded anew: what lies there may be of another day. */
static int load_small(const struct fetch *f, int dir, const struct plan *p, struct err *e)
{
	struct download list[SMALL_MAX];
	struct download_options net = f->net;
	size_t n = 0;

	net.progress = NULL;
	for (size_t i = 0; i < p->n; i++) {
		const struct item *item = &p->items[i];

		if (item->signature)
			list[n++] = (struct download){.url = item->signature_url,
				.name = item->signature,
				.max_bytes = SIGNATURE_BYTES_MAX,
				.is_optional = f->rules.insecure};
		if (item->digests)
			list[n++] = (struct download){.url = item->digests_url,
				.name = item->digests,
				.max_bytes = DIGESTS_BYTES_MAX,
				.is_optional = true};
	}
	if (p->build_url)
		list[n++] = (struct download){.url = p->build_url,
			.name = f->rules.mirror->build_file,
			.max_bytes = VERSION_TXT_BYTES_MAX};
	for (size_t i = 0; i < n; i++)
		(void)unlinkat(dir, list[i].name, 0); /* mostly there is none */
	return download_files(dir, list, n, &net, e);
}

static int load_large(const struct fetch *f, int dir, struct plan *p, struct err *e)
{
	struct download list[ADMIT_FILES_MAX];

	for (size_t i = 0; i < p->n; i++)
		list[i] = (struct download){.url = p->items[i].url,
			.name = p->items[i].name,
			.max_bytes = FILE_BYTES_MAX};
	int rc = download_files(dir, list, p->n, &f->net, e);
	for (size_t i = 0; i < p->n; i++)
		p->items[i].is_resumed = list[i].is_resumed;
	return rc;
}

/* --- checking ------------------------------------------------------------------------------------ */

static int check_sha512(const struct fetch *f, int dir, const struct item *item, struct err *e)
{
	char want[DIGEST_HEX_SIZE], found[DIGEST_HEX_SIZE];
	AUTO(free_p) char *text = NULL;
	size_t len;

	if (!item->digests || file_read(dir, item->digests, DIGESTS_BYTES_MAX, &text, &len) < 0)
		return 0; /* not every mirror has them */
	int rc = digests_find(text, len, item->name, want);
	if (rc < 0)
		return rc == -ENOENT ? 0 : err_msg(e, -EBADMSG, "%s is broken", item->digests);
	AUTO(close_p) int fd = images_open_file(dir, item->name);
	rc = fd < 0 ? fd : digest_of_fd(fd, DIGEST_SHA512, found, f->measured, f->rules.arg);
	if (rc < 0)
		return err_msg(e, rc, "%s: %s", item->name, strerror(-rc));
	return strcmp(want, found) == 0
		       ? 0
		       : err_msg(e, -EBADMSG, "%s: its sha512 is %.16s..., but %s says %.16s...",
				 item->name, found, item->digests, want);
}

static void set_source(struct manifest_file *row, const char *url)
{
	const char *scheme = strstr(url, "://"), *at, *slash;

	/* A password for the mirror stays out of what everybody may read. */
	if (scheme && (at = strchr(scheme + 3, '@')) &&
		(!(slash = strchr(scheme + 3, '/')) || at < slash))
		(void)snprintf(row->source, sizeof(row->source), "%.*s%s", (int)(scheme + 3 - url),
			url, at + 1);
	else
		(void)snprintf(row->source, sizeof(row->source), "%s", url);
	for (char *c = row->source; *c; c++)
		if (*c < 0x20 || *c > 0x7e)
			*c = '?';
}

static int add_row(const struct fetch *f, int dir, const char *name, const char *url,
	struct manifest *m, struct err *e)
{
	const struct images_watch watch = {f->measured, f->rules.arg};
	struct manifest_file *row = manifest_add(m, name);

	if (!row)
		return err_msg(e, -E2BIG, "%s: too many files", name);
	set_source(row, url);
	return images_measure(dir, row, &watch, e);
}

static int check_item(
	const struct fetch *f, int dir, const struct item *item, struct manifest *m, struct err *e)
{
	int rc = add_row(f, dir, item->name, item->url, m, e);

	if (rc < 0)
		return rc;
	const char *found = manifest_find(m, item->name)->sha256;
	if (item->sha256[0] && strcmp(item->sha256, found) != 0)
		return err_msg(e, -EBADMSG,
			"%s: its sha256 is %.16s..., but the stream metadata says %.16s...",
			item->name, found, item->sha256);
	return check_sha512(f, dir, item, e);
}

/* True when any byte was loaded by an earlier run: the whole is then worth a second try. */
static bool is_any_resumed(const struct plan *p)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->items[i].is_resumed)
			return true;
	return false;
}

/* Wrong bytes are not gone on with. Which file it was, a signature's failure may not tell. */
static void drop_loaded(int dir, const struct plan *p)
{
	for (size_t i = 0; i < p->n; i++)
		(void)unlinkat(dir, p->items[i].name, 0); /* or it is gone already */
}

static int check_all(const struct fetch *f, const struct image_id *id, int dir,
	const struct plan *p, struct manifest *m, struct err *e)
{
	int rc = 0;

	*m = (struct manifest){.id = *id};
	for (size_t i = 0; rc == 0 && i < p->n; i++)
		rc = check_item(f, dir, &p->items[i], m, e);
	for (size_t i = 0; rc == 0 && i < p->n; i++) {
		const struct item *item = &p->items[i];

		if (item->signature && faccessat(dir, item->signature, F_OK, 0) == 0)
			rc = add_row(f, dir, item->signature, item->signature_url, m, e);
	}
	if (rc == 0 && p->build_url)
		rc = add_row(f, dir, f->rules.mirror->build_file, p->build_url, m, e);
	if (rc < 0)
		return rc;
	(void)snprintf(m->source, sizeof(m->source), "%s", m->files[0].source);
	char *slash = strrchr(m->source, '/');
	if (slash)
		*slash = '\0';
	manifest_set_date(m, clock_wall_ms());
	return admit_image(&f->rules, dir, m, e);
}

static int load_and_check(
	struct fetch *f, const struct image_id *id, int dir, struct manifest *m, struct err *e)
{
	struct plan p;

	int rc = make_plan(f, id, &p, e);
	if (rc == 0)
		rc = load_small(f, dir, &p, e);
	for (int round = 0; rc == 0 && round < 2; round++) {
		if ((rc = load_large(f, dir, &p, e)) < 0)
			return rc;
		rc = check_all(f, id, dir, &p, m, e);
		if (rc != -EBADMSG) /* a key that is missing makes no byte wrong */
			return rc;
		drop_loaded(dir, &p);
		if (round > 0 || !is_any_resumed(&p))
			return rc;
		if (f->rules.say)
			f->rules.say(f->rules.arg, "what an earlier fetch had left is not good; "
						   "loading all of it again");
		rc = 0;
	}
	return rc;
}

int fetch_image(struct fetch *f, const struct image_id *id, struct manifest *ret, struct err *e)
{
	struct images_work work = IMAGES_NO_WORK;

	int rc = images_begin(f->store, id, &work, e);
	if (rc < 0)
		return rc;
	rc = load_and_check(f, id, work.dir, ret, e);
	if (rc == 0)
		rc = images_commit(&work, ret, e);
	images_leave(&work);
	return rc;
}

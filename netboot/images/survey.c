#include "netboot/images/survey.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "netboot/images/verify.h"

void survey_init(struct survey *s, int store, const char *verdicts, size_t len)
{
	*s = (struct survey){.store = store};
	if (verdicts_read(verdicts, len, &s->cache) < 0)
		s->cache = (struct verdicts){.n_files = 0}; /* it costs reading all again */
}

static void image_done(struct survey_image *image)
{
	free(image->files);
	image->files = NULL;
	image->n_files = 0;
}

void survey_done(struct survey *s)
{
	for (size_t i = 0; i < s->n_images; i++)
		image_done(&s->images[i]);
	free(s->images);
	verdicts_done(&s->cache);
	*s = (struct survey){.store = -1};
}

static struct survey_image *find(const struct survey *s, const struct image_id *id)
{
	for (size_t i = 0; i < s->n_images; i++)
		if (image_id_equal(&s->images[i].id, id))
			return &s->images[i];
	return NULL;
}

static struct survey_image *find_or_add(struct survey *s, const struct image_id *id)
{
	struct survey_image *image = find(s, id);

	if (image)
		return image;
	s->images = xreallocarray(s->images, s->n_images + 1, sizeof(*s->images));
	image = &s->images[s->n_images++];
	*image = (struct survey_image){.id = *id, .verdict = VERDICT_PENDING};
	return image;
}

static const struct survey_file *find_file(
	const struct survey_file *files, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(files[i].name, name) == 0)
			return &files[i];
	return NULL;
}

static void set_verdict(struct survey_image *image, enum verdict verdict, const char *reason)
{
	if (image->verdict == verdict && strcmp(image->reason, reason) == 0)
		return;
	image->verdict = verdict;
	image->is_changed = true;
	(void)snprintf(image->reason, sizeof(image->reason), "%s", reason); /* cut to fit */
}

/* The sum of a file is its own, whatever a manifest says: what was read stays read. */
static void keep_sum(const struct survey *s, const struct survey_image *image,
	const struct survey_file *known, struct survey_file *f)
{
	char id[IMAGE_ID_SIZE];

	if (known) {
		f->identity = known->identity;
		f->is_read = known->is_read;
		memcpy(f->sha256, known->sha256, sizeof(f->sha256));
		return;
	}
	const struct verdict_file *cached =
		verdicts_find(&s->cache, image_id_text(&image->id, id), f->name);
	if (!cached)
		return;
	f->identity = cached->identity;
	f->is_read = true;
	memcpy(f->sha256, cached->sha256, sizeof(f->sha256));
}

static void take_manifest(struct survey *s, struct survey_image *image)
{
	AUTO(free_p) struct manifest *m = xcalloc(1, sizeof(*m));
	AUTO(free_p) struct survey_file *old = TAKE(image->files);
	size_t n_old = image->n_files;
	struct err e;
	char text[sizeof(e.file) + sizeof(e.msg) + 32];

	image->n_files = 0;
	if (images_manifest(s->store, &image->id, m, &e) < 0) {
		set_verdict(image, VERDICT_REFUSED, err_text(&e, text, sizeof(text)));
		return;
	}
	memcpy(image->signer, m->signer, sizeof(image->signer));
	image->files = xcalloc(m->n_files, sizeof(*image->files));
	image->n_files = m->n_files;
	for (size_t i = 0; i < m->n_files; i++) {
		struct survey_file *f = &image->files[i];

		memcpy(f->name, m->files[i].name, sizeof(f->name));
		memcpy(f->want, m->files[i].sha256, sizeof(f->want));
		f->want_size = m->files[i].size;
		keep_sum(s, image, find_file(old, n_old, f->name), f);
	}
	set_verdict(image, VERDICT_PENDING, "");
}

/* True when the file is other than it was. */
static bool look_at_file(int dir, struct survey_file *f)
{
	bool was_absent = f->is_absent;
	struct stat st;

	f->is_absent = fstatat(dir, f->name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode);
	if (f->is_absent) {
		f->is_read = f->is_unreadable = false;
		return !was_absent;
	}
	const struct verdict_identity now = verdict_identity_of(&st);
	if ((f->is_read || f->is_unreadable) && verdict_is_same(&f->identity, &now))
		return was_absent;
	f->is_read = f->is_unreadable = false;
	return true;
}

static bool look_at_image(struct survey *s, const struct image_id *id)
{
	AUTO(close_p) int dir = images_folder(s->store, id);
	struct survey_image *image = find_or_add(s, id);
	struct verdict_identity manifest = {.inode = 0};
	bool is_other = false;
	struct stat st;

	image->is_seen = true;
	if (dir >= 0 && fstatat(dir, MANIFEST_NAME, &st, AT_SYMLINK_NOFOLLOW) == 0)
		manifest = verdict_identity_of(&st);
	if (!verdict_is_same(&manifest, &image->manifest) ||
		(!image->n_files && !image->reason[0])) {
		image->manifest = manifest;
		take_manifest(s, image);
		is_other = true;
	}
	for (size_t i = 0; dir >= 0 && i < image->n_files; i++)
		is_other = look_at_file(dir, &image->files[i]) || is_other;
	if (is_other && image->n_files > 0)
		set_verdict(image, VERDICT_PENDING, "");
	return is_other;
}

static bool drop_unseen(struct survey *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_images; i++) {
		if (s->images[i].is_seen)
			s->images[n++] = s->images[i];
		else
			image_done(&s->images[i]);
	}
	bool is_other = n != s->n_images;
	s->n_images = n;
	return is_other;
}

bool survey_look(struct survey *s)
{
	AUTO(free_p) struct images_entry *list = NULL;
	bool is_other = false;
	size_t n = 0;

	if (images_list(s->store, &list, &n) < 0)
		n = 0; /* then nothing is there to be served either */
	for (size_t i = 0; i < s->n_images; i++)
		s->images[i].is_seen = false;
	for (size_t i = 0; i < n; i++)
		if (list[i].state == IMAGES_WHOLE)
			is_other = look_at_image(s, &list[i].id) || is_other;
	is_other = drop_unseen(s) || is_other;
	verdicts_done(&s->cache); /* whatever fits was taken over */
	return is_other;
}

void survey_failed(struct survey_file *f, int dir)
{
	struct stat st;

	f->is_absent = fstatat(dir, f->name, &st, AT_SYMLINK_NOFOLLOW) < 0;
	f->is_unreadable = !f->is_absent;
	if (f->is_unreadable)
		f->identity = verdict_identity_of(&st);
}

static int next_of(
	struct survey *s, struct survey_image *image, int64_t now_ms, struct survey_file **ret_file)
{
	for (size_t i = 0; i < image->n_files; i++) {
		struct survey_file *f = &image->files[i];

		if (f->is_read || f->is_absent || f->is_unreadable)
			continue;
		AUTO(close_p) int dir = images_folder(s->store, &image->id);
		int fd = dir < 0 ? dir : images_open_file(dir, f->name);
		if (fd < 0) {
			survey_failed(f, dir);
			continue;
		}
		if (image->since_ms == 0)
			image->since_ms = now_ms;
		*ret_file = f;
		return fd;
	}
	return -1;
}

int survey_next(struct survey *s, int64_t now_ms, struct survey_image **ret_image,
	struct survey_file **ret_file)
{
	struct survey_image *first = s->first.name[0] ? find(s, &s->first) : NULL;

	if (first) {
		int fd = next_of(s, first, now_ms, ret_file);

		*ret_image = first;
		if (fd >= 0)
			return fd;
	}
	for (size_t i = 0; i < s->n_images; i++) {
		int fd = next_of(s, &s->images[i], now_ms, ret_file);

		*ret_image = &s->images[i];
		if (fd >= 0)
			return fd;
	}
	return -1;
}

void survey_found(
	struct survey_file *f, int fd, const struct verdict_identity *before, const char *sha256)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return;
	const struct verdict_identity after = verdict_identity_of(&st);
	if (!verdict_is_same(before, &after))
		return; /* it is being written: another look will find it */
	f->identity = after;
	memcpy(f->sha256, sha256, sizeof(f->sha256));
	f->is_read = true;
}

static bool is_as_wanted(const struct survey_file *f)
{
	return f->is_read && f->identity.size == f->want_size && strcmp(f->sha256, f->want) == 0;
}

static void judge(struct survey_image *image)
{
	char reason[sizeof(image->reason)] = "";

	if (image->n_files == 0)
		return; /* its manifest was refused */
	for (size_t i = 0; i < image->n_files && !reason[0]; i++) {
		const struct survey_file *f = &image->files[i];

		if (f->is_absent)
			(void)snprintf(reason, sizeof(reason), "%s is not there", f->name);
		else if (f->is_unreadable)
			(void)snprintf(reason, sizeof(reason), "%s can not be read", f->name);
		else if (!f->is_read)
			return; /* not yet */
		else if (!is_as_wanted(f))
			(void)snprintf(reason, sizeof(reason),
				"%s is not what the manifest says: %" PRIu64
				" bytes, sha256 %.12s..., instead of %" PRIu64 ", %.12s...",
				f->name, f->identity.size, f->sha256, f->want_size, f->want);
	}
	set_verdict(image, reason[0] ? VERDICT_REFUSED : VERDICT_GOOD, reason);
}

void survey_judge(struct survey *s)
{
	for (size_t i = 0; i < s->n_images; i++)
		judge(&s->images[i]);
}

void survey_write(const struct survey *s, struct str *out)
{
	struct verdicts v = {.n_files = 0};

	for (size_t i = 0; i < s->n_images; i++) {
		const struct survey_image *image = &s->images[i];
		char id[IMAGE_ID_SIZE];

		verdicts_add_image(&v, image_id_text(&image->id, id), image->verdict);
		for (size_t k = 0; k < image->n_files; k++) {
			const struct survey_file *f = &image->files[k];
			struct verdict_file row = {.identity = f->identity,
				.verdict = is_as_wanted(f) ? VERDICT_GOOD : VERDICT_REFUSED};

			if (!f->is_read)
				continue;
			memcpy(row.image, id, sizeof(row.image));
			memcpy(row.name, f->name, sizeof(row.name));
			memcpy(row.sha256, f->sha256, sizeof(row.sha256));
			verdicts_add_file(&v, &row);
		}
	}
	verdicts_write(&v, out);
	verdicts_done(&v);
}

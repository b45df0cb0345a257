#include "netboot/images/verdicts.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "provisioner/base/parse.h"

#define FIRST_LINE "slipway-verdicts 1"
#define LINE_MAX_BYTES 640
#define WORDS_MAX 8
#define NS_PER_S 1000000000

static const struct {
	const char *word;
	enum verdict verdict;
} words[] = {
	{"good", VERDICT_GOOD},
	{"pending", VERDICT_PENDING},
	{"refused", VERDICT_REFUSED},
};

struct verdict_identity verdict_identity_of(const struct stat *st)
{
	return (struct verdict_identity){.inode = (uint64_t)st->st_ino,
		.size = (uint64_t)st->st_size,
		.mtime_ns = (int64_t)st->st_mtim.tv_sec * NS_PER_S + st->st_mtim.tv_nsec,
		.ctime_ns = (int64_t)st->st_ctim.tv_sec * NS_PER_S + st->st_ctim.tv_nsec};
}

bool verdict_is_same(const struct verdict_identity *a, const struct verdict_identity *b)
{
	return a->inode == b->inode && a->size == b->size && a->mtime_ns == b->mtime_ns &&
	       a->ctime_ns == b->ctime_ns;
}

void verdicts_done(struct verdicts *v)
{
	free(v->files);
	free(v->images);
	*v = (struct verdicts){.n_files = 0};
}

void verdicts_add_image(struct verdicts *v, const char *id, enum verdict verdict)
{
	if (v->n_images == VERDICTS_MAX)
		return; /* pending for ever is the safe side */
	v->images = xreallocarray(v->images, v->n_images + 1, sizeof(*v->images));
	struct verdict_image *image = &v->images[v->n_images++];
	*image = (struct verdict_image){.verdict = verdict};
	(void)snprintf(image->id, sizeof(image->id), "%s", id); /* a legal one fits */
}

void verdicts_add_file(struct verdicts *v, const struct verdict_file *f)
{
	if (v->n_files == VERDICTS_MAX)
		return;
	v->files = xreallocarray(v->files, v->n_files + 1, sizeof(*v->files));
	v->files[v->n_files++] = *f;
}

static bool take_verdict(const char *word, enum verdict *ret)
{
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (strcmp(words[i].word, word) == 0) {
			*ret = words[i].verdict;
			return true;
		}
	}
	return false;
}

static bool take_number(const char *word, int64_t *ret)
{
	return parse_i64(word, INT64_MIN, INT64_MAX, ret) == 0;
}

static bool take_image(char *const word[], size_t n, struct verdicts *v)
{
	enum verdict verdict;
	struct image_id id;

	if (n != 3 || !take_verdict(word[1], &verdict) || image_id_parse(word[2], &id) < 0)
		return false;
	verdicts_add_image(v, word[2], verdict);
	return true;
}

static bool take_file(char *const word[], size_t n, struct verdicts *v)
{
	struct verdict_file f = {.image = ""};
	char *slash = n == 8 ? strrchr(word[7], '/') : NULL;
	int64_t inode, size;
	struct image_id id;

	if (!slash || !take_verdict(word[1], &f.verdict) || !take_number(word[2], &inode) ||
		!take_number(word[3], &size) || !take_number(word[4], &f.identity.mtime_ns) ||
		!take_number(word[5], &f.identity.ctime_ns) ||
		strlen(word[6]) != sizeof(f.sha256) - 1 || !image_file_is_legal(slash + 1))
		return false;
	*slash = '\0';
	if (image_id_parse(word[7], &id) < 0 || inode < 0 || size < 0)
		return false;
	f.identity.inode = (uint64_t)inode;
	f.identity.size = (uint64_t)size;
	memcpy(f.sha256, word[6], sizeof(f.sha256));
	(void)image_id_text(&id, f.image);
	(void)snprintf(f.name, sizeof(f.name), "%s", slash + 1); /* a legal one fits */
	verdicts_add_file(v, &f);
	return true;
}

/* Splits a copy of the line at its blanks. */
static bool take_line(const char *line, size_t len, struct verdicts *v)
{
	char copy[LINE_MAX_BYTES];
	char *word[WORDS_MAX] = {NULL};
	size_t n = 0;

	if (len >= sizeof(copy) || memchr(line, '\0', len))
		return false;
	memcpy(copy, line, len);
	copy[len] = '\0';
	for (char *at = copy; at && n < WORDS_MAX;) {
		char *blank = strchr(at, ' ');

		word[n++] = at;
		if (blank)
			*blank++ = '\0';
		at = blank;
	}
	if (strcmp(word[0], "image") == 0)
		return take_image(word, n, v);
	return strcmp(word[0], "file") == 0 && take_file(word, n, v);
}

int verdicts_read(const char *text, size_t len, struct verdicts *ret)
{
	const char *end = text + len, *next;
	bool is_first = true;

	*ret = (struct verdicts){.n_files = 0};
	for (; text < end; text = next) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		size_t line = newline ? (size_t)(newline - text) : 0;
		bool is_good =
			newline && (is_first ? line == sizeof(FIRST_LINE) - 1 &&
							   memcmp(text, FIRST_LINE, line) == 0
					     : take_line(text, line, ret));

		if (!is_good) {
			verdicts_done(ret);
			return -EBADMSG;
		}
		is_first = false;
		next = newline + 1;
	}
	return is_first ? -EBADMSG : 0;
}

static const char *word_of(enum verdict verdict)
{
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (words[i].verdict == verdict)
			return words[i].word;
	return "pending";
}

void verdicts_write(const struct verdicts *v, struct str *out)
{
	str_add(out, FIRST_LINE "\n");
	for (size_t i = 0; i < v->n_images; i++)
		str_printf(out, "image %s %s\n", word_of(v->images[i].verdict), v->images[i].id);
	for (size_t i = 0; i < v->n_files; i++) {
		const struct verdict_file *f = &v->files[i];

		str_printf(out,
			"file %s %" PRIu64 " %" PRIu64 " %" PRId64 " %" PRId64 " %s %s/%s\n",
			word_of(f->verdict), f->identity.inode, f->identity.size,
			f->identity.mtime_ns, f->identity.ctime_ns, f->sha256, f->image, f->name);
	}
}

const struct verdict_file *verdicts_find(
	const struct verdicts *v, const char *image, const char *name)
{
	for (size_t i = 0; i < v->n_files; i++)
		if (strcmp(v->files[i].name, name) == 0 && strcmp(v->files[i].image, image) == 0)
			return &v->files[i];
	return NULL;
}

static const struct verdict_image *find_image(const struct verdicts *v, const char *id)
{
	for (size_t i = 0; i < v->n_images; i++)
		if (strcmp(v->images[i].id, id) == 0)
			return &v->images[i];
	return NULL;
}

enum verdict verdicts_of(const struct verdicts *v, const char *path, const struct stat *st)
{
	const struct verdict_identity now = verdict_identity_of(st);
	const char *slash = strrchr(path, '/');
	char id[IMAGE_ID_SIZE];

	if (!slash || (size_t)(slash - path) >= sizeof(id))
		return VERDICT_UNKNOWN;
	memcpy(id, path, (size_t)(slash - path));
	id[slash - path] = '\0';
	const struct verdict_image *image = find_image(v, id);
	if (!image)
		return VERDICT_PENDING;
	if (image->verdict == VERDICT_REFUSED)
		return VERDICT_REFUSED;
	const struct verdict_file *f = verdicts_find(v, id, slash + 1);
	if (!f)
		return image->verdict == VERDICT_GOOD ? VERDICT_UNKNOWN : VERDICT_PENDING;
	return verdict_is_same(&f->identity, &now) ? f->verdict : VERDICT_PENDING;
}

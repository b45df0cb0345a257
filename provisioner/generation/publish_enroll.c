#include "provisioner/generation/publish_enroll.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "provisioner/base/files.h"
#include "provisioner/base/log.h"
#include "provisioner/generation/publish_loaded.h"

#define ARENA_BYTES_MAX ((size_t)512 << 20)
#define FILE_BYTES_MAX ((size_t)1 << 20)
#define PENDING ".pending"
#define ENDING ".yaml"

/* --- the folder ----------------------------------------------------------------------------------- */

/* -ENOENT: it is not there. */
static int open_folder(const char *state_dir, bool shall_exist)
{
	AUTO(close_p) int state = dir_open(state_dir);

	if (state < 0)
		return state;
	if (shall_exist && mkdirat(state, CLUSTER_ENROLLED_DIR, 0700) < 0 && errno != EEXIST)
		return -errno;
	int fd = openat(
		state, CLUSTER_ENROLLED_DIR, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static void closedir_p(DIR **d)
{
	if (*d)
		(void)closedir(*d);
}

/* ".w1.yaml.pending" is to be "w1.yaml". False: it is something else. */
static bool is_pending(const char *name, char ret[static NAME_MAX + 1])
{
	size_t len = strlen(name), tail = strlen(ENDING PENDING);

	if (name[0] != '.' || name[1] == '.' || len <= tail + 1 || len > NAME_MAX ||
		strcmp(name + len - tail, ENDING PENDING) != 0)
		return false;
	(void)snprintf(ret, NAME_MAX + 1, "%.*s", (int)(len - 1 - strlen(PENDING)), name + 1);
	return true;
}

/* --- settling ------------------------------------------------------------------------------------- */

struct looking {
	const char *name, *text;
	size_t len;
};

/* 1: this is the one that was looked for. */
static int compare_input(const char *name, const struct str *text, void *arg)
{
	static const char folder[] = CLUSTER_ENROLLED_DIR "/";
	const struct looking *l = arg;

	return strncmp(name, folder, sizeof(folder) - 1) == 0 &&
	       strcmp(name + sizeof(folder) - 1, l->name) == 0 && text->len == l->len &&
	       memcmp(str_text(text), l->text, l->len) == 0;
}

/* 1: the newest generation has a file of this name with the text of `pending`; 0: not; or a negative errno. */
static int is_committed(struct archive *a, int dir, const char *pending, const char *name)
{
	AUTO(free_p) char *text = NULL;
	struct archive_generation last;
	struct looking l = {.name = name};
	int rc = archive_last(a, NULL, &last);

	if (rc < 0)
		return rc == -ENOENT ? 0 : rc;
	if ((rc = file_read(dir, pending, FILE_BYTES_MAX, &text, &l.len)) < 0)
		return rc;
	l.text = text;
	return archive_files_each(a, last.number, ARCHIVE_INPUT, compare_input, &l);
}

static int settle_one(struct archive *a, int dir, const char *pending, const char *name)
{
	int rc = is_committed(a, dir, pending, name);

	if (rc == 1)
		rc = renameat(dir, pending, dir, name);
	else if (rc == 0)
		rc = unlinkat(dir, pending, 0);
	else
		return rc;
	return rc < 0 ? -errno : 0;
}

/* Calls `fn` (NULL: nothing) for each pending file; how many there are. */
static size_t each_pending(struct archive *a, int dir,
	int (*fn)(struct archive *a, int dir, const char *pending, const char *name))
{
	int copy = dir < 0 ? -1 : fcntl(dir, F_DUPFD_CLOEXEC, 0);
	AUTO(closedir_p) DIR *d = copy < 0 ? NULL : fdopendir(copy);
	char name[NAME_MAX + 1];
	const struct dirent *e;
	size_t n = 0;

	if (d)
		rewinddir(d); /* the copy stands where the last one stopped */
	else
		close_p(&copy);
	while (d && (e = readdir(d))) { // NOLINT(concurrency-mt-unsafe): we have no threads
		if (!is_pending(e->d_name, name))
			continue;
		int rc = fn ? fn(a, dir, e->d_name, name) : 0;
		if (rc < 0)
			log_error("%s/%s: %s", CLUSTER_ENROLLED_DIR, e->d_name, strerror(-rc));
		n++;
	}
	return n;
}

bool publish_enroll_is_cut_short(const char *state_dir)
{
	AUTO(close_p) int dir = open_folder(state_dir, /* shall_exist= */ false);

	return each_pending(NULL, dir, NULL) > 0;
}

void publish_enroll_settle(struct archive *a, const char *state_dir)
{
	AUTO(close_p) int dir = open_folder(state_dir, /* shall_exist= */ false);

	if (each_pending(NULL, dir, NULL) == 0)
		return;
	if (archive_begin(a) < 0) { /* somebody is still at it */
		log_error("%s: %s", CLUSTER_ENROLLED_DIR, archive_reason(a));
		return;
	}
	(void)each_pending(a, dir, settle_one);
	archive_abort(a);
	if (fsync(dir) < 0)
		log_error("%s: %s", CLUSTER_ENROLLED_DIR, strerror(errno));
}

/* --- enrolling ------------------------------------------------------------------------------------ */

struct enrolling {
	struct archive *archive;
	const struct publish_order *order;
	struct cluster_files files;
	struct enroll_plan *plan;
	struct err_list *errors;
};

static char *file_of(const char *node)
{
	AUTO(str_done) struct str name = str_init(NAME_MAX);

	str_printf(&name, CLUSTER_ENROLLED_DIR "/%s" ENDING, node);
	return str_take(&name);
}

static char *text_of(const struct enroll_row *row)
{
	AUTO(str_done) struct str text = str_init(ENROLL_TEXT_MAX);

	enroll_text(row, &text);
	return str_take(&text);
}

/* Whether the file of a node is still as we wrote it. */
static bool is_ours(const struct cluster_files *f, const struct cluster_node *n)
{
	struct enroll_row row = enroll_row_of(n);
	AUTO(free_p) char *name = file_of(n->name), *text = text_of(&row);

	for (size_t i = 0; i < f->n; i++)
		if (strcmp(f->texts[i].name, name) == 0)
			return strcmp(f->texts[i].text, text) == 0;
	return false;
}

/* What the operator has edited is not written over: who would be added to it waits for him. */
static void spare_edited_files(struct enrolling *x)
{
	struct enroll_plan *p = x->plan;
	size_t kept = 0;

	for (size_t i = 0; i < p->n_rows; i++) {
		const struct enroll_row *row = &p->rows[i];

		if (!row->before || is_ours(&x->files, row->before)) {
			p->rows[kept++] = *row;
			continue;
		}
		for (size_t k = 0; k < ENROLL_BATCH_MAX; k++) {
			struct enroll_verdict *v = &p->verdicts[k];

			if (v->kind != ENROLL_CARD || strcmp(v->node, row->name) != 0)
				continue;
			v->kind = ENROLL_REFUSED;
			(void)snprintf(v->why, sizeof(v->why),
				"its file was edited, so this MAC is yours to add: %s",
				row->name); /* cut to fit */
		}
	}
	p->n_rows = kept;
}

/* Hidden, and durable before the generation is. */
static int write_files(void *arg)
{
	struct enrolling *x = arg;
	AUTO(close_p) int dir = open_folder(x->order->state_dir, /* shall_exist= */ true);
	int rc = dir < 0 ? dir : 0;

	for (size_t i = 0; rc == 0 && i < x->plan->n_rows; i++) {
		AUTO(free_p) char *text = text_of(&x->plan->rows[i]);
		char name[NAME_MAX + 1];

		(void)snprintf(name, sizeof(name), ".%s" ENDING PENDING, x->plan->rows[i].name);
		rc = file_write(dir, name, text, strlen(text), 0600);
	}
	if (rc < 0)
		err_list_add(x->errors, (struct mark){0}, "%s/%s: %s", x->order->state_dir,
			CLUSTER_ENROLLED_DIR, strerror(-rc));
	return rc;
}

/* Would apply have nothing to publish? */
static int check_unchanged(struct enrolling *x, struct cluster *c)
{
	struct publish_order trial = *x->order;
	struct publish_loaded what = {.files = &x->files, .cluster = c, .is_trial = true};
	struct publish_result *result = xcalloc(1, sizeof(*result));

	trial.is_draft = true;
	int rc = publish_loaded(x->archive, &trial, &what, result, x->errors);
	if (rc == 0 && result->is_new) {
		rc = -ESTALE;
		err_list_add(x->errors, (struct mark){0},
			"what is on disk is not what is published: slipway apply (slipway plan "
			"shows the difference)");
	}
	free(result);
	return rc == -EINVAL ? -ESTALE : rc; /* a template that does not render any more */
}

static int publish_rows(struct enrolling *x, struct publish_result *ret)
{
	AUTO(arena_free_p) struct arena *arena = arena_new(ARENA_BYTES_MAX);
	struct publish_loaded what = {.files = &x->files, .before_commit = write_files, .arg = x};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < x->plan->n_rows; i++)
		rc = cluster_files_put_enrolled(
			&x->files, file_of(x->plan->rows[i].name), text_of(&x->plan->rows[i]));
	if (rc < 0) {
		err_list_add(x->errors, (struct mark){0}, "%s: more than %d files",
			CLUSTER_ENROLLED_DIR, CLUSTER_ENROLLED_MAX);
		return rc;
	}
	rc = cluster_load_texts(arena, x->files.texts, x->files.n, &what.cluster, x->errors);
	if (rc == 0)
		rc = publish_loaded(x->archive, x->order, &what, ret, x->errors);
	publish_enroll_settle(x->archive, x->order->state_dir);
	return rc;
}

static int decide_and_publish(
	struct enrolling *x, const struct enroll_list *list, struct publish_result *ret)
{
	AUTO(arena_free_p) struct arena *arena = arena_new(ARENA_BYTES_MAX);
	struct cluster *c = NULL;

	int rc = publish_read(x->order, &x->files, x->errors);
	if (rc == 0)
		rc = cluster_load_texts(arena, x->files.texts, x->files.n, &c, x->errors);
	if (rc < 0)
		return -ESTALE; /* what was published could be read */
	enroll_decide(c, list, x->plan);
	spare_edited_files(x);
	if (x->plan->n_rows == 0)
		return archive_last(x->archive, NULL, &ret->generation);
	rc = check_unchanged(x, c);
	return rc < 0 ? rc : publish_rows(x, ret);
}

int publish_enroll(struct archive *a, const struct publish_order *o, const struct enroll_list *list,
	struct enroll_plan *plan, struct publish_result *ret, struct err_list *errors)
{
	struct enrolling x = {.archive = a, .order = o, .plan = plan, .errors = errors};

	*ret = (struct publish_result){.is_new = false};
	int rc = decide_and_publish(&x, list, ret);
	cluster_files_done(&x.files);
	if (rc < 0 && errors->n == 0)
		err_list_add(errors, (struct mark){0}, "generations.db: %s",
			archive_reason(a)[0] ? archive_reason(a) : strerror(-rc));
	return rc;
}

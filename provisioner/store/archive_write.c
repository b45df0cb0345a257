/* Writing of the archive; reading is in archive.c. */
#include "provisioner/store/archive_db.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "provisioner/store/dbfile.h"

#define OBJECTS_MAX INT64_C(100000000)
#define BITS 8

static int run_one(struct archive *a, enum sql which)
{
	AUTO(query_done) struct query q = query_start(&a->db, which);

	return query_run(&q);
}

int archive_begin(struct archive *a)
{
	assert(!a->db.batch);
	int rc = run_one(a, SQL_BEGIN);

	a->db.batch = rc == 0;
	return rc;
}

/* The words of what went wrong stay as they are. */
void archive_abort(struct archive *a)
{
	assert(a->db.batch);
	a->db.batch = false;
	a->db.failed = 0;
	if (!sqlite3_get_autocommit(a->db.db))
		(void)sqlite3_exec(a->db.db, sql_text(SQL_ROLLBACK), NULL, NULL, NULL);
}

static int commit(struct archive *a)
{
	int rc = a->db.failed;

	if (rc == 0)
		rc = run_one(a, SQL_COMMIT);
	if (rc < 0)
		archive_abort(a);
	a->db.batch = false;
	return rc;
}

/* --- texts ---------------------------------------------------------------------------------------- */

static int find_object(struct archive *a, const uint8_t hash[static ARCHIVE_HASH_LEN], int64_t *ret)
{
	AUTO(query_done) struct query q = query_start(&a->db, SQL_OBJECT_FIND);

	query_put_blob(&q, hash, ARCHIVE_HASH_LEN);
	int rc = query_next(&q);
	if (rc == 0)
		*ret = query_int(&q);
	return rc;
}

static int add_object(struct archive *a, const uint8_t hash[static ARCHIVE_HASH_LEN], size_t size,
	int64_t base, const struct str *data, int64_t *ret)
{
	AUTO(query_done) struct query q = query_start(&a->db, SQL_OBJECT_ADD);

	query_put_blob(&q, hash, ARCHIVE_HASH_LEN);
	query_put_int(&q, (int64_t)size);
	query_put_int(&q, base);
	query_put_blob(&q, str_text(data), data->len);
	int rc = query_run(&q);
	if (rc == 0)
		*ret = sqlite3_last_insert_rowid(a->db.db);
	return rc;
}

static int base_of(struct archive *a, int64_t like, int64_t *ret)
{
	AUTO(query_done) struct query q = query_start(&a->db, SQL_OBJECT_BASE);

	query_put_int(&q, like);
	int rc = query_next(&q);
	if (rc == 0)
		*ret = query_int(&q);
	return rc;
}

/* The base, ready to be compared with; read once and kept while others of it come. */
static int find_base(struct archive *a, int64_t object, const struct archive_base **ret)
{
	for (size_t i = 0; i < ARCHIVE_BASES; i++) {
		if (a->bases[i].object == object) {
			*ret = &a->bases[i];
			return 0;
		}
	}
	AUTO(str_done) struct str text = str_init(ARCHIVE_TEXT_MAX);
	int rc = archive_text(a, object, &text);
	if (rc < 0)
		return rc;
	struct archive_base *b = &a->bases[a->next_base++ % ARCHIVE_BASES];
	size_t len = text.len;

	delta_base_done(&b->index);
	free(b->text);
	*b = (struct archive_base){.object = object, .text = len ? str_take(&text) : xstrdup("")};
	delta_base_init(&b->index, b->text, len);
	*ret = b;
	return 0;
}

/* As a delta, when that takes less than half. -ENOENT when there is nothing to compare with, or it does not pay. */
static int write_delta(struct archive *a, const char *text, size_t len, int64_t like,
	int64_t *ret_base, struct str *ret_delta)
{
	const struct archive_base *base = NULL;
	int rc = like ? base_of(a, like, ret_base) : -ENOENT;

	if (rc == 0)
		rc = find_base(a, *ret_base, &base);
	if (rc < 0)
		return rc;
	delta_write(&base->index, text, len, ret_delta);
	return str_ok(ret_delta) ? 0 : -ENOENT;
}

int archive_put(struct archive *a, const char *text, size_t len, int64_t like, int64_t *ret,
	uint8_t ret_hash[static ARCHIVE_HASH_LEN])
{
	AUTO(str_done) struct str delta = str_init(len / 2);
	int64_t base = 0;

	if (len > ARCHIVE_TEXT_MAX)
		return -EMSGSIZE;
	int rc = archive_hash(a, text, len, ret_hash);
	if (rc < 0 || (rc = find_object(a, ret_hash, ret)) != -ENOENT)
		return rc;
	rc = write_delta(a, text, len, like, &base, &delta);
	if (rc == 0)
		return add_object(a, ret_hash, len, base, &delta, ret);
	/* One whose base can not be read stands for itself. */
	AUTO(str_done) struct str whole = str_init(ARCHIVE_TEXT_MAX);
	str_addn(&whole, text, len);
	return add_object(a, ret_hash, len, 0, &whole, ret);
}

/* --- rows ----------------------------------------------------------------------------------------- */

int archive_put_node(struct archive *a, int64_t number, const struct archive_node *n)
{
	AUTO(query_done) struct query q = query_start(&a->db, SQL_RENDERED_PUT);

	query_put_int(&q, number);
	query_put_text(&q, n->name, ARCHIVE_WORD_SIZE);
	query_put_blob(&q, n->key, sizeof(n->key));
	query_put_blob(&q, n->hash, sizeof(n->hash));
	query_put_int(&q, n->trace);
	for (size_t i = 0; i < N_ARTEFACTS; i++)
		query_put_int(&q, n->objects[i]);
	return query_run(&q);
}

int archive_put_file(struct archive *a, int64_t number, enum archive_file which, const char *name,
	const char *text, size_t len)
{
	uint8_t hash[ARCHIVE_HASH_LEN];
	int64_t object = 0;
	int rc = archive_put(a, text, len, 0, &object, hash);

	if (rc < 0)
		return rc;
	AUTO(query_done) struct query q = query_start(&a->db, SQL_FILE_PUT);
	query_put_int(&q, number);
	query_put_int(&q, which);
	query_put_text(&q, name, PATH_MAX);
	query_put_int(&q, object);
	return query_run(&q);
}

static int run_numbered(struct archive *a, enum sql which, int64_t first, const int64_t *second)
{
	AUTO(query_done) struct query q = query_start(&a->db, which);

	query_put_int(&q, first);
	if (second)
		query_put_int(&q, *second);
	return query_run(&q);
}

int archive_copy_files(struct archive *a, int64_t from, int64_t to)
{
	return run_numbered(a, SQL_FILES_COPY, from, &to);
}

int archive_drop(struct archive *a, int64_t number)
{
	int rc = run_numbered(a, SQL_RENDERED_DELETE, number, NULL);

	if (rc == 0)
		rc = run_numbered(a, SQL_FILES_DELETE, number, NULL);
	return rc < 0 ? rc : run_numbered(a, SQL_PUBLISHED_DELETE, number, NULL);
}

static int put_generation(struct archive *a, const struct archive_generation *g)
{
	AUTO(query_done) struct query q = query_start(&a->db, SQL_PUBLISHED_PUT);

	query_put_int(&q, g->number);
	query_put_int(&q, g->created_ms);
	query_put_text(&q, g->hash, sizeof(g->hash));
	query_put_text(&q, g->by, sizeof(g->by));
	query_put_text(&q, g->summary, sizeof(g->summary));
	query_put_text(&q, g->listening, sizeof(g->listening));
	query_put_int(&q, g->n_nodes);
	query_put_int(&q, g->n_changed);
	query_put_int(&q, g->rolled_back_to);
	return query_run(&q);
}

int archive_commit(struct archive *a, const struct archive_generation *g)
{
	int rc = put_generation(a, g);

	if (rc == 0)
		return commit(a);
	archive_abort(a);
	return rc;
}

/* --- tidying -------------------------------------------------------------------------------------- */

/* Which objects there are, and which of them something needs: a bit for each. */
struct marks {
	uint8_t *exists, *needed;
	int64_t last;
};

static void mark(const struct marks *m, uint8_t *bits, int64_t object)
{
	if (object > 0 && object <= m->last)
		bits[object / BITS] |= (uint8_t)(1U << (object % BITS));
}

static bool is_marked(const uint8_t *bits, int64_t object)
{
	return bits[object / BITS] & (1U << (object % BITS));
}

static int mark_needed(struct archive *a, enum sql which, int n_columns, const struct marks *m)
{
	AUTO(query_done) struct query q = query_start(&a->db, which);
	int rc;

	while ((rc = query_next(&q)) == 0)
		for (int i = 0; i < n_columns; i++)
			mark(m, m->needed, query_int(&q));
	return rc == -ENOENT ? 0 : rc;
}

/* Bases of what is needed are needed too; they have none themselves. */
static int mark_bases(struct archive *a, const struct marks *m)
{
	AUTO(query_done) struct query q = query_start(&a->db, SQL_OBJECTS);
	int rc;

	while ((rc = query_next(&q)) == 0) {
		int64_t object = query_int(&q), base = query_int(&q);

		mark(m, m->exists, object);
		if (object <= m->last && is_marked(m->needed, object))
			mark(m, m->needed, base);
	}
	return rc == -ENOENT ? 0 : rc;
}

static int drop_unneeded(struct archive *a, const struct marks *m)
{
	int rc = 0;

	for (int64_t byte = 0; byte <= m->last / BITS; byte++) {
		if (!(m->exists[byte] & ~m->needed[byte]))
			continue;
		for (int64_t object = byte * BITS; rc == 0 && object < (byte + 1) * BITS; object++)
			if (is_marked(m->exists, object) && !is_marked(m->needed, object))
				rc = run_numbered(a, SQL_OBJECT_DELETE, object, NULL);
	}
	return rc;
}

static int sweep(struct archive *a)
{
	struct marks m = {0};
	int rc = dbfile_ask_int(&a->db, sql_text(SQL_OBJECTS_LAST), &m.last);

	if (rc < 0 || m.last > OBJECTS_MAX)
		return rc;
	AUTO(free_p) uint8_t *exists = m.exists = xcalloc((size_t)m.last / BITS + 1, 1);
	AUTO(free_p) uint8_t *needed = m.needed = xcalloc((size_t)m.last / BITS + 1, 1);
	if ((rc = mark_needed(a, SQL_RENDERED_REFERENCES, 1 + N_ARTEFACTS, &m)) < 0 ||
		(rc = mark_needed(a, SQL_FILES_REFERENCES, 1, &m)) < 0 ||
		(rc = mark_bases(a, &m)) < 0)
		return rc;
	return drop_unneeded(a, &m);
}

/* 1 and the number of one that is to go, or 0. */
static int find_old(struct archive *a, int64_t in_use, int64_t *ret)
{
	AUTO(query_done) struct query q = query_start(&a->db, SQL_PUBLISHED_OLD);

	query_put_int(&q, in_use);
	query_put_int(&q, in_use ? ARCHIVE_KEPT - 1 : ARCHIVE_KEPT);
	int rc = query_next(&q);
	if (rc < 0)
		return rc == -ENOENT ? 0 : rc;
	*ret = query_int(&q);
	return 1;
}

int archive_tidy(struct archive *a, int64_t in_use)
{
	int64_t number;
	int rc = archive_begin(a);

	if (rc < 0)
		return rc;
	while ((rc = find_old(a, in_use, &number)) == 1)
		if ((rc = archive_drop(a, number)) < 0)
			break;
	if (rc == 0)
		rc = sweep(a);
	if (rc == 0)
		return commit(a);
	archive_abort(a);
	return rc;
}

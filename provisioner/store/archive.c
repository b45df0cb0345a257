#include "provisioner/store/archive_db.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "provisioner/base/files.h"
#include "provisioner/base/log.h"
#include "provisioner/store/dbfile.h"

/* Nothing is checked when it is opened: a text that is wrong is found by its hash, and what needs no reading needs
 * no waiting for. */
static const struct dbfile_kind kind = {.name = "generations.db",
	.application_id = SQL_ARCHIVE_ID,
	.version = SQL_ARCHIVE_VERSION,
	.migrations = sql_archive_migrations};

static const char *const names[N_ARTEFACTS] = {
	[ARTEFACT_CLOUD_CONFIG] = "cloud-config",
	[ARTEFACT_CONFIG] = "config",
	[ARTEFACT_IPXE] = "ipxe",
	[ARTEFACT_GRUB] = "grub",
	[ARTEFACT_BOOT] = "boot",
	[ARTEFACT_DHCP] = "dhcp",
	[ARTEFACT_SECRETS] = "secrets",
};

const char *artefact_name(enum artefact_kind which)
{
	return names[which];
}

int artefact_find(const char *name)
{
	for (int i = 0; i < N_ARTEFACTS; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	return -1;
}

int archive_hash(
	struct archive *a, const void *data, size_t len, uint8_t ret[static ARCHIVE_HASH_LEN])
{
	return EVP_DigestInit_ex2(a->digest, a->sha256, NULL) &&
			       EVP_DigestUpdate(a->digest, data, len) &&
			       EVP_DigestFinal_ex(a->digest, ret, NULL)
		       ? 0
		       : -EIO;
}

/* A damaged archive costs the generations before; what is published next stands in a fresh one. */
static int open_writer(struct archive *a, int folder, const char *path, struct err *e)
{
	char aside[NAME_MAX - sizeof("-wal")];
	int rc = dbfile_open(&a->db, &kind, folder, path, e);

	if (rc != -EUCLEAN)
		return rc;
	struct err was = *e;
	dbfile_close(&a->db);
	rc = dbfile_put_aside(&kind, folder, aside, sizeof(aside));
	if (rc < 0)
		return err_msg(
			e, rc, "is damaged (%s) and cannot be renamed: %s", was.msg, strerror(-rc));
	log_error("%s was damaged (%s): it lies beside it as %s now, and a fresh one was begun",
		path, was.msg, aside);
	return dbfile_open(&a->db, &kind, folder, path, e);
}

int archive_open(const char *folder, bool is_writer, struct archive **ret, struct err *e)
{
	struct archive *a = xcalloc(1, sizeof(*a));
	struct err why = {.msg = "no digest"};
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/%s", folder, kind.name) >= (int)sizeof(path)) {
		archive_close(a);
		return err_msg(e, -ENAMETOOLONG, "%s: name too long", folder);
	}
	AUTO(close_p) int dir = dir_open(folder);
	if (dir < 0) {
		archive_close(a);
		return err_msg(e, dir, "%s: %s", folder, strerror(-dir));
	}
	a->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	a->digest = EVP_MD_CTX_new();
	int rc = a->sha256 && a->digest ? 0 : -EIO;
	if (rc == 0)
		rc = is_writer ? open_writer(a, dir, path, &why)
			       : dbfile_open_reader(&a->db, &kind, path, &why);
	if (rc < 0) {
		archive_close(a);
		return err_msg(e, rc, "%s: %s", path, why.msg);
	}
	*ret = a;
	return 0;
}

void archive_close(struct archive *a)
{
	if (!a)
		return;
	for (size_t i = 0; i < ARCHIVE_BASES; i++) {
		delta_base_done(&a->bases[i].index);
		free(a->bases[i].text);
	}
	EVP_MD_CTX_free(a->digest);
	EVP_MD_free(a->sha256);
	dbfile_close(&a->db);
	free(a);
}

const char *archive_reason(const struct archive *a)
{
	return a->db.reason;
}

/* --- generations ---------------------------------------------------------------------------------- */

static void read_generation(struct query *q, struct archive_generation *ret)
{
	ret->number = query_int(q);
	ret->created_ms = query_int(q);
	query_copy(q, ret->hash, sizeof(ret->hash));
	query_copy(q, ret->by, sizeof(ret->by));
	query_copy(q, ret->summary, sizeof(ret->summary));
	query_copy(q, ret->listening, sizeof(ret->listening));
	ret->n_nodes = query_int(q);
	ret->n_changed = query_int(q);
	ret->rolled_back_to = query_int(q);
}

int archive_last(struct archive *a, const char *listening, struct archive_generation *ret)
{
	AUTO(query_done)
	struct query q =
		query_start(&a->db, listening ? SQL_PUBLISHED_LAST_FOR : SQL_PUBLISHED_LAST);

	if (listening)
		query_put_text(&q, listening, ARCHIVE_LISTENING_SIZE - 1);
	int rc = query_next(&q);
	if (rc == 0)
		read_generation(&q, ret);
	return rc;
}

int archive_find(struct archive *a, int64_t number, struct archive_generation *ret)
{
	AUTO(query_done) struct query q = query_start(&a->db, SQL_PUBLISHED_FIND);

	query_put_int(&q, number);
	int rc = query_next(&q);
	if (rc == 0)
		read_generation(&q, ret);
	return rc;
}

int archive_each(
	struct archive *a, int (*fn)(const struct archive_generation *g, void *arg), void *arg)
{
	AUTO(query_done) struct query q = query_start(&a->db, SQL_PUBLISHED_ALL);
	struct archive_generation g;
	int rc;

	while ((rc = query_next(&q)) == 0) {
		read_generation(&q, &g);
		if ((rc = fn(&g, arg)) != 0)
			return rc;
	}
	return rc == -ENOENT ? 0 : rc;
}

/* --- texts ---------------------------------------------------------------------------------------- */

/* What an object is made of. */
struct stored {
	uint8_t hash[ARCHIVE_HASH_LEN];
	int64_t size, base;
};

static int is_damaged(struct archive *a, int64_t object)
{
	(void)snprintf(a->db.reason, sizeof(a->db.reason), "text %lld of generations.db is damaged",
		(long long)object);
	return -EUCLEAN;
}

/* The object's own bytes: all of it, or what it adds to its base. */
static int read_stored(struct archive *a, int64_t object, struct stored *ret, struct str *ret_data)
{
	AUTO(query_done) struct query q = query_start(&a->db, SQL_OBJECT_GET);
	size_t len;

	query_put_int(&q, object);
	int rc = query_next(&q);
	if (rc < 0)
		return rc;
	const void *hash = query_blob(&q, &len);
	if (len != sizeof(ret->hash))
		return is_damaged(a, object);
	memcpy(ret->hash, hash, sizeof(ret->hash));
	ret->size = query_int(&q);
	ret->base = query_int(&q);
	const char *data = query_blob(&q, &len);
	str_addn(ret_data, data, len);
	return str_ok(ret_data) ? 0 : -EMSGSIZE;
}

static int read_on_base(struct archive *a, int64_t base, const struct str *delta, struct str *ret)
{
	AUTO(str_done) struct str text = str_init(ARCHIVE_TEXT_MAX);
	struct stored below;
	int rc = read_stored(a, base, &below, &text);

	if (rc < 0)
		return rc;
	if (below.base != 0)
		return is_damaged(a, base);
	return delta_read(str_text(&text), text.len, str_text(delta), delta->len, ret);
}

int archive_text(struct archive *a, int64_t object, struct str *ret)
{
	AUTO(str_done) struct str data = str_init(ARCHIVE_TEXT_MAX);
	uint8_t hash[ARCHIVE_HASH_LEN];
	struct stored s;
	size_t before = ret->len;

	int rc = read_stored(a, object, &s, &data);
	if (rc < 0)
		return rc;
	if (s.base == 0)
		str_addn(ret, str_text(&data), data.len);
	else
		rc = read_on_base(a, s.base, &data, ret);
	if (!str_ok(ret))
		return -EMSGSIZE;
	if (rc == 0)
		rc = archive_hash(a, str_text(ret) + before, ret->len - before, hash);
	if (rc < 0 || (int64_t)(ret->len - before) != s.size ||
		memcmp(hash, s.hash, sizeof(hash)) != 0)
		return is_damaged(a, object);
	return 0;
}

/* --- nodes ---------------------------------------------------------------------------------------- */

/* False when the row can not be ours. */
static bool read_node(struct query *q, struct archive_node *ret)
{
	size_t len;

	ret->name = query_text(q);
	const void *key = query_blob(q, &len);
	if (len != sizeof(ret->key))
		return false;
	memcpy(ret->key, key, sizeof(ret->key));
	const void *hash = query_blob(q, &len);
	if (len != sizeof(ret->hash))
		return false;
	memcpy(ret->hash, hash, sizeof(ret->hash));
	ret->trace = query_int(q);
	for (size_t i = 0; i < N_ARTEFACTS; i++)
		ret->objects[i] = query_int(q);
	return true;
}

int archive_nodes_each(struct archive *a, int64_t number,
	int (*fn)(const struct archive_node *n, void *arg), void *arg)
{
	AUTO(query_done) struct query q = query_start(&a->db, SQL_RENDERED_ALL);
	struct archive_node n;
	int rc;

	query_put_int(&q, number);
	while ((rc = query_next(&q)) == 0) {
		if (!read_node(&q, &n))
			return -EUCLEAN;
		if ((rc = fn(&n, arg)) != 0)
			return rc;
	}
	return rc == -ENOENT ? 0 : rc;
}

int archive_node_find(
	struct archive *a, int64_t number, const char *name, struct archive_node *ret)
{
	AUTO(query_done) struct query q = query_start(&a->db, SQL_RENDERED_GET);

	query_put_int(&q, number);
	query_put_text(&q, name, ARCHIVE_WORD_SIZE);
	int rc = query_next(&q);
	if (rc < 0)
		return rc;
	rc = read_node(&q, ret) ? 0 : -EUCLEAN;
	ret->name = name;
	return rc;
}

int archive_node_text(struct archive *a, int64_t number, const char *node, enum artefact_kind which,
	struct str *ret)
{
	struct archive_node n;
	int rc = archive_node_find(a, number, node, &n);

	return rc < 0 ? rc : archive_text(a, n.objects[which], ret);
}

/* --- files ---------------------------------------------------------------------------------------- */

/* The statement is let go before its text is read and `fn` runs, which may read more. */
static int file_at(struct archive *a, int64_t number, enum archive_file which, int64_t place,
	struct str *ret_name, int64_t *ret_object)
{
	AUTO(query_done) struct query q = query_start(&a->db, SQL_FILES);

	query_put_int(&q, number);
	query_put_int(&q, which);
	query_put_int(&q, place);
	int rc = query_next(&q);
	if (rc < 0)
		return rc;
	str_add(ret_name, query_text(&q));
	*ret_object = query_int(&q);
	return 0;
}

int archive_files_each(struct archive *a, int64_t number, enum archive_file which,
	int (*fn)(const char *name, const struct str *text, void *arg), void *arg)
{
	for (int64_t place = 0;; place++) {
		AUTO(str_done) struct str name = str_init(PATH_MAX);
		AUTO(str_done) struct str text = str_init(ARCHIVE_TEXT_MAX);
		int64_t object;

		int rc = file_at(a, number, which, place, &name, &object);
		if (rc == -ENOENT)
			return 0;
		if (rc == 0)
			rc = archive_text(a, object, &text);
		if (rc == 0)
			rc = fn(str_text(&name), &text, arg);
		if (rc != 0)
			return rc;
	}
}

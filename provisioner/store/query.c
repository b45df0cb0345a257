#include "provisioner/store/query.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "provisioner/base/addr.h"
#include "provisioner/store/store.h"

/* Primary codes; the I/O errors and constraints are told apart below. */
static const struct {
	int code, error;
} errors[] = {
	{SQLITE_FULL, -ENOSPC},
	{SQLITE_READONLY, -EROFS},
	{SQLITE_CORRUPT, -EUCLEAN},
	{SQLITE_NOTADB, -EUCLEAN},
	{SQLITE_BUSY, -EBUSY},
	{SQLITE_LOCKED, -EBUSY},
	{SQLITE_PERM, -EACCES},
	{SQLITE_CANTOPEN, -EACCES},
	{SQLITE_NOMEM, -ENOMEM},
	{SQLITE_TOOBIG, -EMSGSIZE},
};

static int constraint_error(int extended)
{
	switch (extended) {
	case SQLITE_CONSTRAINT_FOREIGNKEY:
		return -ENOENT;
	case SQLITE_CONSTRAINT_PRIMARYKEY:
	case SQLITE_CONSTRAINT_UNIQUE:
	case SQLITE_CONSTRAINT_ROWID:
		return -EEXIST;
	default:
		return -EINVAL;
	}
}

static int io_error(const struct store *s)
{
	int system_errno = sqlite3_system_errno(s->db);

	return system_errno == ENOSPC || system_errno == EDQUOT ? -ENOSPC : -EIO;
}

int store_failed(struct store *s, int rc)
{
	int error = -EIO;

	(void)snprintf(s->reason, sizeof(s->reason), "%s", sqlite3_errmsg(s->db)); /* may be cut */
	if ((rc & 0xff) == SQLITE_CONSTRAINT)
		return constraint_error(rc);
	if ((rc & 0xff) == SQLITE_IOERR)
		error = io_error(s);
	for (size_t i = 0; i < ARRAY_LEN(errors); i++)
		if (errors[i].code == (rc & 0xff))
			error = errors[i].error;
	if (s->batch)
		s->failed = error;
	return error;
}

struct query query_start(struct store *s, enum sql which)
{
	struct query q = {.s = s, .rc = s->failed};

	if (q.rc < 0)
		return q;
	if (!s->statements[which]) {
		int rc = sqlite3_prepare_v3(s->db, sql_text(which), -1, SQLITE_PREPARE_PERSISTENT,
			&s->statements[which], NULL);
		if (rc != SQLITE_OK) {
			q.rc = store_failed(s, rc);
			return q;
		}
	}
	q.statement = s->statements[which];
	return q;
}

void query_done(struct query *q)
{
	if (!q->statement)
		return;
	(void)sqlite3_reset(q->statement); /* repeats the failure that query_next() has reported */
	(void)sqlite3_clear_bindings(q->statement);
}

/* The bytes are borrowed: they outlive the query, which unbinds them. */
void query_put_text(struct query *q, const char *text, size_t max)
{
	const char *value = text ? text : "";
	size_t len = strnlen(value, max + 1);

	if (q->rc < 0)
		return;
	if (len > max) {
		q->rc = -EMSGSIZE;
		(void)snprintf(
			q->s->reason, sizeof(q->s->reason), "text longer than %zu bytes", max);
		return;
	}
	int rc = sqlite3_bind_text(q->statement, ++q->n_put, value, (int)len, SQLITE_STATIC);
	if (rc != SQLITE_OK)
		q->rc = store_failed(q->s, rc);
}

void query_put_int(struct query *q, int64_t v)
{
	if (q->rc < 0)
		return;
	int rc = sqlite3_bind_int64(q->statement, ++q->n_put, v);
	if (rc != SQLITE_OK)
		q->rc = store_failed(q->s, rc);
}

void query_put_blob(struct query *q, const void *data, size_t len)
{
	if (q->rc < 0)
		return;
	int rc = sqlite3_bind_blob64(q->statement, ++q->n_put, data, len, SQLITE_STATIC);
	if (rc != SQLITE_OK)
		q->rc = store_failed(q->s, rc);
}

void query_put_address(struct query *q, uint32_t address)
{
	char text[IPV4_TEXT_SIZE] = "";

	if (q->rc < 0)
		return;
	if (address != 0)
		(void)ipv4_text(address, text);
	int rc = sqlite3_bind_text(q->statement, ++q->n_put, text, -1, SQLITE_TRANSIENT);
	if (rc != SQLITE_OK)
		q->rc = store_failed(q->s, rc);
}

int query_next(struct query *q)
{
	if (q->rc < 0)
		return q->rc;
	q->n_got = 0;
	int rc = sqlite3_step(q->statement);
	if (rc == SQLITE_ROW)
		return 0;
	q->rc = rc == SQLITE_DONE ? -ENOENT : store_failed(q->s, rc);
	return q->rc;
}

int query_run(struct query *q)
{
	if (q->rc < 0)
		return q->rc;
	int rc = sqlite3_step(q->statement);
	if (rc == SQLITE_DONE || rc == SQLITE_ROW)
		return 0;
	q->rc = store_failed(q->s, rc);
	return q->rc;
}

int64_t query_int(struct query *q)
{
	return sqlite3_column_int64(q->statement, q->n_got++);
}

const char *query_text(struct query *q)
{
	const unsigned char *text = sqlite3_column_text(q->statement, q->n_got++);

	return text ? (const char *)text : "";
}

uint32_t query_address(struct query *q)
{
	uint32_t address = 0;

	return ipv4_parse(query_text(q), &address) == 0 ? address : 0;
}

const void *query_blob(struct query *q, size_t *ret_len)
{
	const void *data = sqlite3_column_blob(q->statement, q->n_got);

	*ret_len = (size_t)sqlite3_column_bytes(q->statement, q->n_got++);
	return data ? data : "";
}

void query_copy(struct query *q, char *to, size_t size)
{
	(void)snprintf(to, size, "%s", query_text(q)); /* cut only if somebody edited the file */
}

int operation_begin(struct store *s, struct operation *ret)
{
	*ret = (struct operation){.s = s, .own = !s->batch};
	return ret->own ? store_begin(s) : s->failed;
}

int operation_end(struct operation *o, int rc)
{
	if (!o->own)
		return rc;
	if (rc == 0)
		return store_commit(o->s);
	store_abort(o->s);
	return rc;
}

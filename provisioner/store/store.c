#include "provisioner/store/store.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "provisioner/base/clock.h"
#include "provisioner/base/files.h"
#include "provisioner/base/str.h"
#include "provisioner/store/dbfile.h"
#include "provisioner/store/events.h"

static const struct dbfile_kind state = {.name = "state.db",
	.application_id = SQL_APPLICATION_ID,
	.version = SQL_VERSION,
	.migrations = sql_migrations,
	.is_checked = true};

static int count_rows(struct store *s)
{
	int rc = dbfile_ask_int(s, sql_text(SQL_NODES_COUNT), &s->n_nodes);

	return rc < 0 ? rc : dbfile_ask_int(s, sql_text(SQL_EVENTS_COUNT), &s->n_events);
}

static int open_file(struct store *s, int folder, const char *path, struct err *e)
{
	int rc = dbfile_open(s, &state, folder, path, e);

	if (rc < 0)
		return rc;
	rc = count_rows(s);
	return rc < 0 ? err_msg(e, rc, "%s", s->reason) : 0;
}

static int begin_afresh(struct store *s, int folder, const char *path, struct err *e)
{
	AUTO(str_done) struct str said = str_init((size_t)2 * PATH_MAX);
	char aside[NAME_MAX - sizeof("-wal")];
	struct err was = *e;

	dbfile_close(s);
	int rc = dbfile_put_aside(&state, folder, aside, sizeof(aside));
	if (rc < 0)
		return err_msg(
			e, rc, "is damaged (%s) and cannot be renamed: %s", was.msg, strerror(-rc));
	str_printf(&said,
		"%s was damaged (%s): it lies beside it as %s now, and a fresh one was begun", path,
		was.msg, aside);
	s->damage = str_take(&said);
	rc = open_file(s, folder, path, e);
	if (rc < 0)
		return rc;
	struct store_event event = {.wall_ms = clock_wall_ms(),
		.node = "",
		.kind = "store",
		.severity = STORE_ERROR,
		.text = s->damage};
	rc = store_event_add(s, &event, NULL);
	return rc < 0 ? err_msg(e, rc, "%s", s->reason) : 0;
}

int store_open(const char *folder, struct store **ret, struct err *e)
{
	char path[PATH_MAX];
	struct err why = {0};

	if (snprintf(path, sizeof(path), "%s/%s", folder, state.name) >= (int)sizeof(path))
		return err_msg(e, -ENAMETOOLONG, "%s: name too long", folder);
	AUTO(close_p) int dir = dir_open(folder);
	if (dir < 0)
		return err_msg(e, dir, "%s: %s", folder, strerror(-dir));

	struct store *s = xcalloc(1, sizeof(*s));
	int rc = open_file(s, dir, path, &why);
	if (rc == -EUCLEAN)
		rc = begin_afresh(s, dir, path, &why);
	if (rc < 0) {
		store_close(s);
		return err_msg(e, rc, "%s: %s", path, why.msg);
	}
	*ret = s;
	return 0;
}

void store_close(struct store *s)
{
	if (!s)
		return;
	if (s->batch)
		store_abort(s);
	dbfile_close(s);
	free(s->damage);
	free(s);
}

const char *store_damage(const struct store *s)
{
	return s->damage;
}

const char *store_reason(const struct store *s)
{
	return s->reason;
}

static int run_one(struct store *s, enum sql which)
{
	AUTO(query_done) struct query q = query_start(s, which);

	return query_run(&q);
}

int store_begin(struct store *s)
{
	assert(!s->batch);
	int rc = run_one(s, SQL_BEGIN);
	s->batch = rc == 0;
	return rc;
}

int store_commit(struct store *s)
{
	assert(s->batch);
	int rc = s->failed;
	if (rc == 0)
		rc = events_prune(s);
	if (rc == 0)
		rc = run_one(s, SQL_COMMIT);
	if (rc < 0) {
		store_abort(s);
		return rc;
	}
	s->batch = false;
	return 0;
}

void store_abort(struct store *s)
{
	assert(s->batch);
	s->batch = false;
	s->failed = 0;
	/* A full disk makes SQLite roll back by itself. A roll-back that fails leaves the transaction
	 * open: the next store_begin() then reports it. */
	if (!sqlite3_get_autocommit(s->db))
		(void)sqlite3_exec(s->db, sql_text(SQL_ROLLBACK), NULL, NULL, NULL);
	(void)count_rows(s); /* on failure the old counts stay: too high, so we prune early */
}

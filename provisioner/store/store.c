#include "provisioner/store/store.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "provisioner/base/clock.h"
#include "provisioner/base/files.h"
#include "provisioner/base/str.h"
#include "provisioner/store/events.h"
#include "provisioner/store/query.h"

#define FILE_NAME "state.db"
#define BUSY_TIMEOUT_MS 1000
#define ASIDE_SUFFIX ".damaged-" /* followed by the time */

/* FULL: a commit is on the disk when it returns. The limit gives back a write-ahead log that one
 * big batch has blown up. Temporary tables stay in memory: the sandbox gives us no /tmp. */
static const char pragmas[] = "PRAGMA trusted_schema = OFF;"
			      "PRAGMA journal_mode = WAL;"
			      "PRAGMA synchronous = FULL;"
			      "PRAGMA foreign_keys = ON;"
			      "PRAGMA temp_store = MEMORY;"
			      "PRAGMA journal_size_limit = 8388608;";

static int run_script(struct store *s, const char *script)
{
	int rc = sqlite3_exec(s->db, script, NULL, NULL, NULL);

	return rc == SQLITE_OK ? 0 : store_failed(s, rc);
}

/* The first column of the first row of a statement that is run once. */
static int ask_int(struct store *s, const char *sql, int64_t *ret)
{
	sqlite3_stmt *statement = NULL;
	int rc = sqlite3_prepare_v2(s->db, sql, -1, &statement, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_step(statement);
	if (rc == SQLITE_ROW)
		*ret = sqlite3_column_int64(statement, 0);
	int result = rc == SQLITE_ROW ? 0 : store_failed(s, rc);
	(void)sqlite3_finalize(statement); /* repeats the failure of the step */
	return result;
}

/* -EUCLEAN when SQLite finds a page or an index that cannot be right. */
static int check_file(struct store *s)
{
	sqlite3_stmt *statement = NULL;
	int result = 0;
	int rc = sqlite3_prepare_v2(s->db, "PRAGMA quick_check(1)", -1, &statement, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_step(statement);
	const char *verdict =
		rc == SQLITE_ROW ? (const char *)sqlite3_column_text(statement, 0) : NULL;
	if (rc != SQLITE_ROW) {
		result = store_failed(s, rc);
	} else if (!verdict || strcmp(verdict, "ok") != 0) {
		(void)snprintf(
			s->reason, sizeof(s->reason), "%s", verdict ? verdict : "unreadable");
		result = -EUCLEAN;
	}
	(void)sqlite3_finalize(statement);
	return result;
}

/* One step and its new version number, together or not at all. */
static int migrate_from(struct store *s, int64_t version)
{
	AUTO(str_done) struct str script = str_init((size_t)64 << 10);

	str_printf(&script,
		"BEGIN IMMEDIATE; %s PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT;",
		sql_migrations[version], SQL_APPLICATION_ID, (int)version + 1);
	assert(str_ok(&script));
	int rc = run_script(s, str_text(&script));
	if (rc < 0 && !sqlite3_get_autocommit(s->db))
		(void)sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL); /* closing does it too */
	return rc;
}

static int migrate(struct store *s, struct err *e)
{
	int64_t version = 0, application = 0, tables = 0;
	int rc = ask_int(s, "PRAGMA user_version", &version);

	if (rc == 0)
		rc = ask_int(s, "PRAGMA application_id", &application);
	if (rc == 0)
		rc = ask_int(s, "SELECT count(*) FROM sqlite_schema", &tables);
	if (rc < 0)
		return err_msg(e, rc, "%s", s->reason);
	if (version == 0 ? tables > 0 : application != SQL_APPLICATION_ID)
		return err_msg(e, -ENOTSUP, "is an SQLite file of another program");
	if (version > SQL_VERSION)
		return err_msg(e, -ENOTSUP,
			"was written by a newer slipway (version %lld, this one knows %d)",
			(long long)version, SQL_VERSION);
	for (; version < SQL_VERSION; version++) {
		rc = migrate_from(s, version);
		if (rc < 0)
			return err_msg(e, rc, "%s", s->reason);
	}
	return 0;
}

static int count_rows(struct store *s)
{
	int rc = ask_int(s, sql_text(SQL_NODES_COUNT), &s->n_nodes);

	return rc < 0 ? rc : ask_int(s, sql_text(SQL_EVENTS_COUNT), &s->n_events);
}

/* Proves that we can write, so that a read-only folder is an error now and not at the first boot. */
static int prove_writable(struct store *s)
{
	int rc = run_script(s, "BEGIN IMMEDIATE");
	AUTO(str_done) struct str script = str_init(64);

	if (rc < 0)
		return rc;
	str_printf(&script, "PRAGMA user_version = %d; COMMIT", SQL_VERSION);
	return run_script(s, str_text(&script));
}

/* SQLite would make the file readable to all; its companions take the mode from it. */
static int make_private(int folder, struct err *e)
{
	AUTO(close_p)
	int fd = openat(
		folder, FILE_NAME, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);

	if (fd < 0) {
		int error = errno;

		return err_msg(e, -error, "%s", strerror(error));
	}
	return 0;
}

static int connect_file(struct store *s, const char *path)
{
	int rc = sqlite3_open_v2(path, &s->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);

	if (!s->db)
		return -ENOMEM;
	if (rc != SQLITE_OK)
		return store_failed(s, rc);
	(void)sqlite3_extended_result_codes(s->db, 1);
	(void)sqlite3_busy_timeout(s->db, BUSY_TIMEOUT_MS);
	(void)sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	(void)sqlite3_db_config(s->db, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
	(void)sqlite3_db_config(s->db, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
	return run_script(s, pragmas);
}

/* Fills *e without the path, which the caller adds. */
static int open_file(struct store *s, int folder, const char *path, struct err *e)
{
	int rc = make_private(folder, e);

	if (rc < 0)
		return rc;
	rc = connect_file(s, path);
	if (rc == 0)
		rc = check_file(s);
	if (rc < 0)
		return err_msg(e, rc, "%s", s->reason);
	rc = migrate(s, e);
	if (rc < 0)
		return rc;
	rc = count_rows(s);
	if (rc == 0)
		rc = prove_writable(s);
	return rc < 0 ? err_msg(e, rc, "%s", s->reason) : 0;
}

static void close_file(struct store *s)
{
	for (size_t i = 0; i < SQL_N; i++) {
		(void)sqlite3_finalize(s->statements[i]);
		s->statements[i] = NULL;
	}
	if (sqlite3_close(s->db) != SQLITE_OK)
		assert(false && "a statement is still open");
	s->db = NULL;
}

/* The write-ahead log goes with its file, so that what is left in it can still be read. */
static int move_aside(int folder, char *new_name, size_t size)
{
	static const char *const companions[] = {"-wal", "-shm"};
	char when[CLOCK_TEXT_SIZE], from[NAME_MAX + 1], to[NAME_MAX + 1];

	int n = snprintf(
		new_name, size, FILE_NAME ASIDE_SUFFIX "%s", clock_text(clock_wall_ms(), when));
	if (n < 0 || (size_t)n >= size)
		return -ENAMETOOLONG;
	if (renameat(folder, FILE_NAME, folder, new_name) < 0)
		return -errno;
	for (size_t i = 0; i < ARRAY_LEN(companions); i++) {
		n = snprintf(from, sizeof(from), FILE_NAME "%s", companions[i]);
		int m = snprintf(to, sizeof(to), "%s%s", new_name, companions[i]);

		if (n < 0 || m < 0 || (size_t)m >= sizeof(to))
			return -ENAMETOOLONG;
		/* A fresh file next to a stranger's log would be worse than no fresh file. */
		if (renameat(folder, from, folder, to) < 0 && errno != ENOENT)
			return -errno;
	}
	return fsync(folder) < 0 ? -errno : 0;
}

static int begin_afresh(struct store *s, int folder, const char *path, struct err *e)
{
	AUTO(str_done) struct str said = str_init(2 * PATH_MAX);
	char aside[NAME_MAX - sizeof("-wal")];
	struct err was = *e;

	close_file(s);
	int rc = move_aside(folder, aside, sizeof(aside));
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

	if (snprintf(path, sizeof(path), "%s/" FILE_NAME, folder) >= (int)sizeof(path))
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
	close_file(s);
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

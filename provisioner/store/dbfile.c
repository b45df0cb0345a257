#include "provisioner/store/dbfile.h"

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
#include "provisioner/store/store.h"

#define BUSY_TIMEOUT_MS 1000
#define ASIDE_SUFFIX ".damaged-" /* followed by the time */

/* EXTRA: a commit is on the disk when it returns, and so is the end of the rollback journal by which a fresh file
 * gets its write-ahead log: a journal that came back after a power cut would empty the file. The limit gives back
 * a write-ahead log that one big batch has blown up. Temporary tables stay in memory: the sandbox gives us no /tmp. */
static const char pragmas[] = "PRAGMA trusted_schema = OFF;"
			      "PRAGMA synchronous = EXTRA;"
			      "PRAGMA journal_mode = WAL;"
			      "PRAGMA foreign_keys = ON;"
			      "PRAGMA temp_store = MEMORY;"
			      "PRAGMA journal_size_limit = 8388608;";

static int run_script(struct store *s, const char *script)
{
	int rc = sqlite3_exec(s->db, script, NULL, NULL, NULL);

	return rc == SQLITE_OK ? 0 : store_failed(s, rc);
}

/* The first column of the first row of a statement that is run once. */
int dbfile_ask_int(struct store *s, const char *sql, int64_t *ret)
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
static int migrate_from(struct store *s, const struct dbfile_kind *k, int64_t version)
{
	AUTO(str_done) struct str script = str_init((size_t)64 << 10);

	str_printf(&script,
		"BEGIN IMMEDIATE; %s PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT;",
		k->migrations[version], k->application_id, (int)version + 1);
	assert(str_ok(&script));
	int rc = run_script(s, str_text(&script));
	if (rc < 0 && !sqlite3_get_autocommit(s->db))
		(void)sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL); /* closing does it too */
	return rc;
}

static int migrate(struct store *s, const struct dbfile_kind *k, struct err *e)
{
	int64_t version = 0, application = 0, tables = 0;
	int rc = dbfile_ask_int(s, "PRAGMA user_version", &version);

	if (rc == 0)
		rc = dbfile_ask_int(s, "PRAGMA application_id", &application);
	if (rc == 0)
		rc = dbfile_ask_int(s, "SELECT count(*) FROM sqlite_schema", &tables);
	if (rc < 0)
		return err_msg(e, rc, "%s", s->reason);
	if (version == 0 ? tables > 0 : application != k->application_id)
		return err_msg(e, -ENOTSUP, "is an SQLite file of another program");
	if (version > k->version)
		return err_msg(e, -ENOTSUP,
			"was written by a newer slipway (version %lld, this one knows %d)",
			(long long)version, k->version);
	for (; version < k->version; version++) {
		rc = migrate_from(s, k, version);
		if (rc < 0)
			return err_msg(e, rc, "%s", s->reason);
	}
	return 0;
}

/* Proves that we can write, so that a read-only folder is an error now and not at the first boot. */
static int prove_writable(struct store *s, const struct dbfile_kind *k)
{
	int rc = run_script(s, "BEGIN IMMEDIATE");
	AUTO(str_done) struct str script = str_init(64);

	if (rc < 0)
		return rc;
	str_printf(&script, "PRAGMA user_version = %d; COMMIT", k->version);
	return run_script(s, str_text(&script));
}

/* SQLite would make the file readable to all; its companions take the mode from it. */
static int make_private(const struct dbfile_kind *k, int folder, struct err *e)
{
	AUTO(close_p)
	int fd = openat(
		folder, k->name, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);

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

int dbfile_open(
	struct store *s, const struct dbfile_kind *k, int folder, const char *path, struct err *e)
{
	int rc = make_private(k, folder, e);

	if (rc < 0)
		return rc;
	rc = connect_file(s, path);
	if (rc == 0 && k->is_checked)
		rc = check_file(s);
	if (rc < 0)
		return err_msg(e, rc, "%s", s->reason);
	rc = migrate(s, k, e);
	if (rc < 0)
		return rc;
	rc = prove_writable(s, k);
	return rc < 0 ? err_msg(e, rc, "%s", s->reason) : 0;
}

/* A reader of a file that a writer keeps in the write-ahead mode writes to its index, not to the file. */
int dbfile_open_reader(
	struct store *s, const struct dbfile_kind *k, const char *path, struct err *e)
{
	int64_t version = 0;

	if (access(path, F_OK) < 0)
		return err_msg(e, -errno, "%s", strerror(errno));
	int rc = connect_file(s, path);
	if (rc == 0)
		rc = run_script(s, "PRAGMA query_only = ON");
	if (rc == 0)
		rc = dbfile_ask_int(s, "PRAGMA user_version", &version);
	if (rc < 0)
		return err_msg(e, rc, "%s", s->reason);
	if (version == 0)
		return err_msg(e, -ENOENT, "is empty");
	if (version != k->version)
		return err_msg(e, -ENOTSUP, "has version %lld, this slipway reads %d",
			(long long)version, k->version);
	return 0;
}

void dbfile_close(struct store *s)
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
int dbfile_put_aside(const struct dbfile_kind *k, int folder, char *ret_name, size_t size)
{
	static const char *const companions[] = {"-wal", "-shm"};
	char when[CLOCK_TEXT_SIZE], from[NAME_MAX + 1], to[NAME_MAX + 1];

	int n = snprintf(
		ret_name, size, "%s" ASIDE_SUFFIX "%s", k->name, clock_text(clock_wall_ms(), when));
	if (n < 0 || (size_t)n >= size)
		return -ENAMETOOLONG;
	if (renameat(folder, k->name, folder, ret_name) < 0)
		return -errno;
	for (size_t i = 0; i < ARRAY_LEN(companions); i++) {
		n = snprintf(from, sizeof(from), "%s%s", k->name, companions[i]);
		int m = snprintf(to, sizeof(to), "%s%s", ret_name, companions[i]);

		if (n < 0 || m < 0 || (size_t)m >= sizeof(to))
			return -ENAMETOOLONG;
		/* A fresh file next to a stranger's log would be worse than no fresh file. */
		if (renameat(folder, from, folder, to) < 0 && errno != ENOENT)
			return -errno;
	}
	return fsync(folder) < 0 ? -errno : 0;
}

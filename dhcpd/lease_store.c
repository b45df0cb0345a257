#include "dhcpd/lease_store.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "dhcpd/lease_read.h"
#include "provisioner/base/log.h"
#include "provisioner/base/parse.h"

#define SCHEMA_VERSION 1
#define VERSION_MAX 1000   /* no more than damage makes of it */
#define NEWER_VERSION (-1) /* beside SQLite's own results: the file's is newer than ours */
#define SET_ASIDE_MAX 1000
#define PATH_MAX_BYTES 4096
#define BUSY_MS 2000
#define LOG_PAGES 1000 /* of the write-ahead log, before it is moved into the database */
#define LOG_TIDY_PAGES 250
#define LOG_BYTES ((sqlite3_int64)LOG_PAGES * (4096 + 24))
#define LOG_STEP (64 << 10)

struct lease_store {
	sqlite3 *db;
	sqlite3_stmt *begin, *upsert, *commit; /* parsed once: an idle ACK waits for no parser */
	const char *dir;
	int log_pages; /* committed but not yet in the database */
};

/* EXCLUSIVE: one writer and no other reader, so no shared-memory file is needed. EXTRA: the rollback journal
 * that a fresh database begins with must be gone from its folder for good; else, on some file systems, a power
 * cut brings it back to undo what came later. */
/* The cache: a burst of leases from all over the table costs a twentieth more CPU than with a larger one. */
static const char pragmas[] = "PRAGMA locking_mode = EXCLUSIVE;"
			      "PRAGMA synchronous = EXTRA;"
			      "PRAGMA journal_mode = WAL;"
			      "PRAGMA trusted_schema = OFF;"
			      "PRAGMA cache_size = -256;";

static const char schema[] = "BEGIN IMMEDIATE;"
			     "CREATE TABLE IF NOT EXISTS lease ("
			     "  address INTEGER PRIMARY KEY,"
			     "  state INTEGER NOT NULL,"
			     "  htype INTEGER NOT NULL,"
			     "  hardware BLOB NOT NULL,"
			     "  client_id BLOB NOT NULL,"
			     "  written_mono_ms INTEGER NOT NULL,"
			     "  written_wall_ms INTEGER NOT NULL,"
			     "  left_ms INTEGER NOT NULL," /* until it ends, when it was written */
			     "  lease_s INTEGER NOT NULL,"
			     "  boot_id TEXT NOT NULL"
			     ") STRICT;"
			     "PRAGMA user_version = 1;"
			     "COMMIT;";

static const char upsert_sql[] = "INSERT OR REPLACE INTO lease VALUES (?,?,?,?,?,?,?,?,?,?)";
static int run(sqlite3 *db, const char *sql)
{
	return sqlite3_exec(db, sql, NULL, NULL, NULL);
}

static bool is_damage(int rc)
{
	int code = rc & 0xff;

	return code == SQLITE_CORRUPT || code == SQLITE_NOTADB || code == SQLITE_FORMAT;
}

/* SQLITE_ERROR: the tables are not what this program makes. */
static bool is_unreadable(int rc)
{
	return is_damage(rc) || rc == SQLITE_ERROR || rc == SQLITE_IOERR_READ ||
	       rc == SQLITE_IOERR_SHORT_READ;
}

static int read_number(void *number, int n_columns, char **values, char **names)
{
	(void)n_columns, (void)names;
	if (!values[0] || parse_u32(values[0], 0, VERSION_MAX, number) < 0)
		*(uint32_t *)number = VERSION_MAX;
	return 0;
}

/* Makes the table of a fresh database. */
static int make_tables(sqlite3 *db)
{
	uint32_t version = 0;
	int rc = sqlite3_exec(db, "PRAGMA user_version", read_number, &version, NULL);

	if (rc != SQLITE_OK || version == SCHEMA_VERSION)
		return rc;
	if (version == 0)
		return run(db, schema);
	return version < VERSION_MAX ? NEWER_VERSION : SQLITE_CORRUPT;
}

/* The log is written over from its beginning again once all of it is in the database, and never shortened: a
 * commit into blocks that the file has already costs the disk one write, one that makes the file longer a
 * second one for the file system's own journal. So the log, which SQLite removes when it is closed, is
 * filled with zeros at once: recovery stops at the first frame whose checksum is wrong. Failing costs
 * nothing but time. */
static void lengthen_log(sqlite3 *db)
{
	static const char zeros[LOG_STEP];
	sqlite3_file *log = NULL;
	sqlite3_int64 begin, size;

	if (sqlite3_file_control(db, NULL, SQLITE_FCNTL_JOURNAL_POINTER, &log) != SQLITE_OK ||
		!log->pMethods || log->pMethods->xFileSize(log, &begin) != SQLITE_OK)
		return;
	for (size = begin; size < LOG_BYTES; size += LOG_STEP) {
		if (log->pMethods->xWrite(log, zeros, sizeof(zeros), size) != SQLITE_OK) {
			/* A full disk: what is left of it is not for zeros. */
			(void)log->pMethods->xTruncate(log, begin);
			return;
		}
	}
	(void)log->pMethods->xSync(log, SQLITE_SYNC_NORMAL);
}

static int on_commit(void *store, sqlite3 *db, const char *name, int n_pages)
{
	struct lease_store *s = store;

	(void)name;
	s->log_pages = n_pages;
	if (n_pages >= LOG_PAGES)
		(void)sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	return SQLITE_OK;
}

static int prepare(sqlite3 *db, const char *sql, sqlite3_stmt **ret)
{
	return sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, ret, NULL);
}

static int prepare_all(struct lease_store *s)
{
	int rc = prepare(s->db, "BEGIN IMMEDIATE", &s->begin);

	if (rc == SQLITE_OK)
		rc = prepare(s->db, upsert_sql, &s->upsert);
	return rc == SQLITE_OK ? prepare(s->db, "COMMIT", &s->commit) : rc;
}

/* For a statement without rows. */
static int step(sqlite3_stmt *q)
{
	(void)sqlite3_step(q);
	return sqlite3_reset(
		q); /* says again what sqlite3_step() said, SQLITE_OK when it was done */
}

static int open_database(struct lease_store *s)
{
	char path[PATH_MAX_BYTES];
	int rc;

	if ((size_t)snprintf(path, sizeof(path), "%s/leases.db", s->dir) >= sizeof(path))
		return SQLITE_CANTOPEN;
	rc = sqlite3_open_v2(path, &s->db,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
	if (rc != SQLITE_OK)
		return rc;
	(void)sqlite3_extended_result_codes(s->db, 1);
	(void)sqlite3_busy_timeout(s->db, BUSY_MS);
	rc = run(s->db, pragmas);
	(void)sqlite3_wal_hook(s->db, on_commit, s);
	if (rc == SQLITE_OK)
		rc = make_tables(s->db);
	if (rc == SQLITE_OK)
		rc = prepare_all(s);
	if (rc == SQLITE_OK)
		lengthen_log(s->db);
	return rc;
}

static void close_database(struct lease_store *s)
{
	/* NULL is allowed; errors were reported when they happened. */
	(void)sqlite3_finalize(s->begin);
	(void)sqlite3_finalize(s->upsert);
	(void)sqlite3_finalize(s->commit);
	(void)sqlite3_close(s->db);
	*s = (struct lease_store){.dir = s->dir};
}

static int read_check(void *is_good, int n_columns, char **values, char **names)
{
	(void)names;
	*(bool *)is_good = n_columns == 1 && values[0] && strcmp(values[0], "ok") == 0;
	return 0;
}

static int check(sqlite3 *db)
{
	bool is_good = false;
	int rc = sqlite3_exec(db, "PRAGMA quick_check(1)", read_check, &is_good, NULL);

	return rc != SQLITE_OK ? rc : is_good ? SQLITE_OK : SQLITE_CORRUPT;
}

/* "leases.db", "leases.db.damaged-20261122T024100Z-wal", ... */
static int make_path(const struct lease_store *s, char ret[static PATH_MAX_BYTES], const char *mark,
	const char *suffix)
{
	int n = snprintf(ret, PATH_MAX_BYTES, "%s/leases.db%s%s", s->dir, mark, suffix);

	return n < PATH_MAX_BYTES ? 0 : -ENAMETOOLONG;
}

/* A name that says when, and that nothing has yet. */
static int choose_mark(const struct lease_store *s, int64_t wall_ms, char *ret, size_t size)
{
	char path[PATH_MAX_BYTES], when[32];
	time_t t = (time_t)(wall_ms / 1000);
	struct tm utc;

	if (!gmtime_r(&t, &utc) || strftime(when, sizeof(when), "%Y%m%dT%H%M%SZ", &utc) == 0)
		(void)snprintf(when, sizeof(when), "%lld", (long long)t);
	for (unsigned n = 1; n < SET_ASIDE_MAX; n++) {
		(void)snprintf(ret, size, n == 1 ? ".damaged-%s" : ".damaged-%s.%u", when, n);
		if (make_path(s, path, ret, "") < 0)
			return -ENAMETOOLONG;
		if (access(path, F_OK) < 0)
			return 0;
	}
	return -EEXIST;
}

/* Renames the database and its log. */
static int set_aside(const struct lease_store *s, int64_t wall_ms)
{
	static const char *const suffixes[] = {"", "-wal", "-journal"};
	char from[PATH_MAX_BYTES], to[PATH_MAX_BYTES], mark[64];
	int rc = choose_mark(s, wall_ms, mark, sizeof(mark));

	for (size_t i = 0; rc == 0 && i < ARRAY_LEN(suffixes); i++) {
		rc = make_path(s, from, "", suffixes[i]);
		if (rc == 0)
			rc = make_path(s, to, mark, suffixes[i]);
		if (rc == 0 && rename(from, to) < 0 && errno != ENOENT)
			rc = -errno;
	}
	if (rc == 0 && make_path(s, to, mark, "") == 0)
		log_error("the lease database was damaged: it is now %s, and a new one begins", to);
	return rc;
}

/* A log is written only beside a database. Alone it means that the database was removed, or cut to nothing. */
static bool is_log_alone(const struct lease_store *s)
{
	char path[PATH_MAX_BYTES];
	struct stat db, log;

	if (make_path(s, path, "", "-wal") < 0 || stat(path, &log) < 0 || log.st_size == 0)
		return false;
	return make_path(s, path, "", "") == 0 && (stat(path, &db) < 0 || db.st_size == 0);
}

static int open_and_read(
	struct lease_store *s, const struct moment *now, struct lease_table *t, size_t *ret_damaged)
{
	if (is_log_alone(s))
		return SQLITE_NOTADB;
	int opened = open_database(s);
	if (opened == NEWER_VERSION || !s->db)
		return opened;
	int checked = opened == SQLITE_OK ? check(s->db) : opened;
	int rc = lease_read(
		s->db, now, t, ret_damaged); /* whatever is wrong: what can be read counts */
	/* All pages were read once; few are soon again. */
	(void)sqlite3_db_release_memory(s->db);
	return checked != SQLITE_OK ? checked : rc;
}

/* Begins a fresh database with what could be read of the damaged one. */
static int begin_anew(struct lease_store *s, const struct moment *now, struct lease_table *t)
{
	size_t n = 0;
	struct lease_table *none = lease_table_new(&(struct hash_key){0});
	size_t damaged;

	close_database(s);
	int rc = set_aside(s, now->wall_ms) < 0 ? SQLITE_CANTOPEN
						: open_and_read(s, now, none, &damaged);
	lease_table_free(none);
	if (rc != SQLITE_OK)
		return rc;
	struct lease **all = xcalloc(lease_count(t) + 1, sizeof(struct lease *));
	for (size_t i = 0; i < lease_count(t); i++) {
		struct lease *l = lease_at(t, i);

		if (l->hlen + l->id_len > 0)
			all[n++] = l;
	}
	if (lease_store_write(s, all, n, now) < 0)
		log_error("lease database: the leases that were saved cannot be written: %s",
			sqlite3_errmsg(s->db));
	free(all);
	log_error("%zu leases were saved out of the damaged database", n);
	return SQLITE_OK;
}

static bool is_empty_file(const struct lease_store *s)
{
	char path[PATH_MAX_BYTES];
	struct stat db;

	return make_path(s, path, "", "") == 0 && stat(path, &db) == 0 && S_ISREG(db.st_mode) &&
	       db.st_size == 0;
}

struct lease_store *lease_store_open(const char *dir, const struct moment *now,
	struct lease_table *t, size_t *ret_damaged, struct err *e)
{
	struct lease_store *s = xcalloc(1, sizeof(*s));

	s->dir = dir;
	*ret_damaged = 0;
	if (is_empty_file(s))
		log_error("lease database in %s: the file is empty; no lease is known", dir);
	int rc = open_and_read(s, now, t, ret_damaged);
	if (is_unreadable(rc)) {
		log_error("lease database in %s: %s", dir, sqlite3_errstr(rc));
		rc = begin_anew(s, now, t);
	}
	if (rc == SQLITE_OK)
		return s;
	if (rc == NEWER_VERSION)
		(void)err_msg(e, -EPROTONOSUPPORT,
			"lease database %s/leases.db was written by a newer version of slipway; "
			"this "
			"one leaves it alone",
			dir);
	else
		(void)err_msg(e, -EIO, "lease database %s/leases.db: %s", dir,
			s->db && sqlite3_errcode(s->db) != SQLITE_OK ? sqlite3_errmsg(s->db)
								     : sqlite3_errstr(rc));
	lease_store_close(s);
	return NULL;
}

void lease_store_close(struct lease_store *s)
{
	if (!s)
		return;
	close_database(s);
	free(s);
}

static int write_one(struct lease_store *s, const struct lease *l, const struct moment *now)
{
	sqlite3_stmt *q = s->upsert;
	struct client c = lease_client(l);

	(void)sqlite3_bind_int64(q, COL_ADDRESS + 1, l->address);
	(void)sqlite3_bind_int(q, COL_STATE + 1, (int)l->state);
	(void)sqlite3_bind_int(q, COL_HTYPE + 1, c.htype);
	(void)sqlite3_bind_blob(q, COL_HARDWARE + 1, c.hw, c.hlen, SQLITE_STATIC);
	(void)sqlite3_bind_blob(q, COL_CLIENT_ID + 1, c.id ? c.id : c.hw, c.id_len, SQLITE_STATIC);
	(void)sqlite3_bind_int64(q, COL_WRITTEN_MONO + 1, now->mono_ms);
	(void)sqlite3_bind_int64(q, COL_WRITTEN_WALL + 1, now->wall_ms);
	(void)sqlite3_bind_int64(q, COL_LEFT + 1, lease_time_left(l->until_ms, now->mono_ms));
	(void)sqlite3_bind_int64(q, COL_LEASE_S + 1, l->lease_s);
	(void)sqlite3_bind_text(q, COL_BOOT_ID + 1, now->boot_id, -1, SQLITE_STATIC);
	return step(q); /* `c` is read for the last time */
}

static int errno_of(int rc)
{
	if ((rc & 0xff) == SQLITE_FULL)
		return -ENOSPC;
	return is_damage(rc) ? -EUCLEAN : -EIO;
}

/* Ends the transaction, whole or not at all. */
static int finish(struct lease_store *s, int rc)
{
	if (rc == SQLITE_OK)
		rc = step(s->commit);
	if (rc == SQLITE_OK)
		return 0;
	if (!sqlite3_get_autocommit(s->db))
		(void)run(s->db, "ROLLBACK"); /* an error here leaves it rolled back as well */
	return errno_of(rc);
}

int lease_store_write(
	struct lease_store *s, struct lease *const leases[], size_t n, const struct moment *now)
{
	int rc = step(s->begin);

	for (size_t i = 0; rc == SQLITE_OK && i < n; i++)
		rc = write_one(s, leases[i], now);
	rc = finish(s, rc);
	for (size_t i = 0; rc == 0 && i < n; i++)
		leases[i]->stored = true;
	return rc;
}

int lease_store_forget(struct lease_store *s, const uint32_t addresses[], size_t n)
{
	sqlite3_stmt *q = NULL;
	int rc = sqlite3_prepare_v2(s->db, "DELETE FROM lease WHERE address = ?", -1, &q, NULL);

	if (rc != SQLITE_OK)
		return errno_of(rc);
	rc = step(s->begin);
	for (size_t i = 0; rc == SQLITE_OK && i < n; i++) {
		(void)sqlite3_bind_int64(q, 1, addresses[i]);
		rc = step(q);
	}
	(void)sqlite3_finalize(q);
	return finish(s, rc);
}

void lease_store_tidy(struct lease_store *s)
{
	(void)sqlite3_db_release_memory(s->db);
	if (s->log_pages < LOG_TIDY_PAGES)
		return;
	/* What it cannot do now, the next one or the log's end will. */
	(void)sqlite3_wal_checkpoint_v2(s->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	s->log_pages = 0;
}

const char *lease_store_error(const struct lease_store *s)
{
	return sqlite3_errmsg(s->db);
}

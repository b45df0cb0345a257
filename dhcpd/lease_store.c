#include "dhcpd/lease_store.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "provisioner/base/log.h"
#include "provisioner/base/str.h"

#define SCHEMA_VERSION 1
#define PATH_MAX_BYTES 4096
#define BUSY_MS 2000
#define LOG_PAGES 1000 /* of the write-ahead log, before it is moved into the database */
#define LOG_TIDY_PAGES 250
#define LOG_BYTES ((sqlite3_int64)LOG_PAGES * (4096 + 24))
#define LOG_STEP (64 << 10)

struct lease_store {
	sqlite3 *db;
	sqlite3_stmt *upsert;
	const char *dir;
	int log_pages; /* committed but not yet in the database */
};

/* EXCLUSIVE: one writer and no other reader, so no shared-memory file is needed. EXTRA: the rollback journal
 * that a fresh database begins with must be gone from its folder for good; else, on some file systems, a power
 * cut brings it back to undo what came later. */
static const char pragmas[] = "PRAGMA locking_mode = EXCLUSIVE;"
			      "PRAGMA synchronous = EXTRA;"
			      "PRAGMA journal_mode = WAL;"
			      "PRAGMA trusted_schema = OFF;"
			      "PRAGMA cache_size = -1024;";

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
static const char load_sql[] =
	"SELECT address, state, htype, hardware, client_id,"
	" written_mono_ms, written_wall_ms, left_ms, lease_s, boot_id FROM lease";

enum column {
	COL_ADDRESS,
	COL_STATE,
	COL_HTYPE,
	COL_HARDWARE,
	COL_CLIENT_ID,
	COL_WRITTEN_MONO,
	COL_WRITTEN_WALL,
	COL_LEFT,
	COL_LEASE_S,
	COL_BOOT_ID,
};

static int run(sqlite3 *db, const char *sql)
{
	return sqlite3_exec(db, sql, NULL, NULL, NULL);
}

static bool is_damage(int rc)
{
	int code = rc & 0xff;

	return code == SQLITE_CORRUPT || code == SQLITE_NOTADB || code == SQLITE_FORMAT;
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
		rc = run(s->db, schema);
	if (rc == SQLITE_OK)
		rc = sqlite3_prepare_v3(
			s->db, upsert_sql, -1, SQLITE_PREPARE_PERSISTENT, &s->upsert, NULL);
	if (rc == SQLITE_OK)
		lengthen_log(s->db);
	return rc;
}

static void close_database(struct lease_store *s)
{
	(void)sqlite3_finalize(
		s->upsert); /* NULL is allowed; errors were reported when they happened */
	(void)sqlite3_close(s->db);
	s->upsert = NULL;
	s->db = NULL;
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

/* How much of a lease is left now. Within one boot the monotonic clock tells; otherwise the wall clock, but
 * never more than was left when it was written, for the clock may have gone back. */
static int64_t time_left(sqlite3_stmt *q, const struct moment *now)
{
	const char *boot_id = (const char *)sqlite3_column_text(q, COL_BOOT_ID);
	int64_t left = sqlite3_column_int64(q, COL_LEFT);
	bool is_this_boot = boot_id && strcmp(boot_id, now->boot_id) == 0;
	int64_t gone = is_this_boot ? now->mono_ms - sqlite3_column_int64(q, COL_WRITTEN_MONO)
				    : now->wall_ms - sqlite3_column_int64(q, COL_WRITTEN_WALL);

	if (gone < 0)
		gone = 0;
	return left - gone;
}

static bool is_within(int64_t v, int64_t min, int64_t max)
{
	return v >= min && v <= max;
}

/* A row that this program could have written. */
static bool row_is_sound(sqlite3_stmt *q)
{
	int hlen = sqlite3_column_bytes(q, COL_HARDWARE),
	    id_len = sqlite3_column_bytes(q, COL_CLIENT_ID);
	int64_t century_ms = (int64_t)100 * 366 * 86400 * 1000;

	return is_within(sqlite3_column_int64(q, COL_ADDRESS), 1, UINT32_MAX) &&
	       is_within(sqlite3_column_int64(q, COL_STATE), LEASE_FREE, LEASE_DECLINED) &&
	       is_within(sqlite3_column_int64(q, COL_HTYPE), 0, UINT8_MAX) &&
	       is_within(hlen, 0, MSG_HW_MAX) && is_within(id_len, 0, UINT8_MAX) &&
	       hlen + id_len > 0 &&
	       is_within(sqlite3_column_int64(q, COL_LEASE_S), 0, UINT32_MAX) &&
	       is_within(sqlite3_column_int64(q, COL_LEFT), -century_ms,
		       (int64_t)UINT32_MAX * 1000) &&
	       is_within(sqlite3_column_int64(q, COL_WRITTEN_MONO), 0, century_ms) &&
	       is_within(sqlite3_column_int64(q, COL_WRITTEN_WALL), -century_ms, century_ms);
}

static void load_row(sqlite3_stmt *q, const struct moment *now, struct lease_table *t)
{
	struct client c = {.htype = (uint8_t)sqlite3_column_int(q, COL_HTYPE),
		.hlen = (uint8_t)sqlite3_column_bytes(q, COL_HARDWARE),
		.id_len = (uint8_t)sqlite3_column_bytes(q, COL_CLIENT_ID),
		.id = sqlite3_column_blob(q, COL_CLIENT_ID)};
	int64_t left = time_left(q, now);
	uint32_t address = (uint32_t)sqlite3_column_int64(q, COL_ADDRESS);

	if (c.hlen > 0)
		memcpy(c.hw, sqlite3_column_blob(q, COL_HARDWARE), c.hlen);
	struct lease *l =
		lease_set(t, address, &c, (enum lease_state)sqlite3_column_int(q, COL_STATE),
			now->mono_ms, now->mono_ms + left);
	if (!l)
		return;
	l->lease_s = (uint32_t)sqlite3_column_int64(q, COL_LEASE_S);
	l->stored = true;
}

static int load(
	struct lease_store *s, const struct moment *now, struct lease_table *t, size_t *ret_damaged)
{
	sqlite3_stmt *q = NULL;
	int rc = sqlite3_prepare_v2(s->db, load_sql, -1, &q, NULL);

	*ret_damaged = 0;
	while (rc == SQLITE_OK && (rc = sqlite3_step(q)) == SQLITE_ROW) {
		rc = SQLITE_OK;
		if (row_is_sound(q))
			load_row(q, now, t);
		else
			(*ret_damaged)++;
	}
	(void)sqlite3_finalize(q); /* says again what sqlite3_step() said */
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

/* Renames the database and its log to names that say when they were given up. */
static int set_aside(const struct lease_store *s, int64_t wall_ms)
{
	static const char *const suffixes[] = {"", "-wal", "-shm"};
	char from[PATH_MAX_BYTES], to[PATH_MAX_BYTES];

	for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
		if ((size_t)snprintf(from, sizeof(from), "%s/leases.db%s", s->dir, suffixes[i]) >=
				sizeof(from) ||
			(size_t)snprintf(to, sizeof(to), "%s/leases.db.damaged-%lld%s", s->dir,
				(long long)(wall_ms / 1000), suffixes[i]) >= sizeof(to))
			return -ENAMETOOLONG;
		if (rename(from, to) < 0 && errno != ENOENT)
			return -errno;
		if (i == 0)
			log_error("the lease database was damaged: it is now %s, and a new one "
				  "begins",
				to);
	}
	return 0;
}

static int open_and_load(
	struct lease_store *s, const struct moment *now, struct lease_table *t, size_t *ret_damaged)
{
	int rc = open_database(s);

	if (rc == SQLITE_OK)
		rc = check(s->db);
	if (rc == SQLITE_OK)
		rc = load(s, now, t, ret_damaged);
	(void)sqlite3_db_release_memory(s->db); /* all pages were read once; few are soon again */
	return rc;
}

struct lease_store *lease_store_open(const char *dir, const struct moment *now,
	struct lease_table *t, size_t *ret_damaged, struct err *e)
{
	struct lease_store *s = xcalloc(1, sizeof(*s));

	s->dir = dir;
	int rc = open_and_load(s, now, t, ret_damaged);
	/* SQLITE_ERROR while opening: the tables are not what this program makes. */
	if (is_damage(rc) || rc == SQLITE_ERROR) {
		log_error("lease database in %s: %s", dir, sqlite3_errstr(rc));
		close_database(s);
		rc = set_aside(s, now->wall_ms) < 0 ? SQLITE_CANTOPEN
						    : open_and_load(s, now, t, ret_damaged);
	}
	if (rc == SQLITE_OK)
		return s;
	(void)err_msg(e, -EIO, "lease database %s/leases.db: %s", dir,
		s->db ? sqlite3_errmsg(s->db) : sqlite3_errstr(rc));
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

	(void)sqlite3_reset(q); /* its error is the last step's, which was seen */
	(void)sqlite3_bind_int64(q, COL_ADDRESS + 1, l->address);
	(void)sqlite3_bind_int(q, COL_STATE + 1, (int)l->state);
	(void)sqlite3_bind_int(q, COL_HTYPE + 1, c.htype);
	(void)sqlite3_bind_blob(q, COL_HARDWARE + 1, c.hw, c.hlen, SQLITE_STATIC);
	(void)sqlite3_bind_blob(q, COL_CLIENT_ID + 1, c.id ? c.id : c.hw, c.id_len, SQLITE_STATIC);
	(void)sqlite3_bind_int64(q, COL_WRITTEN_MONO + 1, now->mono_ms);
	(void)sqlite3_bind_int64(q, COL_WRITTEN_WALL + 1, now->wall_ms);
	(void)sqlite3_bind_int64(q, COL_LEFT + 1, l->until_ms - now->mono_ms);
	(void)sqlite3_bind_int64(q, COL_LEASE_S + 1, l->lease_s);
	(void)sqlite3_bind_text(q, COL_BOOT_ID + 1, now->boot_id, -1, SQLITE_STATIC);
	int rc = sqlite3_step(q); /* `c` is read for the last time */
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int errno_of(int rc)
{
	if ((rc & 0xff) == SQLITE_FULL)
		return -ENOSPC;
	return is_damage(rc) ? -EUCLEAN : -EIO;
}

int lease_store_write(
	struct lease_store *s, struct lease *const leases[], size_t n, const struct moment *now)
{
	int rc = run(s->db, "BEGIN IMMEDIATE");

	for (size_t i = 0; rc == SQLITE_OK && i < n; i++)
		rc = write_one(s, leases[i], now);
	(void)sqlite3_reset(s->upsert);
	if (rc == SQLITE_OK)
		rc = run(s->db, "COMMIT");
	if (rc != SQLITE_OK) {
		if (!sqlite3_get_autocommit(s->db))
			(void)run(s->db,
				"ROLLBACK"); /* an error here leaves it rolled back as well */
		return errno_of(rc);
	}
	for (size_t i = 0; i < n; i++)
		leases[i]->stored = true;
	return 0;
}

void lease_store_tidy(struct lease_store *s)
{
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

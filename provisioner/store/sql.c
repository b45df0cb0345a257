#include "provisioner/store/sql.h"

#include "provisioner/store/archive.h"

/* events.seq counts within one node, so that the oldest beyond a node's ceiling are one index range.
 * Tokens and boots stand and fall with their node; events are also written of strangers. */
const char *const sql_migrations[SQL_VERSION] = {
	"CREATE TABLE nodes ("
	" key TEXT PRIMARY KEY, name TEXT NOT NULL, macs TEXT NOT NULL, uuid TEXT NOT NULL,"
	" serial TEXT NOT NULL, role TEXT NOT NULL, address TEXT NOT NULL, state TEXT NOT NULL,"
	" state_since_ms INTEGER NOT NULL, stage TEXT NOT NULL, boot_id TEXT NOT NULL,"
	" generation INTEGER NOT NULL, facts TEXT NOT NULL, first_seen_ms INTEGER NOT NULL,"
	" last_seen_ms INTEGER NOT NULL"
	") STRICT;"
	"CREATE TABLE events ("
	" id INTEGER PRIMARY KEY AUTOINCREMENT, wall_ms INTEGER NOT NULL, node TEXT NOT NULL,"
	" seq INTEGER NOT NULL, kind TEXT NOT NULL,"
	" severity INTEGER NOT NULL CHECK (severity BETWEEN 1 AND 3), text TEXT NOT NULL,"
	" data TEXT NOT NULL, UNIQUE (node, seq)"
	") STRICT;"
	"CREATE TABLE tokens ("
	" hash BLOB PRIMARY KEY CHECK (length(hash) = 32),"
	" node TEXT NOT NULL REFERENCES nodes (key) ON UPDATE CASCADE ON DELETE CASCADE,"
	" nonce TEXT NOT NULL, created_ms INTEGER NOT NULL, expires_ms INTEGER NOT NULL,"
	" used_ms INTEGER"
	") STRICT;"
	"CREATE INDEX tokens_node ON tokens (node, created_ms);"
	"CREATE TABLE boots ("
	" nonce TEXT PRIMARY KEY,"
	" node TEXT NOT NULL REFERENCES nodes (key) ON UPDATE CASCADE ON DELETE CASCADE,"
	" client TEXT NOT NULL, generation INTEGER NOT NULL, created_ms INTEGER NOT NULL"
	") STRICT;"
	"CREATE INDEX boots_node ON boots (node, created_ms);"
	"CREATE TABLE generations ("
	" number INTEGER PRIMARY KEY, created_ms INTEGER NOT NULL, hash TEXT NOT NULL,"
	" summary TEXT NOT NULL"
	") STRICT;"
	"CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;",
};

/* objects.base names another object, which has none itself: then data is a delta of it (base/delta.h).
 * rendered.o0, o1, ... follow enum artefact_kind. */
const char *const sql_archive_migrations[SQL_ARCHIVE_VERSION] = {
	"CREATE TABLE objects ("
	" id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),"
	" size INTEGER NOT NULL, base INTEGER NOT NULL, data BLOB NOT NULL"
	") STRICT;"
	"CREATE TABLE published ("
	" number INTEGER PRIMARY KEY, created_ms INTEGER NOT NULL, hash TEXT NOT NULL,"
	" by TEXT NOT NULL, summary TEXT NOT NULL, listening TEXT NOT NULL,"
	" n_nodes INTEGER NOT NULL, n_changed INTEGER NOT NULL, rolled_back_to INTEGER NOT NULL"
	") STRICT;"
	"CREATE TABLE rendered ("
	" number INTEGER NOT NULL, name TEXT NOT NULL, key BLOB NOT NULL,"
	" hash BLOB NOT NULL, trace INTEGER NOT NULL,"
	" o0 INTEGER NOT NULL, o1 INTEGER NOT NULL, o2 INTEGER NOT NULL, o3 INTEGER NOT NULL,"
	" o4 INTEGER NOT NULL, o5 INTEGER NOT NULL, o6 INTEGER NOT NULL,"
	" PRIMARY KEY (number, name)"
	") STRICT, WITHOUT ROWID;"
	"CREATE TABLE files ("
	" number INTEGER NOT NULL, kind INTEGER NOT NULL, place INTEGER NOT NULL,"
	" name TEXT NOT NULL, object INTEGER NOT NULL, PRIMARY KEY (number, kind, place)"
	") STRICT, WITHOUT ROWID;",
};

#define NODE_COLUMNS                                                                           \
	"key, name, macs, uuid, serial, role, address, state, state_since_ms, stage, boot_id," \
	" generation, facts, first_seen_ms, last_seen_ms"
#define PUBLISHED_COLUMNS \
	"number, created_ms, hash, by, summary, listening, n_nodes, n_changed, rolled_back_to"
#define RENDERED_COLUMNS "name, key, hash, trace, o0, o1, o2, o3, o4, o5, o6"
#define EVENT_COLUMNS "id, wall_ms, node, kind, severity, text, data"

static const char *const texts[SQL_N] = {
	[SQL_BEGIN] = "BEGIN IMMEDIATE",
	[SQL_COMMIT] = "COMMIT",
	[SQL_ROLLBACK] = "ROLLBACK",

	[SQL_NODE_EXISTS] = "SELECT 1 FROM nodes WHERE key = ?",
	/* An upsert, not REPLACE: that would delete the row and its tokens with it. */
	[SQL_NODE_PUT] =
		"INSERT INTO nodes (" NODE_COLUMNS ")"
		" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
		" ON CONFLICT (key) DO UPDATE SET name = excluded.name, macs = excluded.macs,"
		" uuid = excluded.uuid, serial = excluded.serial, role = excluded.role,"
		" address = excluded.address, state = excluded.state,"
		" state_since_ms = excluded.state_since_ms, stage = excluded.stage,"
		" boot_id = excluded.boot_id, generation = excluded.generation,"
		" facts = excluded.facts, last_seen_ms = excluded.last_seen_ms",
	[SQL_NODE_DELETE] = "DELETE FROM nodes WHERE key = ?",
	[SQL_NODES] = "SELECT " NODE_COLUMNS " FROM nodes ORDER BY key",
	[SQL_NODES_COUNT] = "SELECT count(*) FROM nodes",

	[SQL_EVENT_ADD] = "INSERT INTO events (node, wall_ms, kind, severity, text, data, seq)"
			  " VALUES (?1, ?2, ?3, ?4, ?5, ?6,"
			  " (SELECT coalesce(max(seq), 0) + 1 FROM events WHERE node = ?1))",
	[SQL_EVENTS_PRUNE_NODE] = "DELETE FROM events WHERE node = ?1 AND seq <="
				  " (SELECT max(seq) FROM events WHERE node = ?1) - ?2",
	[SQL_EVENTS_PRUNE_ALL] = "DELETE FROM events WHERE id IN"
				 " (SELECT id FROM events ORDER BY id LIMIT ?)",
	[SQL_EVENTS_DELETE_NODE] = "DELETE FROM events WHERE node = ?",
	[SQL_EVENTS_COUNT] = "SELECT count(*) FROM events",
	[SQL_EVENTS_AFTER] = "SELECT " EVENT_COLUMNS " FROM events"
			     " WHERE id > ? ORDER BY id LIMIT ?",
	[SQL_EVENTS_AFTER_OF_NODE] = "SELECT " EVENT_COLUMNS " FROM events"
				     " WHERE node = ? AND id > ? ORDER BY seq LIMIT ?",
	[SQL_EVENTS_LAST] = "SELECT * FROM (SELECT " EVENT_COLUMNS " FROM events"
			    " ORDER BY id DESC LIMIT ?) ORDER BY id",
	[SQL_EVENTS_LAST_OF_NODE] = "SELECT * FROM (SELECT " EVENT_COLUMNS " FROM events"
				    " WHERE node = ? ORDER BY seq DESC LIMIT ?) ORDER BY id",

	[SQL_TOKEN_ADD] = "INSERT INTO tokens (hash, node, nonce, created_ms, expires_ms)"
			  " VALUES (?, ?, ?, ?, ?)",
	/* The test and the mark are one statement: no second use can come between them. */
	[SQL_TOKEN_USE] = "UPDATE tokens SET used_ms = ?2"
			  " WHERE hash = ?1 AND used_ms IS NULL AND expires_ms > ?2 RETURNING node",
	[SQL_TOKEN_LOOK] = "SELECT used_ms IS NOT NULL FROM tokens WHERE hash = ?",
	[SQL_TOKENS_PRUNE] =
		"DELETE FROM tokens WHERE hash IN (SELECT hash FROM tokens"
		" WHERE node = ? ORDER BY created_ms DESC, rowid DESC LIMIT -1 OFFSET ?)",

	[SQL_BOOT_ADD] = "INSERT INTO boots (nonce, node, client, generation, created_ms)"
			 " VALUES (?, ?, ?, ?, ?)",
	[SQL_BOOT_FIND] = "SELECT nonce, node, client, generation, created_ms FROM boots"
			  " WHERE nonce = ?",
	[SQL_BOOT_LAST] = "SELECT nonce, node, client, generation, created_ms FROM boots"
			  " WHERE node = ? ORDER BY created_ms DESC, rowid DESC LIMIT 1",
	[SQL_BOOTS_PRUNE] =
		"DELETE FROM boots WHERE nonce IN (SELECT nonce FROM boots"
		" WHERE node = ? ORDER BY created_ms DESC, rowid DESC LIMIT -1 OFFSET ?)",

	[SQL_OBJECT_FIND] = "SELECT id FROM objects WHERE hash = ?",
	[SQL_OBJECT_BASE] = "SELECT iif(base, base, id) FROM objects WHERE id = ?",
	[SQL_OBJECT_ADD] = "INSERT INTO objects (hash, size, base, data) VALUES (?, ?, ?, ?)",
	[SQL_OBJECT_GET] = "SELECT hash, size, base, data FROM objects WHERE id = ?",
	[SQL_OBJECT_DELETE] = "DELETE FROM objects WHERE id = ?",
	[SQL_OBJECTS] = "SELECT id, base FROM objects",
	[SQL_OBJECTS_LAST] = "SELECT coalesce(max(id), 0) FROM objects",

	[SQL_PUBLISHED_PUT] = "INSERT OR REPLACE INTO published (" PUBLISHED_COLUMNS ")"
			      " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
	[SQL_PUBLISHED_FIND] = "SELECT " PUBLISHED_COLUMNS " FROM published WHERE number = ?",
	[SQL_PUBLISHED_LAST] = "SELECT " PUBLISHED_COLUMNS " FROM published WHERE number > 0"
			       " ORDER BY number DESC LIMIT 1",
	[SQL_PUBLISHED_LAST_FOR] = "SELECT " PUBLISHED_COLUMNS " FROM published"
				   " WHERE number > 0 AND listening = ?"
				   " ORDER BY number DESC LIMIT 1",
	[SQL_PUBLISHED_ALL] = "SELECT " PUBLISHED_COLUMNS " FROM published WHERE number > 0"
			      " ORDER BY number DESC",
	[SQL_PUBLISHED_OLD] =
		"SELECT number FROM (SELECT number, row_number() OVER"
		" (PARTITION BY by = '" ARCHIVE_BY_ENROLL "' ORDER BY number DESC) AS place"
		" FROM published WHERE number > 0 AND number <> ?) WHERE place > ?",
	[SQL_PUBLISHED_DELETE] = "DELETE FROM published WHERE number = ?",

	[SQL_RENDERED_PUT] = "INSERT INTO rendered (number, " RENDERED_COLUMNS ")"
			     " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
	[SQL_RENDERED_GET] =
		"SELECT " RENDERED_COLUMNS " FROM rendered WHERE number = ? AND name = ?",
	[SQL_RENDERED_ALL] =
		"SELECT " RENDERED_COLUMNS " FROM rendered WHERE number = ? ORDER BY name",
	[SQL_RENDERED_REFERENCES] = "SELECT trace, o0, o1, o2, o3, o4, o5, o6 FROM rendered",
	[SQL_RENDERED_DELETE] = "DELETE FROM rendered WHERE number = ?",
	/* Those that are other or gone, then those that came. A FULL JOIN would look at every pair of nodes: SQLite
	 * uses no index for one. IS NOT: of a node that is gone, one hash is NULL. */
	[SQL_RENDERED_CHANGED] =
		"SELECT f.name, f.o0, f.o1, f.o2, f.o3, f.o4, f.o5, f.o6,"
		" t.o0, t.o1, t.o2, t.o3, t.o4, t.o5, t.o6"
		" FROM rendered f LEFT JOIN rendered t ON t.number = ?2 AND t.name = f.name"
		" WHERE f.number = ?1 AND f.hash IS NOT t.hash"
		" UNION ALL"
		" SELECT t.name, 0, 0, 0, 0, 0, 0, 0, t.o0, t.o1, t.o2, t.o3, t.o4, t.o5, t.o6"
		" FROM rendered t WHERE t.number = ?2 AND NOT EXISTS"
		" (SELECT 1 FROM rendered f WHERE f.number = ?1 AND f.name = t.name)"
		" ORDER BY 1",

	[SQL_FILE_PUT] =
		"INSERT INTO files (number, kind, name, object, place) VALUES (?1, ?2, ?3, ?4,"
		" (SELECT count(*) FROM files WHERE number = ?1 AND kind = ?2))",
	[SQL_FILES] = "SELECT name, object FROM files WHERE number = ? AND kind = ? AND place >= ?"
		      " ORDER BY place",
	[SQL_FILES_REFERENCES] = "SELECT object FROM files",
	[SQL_FILES_COPY] = "INSERT INTO files (number, kind, place, name, object)"
			   " SELECT ?2, kind, place, name, object FROM files WHERE number = ?1",
	[SQL_FILES_DELETE] = "DELETE FROM files WHERE number = ?",
	/* Names have no index: sorting both together is quicker than looking each up. */
	[SQL_FILES_CHANGED] =
		"SELECT kind, name, max(f), max(t) FROM"
		" (SELECT kind, name, object AS f, NULL AS t, place AS f_at, NULL AS t_at"
		" FROM files WHERE number = ?1"
		" UNION ALL SELECT kind, name, NULL, object, NULL, place"
		" FROM files WHERE number = ?2)"
		" GROUP BY kind, name HAVING max(f) IS NOT max(t)"
		" ORDER BY 1, coalesce(max(t_at), max(f_at))",
};

const char *sql_text(enum sql which)
{
	return texts[which];
}

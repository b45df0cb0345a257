/* sql.h - every line of SQL that the store speaks, in one table.
 *
 * Statements are named by enum sql; sql_text() gives the words. Parameters are bound and columns
 * are read in the order in which they are written. sql_migrations[n] takes a state.db from user_version
 * n to n + 1, sql_archive_migrations[n] a generations.db. */
#ifndef SLIPWAY_STORE_SQL_H
#define SLIPWAY_STORE_SQL_H

enum sql {
	SQL_BEGIN,
	SQL_COMMIT,
	SQL_ROLLBACK,
	SQL_NODE_EXISTS,
	SQL_NODE_PUT,
	SQL_NODE_DELETE,
	SQL_NODES,
	SQL_NODES_COUNT,
	SQL_EVENT_ADD,
	SQL_EVENTS_PRUNE_NODE,
	SQL_EVENTS_PRUNE_ALL,
	SQL_EVENTS_DELETE_NODE,
	SQL_EVENTS_COUNT,
	SQL_EVENTS_AFTER,
	SQL_EVENTS_AFTER_OF_NODE,
	SQL_EVENTS_LAST,
	SQL_EVENTS_LAST_OF_NODE,
	SQL_TOKEN_ADD,
	SQL_TOKEN_USE,
	SQL_TOKEN_LOOK,
	SQL_TOKENS_PRUNE,
	SQL_BOOT_ADD,
	SQL_BOOT_FIND,
	SQL_BOOT_LAST,
	SQL_BOOTS_PRUNE,
	SQL_OBJECT_FIND, /* from here on in generations.db */
	SQL_OBJECT_BASE,
	SQL_OBJECT_ADD,
	SQL_OBJECT_GET,
	SQL_OBJECT_DELETE,
	SQL_OBJECTS,
	SQL_OBJECTS_LAST,
	SQL_PUBLISHED_PUT,
	SQL_PUBLISHED_FIND,
	SQL_PUBLISHED_LAST,
	SQL_PUBLISHED_LAST_FOR,
	SQL_PUBLISHED_ALL,
	SQL_PUBLISHED_OLD,
	SQL_PUBLISHED_DELETE,
	SQL_RENDERED_PUT,
	SQL_RENDERED_GET,
	SQL_RENDERED_ALL,
	SQL_RENDERED_REFERENCES,
	SQL_RENDERED_DELETE,
	SQL_RENDERED_CHANGED,
	SQL_FILE_PUT,
	SQL_FILES,
	SQL_FILES_REFERENCES,
	SQL_FILES_COPY,
	SQL_FILES_DELETE,
	SQL_FILES_CHANGED,
	SQL_N
};

/* Changes the version numbers in a file mean nothing to: "Slpw". */
#define SQL_APPLICATION_ID 0x536c7077
#define SQL_VERSION 1

extern const char *const sql_migrations[SQL_VERSION];

/* The same for generations.db: "SlpG". */
#define SQL_ARCHIVE_ID 0x536c7047
#define SQL_ARCHIVE_VERSION 1

extern const char *const sql_archive_migrations[SQL_ARCHIVE_VERSION];

const char *sql_text(enum sql which);

#endif

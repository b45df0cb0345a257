/* sql.h - every line of SQL that the store speaks, in one table.
 *
 * Statements are named by enum sql; sql_text() gives the words. Parameters are bound and columns
 * are read in the order in which they are written. sql_migrations[n] takes a file from user_version
 * n to n + 1. */
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
	SQL_BOOTS_PRUNE,
	SQL_GENERATION_ADD,
	SQL_GENERATION_LAST,
	SQL_GENERATIONS_PRUNE,
	SQL_SETTING_PUT,
	SQL_SETTING_DELETE,
	SQL_SETTING_GET,
	SQL_N
};

/* Changes the version numbers in a file mean nothing to: "Slpw". */
#define SQL_APPLICATION_ID 0x536c7077
#define SQL_VERSION 1

extern const char *const sql_migrations[SQL_VERSION];

const char *sql_text(enum sql which);

#endif

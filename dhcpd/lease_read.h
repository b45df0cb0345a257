/* lease_read.h - reads the rows of a lease database into a table: as many as can be read.
 *
 * Where the file is damaged reading goes on from its other end, so that only what lies between two damaged
 * places is lost. A row that this program could not have written is left out and counted. */
#ifndef SLIPWAY_DHCPD_LEASE_READ_H
#define SLIPWAY_DHCPD_LEASE_READ_H

#include <stddef.h>

#include "dhcpd/lease_store.h"

struct sqlite3;

/* The columns of the table, in order; parameters of an INSERT are numbered from 1. */
enum lease_column {
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

/* SQLITE_OK when all rows were seen, or what SQLite said of the first that could not be. */
int lease_read(struct sqlite3 *db, const struct moment *now, struct lease_table *t,
	size_t *ret_damaged) MUST_USE;

/* What is written of a time, so that reading takes it for sound again. */
int64_t lease_time_left(int64_t until_ms, int64_t now_ms);

#endif

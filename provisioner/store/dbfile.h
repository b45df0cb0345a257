/* dbfile.h - one SQLite file: opened, checked, brought to our version, or put aside when it is damaged.
 *
 * What is in it is its module's affair (store.c, archive.c). Private to the store. */
#ifndef SLIPWAY_STORE_DBFILE_H
#define SLIPWAY_STORE_DBFILE_H

#include "provisioner/base/err.h"
#include "provisioner/store/query.h"

/* Which file: migrations[n] takes one from user_version n to n + 1. */
struct dbfile_kind {
	const char *name;   /* "state.db" */
	int application_id; /* the version numbers in other files mean nothing to us */
	int version;
	const char *const *migrations;
	bool is_checked; /* every page is looked at when it is opened */
};

/* Opens `path`, which is k->name in `folder`, and makes it, mode 0600. 0, -EUCLEAN (damaged), -ENOTSUP (of a newer
 * version, or another program's), or a negative errno; *e does not name the path, which the caller adds. */
int dbfile_open(struct store *s, const struct dbfile_kind *k, int folder, const char *path,
	struct err *e) MUST_USE;

/* The same file to read it only: -ENOENT when there is none. */
int dbfile_open_reader(
	struct store *s, const struct dbfile_kind *k, const char *path, struct err *e) MUST_USE;

void dbfile_close(struct store *s);

/* Renames a damaged file, with its companions. */
int dbfile_put_aside(const struct dbfile_kind *k, int folder, char *ret_name, size_t size) MUST_USE;

/* The first column of the first row of a statement that is run once. */
int dbfile_ask_int(struct store *s, const char *sql, int64_t *ret) MUST_USE;

#endif

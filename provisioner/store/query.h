/* query.h - one prepared statement at work: values in, rows out.
 *
 *   AUTO(query_done) struct query q = query_start(s, SQL_BOOT_FIND);
 *   query_put_text(&q, nonce);
 *   int rc = query_next(&q);
 *
 * The first failure latches: later calls do nothing and query_next() reports it. Values are bound,
 * and columns read, from left to right. Bound and read text is borrowed until query_done().
 * This is where SQLite's result codes become errno's. Private to the store. */
#ifndef SLIPWAY_STORE_QUERY_H
#define SLIPWAY_STORE_QUERY_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "provisioner/base/mem.h"
#include "provisioner/store/sql.h"

#define STORE_REASON_SIZE 256

struct store {
	sqlite3 *db;
	sqlite3_stmt *statements[SQL_N]; /* each prepared at its first use */
	bool batch;                      /* between begin and commit */
	int failed;                      /* the error that dooms the open batch; else 0 */
	int64_t n_nodes, n_events;       /* rows, counted along: count(*) walks a whole table */
	char *damage;                    /* NULL, or what was wrong with the file we found */
	char reason[STORE_REASON_SIZE];
};

struct query {
	struct store *s;
	sqlite3_stmt *statement;
	int n_put, n_got, rc;
};

struct query query_start(struct store *s, enum sql which);
void query_done(struct query *q);

/* Longer text than `max` bytes latches -EMSGSIZE; NULL counts as "". */
void query_put_text(struct query *q, const char *text, size_t max);
void query_put_int(struct query *q, int64_t v);
void query_put_blob(struct query *q, const void *data, size_t len);
void query_put_address(struct query *q, uint32_t address); /* 0 as "" */

/* 0 and a row to read, -ENOENT when there is no (further) one, or the failure: -EEXIST (key is
 * taken), -ENOENT too for a reference to nothing, and what store.h lists. */
int query_next(struct query *q) MUST_USE;

/* For a statement without rows: 0 or the failure. */
int query_run(struct query *q) MUST_USE;

int64_t query_int(struct query *q);
const char *query_text(struct query *q);
uint32_t query_address(struct query *q);
const void *query_blob(struct query *q, size_t *ret_len);

/* Copies the column into a buffer; it was bounded when it was stored. */
void query_copy(struct query *q, char *to, size_t size);

/* Keeps what SQLite says about its result code `rc`, and dooms the open batch if it is more than a
 * broken constraint. Returns the errno that the code stands for. */
int store_failed(struct store *s, int rc);

/* Makes a change of several statements a batch of its own where none is open. operation_end() takes
 * what came of it: 0 commits, an error drops such an own batch. */
struct operation {
	struct store *s;
	bool own;
};
int operation_begin(struct store *s, struct operation *ret) MUST_USE;
int operation_end(struct operation *o, int rc) MUST_USE;

#endif

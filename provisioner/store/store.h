/* store.h - what the provisioner must still know after kill -9.
 *
 * One SQLite file, state.db, in a folder of its own. Calls between store_begin() and store_commit()
 * are one batch: when store_commit() returns 0 all of it is on the disk, otherwise nothing of it is.
 * A call outside a batch is a batch of its own and costs an fsync. Never tell a client that
 * something happened before its batch is committed.
 * Text in structs is borrowed, in both directions: from the caller during a put, from the store
 * during a callback. NULL is stored as "", and nothing comes back as NULL. Times are wall-clock
 * milliseconds. Every table has a ceiling.
 * Errors of all calls: -ENOSPC (disk full), -EROFS, -EIO, -EUCLEAN (the file is damaged: end the
 * process, the next store_open() deals with it), -EBUSY (another program holds the file). After one
 * of these inside a batch all its further calls fail alike, and so does its commit. -EMSGSIZE (a
 * text is longer than its bound below) leaves the batch as it was. store_reason() has the words. */
#ifndef SLIPWAY_STORE_STORE_H
#define SLIPWAY_STORE_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "provisioner/base/err.h"

#define STORE_KEY_SIZE 64 /* a node's key with its NUL */
#define STORE_NONCE_SIZE 65
#define STORE_HASH_LEN 32
#define STORE_NODES_MAX 65536
#define STORE_EVENTS_MAX 500000
#define STORE_EVENTS_PER_NODE_MAX 10000
#define STORE_PASSES_PER_NODE_MAX 16 /* newest tokens and newest boots that are kept of one node */
#define STORE_GENERATIONS_MAX 1000
#define STORE_FACTS_MAX ((size_t)64 << 10)
#define STORE_TEXT_MAX ((size_t)4 << 10) /* any other text */

struct store;

/* Opens or makes `folder`/state.db, mode 0600. A damaged file is renamed aside and a fresh one is
 * begun: store_damage() then says so. A file of a newer version is refused with -ENOTSUP. */
int store_open(const char *folder, struct store **ret, struct err *e) MUST_USE;
void store_close(struct store *s); /* drops an open batch */

/* NULL, or what was wrong with the file that was found, and where it lies now: to be logged as an
 * error. It also stands in the events, as kind "store" of node "". */
const char *store_damage(const struct store *s);

/* What SQLite said about the last failure; "" if there was none. */
const char *store_reason(const struct store *s);

/* A batch cannot be begun inside another. store_abort() drops what was put since. */
int store_begin(struct store *s) MUST_USE;
int store_commit(struct store *s) MUST_USE;
void store_abort(struct store *s);

struct store_node {
	const char *key;  /* its name; for an unknown machine, its first MAC as text */
	const char *name; /* "" for an unknown machine */
	const char *macs; /* "52:54:00:00:00:01,52:54:00:00:00:02" */
	const char *uuid, *serial, *role;
	uint32_t address;
	const char *state;
	int64_t state_since_ms;
	const char *stage;     /* the last step seen */
	const char *boot_id;   /* the kernel's, as the join agent reported it */
	int64_t generation;    /* that was served last; 0: none */
	const char *facts;     /* JSON */
	int64_t first_seen_ms; /* kept from the first put of this key */
	int64_t last_seen_ms;
};

/* Adds or replaces. -E2BIG: STORE_NODES_MAX are there already. */
int store_node_put(struct store *s, const struct store_node *n) MUST_USE;

/* Its events, tokens and boots go too. 0 also when there was none. */
int store_node_delete(struct store *s, const char *key) MUST_USE;

/* Calls `fn` for each node, by key. A value other than 0 from `fn` ends the walk and is returned.
 * In this and every other walk `fn` must not call the store. */
int store_nodes_each(
	struct store *s, int (*fn)(const struct store_node *n, void *arg), void *arg) MUST_USE;

enum store_severity { STORE_INFO = 1, STORE_WARN, STORE_ERROR };

struct store_event {
	int64_t id; /* grows for ever, never used twice in one file */
	int64_t wall_ms;
	const char *node; /* a key; it need not be among the nodes */
	const char *kind; /* "dhcp", "loader", "script", "kernel", "config", "joined", ... */
	enum store_severity severity;
	const char *text; /* one line for a person */
	const char *data; /* JSON, or "" */
};

/* Ignores e->id. The oldest events beyond the two ceilings go. ret_id may be NULL. */
int store_event_add(struct store *s, const struct store_event *e, int64_t *ret_id) MUST_USE;

/* At most `limit` events with ids above `after_id`, oldest first; `node` NULL: of all nodes. */
int store_events_each(struct store *s, const char *node, int64_t after_id, unsigned limit,
	int (*fn)(const struct store_event *e, void *arg), void *arg) MUST_USE;

/* The newest `limit` events, oldest first. */
int store_events_last(struct store *s, const char *node, unsigned limit,
	int (*fn)(const struct store_event *e, void *arg), void *arg) MUST_USE;

struct store_token {
	uint8_t hash
		[STORE_HASH_LEN]; /* SHA-256 of the token; the token itself is nowhere on disk */
	const char *node;         /* must be among the nodes, else -ENOENT */
	const char *nonce;        /* of the boot that it belongs to */
	int64_t created_ms, expires_ms;
};

int store_token_add(struct store *s, const struct store_token *t) MUST_USE;

/* Uses a token up, at most once whatever happens. 0 and its node, -ENOENT (unknown), -EALREADY
 * (used before), -ETIME (expired). */
int store_token_use(struct store *s, const uint8_t hash[static STORE_HASH_LEN], int64_t now_ms,
	char ret_node[static STORE_KEY_SIZE]) MUST_USE;

struct store_boot {
	char nonce[STORE_NONCE_SIZE]; /* what makes this boot's URLs unguessable */
	char node[STORE_KEY_SIZE];    /* must be among the nodes, else -ENOENT */
	uint32_t client;              /* the address that asked */
	int64_t generation, created_ms;
};

int store_boot_add(struct store *s, const struct store_boot *b) MUST_USE; /* or -EEXIST */
int store_boot_find(
	struct store *s, const char *nonce, struct store_boot *ret) MUST_USE; /* or -ENOENT */

/* The newest one of a node, or -ENOENT. */
int store_boot_last(struct store *s, const char *node, struct store_boot *ret) MUST_USE;

#endif

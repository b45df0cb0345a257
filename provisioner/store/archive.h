/* archive.h - the generations that were published, with every byte that each node of theirs gets.
 *
 * One SQLite file, generations.db. Texts are kept once each, by their SHA-256, and small where they are like
 * another one; a text that does not have its hash any more is never given out. One process writes, any number
 * read. A generation appears whole, with its commit, or not at all, whatever is killed when.
 * Generation ARCHIVE_DRAFT is one that was rendered to be looked at: it is never served, and the next takes its place.
 * Errors: those of store.h; -ENOENT (no such generation, node or text). archive_reason() has the words. */
#ifndef SLIPWAY_STORE_ARCHIVE_H
#define SLIPWAY_STORE_ARCHIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "provisioner/base/err.h"
#include "provisioner/base/str.h"

#define ARCHIVE_DRAFT 0
#define ARCHIVE_KEPT 10 /* published generations, the newest */
#define ARCHIVE_BY_ENROLL \
	"enroll" /* published for unknown machines: as many are kept again of these */
#define ARCHIVE_HASH_LEN 32
#define ARCHIVE_WORD_SIZE 128
#define ARCHIVE_LISTENING_SIZE 384
#define ARCHIVE_TEXT_MAX ((size_t)16 << 20)

/* What a node gets. Rows of nodes have an object for each; one that a node has not is "". */
enum artefact_kind {
	ARTEFACT_CLOUD_CONFIG, /* as the template rendered it */
	ARTEFACT_CONFIG,       /* what the node's system reads */
	ARTEFACT_IPXE,
	ARTEFACT_GRUB,
	ARTEFACT_BOOT,    /* image, kernel, RAM disks, kernel arguments */
	ARTEFACT_DHCP,    /* the answer of DHCP, as text */
	ARTEFACT_SECRETS, /* what it may fetch, a word a line */
	N_ARTEFACTS
};

/* "cloud-config", "config", "ipxe", ...; and back: -1 for no such word. */
const char *artefact_name(enum artefact_kind kind);
int artefact_find(const char *name);

struct archive;

/* Opens or makes `folder`/generations.db, mode 0600; a reader's call fails with -ENOENT when there is none. A
 * damaged file is put aside by a writer, which logs that, and begun afresh. */
int archive_open(const char *folder, bool is_writer, struct archive **ret, struct err *e) MUST_USE;
void archive_close(struct archive *a);
const char *archive_reason(const struct archive *a);

struct archive_generation {
	int64_t number;
	int64_t created_ms;
	char hash[2 * ARCHIVE_HASH_LEN + 1]; /* hex, over all that it was made from and holds */
	char by[ARCHIVE_WORD_SIZE]; /* who published it: "start", "reload", "enroll", a user's name */
	char summary[256];          /* one line: nodes, image */
	char listening[ARCHIVE_LISTENING_SIZE]; /* what a server must listen on that serves it */
	int64_t n_nodes, n_changed;             /* nodes that get something else than before */
	int64_t rolled_back_to;                 /* the generation that it repeats, or 0 */
};

/* The newest published one; with `listening`, of those a server that listens so can serve. */
int archive_last(struct archive *a, const char *listening, struct archive_generation *ret) MUST_USE;
int archive_find(struct archive *a, int64_t number, struct archive_generation *ret) MUST_USE;

/* Calls `fn` for each published one, newest first. A value other than 0 ends the walk and is returned. */
int archive_each(struct archive *a, int (*fn)(const struct archive_generation *g, void *arg),
	void *arg) MUST_USE;

/* Texts that belong to the whole of a generation. */
enum archive_file {
	ARCHIVE_INPUT =
		1, /* what the operator wrote: cluster.yaml first, then its includes, by their names */
	ARCHIVE_SHARED /* what every machine may get: boot/boot.ipxe, ... */
};

int archive_files_each(struct archive *a, int64_t number, enum archive_file kind,
	int (*fn)(const char *name, const struct str *text, void *arg), void *arg) MUST_USE;

/* One node of a generation. Two objects are the same number exactly when they are the same bytes. */
struct archive_node {
	const char *name;
	uint8_t key[ARCHIVE_HASH_LEN]; /* over all that its rendering has read */
	uint8_t hash
		[ARCHIVE_HASH_LEN]; /* over all that it gets: equal in any two generations, equal texts */
	int64_t trace;              /* object: what that was */
	int64_t objects[N_ARTEFACTS];
};

/* By name. The strings are good during the call. */
int archive_nodes_each(struct archive *a, int64_t number,
	int (*fn)(const struct archive_node *n, void *arg), void *arg) MUST_USE;

/* ret->name borrows `node`. */
int archive_node_find(
	struct archive *a, int64_t number, const char *node, struct archive_node *ret) MUST_USE;

/* What becomes different from one generation to another: a node that gets something else, came or went (then all its
 * objects there are 0), and a file likewise. By name. */
struct archive_change {
	const char *name;
	int64_t from[N_ARTEFACTS], to[N_ARTEFACTS];
};

int archive_changes_each(struct archive *a, int64_t from, int64_t to,
	int (*fn)(const struct archive_change *c, void *arg), void *arg) MUST_USE;

struct archive_file_change {
	enum archive_file kind;
	const char *name;
	int64_t from, to;
};

int archive_file_changes_each(struct archive *a, int64_t from, int64_t to,
	int (*fn)(const struct archive_file_change *c, void *arg), void *arg) MUST_USE;

/* Adds a text to *ret: by object, or what a node of a generation gets. */
int archive_text(struct archive *a, int64_t object, struct str *ret) MUST_USE;
int archive_node_text(struct archive *a, int64_t number, const char *node, enum artefact_kind kind,
	struct str *ret) MUST_USE;

/* --- writing: between begin and commit, by the one writer ----------------------------------------- */

int archive_begin(struct archive *a) MUST_USE;
void archive_abort(struct archive *a);

/* Keeps a text; *ret is its object, ret_hash its SHA-256. `like` is an object that it resembles, or 0. */
int archive_put(struct archive *a, const char *text, size_t len, int64_t like, int64_t *ret,
	uint8_t ret_hash[static ARCHIVE_HASH_LEN]) MUST_USE;
int archive_put_node(struct archive *a, int64_t number, const struct archive_node *n) MUST_USE;
int archive_put_file(struct archive *a, int64_t number, enum archive_file kind, const char *name,
	const char *text, size_t len) MUST_USE;

/* The files of one generation, for another too. */
int archive_copy_files(struct archive *a, int64_t from, int64_t to) MUST_USE;

/* Forgets a generation: before a draft is begun, and what was put under a number. */
int archive_drop(struct archive *a, int64_t number) MUST_USE;

/* Makes it appear, with what was put under its number. */
int archive_commit(struct archive *a, const struct archive_generation *g) MUST_USE;

/* Of the published ones, those beyond ARCHIVE_KEPT go, but for `in_use` (0: none); and the texts that nothing
 * needs any more. Machines that arrive one by one push out no generation that somebody made. Outside of begin and
 * commit. */
int archive_tidy(struct archive *a, int64_t in_use) MUST_USE;

#endif

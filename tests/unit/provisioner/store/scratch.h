/* scratch.h - a folder for one test case, and a store in it. */
#ifndef SLIPWAY_TESTS_STORE_SCRATCH_H
#define SLIPWAY_TESTS_STORE_SCRATCH_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/test.h"

#include "provisioner/store/store.h"

struct scratch {
	char path[64];
	struct store *store;
};

static inline struct store *scratch_open(struct scratch *t)
{
	struct err e = {0};

	if (store_open(t->path, &t->store, &e) != 0)
		fail_msg("%s", e.msg);
	return t->store;
}

static inline struct scratch scratch_new(void)
{
	struct scratch t = {.path = "/tmp/slipway-store.XXXXXX"};

	if (!mkdtemp(t.path))
		fail_msg("no scratch folder");
	assert_int_equal(chmod(t.path, 0755), 0);
	scratch_open(&t);
	return t;
}

static inline int scratch_remove(
	const char *path, const struct stat *st, int kind, struct FTW *walk)
{
	(void)st, (void)kind, (void)walk;
	return remove(path);
}

static inline void scratch_done(struct scratch *t)
{
	store_close(t->store);
	(void)nftw(t->path, scratch_remove, 8, FTW_DEPTH | FTW_PHYS);
}

static inline struct store *scratch_reopen(struct scratch *t)
{
	store_close(t->store);
	t->store = NULL;
	return scratch_open(t);
}

static inline int scratch_count_node(const struct store_node *n, void *arg)
{
	(void)n;
	++*(unsigned *)arg;
	return 0;
}

static inline unsigned scratch_n_nodes(struct store *s)
{
	unsigned n = 0;

	assert_int_equal(store_nodes_each(s, scratch_count_node, &n), 0);
	return n;
}

static inline void scratch_put_node(struct store *s, const char *key)
{
	assert_int_equal(
		store_node_put(s, &(struct store_node){.key = key, .state = "waiting"}), 0);
}

#endif

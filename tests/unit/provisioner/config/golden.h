/* golden.h - cloud-configs for tests: given as text, or from a file with the output it must give. */
#ifndef SLIPWAY_TESTS_CONFIG_GOLDEN_H
#define SLIPWAY_TESTS_CONFIG_GOLDEN_H

#include "tests/unit/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "provisioner/base/files.h"
#include "provisioner/config/emit.h"

#define GOLDEN_DIR "tests/data/config/"

struct golden {
	struct arena *arena;
	struct err_list errors;
	struct cloudconfig *c;
	struct str out;
};

static inline struct golden golden_init(void)
{
	return (struct golden){
		.arena = arena_new((size_t)32 << 20), .out = str_init((size_t)8 << 20)};
}

static inline void golden_done(struct golden *g)
{
	arena_free(g->arena);
	str_done(&g->out);
}

/* Reads what must be right. */
static inline void golden_read(struct golden *g, const char *text)
{
	int rc = cloudconfig_read(g->arena, "test", text, strlen(text), &g->c, &g->errors);

	err_list_print(&g->errors, stderr);
	assert_int_equal(rc, 0);
}

static inline void golden_read_body(struct golden *g, const char *body)
{
	char *text = arena_printf(g->arena, "#cloud-config\n%s", body);

	assert_non_null(text);
	golden_read(g, text);
}

static inline char *golden_load(struct golden *g, const char *name)
{
	char *text = NULL, path[256];
	size_t len;

	assert_true(snprintf(path, sizeof(path), GOLDEN_DIR "%s", name) < (int)sizeof(path));
	if (file_read(AT_FDCWD, path, (size_t)4 << 20, &text, &len) < 0)
		return NULL;
	char *kept = arena_strndup(g->arena, text, len);
	free(text);
	return kept;
}

/* The text must be what the file holds. UPDATE_GOLDEN=1 writes the file instead: read the diff. */
static inline void golden_expect(struct golden *g, const char *name, const char *text)
{
	if (getenv("UPDATE_GOLDEN")) {
		int dir = dir_open(GOLDEN_DIR);

		assert_int_equal(file_write(dir, name, text, strlen(text), 0644), 0);
		(void)close(dir);
	}
	const char *want = golden_load(g, name);
	assert_non_null(want);
	assert_string_equal(text, want);
}

#endif

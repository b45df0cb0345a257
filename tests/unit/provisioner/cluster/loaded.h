/* loaded.h - a cluster read from text, for tests: one at a time, with its errors good until the next. */
#ifndef SLIPWAY_TESTS_CLUSTER_LOADED_H
#define SLIPWAY_TESTS_CLUSTER_LOADED_H

#include "provisioner/cluster/cluster.h"

/* What a cluster has at least, but for its roles. */
#define LOADED_FRAME                                                  \
	"cluster: acm\n"                                              \
	"network: {internal: {interface: b, address: 10.0.0.1/24}}\n" \
	"dhcp: {pool: 10.0.0.100-10.0.0.199}\n"                       \
	"image: lab/1\n"

static struct arena *arena;
static struct err_list errors;

static inline void load_anew(void)
{
	arena_free(arena);
	arena = arena_new((size_t)16 << 20);
	errors = (struct err_list){0};
}

/* NULL when it is refused. Not inline: gcc does not know that an assertion ends a case. */
__attribute__((noinline, unused)) static struct cluster *load_as(const char *file, const char *text)
{
	struct cluster *c = NULL;

	load_anew();
	text = arena_strdup(arena, text);
	return cluster_load(arena, file, text, strlen(text), &c, &errors) < 0 ? NULL : c;
}

static inline const char *first_error(void)
{
	static char buf[1024];

	assert_true(errors.n > 0);
	return err_text(&errors.list[0], buf, sizeof(buf));
}

#endif

/* place.h - an empty image store for each test program, which has to leave it empty again. */
#ifndef SLIPWAY_TESTS_IMAGES_PLACE_H
#define SLIPWAY_TESTS_IMAGES_PLACE_H

#include <stdlib.h>
#include <unistd.h>

#include "netboot/images/store.h"
#include "provisioner/base/files.h"
#include "tests/unit/test.h"

static char folder[] = "/tmp/slipway-images.XXXXXX";
static int store = -1;

static inline int set_up(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	store = dir_open(folder);
	return store < 0;
}

static inline int tear_down(void **state)
{
	(void)state;
	(void)close(store);
	return rmdir(folder);
}

static inline void remove_all(void)
{
	struct images_entry *list = NULL;
	struct err e;
	size_t n;

	assert_int_equal(images_list(store, &list, &n), 0);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(images_remove(store, &list[i], &e), 0);
	free(list);
}

#endif

#include "tests/unit/test.h"

#include <stdalign.h>

#include "provisioner/base/arena.h"

TEST(memory_is_zeroed_aligned_and_apart)
{
	AUTO(arena_free_p) struct arena *a = arena_new(1 << 20);
	unsigned char *before = NULL;

	for (size_t n = 0; n < 300; n++) {
		unsigned char *p = arena_alloc(a, n, 3);

		assert_non_null(p);
		assert_int_equal((uintptr_t)p % alignof(max_align_t), 0);
		for (size_t i = 0; i < n * 3; i++)
			assert_int_equal(p[i], 0);
		memset(p, 0xff, n * 3);
		assert_true(p != before);
		before = p;
	}
}

TEST(ceiling_is_exact)
{
	AUTO(arena_free_p) struct arena *a = arena_new(64);

	assert_non_null(arena_alloc(a, 1, 48));
	assert_null(arena_alloc(a, 1, 17));
	assert_non_null(arena_alloc(a, 1, 16));
	assert_null(arena_alloc(a, 1, 1));
	assert_null(arena_alloc(a, 0, 0));
}

TEST(size_that_overflows_is_refused)
{
	AUTO(arena_free_p) struct arena *a = arena_new(1 << 20);

	assert_null(arena_alloc(a, SIZE_MAX, 2));
	assert_null(arena_alloc(a, SIZE_MAX / 2 + 2, 2));
	assert_null(arena_alloc(a, 1, SIZE_MAX));
	assert_non_null(arena_alloc(a, 1, 1 << 20)); /* all of it is there */
}

TEST(piece_larger_than_a_block_gets_its_own)
{
	AUTO(arena_free_p) struct arena *a = arena_new(1 << 20);
	char *small = arena_strdup(a, "small");
	char *large = arena_alloc(a, 1, 100000);

	assert_non_null(large);
	memset(large, 'x', 100000);
	assert_string_equal(small, "small");
	assert_non_null(arena_alloc(a, 1, 100));
}

TEST(text_is_copied_up_to_its_length)
{
	AUTO(arena_free_p) struct arena *a = arena_new(1 << 20);

	assert_string_equal(arena_strndup(a, "abcdef", 3), "abc");
	assert_string_equal(arena_strndup(a, "", 0), "");
	assert_string_equal(arena_printf(a, "%s/%d", "etc", 5), "etc/5");
}

TEST(full_arena_gives_no_text)
{
	AUTO(arena_free_p) struct arena *a = arena_new(16);

	assert_null(arena_strdup(a, "seventeen bytes."));
	assert_null(arena_printf(a, "%100d", 1));
	assert_non_null(arena_strdup(a, "fifteen bytes.."));
}

TEST(nothing_is_freed_without_complaint)
{
	arena_free(NULL);
}

RUN(t(memory_is_zeroed_aligned_and_apart), t(ceiling_is_exact), t(size_that_overflows_is_refused),
	t(piece_larger_than_a_block_gets_its_own), t(text_is_copied_up_to_its_length),
	t(full_arena_gives_no_text), t(nothing_is_freed_without_complaint))

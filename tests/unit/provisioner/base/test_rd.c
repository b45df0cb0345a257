#include "tests/unit/test.h"

#include "provisioner/base/rd.h"

TEST(numbers_are_big_endian)
{
	struct rd r = rd_init("\x01\x02\x03\x04\x05\x06\x07", 7);

	assert_int_equal(rd_u8(&r), 1);
	assert_int_equal(rd_be16(&r), 0x0203);
	assert_int_equal(rd_be32(&r), 0x04050607);
	assert_true(rd_ok(&r));
	assert_int_equal(r.left, 0);
}

TEST(first_failed_read_latches_and_does_not_move)
{
	struct rd r = rd_init("\x01\x02", 2);

	assert_int_equal(rd_be32(&r), 0);
	assert_false(rd_ok(&r));
	assert_int_equal(rd_u8(&r), 0);
	assert_int_equal(r.left, 2);
}

TEST(slice_longer_than_the_rest_fails_parent_and_slice)
{
	struct rd r = rd_init("abc", 3);
	struct rd s = rd_slice(&r, 4);

	assert_false(rd_ok(&r));
	assert_false(rd_ok(&s));
}

TEST(slice_moves_the_parent_behind_it)
{
	struct rd r = rd_init("abc", 3);
	struct rd s = rd_slice(&r, 2);

	assert_int_equal(s.left, 2);
	assert_int_equal(rd_u8(&r), 'c');
	assert_int_equal(rd_be16(&s), 0x6162);
}

TEST(text_without_nul_fails)
{
	struct rd r = rd_init("octet", 5);

	assert_string_equal(rd_cstr(&r), "");
	assert_false(rd_ok(&r));
}

TEST(texts_follow_each_other)
{
	struct rd r = rd_init("a\0bc\0", 5);

	assert_string_equal(rd_cstr(&r), "a");
	assert_string_equal(rd_cstr(&r), "bc");
	assert_int_equal(r.left, 0);
}

TEST(failed_copy_zeroes_its_target)
{
	unsigned char to[4] = {9, 9, 9, 9};
	struct rd r = rd_init("ab", 2);

	rd_copy(&r, to, sizeof(to));
	assert_memory_equal(to, "\0\0\0\0", 4);
}

RUN(t(numbers_are_big_endian), t(first_failed_read_latches_and_does_not_move),
	t(slice_longer_than_the_rest_fails_parent_and_slice), t(slice_moves_the_parent_behind_it),
	t(text_without_nul_fails), t(texts_follow_each_other), t(failed_copy_zeroes_its_target))

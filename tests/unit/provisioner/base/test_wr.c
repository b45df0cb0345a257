#include "tests/unit/test.h"

#include "provisioner/base/wr.h"

TEST(numbers_go_out_big_endian)
{
	uint8_t buf[7];
	struct wr w = wr_init(buf, sizeof(buf));

	wr_u8(&w, 1);
	wr_be16(&w, 0x0203);
	wr_be32(&w, 0x04050607);
	assert_true(wr_ok(&w));
	assert_int_equal(w.len, 7);
	assert_memory_equal(buf, "\1\2\3\4\5\6\7", 7);
}

TEST(first_write_that_does_not_fit_latches_and_changes_nothing)
{
	uint8_t buf[4] = {9, 9, 9, 9};
	struct wr w = wr_init(buf, 3);

	wr_be32(&w, 0);
	assert_false(wr_ok(&w));
	wr_u8(&w, 1); /* would fit */
	assert_int_equal(w.len, 0);
	assert_int_equal(wr_room(&w), 0);
	assert_memory_equal(buf, "\t\t\t\t", 4);
}

TEST(buffer_is_filled_to_its_last_byte)
{
	uint8_t buf[6];
	struct wr w = wr_init(buf, sizeof(buf));

	wr_cstr(&w, "abc");
	assert_int_equal(wr_room(&w), 2);
	wr_fill(&w, 0xff, 2);
	assert_true(wr_ok(&w));
	assert_memory_equal(buf, "abc\0\xff\xff", 6);
	wr_u8(&w, 0);
	assert_false(wr_ok(&w));
}

TEST(nothing_fits_nowhere)
{
	struct wr w = wr_init(NULL, 0);

	wr_bytes(&w, NULL, 0);
	wr_fill(&w, 1, 0);
	assert_true(wr_ok(&w));
	wr_bytes(&w, "", SIZE_MAX);
	assert_false(wr_ok(&w));
}

TEST(patch_reaches_only_what_was_written)
{
	static const struct {
		size_t at;
		bool ok;
	} rows[] = {{0, true}, {2, true}, {3, false}, {4, false}, {SIZE_MAX, false},
		{SIZE_MAX - 1, false}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t buf[8] = {0};
		struct wr w = wr_init(buf, sizeof(buf));

		wr_be32(&w, 0);
		wr_patch_be16(&w, rows[i].at, 0x1234);
		assert_int_equal(wr_ok(&w), rows[i].ok);
		if (rows[i].ok)
			assert_memory_equal(buf + rows[i].at, "\x12\x34", 2);
	}
}

RUN(t(numbers_go_out_big_endian), t(first_write_that_does_not_fit_latches_and_changes_nothing),
	t(buffer_is_filled_to_its_last_byte), t(nothing_fits_nowhere),
	t(patch_reaches_only_what_was_written))

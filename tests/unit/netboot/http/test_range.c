#include "tests/unit/test.h"

#include "netboot/http/range.h"
#include "provisioner/base/mem.h"

TEST(one_range_of_bytes_is_read)
{
	static const struct {
		const char *value;
		uint64_t size, first, len;
	} rows[] = {
		{"bytes=0-0", 10, 0, 1},
		{"bytes=0-9", 10, 0, 10},
		{"bytes=2-5", 10, 2, 4},
		{"bytes=5-", 10, 5, 5},
		{"bytes=9-99", 10, 9, 1},
		{"bytes=-3", 10, 7, 3},
		{"bytes=-99", 10, 0, 10},
		{"BYTES=1-1", 10, 1, 1},
		{"bytes=1-99999999999999999999999", 10, 1, 9},
		{"bytes=4294967296-4294967297", UINT64_C(1) << 33, UINT64_C(1) << 32, 2},
		{"bytes=-99999999999999999999999", 10, 0, 10},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		uint64_t first = 77, len = 77;

		assert_int_equal(http_range_parse(rows[i].value, rows[i].size, &first, &len),
			HTTP_RANGE_PART);
		assert_int_equal(first, rows[i].first);
		assert_int_equal(len, rows[i].len);
	}
}

TEST(range_of_bytes_that_do_not_exist_is_refused)
{
	static const struct {
		const char *value;
		uint64_t size;
	} rows[] = {{"bytes=10-", 10}, {"bytes=10-20", 10}, {"bytes=-0", 10}, {"bytes=0-", 0},
		{"bytes=-1", 0}, {"bytes=99999999999999999999999-", 10}};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		uint64_t first, len;

		assert_int_equal(http_range_parse(rows[i].value, rows[i].size, &first, &len),
			HTTP_RANGE_NONE);
	}
}

TEST(nonsense_and_several_ranges_mean_the_whole)
{
	static const char *const rows[] = {"", "bytes", "bytes=", "bytes=-", "bytes=a-b",
		"bytes=5-2", "bytes=0-1,3-4", "bytes=0-1 ", "bytes= 0-1", "bytes=0", "lines=0-1",
		"bytes=0--1", "bytes=+1-2", "bytes=1-2-3"};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		uint64_t first, len;

		assert_int_equal(http_range_parse(rows[i], 10, &first, &len), HTTP_RANGE_WHOLE);
	}
}

RUN(t(one_range_of_bytes_is_read), t(range_of_bytes_that_do_not_exist_is_refused),
	t(nonsense_and_several_ranges_mean_the_whole))

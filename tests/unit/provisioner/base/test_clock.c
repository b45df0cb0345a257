#include "tests/unit/test.h"

#include "provisioner/base/clock.h"
#include "provisioner/base/mem.h"

TEST(time_prints_in_utc_to_the_millisecond)
{
	static const struct {
		int64_t ms;
		const char *text;
	} rows[] = {
		{0, "1970-01-01T00:00:00.000Z"},
		{1, "1970-01-01T00:00:00.001Z"},
		{-1, "1969-12-31T23:59:59.999Z"},
		{-1000, "1969-12-31T23:59:59.000Z"},
		{1769862896789, "2026-01-31T12:34:56.789Z"},
		{253402300799999, "9999-12-31T23:59:59.999Z"},
		{253402300800000, "?.000Z"}, /* the year 10000 does not fit */
		{INT64_MAX, "?.807Z"},
		{INT64_MIN, "?.192Z"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char buf[CLOCK_TEXT_SIZE];

		assert_string_equal(clock_text(rows[i].ms, buf), rows[i].text);
	}
}

TEST(monotonic_time_never_runs_back)
{
	int64_t before = clock_mono_ms();

	for (int i = 0; i < 1000; i++) {
		int64_t now = clock_mono_ms();

		assert_true(now >= before);
		before = now;
	}
}

TEST(wall_clock_is_in_this_millennium)
{
	assert_true(clock_wall_ms() > INT64_C(1600000000000));
}

RUN(t(time_prints_in_utc_to_the_millisecond), t(monotonic_time_never_runs_back),
	t(wall_clock_is_in_this_millennium))

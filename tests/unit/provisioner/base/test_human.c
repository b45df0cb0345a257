#include "tests/unit/test.h"

#include "provisioner/base/human.h"

TEST(sizes_have_the_unit_that_fits)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} rows[] = {{0, "0 B"}, {1023, "1023 B"}, {1024, "1.0 KiB"}, {173792, "169.7 KiB"},
		{14186432, "13.5 MiB"}, {UINT64_C(5) << 40, "5.0 TiB"},
		{UINT64_MAX, "16777216.0 TiB"}};
	char buf[HUMAN_SIZE];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(human_bytes(rows[i].bytes, buf), rows[i].text);
}

TEST(durations_have_two_units_at_most)
{
	static const struct {
		int64_t ms;
		const char *text;
	} rows[] = {{-1, "-"}, {0, "0 ms"}, {999, "999 ms"}, {1200, "1.2 s"}, {59999, "60.0 s"},
		{60000, "1m00s"}, {125000, "2m05s"}, {3600000, "1h00m"},
		{INT64_C(90000000), "1d01h"}};
	char buf[HUMAN_SIZE];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(human_duration(rows[i].ms, buf), rows[i].text);
}

RUN(t(sizes_have_the_unit_that_fits), t(durations_have_two_units_at_most))

#include "templates/engine/number.h"

#include <math.h>

#include "tests/unit/test.h"

TEST(floats_are_written_as_python_writes_them)
{
	static const struct {
		double f;
		const char *want;
	} rows[] = {
		{0.0, "0.0"},
		{-0.0, "-0.0"},
		{1.0, "1.0"},
		{0.1, "0.1"},
		{-2.5, "-2.5"},
		{100.0, "100.0"},
		{1234.5678, "1234.5678"},
		{1e15, "1000000000000000.0"},
		{1e16, "1e+16"},
		{123456789012345680.0, "1.2345678901234568e+17"},
		{0.0001, "0.0001"},
		{0.00012345, "0.00012345"},
		{0.00001, "1e-05"},
		{5e-324, "5e-324"},
		{1.7976931348623157e308, "1.7976931348623157e+308"},
		{0.30000000000000004, "0.30000000000000004"},
		{9007199254740993.0, "9007199254740992.0"},
		{INFINITY, "inf"},
		{-INFINITY, "-inf"},
	};
	char buf[NUMBER_TEXT_SIZE];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(number_text(value_float(rows[i].f), buf), rows[i].want);
	assert_string_equal(number_text(value_float((double)NAN), buf), "nan");
	assert_string_equal(number_text(value_int(INT64_MIN), buf), "-9223372036854775808");
}

TEST(whole_numbers_are_read_strictly)
{
	static const struct {
		const char *text;
		unsigned base;
		bool good;
		int64_t want;
	} rows[] = {
		{"12", 10, true, 12},
		{"-12", 10, true, -12},
		{"+1_000", 10, true, 1000},
		{"ff", 16, true, 255},
		{"0xff", 16, true, 255},
		{"0xff", 0, true, 255},
		{"0b11", 0, true, 3},
		{"0o17", 8, true, 15},
		{"z", 36, true, 35},
		{"9223372036854775807", 10, true, INT64_MAX},
		{"-9223372036854775808", 10, true, INT64_MIN},
		{"9223372036854775808", 10, false, 0},
		{"-9223372036854775809", 10, false, 0},
		{"99999999999999999999999", 10, false, 0},
		{"", 10, false, 0},
		{"-", 10, false, 0},
		{"1__0", 10, false, 0},
		{"1_", 10, false, 0},
		{"_1", 10, false, 0},
		{"0x", 0, false, 0},
		{"12a", 10, false, 0},
		{"2", 2, false, 0},
		{" 1", 10, false, 0},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t v = 0;

		assert_int_equal(
			number_parse_int(rows[i].text, strlen(rows[i].text), rows[i].base, &v),
			rows[i].good);
		assert_int_equal(v, rows[i].want);
	}
}

TEST(floats_are_read_without_names_or_blanks)
{
	static const char *const bad[] = {"", ".", "e5", "1e", "1e+", "inf", "nan", "0x1p3", " 1",
		"1 ", "1.2.3", "--1", "1_0"};
	static const struct {
		const char *text;
		double want;
	} good[] = {{"1", 1}, {"1.", 1}, {".5", 0.5}, {"-1.5e3", -1500}, {"+2E-1", 0.2}};
	double f = 0;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(number_parse_float(bad[i], strlen(bad[i]), &f));
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_true(number_parse_float(good[i].text, strlen(good[i].text), &f));
		assert_true(f >= good[i].want && f <= good[i].want);
	}
}

RUN(t(floats_are_written_as_python_writes_them), t(whole_numbers_are_read_strictly),
	t(floats_are_read_without_names_or_blanks))

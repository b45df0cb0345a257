#include "tests/unit/test.h"

#include <errno.h>

#include "provisioner/base/parse.h"

TEST(unsigned_number_is_digits_within_its_range)
{
	static const struct {
		const char *text;
		uint32_t min, max;
		int rc;
		uint32_t value;
	} rows[] = {
		{"0", 0, 10, 0, 0},
		{"10", 0, 10, 0, 10},
		{"11", 0, 10, -ERANGE, 0},
		{"1", 2, 10, -ERANGE, 0},
		{"4294967295", 0, UINT32_MAX, 0, UINT32_MAX},
		{"4294967296", 0, UINT32_MAX, -ERANGE, 0},
		{"18446744073709551616", 0, UINT32_MAX, -ERANGE, 0},
		{"99999999999999999999999", 0, UINT32_MAX, -ERANGE, 0},
		{"99999999999999999999999x", 0, UINT32_MAX, -EINVAL, 0},
		{"", 0, 10, -EINVAL, 0},
		{"-1", 0, 10, -EINVAL, 0},
		{"+1", 0, 10, -EINVAL, 0},
		{" 1", 0, 10, -EINVAL, 0},
		{"1 ", 0, 10, -EINVAL, 0},
		{"0x1", 0, 10, -EINVAL, 0},
		{"1.0", 0, 10, -EINVAL, 0},
		{"1e1", 0, 10, -EINVAL, 0},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		uint32_t v = 77;

		assert_int_equal(parse_u32(rows[i].text, rows[i].min, rows[i].max, &v), rows[i].rc);
		assert_int_equal(v, rows[i].rc == 0 ? rows[i].value : 77);
	}
}

TEST(signed_number_reaches_both_ends)
{
	static const struct {
		const char *text;
		int rc;
		int64_t value;
	} rows[] = {
		{"0", 0, 0},
		{"-0", 0, 0},
		{"-1", 0, -1},
		{"9223372036854775807", 0, INT64_MAX},
		{"9223372036854775808", -ERANGE, 0},
		{"-9223372036854775808", 0, INT64_MIN},
		{"-9223372036854775809", -ERANGE, 0},
		{"--1", -EINVAL, 0},
		{"-", -EINVAL, 0},
		{"", -EINVAL, 0},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int64_t v = 77;

		assert_int_equal(parse_i64(rows[i].text, INT64_MIN, INT64_MAX, &v), rows[i].rc);
		assert_true(v == (rows[i].rc == 0 ? rows[i].value : 77));
	}
	int64_t v;
	assert_int_equal(parse_i64("-5", -4, 4, &v), -ERANGE);
}

TEST(duration_has_a_unit)
{
	static const struct {
		const char *text;
		int rc;
		int64_t ms;
	} rows[] = {
		{"100ms", 0, 100},
		{"90s", 0, 90000},
		{"10m", 0, 600000},
		{"12h", 0, 43200000},
		{"7d", 0, 604800000},
		{"0s", 0, 0},
		{"90", -EINVAL, 0},
		{"s", -EINVAL, 0},
		{"", -EINVAL, 0},
		{"-1s", -EINVAL, 0},
		{"1.5h", -EINVAL, 0},
		{"1h30m", -EINVAL, 0},
		{"1 h", -EINVAL, 0},
		{"1H", -EINVAL, 0},
		{"1w", -EINVAL, 0},
		{"106751991167d", 0, INT64_C(106751991167) * 86400000},
		{"106751991168d", -ERANGE, 0},
		{"9223372036854775808ms", -ERANGE, 0},
		{"99999999999999999999d", -ERANGE, 0},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int64_t v = 77;

		assert_int_equal(parse_duration_ms(rows[i].text, &v), rows[i].rc);
		assert_true(v == (rows[i].rc == 0 ? rows[i].ms : 77));
	}
}

TEST(truth_has_two_words)
{
	static const char *const not_truth[] = {"yes", "on", "True", "1", "", "true ", "falsetrue"};
	bool v = false;

	assert_int_equal(parse_bool("true", &v), 0);
	assert_true(v);
	assert_int_equal(parse_bool("false", &v), 0);
	assert_false(v);
	for (size_t i = 0; i < ARRAY_LEN(not_truth); i++)
		assert_int_equal(parse_bool(not_truth[i], &v), -EINVAL);
}

#define L63 "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijk"
#define L61 "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghi"

TEST(names_are_dns_names)
{
	static const struct {
		const char *text;
		bool label, hostname;
	} rows[] = {
		{"node1", true, true},
		{"1node", true, true},
		{"a-b", true, true},
		{"a", true, true},
		{L63, true, true},
		{L63 "x", false, false},
		{"acm.internal", false, true},
		{L63 "." L63 "." L63 "." L61, false, true},      /* 253 bytes */
		{L63 "." L63 "." L63 "." L61 "x", false, false}, /* 254 */
		{"Node1", false, false},
		{"-a", false, false},
		{"a-", false, false},
		{"a.-b", false, false},
		{"a_b", false, false},
		{"a..b", false, false},
		{".a", false, false},
		{"a.", false, false},
		{"", false, false},
		{"a b", false, false},
		{"caf\xc3\xa9", false, false},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(parse_is_label(rows[i].text), rows[i].label);
		assert_int_equal(parse_is_hostname(rows[i].text), rows[i].hostname);
	}
}

TEST(kernel_argument_is_one_word_that_no_script_takes_for_more)
{
	static const char *const good[] = {"quiet", "console=ttyS0,115200n8", "a.b=c:d/e?f&g;h|i",
		"p=$6$ab", "x={y}", "--", "a#b", "root=UUID=1(2)*"};
	static const char *const bad[] = {"", "a b", "a\tb", "a\nb", "a\"b\"", "a='b'", "a\\b",
		"a=${uuid}", "#a", "||", "&&", "\xc3\xa9", "a\x7f"};

	for (size_t k = 0; k < ARRAY_LEN(good); k++)
		assert_true(parse_is_kernel_arg(good[k]));
	for (size_t k = 0; k < ARRAY_LEN(bad); k++)
		assert_false(parse_is_kernel_arg(bad[k]));
}

TEST(host_is_an_address_or_a_name)
{
	assert_true(parse_is_host("10.10.0.1"));
	assert_true(parse_is_host("ntp.acm.internal"));
	assert_false(parse_is_host("10.10.0.1/24"));
	assert_false(parse_is_host("fe80::1"));
	assert_false(parse_is_host(""));
}

TEST(plain_text_has_letters_digits_and_what_is_allowed)
{
	assert_true(parse_is_plain("azAZ09", ""));
	assert_true(parse_is_plain("a-b_c", "-_"));
	assert_true(parse_is_plain("", ""));
	assert_false(parse_is_plain("a-b", "_"));
	assert_false(parse_is_plain("a b", "-_"));
	assert_false(parse_is_plain("\xc3\xa9", "-_"));
	assert_false(parse_is_plain("@[`{/:", ""));
}

TEST(line_has_no_control_characters_and_a_length)
{
	assert_true(parse_is_printable("caf\xc3\xa9 ~"));
	assert_true(parse_is_printable(""));
	assert_false(parse_is_printable("a\nb"));
	assert_false(parse_is_printable("a\x1f"));
	assert_false(parse_is_printable("a\x7f"));
	assert_true(parse_is_line("abc", 3));
	assert_false(parse_is_line("abc", 2));
	assert_false(parse_is_line("", 2));
	assert_false(parse_is_line("a\t", 3));
}

RUN(t(kernel_argument_is_one_word_that_no_script_takes_for_more),
	t(unsigned_number_is_digits_within_its_range), t(signed_number_reaches_both_ends),
	t(duration_has_a_unit), t(truth_has_two_words), t(names_are_dns_names),
	t(host_is_an_address_or_a_name), t(plain_text_has_letters_digits_and_what_is_allowed),
	t(line_has_no_control_characters_and_a_length))

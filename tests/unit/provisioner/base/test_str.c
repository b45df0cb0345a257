#include "tests/unit/test.h"

#include <stdio.h>

#include "provisioner/base/mem.h"
#include "provisioner/base/str.h"

TEST(empty_text_is_a_text)
{
	AUTO(str_done) struct str b = str_init(10);

	assert_string_equal(str_text(&b), "");
	AUTO(free_p) char *taken = str_take(&b);
	assert_string_equal(taken, "");
}

TEST(text_up_to_the_ceiling_fits_and_one_byte_more_does_not)
{
	AUTO(str_done) struct str b = str_init(5);

	str_add(&b, "abcde");
	assert_true(str_ok(&b));
	str_addc(&b, 'f');
	assert_false(str_ok(&b));
	assert_string_equal(str_text(&b), "abcde");
}

TEST(failed_addition_latches_so_that_nothing_is_left_out_silently)
{
	AUTO(str_done) struct str b = str_init(5);

	str_add(&b, "abcdef");
	str_add(&b, "x");
	assert_false(str_ok(&b));
	assert_int_equal(b.len, 0);
	str_reset(&b);
	str_add(&b, "x");
	assert_true(str_ok(&b));
}

TEST(printf_is_measured_against_the_ceiling)
{
	AUTO(str_done) struct str b = str_init(8);

	str_printf(&b, "%s-%d", "abc", 1234);
	assert_true(str_ok(&b));
	assert_string_equal(str_text(&b), "abc-1234");
	str_printf(&b, "%s", "");
	assert_true(str_ok(&b));
	str_printf(&b, "%c", 'x');
	assert_false(str_ok(&b));
	assert_string_equal(str_text(&b), "abc-1234");
}

TEST(ceiling_of_zero_takes_only_nothing)
{
	AUTO(str_done) struct str b = str_init(0);

	str_add(&b, "");
	assert_true(str_ok(&b));
	str_addc(&b, 'a');
	assert_false(str_ok(&b));
}

TEST(long_text_grows_by_doubling_and_keeps_its_bytes)
{
	AUTO(str_done) struct str b = str_init(100000);

	for (int i = 0; i < 10000; i++)
		str_addn(&b, "0123456789", 10);
	assert_true(str_ok(&b));
	assert_int_equal(b.len, 100000);
	assert_int_equal(b.cap, 100001);
	assert_int_equal(strlen(b.s), 100000);
}

TEST(taking_leaves_an_empty_struct_with_the_same_ceiling)
{
	AUTO(str_done) struct str b = str_init(3);

	str_add(&b, "abc");
	AUTO(free_p) char *taken = str_take(&b);
	assert_string_equal(taken, "abc");
	assert_int_equal(b.len, 0);
	str_add(&b, "abcd");
	assert_false(str_ok(&b));
}

TEST(bytes_are_encoded_as_the_table_says)
{
	static const struct {
		void (*add)(struct str *, const void *, size_t);
		const char *in;
		size_t n;
		const char *out;
	} rows[] = {
		{str_add_escaped, "ab\\\n\0\x7f\xff~", 8, "ab\\x5c\\x0a\\x00\\x7f\\xff~"},
		{str_add_escaped, "", 0, ""},
		{str_add_hex, "\x00\x1f\xff", 3, "001fff"},
		/* RFC 4648 section 10 */
		{str_add_base64, "", 0, ""},
		{str_add_base64, "f", 1, "Zg=="},
		{str_add_base64, "fo", 2, "Zm8="},
		{str_add_base64, "foo", 3, "Zm9v"},
		{str_add_base64, "foob", 4, "Zm9vYg=="},
		{str_add_base64, "fooba", 5, "Zm9vYmE="},
		{str_add_base64, "foobar", 6, "Zm9vYmFy"},
		{str_add_base64, "\xff\xef\xbe", 3, "/+++"},
		{str_add_percent, "aZ0-._~ /%\xc3\xa4", 12, "aZ0-._~%20%2F%25%C3%A4"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(str_done) struct str b = str_init(100);

		rows[i].add(&b, rows[i].in, rows[i].n);
		assert_true(str_ok(&b));
		assert_string_equal(str_text(&b), rows[i].out);
	}
}

TEST(defanged_text_moves_no_terminal)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{"plain text", "plain text"},
		{"a\x1b[31mred\n", "a?[31mred?"},
		{"\x7f\t", "??"},
		{"caf\xc3\xa9", "caf\xc3\xa9"},
		{"\xc2\x9b"
		 "31m",
			"??31m"}, /* U+009B begins a sequence on its own */
		{"\xc2\xa0\xc2", "\xc2\xa0\xc2"},
		{"", ""},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char buf[32];

		(void)snprintf(buf, sizeof(buf), "%s", rows[i].in);
		str_defang(buf);
		assert_string_equal(buf, rows[i].out);
	}
}

TEST(copy_is_cut_to_fit_and_ends)
{
	char field[4] = "xxx";

	str_copy(field, sizeof(field), "abcdef");
	assert_string_equal(field, "abc");
	str_copy(field, sizeof(field), "ab");
	assert_string_equal(field, "ab");
	str_copy(field, 1, "ab");
	assert_string_equal(field, "");
}

RUN(t(empty_text_is_a_text), t(text_up_to_the_ceiling_fits_and_one_byte_more_does_not),
	t(failed_addition_latches_so_that_nothing_is_left_out_silently),
	t(printf_is_measured_against_the_ceiling), t(ceiling_of_zero_takes_only_nothing),
	t(long_text_grows_by_doubling_and_keeps_its_bytes),
	t(taking_leaves_an_empty_struct_with_the_same_ceiling),
	t(bytes_are_encoded_as_the_table_says), t(defanged_text_moves_no_terminal),
	t(copy_is_cut_to_fit_and_ends))

#include "tests/unit/test.h"

#include <errno.h>
#include <stdio.h>

#include "provisioner/base/delta.h"

#define TEXT_MAX 4096

/* What comes back is what went in; the delta's length. */
static size_t round_trip(const char *base, const char *text)
{
	AUTO(str_done) struct str delta = str_init(TEXT_MAX);
	AUTO(str_done) struct str back = str_init(TEXT_MAX);
	struct delta_base b;

	delta_base_init(&b, base, strlen(base));
	delta_write(&b, text, strlen(text), &delta);
	delta_base_done(&b);
	assert_true(str_ok(&delta));
	assert_int_equal(delta_read(base, strlen(base), str_text(&delta), delta.len, &back), 0);
	assert_string_equal(str_text(&back), text);
	return delta.len;
}

TEST(any_text_comes_back_from_any_base)
{
	static const char *const texts[] = {"", "a", "0123456789abcdef", "0123456789abcdefg",
		"x0123456789abcdef", "0123456789abcdef0123456789abcdef",
		"fedcba9876543210 0123456789abcdef", "                                        "};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		for (size_t k = 0; k < sizeof(texts) / sizeof(texts[0]); k++)
			(void)round_trip(texts[i], texts[k]);
}

TEST(a_text_that_differs_in_a_few_words_becomes_small)
{
	char a[TEXT_MAX] = "", b[TEXT_MAX] = "";

	for (int i = 0; i < 40; i++) {
		(void)snprintf(a + strlen(a), TEXT_MAX - strlen(a),
			"line %d has enough words in it to be told from the others, %s\n", i,
			i % 10 == 3 ? "n00001" : "-");
		(void)snprintf(b + strlen(b), TEXT_MAX - strlen(b),
			"line %d has enough words in it to be told from the others, %s\n", i,
			i % 10 == 3 ? "node-23456" : "-");
	}
	assert_true(round_trip(a, b) < 100);
	assert_true(round_trip(a, a) < 8);
}

TEST(a_delta_that_is_none_is_refused)
{
	static const struct {
		const char *bytes;
		size_t len;
	} bad[] = {
		{"\x05"
		 "ab",
			3},          /* fewer bytes than it says */
		{"\x00\x05\x08", 3}, /* beyond the base's end */
		{"\x00\x01\xff\xff\xff\xff\x7f", 7},
		{"\xff\xff\xff\xff\xff\x01\x00\x00", 8}, /* a number without end */
		{"\x00\x01", 2},                         /* no place */
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		AUTO(str_done) struct str out = str_init(TEXT_MAX);

		assert_int_equal(
			delta_read("0123456789", 10, bad[i].bytes, bad[i].len, &out), -EBADMSG);
	}
}

TEST(a_text_larger_than_its_ceiling_is_refused)
{
	AUTO(str_done) struct str out = str_init(8);

	assert_int_equal(delta_read("0123456789", 10, "\x00\x0a\x00", 3, &out), -EBADMSG);
}

RUN(t(any_text_comes_back_from_any_base), t(a_text_that_differs_in_a_few_words_becomes_small),
	t(a_delta_that_is_none_is_refused), t(a_text_larger_than_its_ceiling_is_refused))

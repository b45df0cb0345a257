#include "tests/unit/test.h"

#include <errno.h>

#include "provisioner/config/content.h"

static void expect_decoded(const char *text, int rc, const char *want, size_t want_len)
{
	AUTO(arena_free_p) struct arena *a = arena_new(4096);
	const char *data = NULL;
	size_t len = 0;

	assert_int_equal(content_decode_base64(a, text, strlen(text), &data, &len), rc);
	if (rc < 0)
		return;
	assert_int_equal(len, want_len);
	assert_memory_equal(data, want, want_len);
}

TEST(base64_is_decoded)
{
	expect_decoded("", 0, "", 0);
	expect_decoded("Zg==", 0, "f", 1);
	expect_decoded("Zm8=", 0, "fo", 2);
	expect_decoded("Zm9v", 0, "foo", 3);
	expect_decoded("Zm9v\r\nYmFy\n", 0, "foobar", 6);
	expect_decoded("/+8A", 0, "\xff\xef\x00", 3);
}

TEST(what_is_not_base64_is_refused)
{
	static const char *const wrong[] = {"Z", "Zg", "Zg=", "Zm8", "=",
		"====", "Zg===", "Zg==Zg==", "Zm9v=", "Zm 9v", "Zm9-", "Zm9_", "Z=g=", "Zg=v"};

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		expect_decoded(wrong[i], -EINVAL, NULL, 0);
}

TEST(a_full_arena_is_told_apart)
{
	AUTO(arena_free_p) struct arena *a = arena_new(1);
	const char *data;
	size_t len;

	assert_int_equal(content_decode_base64(a, "Zm9vZm9vZm9vZm9v", 16, &data, &len), -E2BIG);
}

TEST(text_is_utf8_without_control_characters)
{
	static const struct {
		const char *data;
		size_t len;
		bool text;
	} cases[] = {{"", 0, true}, {"a\tb\r\n", 5, true}, {"Gr\xc3\xbc\xc3\x9f", 6, true},
		{"\xe4\xb8\x96", 3, true}, {"\xf0\x9f\x9a\x80", 4, true}, {"\0", 1, false},
		{"\x1b", 1, false}, {"\x7f", 1, false}, {"\xff", 1, false}, {"\xc0\xaf", 2, false},
		{"\xe4\xb8", 2, false}, {"\xed\xa0\x80", 3, false}, {"\xf4\x90\x80\x80", 4, false},
		{"\xe0\x80\xaf", 3, false}};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(content_is_text(cases[i].data, cases[i].len), cases[i].text);
}

static void expect_url(const char *data, size_t len, const char *want)
{
	AUTO(str_done) struct str out = str_init((size_t)1 << 20);

	content_add_data_url(&out, data, len);
	assert_true(strncmp(str_text(&out), want, strlen(want)) == 0);
}

TEST(text_stays_legible_and_bytes_become_base64)
{
	expect_url("a b%\n", 5, "data:,a%20b%25%0A");
	expect_url("\x00\x01", 2, "data:;base64,AAE=");
}

TEST(large_text_becomes_base64_unless_a_slot_is_in_it)
{
	static char large[100000];

	memset(large, 'a', sizeof(large));
	expect_url(large, sizeof(large), "data:;base64,YWFh");
	memcpy(large + 70000, "slot_boot_nonce_________________", 32);
	expect_url(large, sizeof(large), "data:,aaa");
}

TEST(what_was_packed_is_unpacked_again)
{
	struct arena *a = arena_new((size_t)1 << 20);
	AUTO(str_done)
	struct str packed = str_init(4096),
		   again = str_init(4096), small = str_init(8);
	static const char text[] = "version: 2\nethernets: {}\nethernets: {}\nethernets: {}\n";
	const char *bytes, *back;
	size_t n, len;

	content_add_packed(&packed, text, sizeof(text) - 1);
	content_add_packed(&again, text, sizeof(text) - 1);
	assert_string_equal(str_text(&packed), str_text(&again));
	assert_int_equal(content_decode_base64(a, packed.s, packed.len, &bytes, &n), 0);
	assert_int_equal(content_unpack(a, bytes, n, &back, &len), 0);
	assert_int_equal(len, sizeof(text) - 1);
	assert_string_equal(back, text);
	content_add_packed(&small, text, sizeof(text) - 1);
	assert_false(str_ok(&small));
	arena_free(a);
}

RUN(t(what_was_packed_is_unpacked_again), t(base64_is_decoded), t(what_is_not_base64_is_refused),
	t(a_full_arena_is_told_apart), t(text_is_utf8_without_control_characters),
	t(text_stays_legible_and_bytes_become_base64),
	t(large_text_becomes_base64_unless_a_slot_is_in_it))

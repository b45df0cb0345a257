#include "netboot/fetch/version_txt.h"

#include <errno.h>

#include "tests/unit/test.h"

static char value[32];

static int get(const char *text, const char *key)
{
	return version_txt_get(text, strlen(text), key, value, sizeof(value));
}

TEST(a_value_is_found_by_its_whole_key)
{
	static const char text[] =
		"FLATCAR_BUILD=4081\nFLATCAR_VERSION=4081.2.1\n"
		"FLATCAR_VERSION_ID=4081.2.1\nFLATCAR_BUILD_ID=\"2023-09-19-1914\"\n";

	assert_int_equal(get(text, "FLATCAR_VERSION"), 0);
	assert_string_equal(value, "4081.2.1");
	assert_int_equal(get(text, "FLATCAR_BUILD_ID"), 0);
	assert_string_equal(value, "2023-09-19-1914");
	assert_int_equal(get(text, "VERSION"), -ENOENT);
	assert_int_equal(get(text, "FLATCAR_VER"), -ENOENT);
}

TEST(windows_line_ends_and_a_last_line_without_one)
{
	assert_int_equal(get("A=1\r\nB=2", "A"), 0);
	assert_string_equal(value, "1");
	assert_int_equal(get("A=1\r\nB=2", "B"), 0);
	assert_string_equal(value, "2");
}

TEST(values_that_are_none_are_refused)
{
	static const char *const bad[] = {"A=\n", "A=\"\"\n", "A=\x1b[31m\n", "A= x\n",
		"A=1\nA=2\n", "A=12345678901234567890123456789012\n", "A=\xc3\xa4\n"};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(get(bad[i], "A"), -EINVAL);
	assert_int_equal(get("A=1\nA=1\n", "A"), 0);
	assert_int_equal(get("", "A"), -ENOENT);
}

RUN(t(a_value_is_found_by_its_whole_key), t(windows_line_ends_and_a_last_line_without_one),
	t(values_that_are_none_are_refused))

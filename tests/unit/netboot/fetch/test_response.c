#include "netboot/fetch/response.h"

#include "provisioner/base/mem.h"
#include "tests/unit/test.h"

static struct response read_head(const char *const lines[])
{
	struct response r = {.tag = ""};

	for (size_t i = 0; lines[i]; i++)
		response_line(&r, lines[i], strlen(lines[i]));
	return r;
}

TEST(a_part_says_which_part_it_is)
{
	struct response r = read_head(
		(const char *const[]){"HTTP/1.1 206 Partial Content\r\n", "content-length: 90\r\n",
			"Content-Range: bytes 10-99/100\r\n", "ETag: \"a1\"\r\n", NULL});

	assert_int_equal(r.length, 90);
	assert_true(r.has_range && r.has_total);
	assert_int_equal(r.first, 10);
	assert_int_equal(r.total, 100);
	assert_string_equal(r.tag, "\"a1\"");
}

TEST(a_range_that_can_not_be_had_still_says_the_total)
{
	struct response r = read_head((const char *const[]){"Content-Range: bytes */100", NULL});

	assert_false(r.has_range);
	assert_true(r.has_total);
	assert_int_equal(r.total, 100);
}

TEST(ranges_that_are_none_do_not_count)
{
	static const char *const bad[] = {"Content-Range: bytes 10-99/*",
		"Content-Range: 10-99/100", "Content-Range: bytes x-99/100",
		"Content-Range: bytes 10", "Content-Range:", "Content-Range: bytes -5-9/100",
		"Content-Range: bytes 99999999999999999999-1/2"};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(read_head((const char *const[]){bad[i], NULL}).has_range);
}

TEST(a_weak_etag_is_no_tag_but_a_date_is)
{
	struct response r = read_head((const char *const[]){
		"ETag: W/\"a1\"", "Last-Modified: Sat, 31 Jan 2026 12:34:56 GMT", NULL});

	assert_string_equal(r.tag, "Sat, 31 Jan 2026 12:34:56 GMT");
	r = read_head((const char *const[]){"Last-Modified: Sat", "ETag: \"b\"", NULL});
	assert_string_equal(r.tag, "\"b\"");
	r = read_head((const char *const[]){"ETag: \"b\"", "Last-Modified: Sat", NULL});
	assert_string_equal(r.tag, "\"b\"");
}

TEST(a_redirects_head_is_forgotten)
{
	struct response r = read_head((const char *const[]){
		"HTTP/1.1 302 Found", "Content-Length: 5", "ETag: \"x\"", "HTTP/1.1 200 OK", NULL});

	assert_int_equal(r.length, 0);
	assert_string_equal(r.tag, "");
}

TEST(a_tag_with_control_characters_is_not_sent_back)
{
	assert_false(response_tag_is_legal("\"a\r\nX: y\""));
	assert_false(response_tag_is_legal(""));
	assert_true(response_tag_is_legal("\"a\""));
}

RUN(t(a_part_says_which_part_it_is), t(a_range_that_can_not_be_had_still_says_the_total),
	t(ranges_that_are_none_do_not_count), t(a_weak_etag_is_no_tag_but_a_date_is),
	t(a_redirects_head_is_forgotten), t(a_tag_with_control_characters_is_not_sent_back))

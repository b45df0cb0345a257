#include "tests/unit/test.h"

#include "netboot/http/reply.h"

#define NOON_MS INT64_C(784111777000) /* the example of RFC 9110 5.6.7 */

static const struct http_head get = {.method = HTTP_GET, .keep_alive = true, .path = "/f"};
static const struct http_file file = {.size = 1000, .type = "application/efi", .etag = "\"a-b-c\""};

static struct http_reply reply_to(struct http_head head)
{
	struct http_reply r;

	http_reply_for_file(&r, &head, &file);
	return r;
}

static void assert_writes(const struct http_reply *r, const char *want)
{
	AUTO(str_done) struct str out = str_init(4096);

	http_reply_write(r, NOON_MS, &out);
	assert_string_equal(str_text(&out), want);
}

TEST(a_reply_may_have_no_body)
{
	struct http_head get_file = {.method = HTTP_GET, .keep_alive = true};
	AUTO(str_done) struct str out = str_init(1024);
	struct http_reply reply;

	http_reply_for_status(&reply, &get_file, 503, 4, "");
	http_reply_write(&reply, 0, &out);
	assert_non_null(strstr(str_text(&out), "\r\nContent-Length: 0\r\n"));
	assert_non_null(strstr(str_text(&out), "\r\nRetry-After: 4\r\n"));
	assert_string_equal(str_text(&out) + out.len - 4, "\r\n\r\n");
}

TEST(whole_file_is_sent_with_its_length_type_and_etag)
{
	struct http_reply r = reply_to(get);

	assert_true(r.is_file);
	assert_false(r.no_body);
	assert_int_equal(r.len, 1000);
	assert_writes(&r,
		"HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
		"Content-Type: application/efi\r\nContent-Length: 1000\r\nETag: \"a-b-c\"\r\n"
		"Accept-Ranges: bytes\r\nConnection: keep-alive\r\n\r\n");
}

TEST(head_gets_the_length_and_no_body)
{
	struct http_reply r =
		reply_to((struct http_head){.method = HTTP_HEAD, .range = "bytes=1-2"});

	assert_int_equal(r.status, 200);
	assert_int_equal(r.len, 1000);
	assert_true(r.no_body);
	assert_true(r.close);
}

TEST(range_gets_its_part)
{
	struct http_reply r =
		reply_to((struct http_head){.method = HTTP_GET, .range = "bytes=990-"});

	assert_int_equal(r.first, 990);
	assert_writes(&r,
		"HTTP/1.1 206 Partial Content\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
		"Content-Type: application/efi\r\nContent-Length: 10\r\nETag: \"a-b-c\"\r\n"
		"Accept-Ranges: bytes\r\nContent-Range: bytes 990-999/1000\r\n"
		"Connection: close\r\n\r\n");
}

TEST(range_beyond_the_end_is_told_the_size)
{
	struct http_reply r =
		reply_to((struct http_head){.method = HTTP_GET, .range = "bytes=1000-"});

	assert_writes(&r,
		"HTTP/1.1 416 Range Not Satisfiable\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
		"Content-Type: text/plain; charset=utf-8\r\nContent-Length: 22\r\n"
		"Content-Range: bytes */1000\r\nConnection: close\r\n\r\nRange Not Satisfiable\n");
}

TEST(range_of_another_version_gets_the_whole)
{
	struct http_head head = {.method = HTTP_GET, .range = "bytes=0-1", .if_range = "\"other\""};

	assert_int_equal(reply_to(head).status, 200);
	memcpy(head.if_range, file.etag, sizeof(file.etag));
	assert_int_equal(reply_to(head).status, 206);
}

TEST(file_that_the_client_has_is_not_sent)
{
	static const char *const rows[] = {
		"\"a-b-c\"", "*", "\"x\", \"a-b-c\"", "W/\"a-b-c\"", "\"x\",W/\"a-b-c\""};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct http_head head = {.method = HTTP_GET, .range = "bytes=5000-"};

		memcpy(head.if_none_match, rows[i], strlen(rows[i]) + 1);
		struct http_reply r = reply_to(head);
		assert_int_equal(r.status, 304);
		assert_true(r.no_body);
	}
}

TEST(file_that_the_client_has_not_is_sent)
{
	static const char *const rows[] = {
		"\"a-b-d\"", "a-b-c", "\"a-b-c", "\"a-b-c\"x", ",,", "W/"};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct http_head head = {.method = HTTP_GET};

		memcpy(head.if_none_match, rows[i], strlen(rows[i]) + 1);
		assert_int_equal(reply_to(head).status, 200);
	}
}

TEST(answer_without_etag_has_no_ranges_and_is_never_known)
{
	const struct http_head head = {
		.method = HTTP_GET, .range = "bytes=0-1", .if_none_match = "*"};
	const struct http_file answer = {.size = 5, .type = "text/plain"};
	struct http_reply r;

	http_reply_for_file(&r, &head, &answer);
	assert_writes(&r, "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Type: "
			  "text/plain\r\n"
			  "Content-Length: 5\r\nConnection: close\r\n\r\n");
}

TEST(not_yet_says_when_to_come_back)
{
	struct http_reply r;

	http_reply_for_status(&r, &get, 503, 2, "not yet");
	assert_writes(&r,
		"HTTP/1.1 503 Service Unavailable\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
		"Content-Type: text/plain; charset=utf-8\r\nContent-Length: 8\r\nRetry-After: 2\r\n"
		"Connection: keep-alive\r\n\r\nnot yet\n");
}

TEST(wrong_method_is_told_the_right_ones)
{
	struct http_reply r;

	http_reply_for_status(&r, NULL, 405, 0, NULL);
	assert_writes(&r,
		"HTTP/1.1 405 Method Not Allowed\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
		"Content-Type: text/plain; charset=utf-8\r\nContent-Length: 19\r\n"
		"Allow: GET, HEAD\r\nConnection: close\r\n\r\nMethod Not Allowed\n");
}

TEST(head_of_an_error_has_its_length_and_no_text)
{
	const struct http_head head = {.method = HTTP_HEAD, .keep_alive = true};
	struct http_reply r;

	http_reply_for_status(&r, &head, 404, 0, "gone fishing");
	assert_writes(&r, "HTTP/1.1 404 Not Found\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
			  "Content-Type: text/plain; charset=utf-8\r\nContent-Length: 13\r\n"
			  "Connection: keep-alive\r\n\r\n");
}

TEST(status_we_never_send_becomes_500_and_odd_text_is_replaced)
{
	struct http_reply r;

	http_reply_for_status(&r, &get, 302, 0, NULL);
	assert_int_equal(r.status, 500);
	assert_string_equal(r.text, "Internal Server Error\n");
	http_reply_for_status(&r, &get, 404, 0, "two\r\nlines");
	assert_string_equal(r.text, "Not Found\n");
	http_reply_for_status(&r, &get, 404, 0, NULL);
	assert_string_equal(r.text, "Not Found\n");
}

TEST(long_text_is_cut)
{
	char text[1000];
	struct http_reply r;

	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	http_reply_for_status(&r, &get, 404, 0, text);
	assert_int_equal(strlen(r.text), HTTP_TEXT_SIZE - 1);
	assert_int_equal(r.len, HTTP_TEXT_SIZE - 1);
}

TEST(etag_differs_with_time_size_and_inode)
{
	char a[HTTP_ETAG_SIZE], b[HTTP_ETAG_SIZE];

	http_etag(a, UINT64_MAX, UINT64_MAX, UINT64_MAX);
	assert_string_equal(a, "\"ffffffffffffffff-ffffffffffffffff-ffffffffffffffff\"");
	http_etag(a, 1, 2, 3);
	http_etag(b, 1, 2, 4);
	assert_string_not_equal(a, b);
}

RUN(t(a_reply_may_have_no_body), t(whole_file_is_sent_with_its_length_type_and_etag),
	t(head_gets_the_length_and_no_body), t(range_gets_its_part),
	t(range_beyond_the_end_is_told_the_size), t(range_of_another_version_gets_the_whole),
	t(file_that_the_client_has_is_not_sent), t(file_that_the_client_has_not_is_sent),
	t(answer_without_etag_has_no_ranges_and_is_never_known), t(not_yet_says_when_to_come_back),
	t(wrong_method_is_told_the_right_ones), t(head_of_an_error_has_its_length_and_no_text),
	t(status_we_never_send_becomes_500_and_odd_text_is_replaced), t(long_text_is_cut),
	t(etag_differs_with_time_size_and_inode))

#include "tests/unit/test.h"

#include <errno.h>
#include <stdio.h>

#include "netboot/http/head.h"

static unsigned parse(const char *text, struct http_head *ret)
{
	assert_int_equal(http_head_find(text, strlen(text)), (long)strlen(text));
	return http_head_parse(text, strlen(text), ret);
}

static unsigned parse_target(const char *target, struct http_head *ret)
{
	char text[2048];
	int n = snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\nHost: h\r\n\r\n", target);

	assert_in_range(n, 1, sizeof(text) - 1);
	return parse(text, ret);
}

static unsigned parse_fields(const char *fields)
{
	struct http_head h;
	char text[4096];
	int n = snprintf(text, sizeof(text), "GET / HTTP/1.1\r\n%s\r\n", fields);

	assert_in_range(n, 1, sizeof(text) - 1);
	return parse(text, &h);
}

TEST(request_of_uefi_http_boot_is_read)
{
	struct http_head h;

	assert_int_equal(
		parse("HEAD /firmware/snponly.efi HTTP/1.1\r\nHost: 10.77.0.1\r\nAccept: */*\r\n"
		      "User-Agent: UefiHttpBoot/1.0\r\n\r\n",
			&h),
		0);
	assert_int_equal(h.method, HTTP_HEAD);
	assert_string_equal(h.path, "/firmware/snponly.efi");
	assert_string_equal(h.query, "");
	assert_string_equal(h.accept, "*/*");
	assert_true(h.keep_alive);
}

TEST(request_of_ipxe_is_read)
{
	struct http_head h;

	assert_int_equal(
		parse("GET /boot.ipxe?mac=52:54:00:00:00:01&uuid= HTTP/1.1\r\n"
		      "Connection: keep-alive\r\nUser-Agent: iPXE/1.21.1\r\nHost: 10.77.0.1:80\r\n"
		      "Range: bytes=512-1023\r\nIf-Range: \"a\"\r\nIf-None-Match: \"b\"\r\n\r\n",
			&h),
		0);
	assert_string_equal(h.path, "/boot.ipxe");
	assert_string_equal(h.query, "mac=52:54:00:00:00:01&uuid=");
	assert_string_equal(h.range, "bytes=512-1023");
	assert_string_equal(h.if_range, "\"a\"");
	assert_string_equal(h.if_none_match, "\"b\"");
}

TEST(connection_is_kept_as_the_version_and_the_client_say)
{
	static const struct {
		const char *text;
		bool keep_alive;
	} rows[] = {
		{"GET / HTTP/1.1\r\nHost: h\r\n\r\n", true},
		{"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", false},
		{"GET / HTTP/1.1\r\nHost: h\r\nconnection: TE , Close\r\n\r\n", false},
		{"GET / HTTP/1.0\r\n\r\n", false},
		{"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", true},
		{"GET / HTTP/1.2\r\nHost: h\r\n\r\n", true},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct http_head h;

		assert_int_equal(parse(rows[i].text, &h), 0);
		assert_int_equal(h.keep_alive, rows[i].keep_alive);
	}
}

TEST(end_of_a_head_is_found)
{
	static const char two[] = "GET /a HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\n";

	assert_int_equal(http_head_find(two, sizeof(two) - 1), 19);
	for (size_t n = 0; n < 19; n++)
		assert_int_equal(http_head_find(two, n), -EAGAIN);
	assert_int_equal(http_head_find("\r\n\r\nGET / HTTP/1.1\r\n\r\n", 22), 22);
}

TEST(what_can_not_become_a_head_is_refused_at_once)
{
	char large[HTTP_HEAD_MAX];

	assert_int_equal(http_head_find("GET / HTTP/1.1\n", 15), -EBADMSG);
	assert_int_equal(http_head_find("\n", 1), -EBADMSG);
	assert_int_equal(http_head_find("\0", 1), -EBADMSG);
	assert_int_equal(http_head_find("GET /\0", 6), -EBADMSG);
	memset(large, 'a', sizeof(large));
	assert_int_equal(http_head_find(large, sizeof(large) - 1), -EAGAIN);
	assert_int_equal(http_head_find(large, sizeof(large)), -EMSGSIZE);
}

TEST(paths_are_decoded_once)
{
	static const char *const rows[][2] = {
		{"/a%20b", "/a b"},
		{"/%2561", "/%61"},
		{"//grubx64.efi", "/grubx64.efi"},
		{"/a///b/", "/a/b/"},
		{"/a%2fb", "/a/b"},
		{"http://10.0.0.1:80/x", "/x"},
		{"HTTP://h", "/"},
		{"/%c3%A4", "/\xc3\xa4"},
		{"/...", "/..."},
		{"/..a", "/..a"},
		{"/x?..", "/x"},
		{"/", "/"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct http_head h;

		assert_int_equal(parse_target(rows[i][0], &h), 0);
		assert_string_equal(h.path, rows[i][1]);
	}
}

TEST(hostile_paths_are_refused)
{
	static const struct {
		const char *target;
		unsigned status;
	} rows[] = {
		{"/..", 403},
		{"/../etc/passwd", 403},
		{"/a/../b", 403},
		{"/%2e%2e/b", 403},
		{"/a/%2E./b", 403},
		{"/a%2f..%2fb", 403},
		{"/.", 403},
		{"/a/./b", 403},
		{"//..", 403},
		{"http://h/../b", 403},
		{"/a%00b", 400},
		{"/a%0d%0ab", 400},
		{"/a%7f", 400},
		{"/a%", 400},
		{"/a%2", 400},
		{"/a%zz", 400},
		{"/a\\b", 400},
		{"/a%5c..%5cb", 400},
		{"/a#b", 400},
		{"/\xc3\xa4", 400},
		{"*", 400},
		{"a", 400},
		{"ftp://h/a", 400},
		{"http:/a", 400},
		{"/a\tb", 400},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct http_head h;

		assert_int_equal(parse_target(rows[i].target, &h), rows[i].status);
	}
}

/* A target of `path_len` and `query_len` bytes. */
static unsigned parse_lengths(size_t path_len, size_t query_len)
{
	char target[2 * HTTP_PATH_SIZE + 2];
	struct http_head h;

	memset(target, 'a', sizeof(target));
	target[0] = '/';
	target[path_len] = '?';
	target[path_len + 1 + query_len] = '\0';
	return parse_target(target, &h);
}

TEST(long_paths_and_queries_are_refused)
{
	assert_int_equal(parse_lengths(HTTP_PATH_SIZE - 1, HTTP_PATH_SIZE - 1), 0);
	assert_int_equal(parse_lengths(HTTP_PATH_SIZE, 1), 414);
	assert_int_equal(parse_lengths(1, HTTP_PATH_SIZE), 414);
}

TEST(request_lines_are_strict)
{
	static const struct {
		const char *text;
		unsigned status;
	} rows[] = {
		{"GET /\r\n\r\n", 400},
		{"GET  / HTTP/1.1\r\nHost: h\r\n\r\n", 400},
		{"GET / HTTP/1.1 \r\nHost: h\r\n\r\n", 400},
		{"GET / http/1.1\r\nHost: h\r\n\r\n", 400},
		{"GET / HTTP/11\r\nHost: h\r\n\r\n", 400},
		{"GET / HTTP/2.0\r\nHost: h\r\n\r\n", 505},
		{" GET / HTTP/1.1\r\nHost: h\r\n\r\n", 400},
		{"G\"T / HTTP/1.1\r\nHost: h\r\n\r\n", 400},
		{"\r\n\r\n\r\n\r\n", 400},
		{"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n", 405},
		{"get / HTTP/1.1\r\nHost: h\r\n\r\n", 405},
		{"GETX / HTTP/1.1\r\nHost: h\r\n\r\n", 405},
		{"CONNECT h:80 HTTP/1.1\r\nHost: h\r\n\r\n", 405},
		{"PRI * HTTP/2.0\r\n\r\n", 505},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct http_head h;
		long len = http_head_find(rows[i].text, strlen(rows[i].text));

		assert_true(len > 0);
		assert_int_equal(http_head_parse(rows[i].text, (size_t)len, &h), rows[i].status);
		assert_false(h.keep_alive);
	}
}

TEST(fields_that_smuggle_are_refused)
{
	static const char *const rows[] = {
		"Host: a\r\nHost: b\r\n",
		"",
		"Host: h\r\nContent-Length: 5\r\n",
		"Host: h\r\nContent-Length: 0\r\nContent-Length: 0\r\n",
		"Host: h\r\nContent-Length: +0\r\n",
		"Host: h\r\nContent-Length: 0, 0\r\n",
		"Host: h\r\nTransfer-Encoding: chunked\r\n",
		"Host: h\r\nTransfer-Encoding: xchunked\r\n",
		"Host: h\r\nTransfer-Encoding : chunked\r\n",
		"Host: h\r\nTransfer-Encoding:\r\n",
		"Host : h\r\n",
		" Host: h\r\n",
		"Host: h\r\n folded\r\n",
		"Host: h\r\n\tfolded\r\n",
		"Host: h\r\nno colon\r\n",
		"Host: h\r\n: empty\r\n",
		"Host: h\r\nX: a\001b\r\n",
		"Host: h\r\nX: a\rb\r\n",
		"Host: h\r\nX\x80: a\r\n",
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(parse_fields(rows[i]), 400);
}

TEST(harmless_fields_pass)
{
	static const char *const rows[] = {
		"Host: h\r\nContent-Length: 0\r\n",
		"host:h\r\n",
		"HOST:   h  \t\r\n",
		"Host:\r\n",
		"Host: h\r\nX: tab\there \xe4\r\n",
		"Host: h\r\nExpect: 100-continue\r\n",
		"Host: h\r\nX: a:b\r\n",
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(parse_fields(rows[i]), 0);
}

TEST(too_many_fields_are_refused)
{
	char fields[2048] = "Host: h\r\n";
	size_t n = strlen(fields);

	for (int i = 1; i < HTTP_FIELDS_MAX; i++) {
		memcpy(fields + n, "X: y\r\n", 7);
		n += 6;
	}
	assert_int_equal(parse_fields(fields), 0);
	memcpy(fields + n, "X: y\r\n", 7);
	assert_int_equal(parse_fields(fields), 431);
}

TEST(value_that_does_not_fit_is_as_if_not_sent)
{
	char text[1024];
	struct http_head h;
	int n = snprintf(
		text, sizeof(text), "GET / HTTP/1.1\r\nHost: h\r\nRange: %0300d\r\n\r\n", 0);

	assert_in_range(n, 300, sizeof(text) - 1);
	assert_int_equal(parse(text, &h), 0);
	assert_string_equal(h.range, "");
}

RUN(t(request_of_uefi_http_boot_is_read), t(request_of_ipxe_is_read),
	t(connection_is_kept_as_the_version_and_the_client_say), t(end_of_a_head_is_found),
	t(what_can_not_become_a_head_is_refused_at_once), t(paths_are_decoded_once),
	t(hostile_paths_are_refused), t(long_paths_and_queries_are_refused),
	t(request_lines_are_strict), t(fields_that_smuggle_are_refused), t(harmless_fields_pass),
	t(too_many_fields_are_refused), t(value_that_does_not_fit_is_as_if_not_sent))

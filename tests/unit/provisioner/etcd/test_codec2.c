#include "tests/unit/test.h"

#include <errno.h>

#include "provisioner/etcd/codec2.h"

#define MEMORY ((size_t)1 << 20)

static void path_is(const char *key, bool reads, const char *want)
{
	AUTO(str_done) struct str out = str_init(1024);

	codec2_path(&out, key, reads);
	assert_string_equal(str_text(&out), want);
}

TEST(a_key_is_a_path_in_which_only_slashes_stay)
{
	path_is("/coreos.com/network/config", false,
		"/v2/keys/coreos.com/network/config?prevExist=false");
	path_is("/a b/?x=1&y#z%2f", true, "/v2/keys/a%20b/%3Fx%3D1%26y%23z%252f?quorum=true");
	path_is("/Grüße", true, "/v2/keys/Gr%C3%BC%C3%9Fe?quorum=true");
}

TEST(a_value_is_a_field_of_a_form)
{
	AUTO(str_done) struct str out = str_init(1024);

	codec2_form(&out, "{\"a\": 1}&b=+\n", 13);
	assert_string_equal(str_text(&out), "value=%7B%22a%22%3A%201%7D%26b%3D%2B%0A");
}

struct row {
	bool reads;
	unsigned status;
	const char *json;
	int rc;
	const char *says; /* the value, or a part of the error */
};

TEST(what_etcd_2_answers_is_told_apart)
{
	static const struct row rows[] = {
		{false, 201, "{\"action\":\"create\",\"node\":{\"key\":\"/a\",\"value\":\"1\"}}", 0,
			NULL},
		{false, 412,
			"{\"errorCode\":105,\"message\":\"Key already exists\",\"cause\":\"/a\"}",
			-EEXIST, "the key exists"},
		{true, 200, "{\"action\":\"get\",\"node\":{\"key\":\"/a\",\"value\":\"x y\"}}", 0,
			"x y"},
		{true, 200, "{\"action\":\"get\",\"node\":{\"key\":\"/a\",\"value\":\"\"}}", 0, ""},
		{true, 200, "{\"action\":\"get\",\"node\":{\"key\":\"/a\",\"dir\":true}}", -EINVAL,
			"it is a directory"},
		{true, 404, "{\"errorCode\":100,\"message\":\"Key not found\"}", -ENOENT,
			"is there and is not"},
		{false, 403, "{\"errorCode\":102,\"message\":\"Not a file\\u001b[2J\"}", -EACCES,
			"Not a file\\x1b"},
		{false, 401,
			"{\"errorCode\":110,\"message\":\"The request requires user "
			"authentication\"}",
			-EACCES, "requires user authentication (HTTP status 401)"},
		{false, 500, "{\"errorCode\":300,\"message\":\"Raft Internal Error\"}", -EAGAIN,
			"Raft Internal Error"},
		{false, 404, "404 page not found", -EPROTO, "HTTP status 404"},
		{false, 201, "<html>", -EPROTO, "is not JSON"},
		{true, 200, "[]", -EPROTO, "is not JSON"},
		{true, 200, "{\"node\":{\"key\":\"/a\",\"value\":7}}", -EPROTO, "no key and value"},
		{true, 200, "{}", -EPROTO, "no key and value"},
		{true, 201, "{}", -EPROTO, "HTTP status 201"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(arena_free_p) struct arena *a = arena_new(MEMORY);
		const struct row *row = &rows[i];
		struct etcd_reply reply = {0};
		struct err e = {0};

		int rc = codec2_read(
			a, row->reads, row->status, row->json, strlen(row->json), &reply, &e);
		assert_int_equal(rc, row->rc);
		assert_int_equal(reply.created, rc == 0 && !row->reads);
		assert_int_equal(reply.n_kvs, rc == 0 && row->reads);
		if (reply.n_kvs)
			assert_string_equal(reply.kvs[0].value, row->says);
		else if (row->says)
			assert_non_null(strstr(e.msg, row->says));
	}
}

RUN(t(a_key_is_a_path_in_which_only_slashes_stay), t(a_value_is_a_field_of_a_form),
	t(what_etcd_2_answers_is_told_apart))

#include "tests/unit/test.h"

#include <errno.h>

#include "provisioner/etcd/codec.h"

static void is_body(struct str *body, const char *want)
{
	assert_true(str_ok(body));
	assert_string_equal(str_text(body), want);
	str_done(body);
}

TEST(a_range_of_one_key_names_it_in_base64)
{
	struct str body = str_init(CODEC_REQUEST_MAX);

	codec_range(&body, "foo", /* prefix= */ false);
	is_body(&body, "{\"key\":\"Zm9v\"}");
}

TEST(a_prefix_ends_before_its_successor)
{
	static const struct {
		const char *prefix, *body;
	} rows[] = {
		{"/site/", "{\"key\":\"L3NpdGUv\",\"range_end\":\"L3NpdGUw\"}"},
		{"a\xff", "{\"key\":\"Yf8=\",\"range_end\":\"Yg==\"}"},
		{"\xff\xff", "{\"key\":\"//8=\",\"range_end\":\"AA==\"}"},
		{"", "{\"key\":\"AA==\",\"range_end\":\"AA==\"}"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct str body = str_init(CODEC_REQUEST_MAX);

		codec_range(&body, rows[i].prefix, /* prefix= */ true);
		is_body(&body, rows[i].body);
	}
}

TEST(create_compares_puts_and_else_reads_in_one_transaction)
{
	struct str body = str_init(CODEC_REQUEST_MAX);

	codec_create(&body, "foo", "bar", 3);
	is_body(&body,
		"{\"compare\":[{\"target\":\"CREATE\",\"createRevision\":\"0\",\"key\":\"Zm9v\"}],"
		"\"success\":[{\"requestPut\":{\"key\":\"Zm9v\",\"value\":\"YmFy\"}}],"
		"\"failure\":[{\"requestRange\":{\"key\":\"Zm9v\"}}]}");
}

TEST(a_request_beyond_its_ceiling_is_not_ok)
{
	struct str body = str_init(16);

	codec_put(&body, "a key that is too long", "v", 1);
	assert_false(str_ok(&body));
	str_done(&body);
}

TEST(base64_decodes_what_the_rfc_lists)
{
	/* RFC 4648 section 10. */
	static const struct {
		const char *text, *bytes;
	} rows[] = {{"", ""}, {"Zg==", "f"}, {"Zm8=", "fo"}, {"Zm9v", "foo"}, {"Zm9vYg==", "foob"},
		{"Zm9vYmE=", "fooba"}, {"Zm9vYmFy", "foobar"}, {"+/+/", "\xfb\xff\xbf"}};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		uint8_t to[16];
		size_t len = 99;

		assert_int_equal(codec_base64(rows[i].text, strlen(rows[i].text), to, &len), 0);
		assert_int_equal(len, strlen(rows[i].bytes));
		assert_memory_equal(to, rows[i].bytes, len);
	}
}

TEST(base64_refuses_everything_else)
{
	static const char *const rows[] = {"Z", "Zg", "Zg=", "Zg=a", "=g==", "Zg==Zg==", "Zm9v\n",
		"Zm 9", "Zm9-", "Zh==", "Zm9=", "====", "Z==="};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		uint8_t to[16];
		size_t len = 99;

		assert_int_equal(codec_base64(rows[i], strlen(rows[i]), to, &len), -EINVAL);
		assert_int_equal(len, 99);
	}
}

TEST(the_version_chooses_the_path)
{
	static const struct {
		const char *json, *path;
	} rows[] = {
		{"{\"etcdserver\":\"2.3.8\",\"etcdcluster\":\"2.3.0\"}", "/v2/keys"},
		{"{\"etcdserver\":\"3.0.17\",\"etcdcluster\":\"3.0.0\"}", "/v3alpha"},
		{"{\"etcdserver\":\"3.2.26\"}", "/v3alpha"},
		{"{\"etcdserver\":\"3.3.27\"}", "/v3beta"},
		{"{\"etcdserver\":\"3.4.23\",\"etcdcluster\":\"3.4.0\"}", "/v3"},
		{"{\"etcdserver\":\"3.10.0-rc.1\"}", "/v3"},
		{"{\"etcdserver\":\"4.0\"}", "/v3"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *path = NULL;
		struct err e;

		assert_int_equal(
			codec_read_version(rows[i].json, strlen(rows[i].json), &path, &e), 0);
		assert_string_equal(path, rows[i].path);
	}
}

static void version_fails(const char *json, int want, const char *text)
{
	const char *path = NULL;
	struct err e = {0};

	assert_int_equal(codec_read_version(json, strlen(json), &path, &e), want);
	assert_null(path);
	assert_non_null(strstr(e.msg, text));
}

TEST(what_is_not_a_version_is_refused_in_words)
{
	version_fails("{\"etcdserver\":\"0.4.9\"}", -EOPNOTSUPP, "etcd 0.4 is too old");
	version_fails("{\"etcdserver\":\"3\"}", -EPROTO, "names no version");
	version_fails("{\"etcdserver\":\"3.x\"}", -EPROTO, "names no version");
	version_fails("{\"etcdserver\":\"-3.4\"}", -EPROTO, "names no version");
	version_fails("{\"etcdserver\":\"00000000003.4\"}", -EPROTO, "names no version");
	version_fails("{\"etcdserver\":34}", -EPROTO, "names no version");
	version_fails("{}", -EPROTO, "names no version");
	version_fails("[]", -EPROTO, "no object");
	version_fails("<html>", -EPROTO, "not JSON");
	version_fails("", -EPROTO, "not JSON");
}

static int health(const char *json, struct err *e)
{
	*e = (struct err){0};
	return codec_read_health(json, strlen(json), e);
}

TEST(health_is_the_text_true)
{
	struct err e;

	assert_int_equal(health("{\"health\":\"true\"}", &e), 0);
	assert_int_equal(health("{\"health\":\"true\",\"reason\":\"\"}", &e), 0);
	assert_int_equal(health("{\"health\":true}", &e), 0);
	assert_int_equal(
		health("{\"health\":\"false\",\"reason\":\"RAFT NO LEADER\"}", &e), -EAGAIN);
	assert_string_equal(e.msg, "not healthy: RAFT NO LEADER");
	assert_int_equal(health("{\"health\":\"false\"}", &e), -EAGAIN);
	assert_string_equal(e.msg, "not healthy");
	assert_int_equal(health("{\"health\":1}", &e), -EPROTO);
	assert_int_equal(health("{}", &e), -EPROTO);
	assert_int_equal(health("true", &e), -EPROTO);
}

TEST(a_reason_from_the_wire_is_escaped)
{
	struct err e;

	assert_int_equal(
		health("{\"health\":\"false\",\"reason\":\"\\u001b[2J\\n\"}", &e), -EAGAIN);
	assert_null(strpbrk(e.msg, "\x1b\n"));
}

static int read_range(struct arena *a, const char *json, struct etcd_reply *r, struct err *e)
{
	*r = (struct etcd_reply){0};
	*e = (struct err){0};
	return codec_read_range(a, json, strlen(json), r, e);
}

TEST(a_range_gives_keys_values_and_revisions)
{
	AUTO(arena_free_p) struct arena *a = arena_new(1 << 20);
	struct etcd_reply r;
	struct err e;

	assert_int_equal(
		read_range(a,
			"{\"header\":{\"cluster_id\":\"3\",\"revision\":\"9007199254740993\"},"
			"\"kvs\":[{\"key\":\"Zm9v\",\"create_revision\":\"2\",\"mod_revision\":"
			"\"5\","
			"\"version\":\"3\",\"value\":\"YmFy\"},{\"key\":\"Zg==\"}],\"count\":"
			"\"2\"}",
			&r, &e),
		0);
	assert_true(r.revision == INT64_C(9007199254740993));
	assert_int_equal(r.n_kvs, 2);
	assert_string_equal(r.kvs[0].key, "foo");
	assert_string_equal(r.kvs[0].value, "bar");
	assert_int_equal(r.kvs[0].value_len, 3);
	assert_int_equal(r.kvs[0].create_revision, 2);
	assert_int_equal(r.kvs[0].mod_revision, 5);
	assert_int_equal(r.kvs[0].version, 3);
	/* What is empty is left out. */
	assert_string_equal(r.kvs[1].value, "");
	assert_int_equal(r.kvs[1].version, 0);
}

TEST(nothing_found_is_an_answer_without_keys)
{
	AUTO(arena_free_p) struct arena *a = arena_new(1 << 20);
	struct etcd_reply r;
	struct err e;

	assert_int_equal(read_range(a, "{\"header\":{\"revision\":\"4\"}}", &r, &e), 0);
	assert_int_equal(r.n_kvs, 0);
}

TEST(broken_ranges_are_refused)
{
	static const char *const rows[] = {
		"",
		"{",
		"[]",
		"{}",
		"{\"header\":1}",
		"{\"header\":{\"revision\":\"x\"}}",
		"{\"header\":{\"revision\":\"99999999999999999999\"}}",
		"{\"header\":{},\"kvs\":{}}",
		"{\"header\":{},\"kvs\":[1]}",
		"{\"header\":{},\"kvs\":[{\"key\":1}]}",
		"{\"header\":{},\"kvs\":[{\"key\":\"Z\"}]}",
		"{\"header\":{},\"kvs\":[{\"key\":\"Zm9v\",\"version\":\"1.5\"}]}",
		"{\"header\":{},\"header\":{}}",
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(arena_free_p) struct arena *a = arena_new(1 << 20);
		struct etcd_reply r;
		struct err e;

		assert_int_equal(read_range(a, rows[i], &r, &e), -EPROTO);
		assert_string_not_equal(e.msg, "");
		assert_int_equal(r.n_kvs, 0);
	}
}

TEST(more_keys_than_the_ceiling_are_refused)
{
	AUTO(arena_free_p) struct arena *a = arena_new(4 << 20);
	AUTO(str_done) struct str json = str_init(1 << 20);
	struct etcd_reply r;
	struct err e;

	str_add(&json, "{\"header\":{},\"kvs\":[{}");
	for (int i = 0; i < ETCD_KVS_MAX; i++)
		str_add(&json, ",{}");
	str_add(&json, "]}");
	assert_int_equal(read_range(a, str_text(&json), &r, &e), -E2BIG);
}

static int read_create(struct arena *a, const char *json, struct etcd_reply *r)
{
	struct err e = {0};

	*r = (struct etcd_reply){0};
	return codec_read_create(a, json, strlen(json), r, &e);
}

TEST(create_tells_made_from_found)
{
	AUTO(arena_free_p) struct arena *a = arena_new(1 << 20);
	struct etcd_reply r;

	assert_int_equal(
		read_create(a,
			"{\"header\":{\"revision\":\"2\"},\"succeeded\":true,\"responses\":"
			"[{\"response_put\":{\"header\":{\"revision\":\"2\"}}}]}",
			&r),
		0);
	assert_true(r.created);
	assert_int_equal(r.n_kvs, 0);

	assert_int_equal(
		read_create(a,
			"{\"header\":{\"revision\":\"2\"},\"responses\":[{\"response_range\":{"
			"\"header\""
			":{},\"kvs\":[{\"key\":\"Zm9v\",\"value\":\"YmFy\"}],\"count\":\"1\"}}]}",
			&r),
		0);
	assert_false(r.created);
	assert_string_equal(r.kvs[0].value, "bar");
}

TEST(a_create_that_says_neither_is_refused)
{
	AUTO(arena_free_p) struct arena *a = arena_new(1 << 20);
	struct etcd_reply r;

	assert_int_equal(read_create(a, "{\"header\":{}}", &r), -EPROTO);
	assert_int_equal(read_create(a, "{\"header\":{},\"succeeded\":\"true\"}", &r), -EPROTO);
	assert_int_equal(read_create(a, "{\"header\":{},\"succeeded\":false,\"responses\":[]}", &r),
		-EPROTO);
	assert_int_equal(
		read_create(a, "{\"header\":{},\"responses\":[{\"response_range\":{}}]}", &r),
		-EPROTO);
}

TEST(delete_counts)
{
	AUTO(arena_free_p) struct arena *a = arena_new(1 << 20);
	struct etcd_reply r = {0};
	struct err e;
	const char *json = "{\"header\":{\"revision\":\"8\"},\"deleted\":\"2\"}";

	assert_int_equal(codec_read_delete(a, json, strlen(json), &r, &e), 0);
	assert_int_equal(r.n_deleted, 2);
}

TEST(the_status_says_which_errors_are_for_good)
{
	static const struct {
		unsigned status;
		const char *body;
		int rc;
		const char *text;
	} rows[] = {
		{400, "{\"error\":\"etcdserver: key is not provided\",\"code\":3}", -EINVAL,
			"etcdserver: key is not provided (HTTP status 400)"},
		{401, "{}", -EACCES, "HTTP status 401"},
		{403, "{\"error\":\"etcdserver: permission denied\"}", -EACCES,
			"etcdserver: permission denied (HTTP status 403)"},
		{404, "404 page not found", -EPROTO, "HTTP status 404"},
		{503, "{\"error\":\"etcdserver: no leader\",\"code\":14}", -EAGAIN,
			"etcdserver: no leader (HTTP status 503)"},
		{302, "", -EPROTO, "HTTP status 302"},
		{200000, "{\"error\":7}", -EPROTO, "HTTP status 200000"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err e = {0};

		assert_int_equal(
			codec_read_error(rows[i].status, rows[i].body, strlen(rows[i].body), &e),
			rows[i].rc);
		assert_string_equal(e.msg, rows[i].text);
	}
}

RUN(t(a_range_of_one_key_names_it_in_base64), t(a_prefix_ends_before_its_successor),
	t(create_compares_puts_and_else_reads_in_one_transaction),
	t(a_request_beyond_its_ceiling_is_not_ok), t(base64_decodes_what_the_rfc_lists),
	t(base64_refuses_everything_else), t(the_version_chooses_the_path),
	t(what_is_not_a_version_is_refused_in_words), t(health_is_the_text_true),
	t(a_reason_from_the_wire_is_escaped), t(a_range_gives_keys_values_and_revisions),
	t(nothing_found_is_an_answer_without_keys), t(broken_ranges_are_refused),
	t(more_keys_than_the_ceiling_are_refused), t(create_tells_made_from_found),
	t(a_create_that_says_neither_is_refused), t(delete_counts),
	t(the_status_says_which_errors_are_for_good))

#include "netboot/join/etcd.h"

#include <errno.h>

#include "tests/unit/test.h"

TEST(key_and_value_travel_as_base64)
{
	AUTO(str_done) struct str body = str_init(1000);

	etcd_write_put("/slipway/acm/nodes/n", "{}", &body);
	assert_string_equal(
		body.s, "{\"key\":\"L3NsaXB3YXkvYWNtL25vZGVzL24=\",\"value\":\"e30=\"}");
}

TEST(newer_gateways_are_tried_first)
{
	assert_string_equal(etcd_put_path(0), "/v3/kv/put");
	assert_string_equal(etcd_put_path(1), "/v3beta/kv/put");
	assert_string_equal(etcd_put_path(2), "/v3alpha/kv/put");
	assert_null(etcd_put_path(3));
}

TEST(only_etcds_own_answer_counts_as_done)
{
	/* Answers of etcd 3.4.23, but for the last three. */
	static const struct {
		int status, want;
		const char *body;
	} rows[] = {
		{200, 0,
			"{\"header\":{\"cluster_id\":\"324952591200643719\",\"member_id\":\"2\","
			"\"revision\":\"3\","
			"\"raft_term\":\"2\"}}"},
		{404, -ENOENT, "404 page not found\n"},
		{503, -EAGAIN,
			"{\"error\":\"etcdserver: no leader\",\"message\":\"etcdserver: no "
			"leader\",\"code\":14}"},
		{400, -EAGAIN, "{\"error\":\"etcdserver: key is not provided\",\"code\":3}"},
		{200, -EAGAIN, "<html>welcome to the proxy</html>"},
		{200, -EAGAIN, "{\"header\":true}"},
		{200, -EAGAIN, ""},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err e = {0};

		assert_int_equal(
			etcd_read_put(rows[i].status, rows[i].body, strlen(rows[i].body), &e),
			rows[i].want);
		assert_true((rows[i].want == 0) == (e.msg[0] == '\0'));
	}
}

TEST(what_etcd_said_is_in_the_error)
{
	static const char body[] = "{\"error\":\"etcdserver: no leader\",\"code\":14}";
	struct err e = {0};

	assert_int_equal(etcd_read_put(503, body, strlen(body), &e), -EAGAIN);
	assert_string_equal(e.msg, "etcd answered 503: etcdserver: no leader");
}

RUN(t(key_and_value_travel_as_base64), t(newer_gateways_are_tried_first),
	t(only_etcds_own_answer_counts_as_done), t(what_etcd_said_is_in_the_error))

#include "netboot/join/api.h"

#include <errno.h>
#include <stdlib.h>

#include <jansson.h>

#include "netboot/join/facts.h"
#include "netboot/join/units.h"
#include "tests/unit/test.h"

#define NAMES "\"certificate\":\"C\",\"ca\":\"A\",\"node\":\"worker1\",\"cluster\":\"acm\""
#define ETCD "\"etcd\":{\"endpoints\":[\"http://10.10.0.10:2379\"],\"prefix\":\"/slipway/acm\"}"

static int read_text(const char *text, struct api_joined *ret, struct err *e)
{
	return api_read_joined(text, strlen(text), ret, e);
}

TEST(a_join_carries_token_request_name_and_facts)
{
	AUTO(str_done) struct str body = str_init(1000);
	const struct api_join join = {.token = "T",
		.request = "-----BEGIN\n",
		.node = "worker1",
		.facts = "{\"kernel\":\"6\"}"};

	api_write_join(&join, &body);
	json_t *j = json_loads(body.s, 0, NULL);
	assert_string_equal(json_string_value(json_object_get(j, "token")), "T");
	assert_string_equal(json_string_value(json_object_get(j, "csr")), "-----BEGIN\n");
	assert_string_equal(json_string_value(json_object_get(j, "node")), "worker1");
	assert_string_equal(
		json_string_value(json_object_get(json_object_get(j, "facts"), "kernel")), "6");
	json_decref(j);
}

TEST(a_heartbeat_says_how_the_node_is)
{
	AUTO(str_done) struct str body = str_init(2000);
	AUTO(free_p) struct units *units = xcalloc(1, sizeof(*units));
	const struct facts_vitals vitals = {.uptime_s = 7, .memory_free_kib = 8, .load = "0.42"};
	const struct facts_addresses addresses = {.list = {{"bond0", "10.10.0.17/24"}}, .n = 1};

	*units = (struct units){.failed = {"a.service"}, .n = 1, .system = "degraded"};
	const struct api_heartbeat beat = {.node = "worker1",
		.boot_id = "b",
		.generation = 12,
		.registered = true,
		.secrets = "0f12ab",
		.vitals = &vitals,
		.units = units,
		.addresses = &addresses};
	api_write_heartbeat(&beat, &body);
	assert_string_equal(body.s,
		"{\"node\":\"worker1\",\"boot_id\":\"b\",\"agent\":\"" SLIPWAY_VERSION
		"\",\"generation\":12,\"registered\":true,\"secrets\":\"0f12ab\",\"uptime_s\":7,\"load\":0.42,\"memory_free_kib\":8,"
		"\"system\":\"degraded\",\"units_failed\":[\"a.service\"],"
		"\"addresses\":[\"10.10.0.17/24\"]}");
}

TEST(a_registration_leaves_out_what_is_not_known)
{
	AUTO(str_done) struct str full = str_init(1000), bare = str_init(1000);
	struct api_registration r = {.node = "n",
		.role = "master",
		.boot_id = "b",
		.machine_id = "m",
		.address = 0x0a0a0001};

	api_write_registration(&r, &full);
	assert_string_equal(full.s,
		"{\"name\":\"n\",\"role\":\"master\",\"address\":\"10.10.0.1\","
		"\"boot_id\":\"b\",\"machine_id\":\"m\",\"agent\":\"" SLIPWAY_VERSION "\"}");
	r.role = "";
	r.address = 0;
	api_write_registration(&r, &bare);
	assert_string_equal(bare.s, "{\"name\":\"n\",\"boot_id\":\"b\",\"machine_id\":\"m\","
				    "\"agent\":\"" SLIPWAY_VERSION "\"}");
}

TEST(a_full_answer_is_read)
{
	struct api_joined j;
	struct err e = {0};

	if (read_text("{" NAMES "," ETCD ",\"role\":\"worker\",\"heartbeat_s\":9,\"later\":[1]}",
		    &j, &e) < 0)
		fail_msg("%s", e.msg);
	assert_string_equal(j.certificate, "C");
	assert_string_equal(j.ca, "A");
	assert_string_equal(j.node, "worker1");
	assert_string_equal(j.cluster, "acm");
	assert_string_equal(j.role, "worker");
	assert_int_equal(j.n_etcd, 1);
	assert_int_equal(j.etcd[0].address, 0x0a0a000a);
	assert_int_equal(j.etcd[0].port, 2379);
	assert_false(j.etcd[0].tls);
	assert_string_equal(j.etcd_prefix, "/slipway/acm");
	assert_int_equal(j.heartbeat_s, 9);
	api_joined_done(&j);
}

TEST(what_an_answer_may_leave_out_has_a_default)
{
	static const char *const texts[] = {"{" NAMES "}",
		"{" NAMES ",\"etcd\":null,\"role\":null}",
		"{" NAMES ",\"etcd\":{\"endpoints\":[],\"prefix\":\"/slipway/acm\"}}"};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct api_joined j;

		assert_int_equal(read_text(texts[i], &j, NULL), 0);
		assert_int_equal(j.n_etcd, 0);
		assert_string_equal(j.role, "");
		assert_int_equal(j.heartbeat_s, 5);
		api_joined_done(&j);
	}
}

TEST(a_wrong_answer_is_refused_and_names_the_field)
{
	static const char *const rows[][2] = {
		{"", "not JSON"},
		{"[]", "not a JSON object"},
		{"{" NAMES ",\"ca\":\"B\"}", "not JSON"}, /* a key twice */
		{"{\"certificate\":\"C\\u0000\"}", "not JSON"},
		{"{\"ca\":\"A\",\"node\":\"n\",\"cluster\":\"c\"}", "certificate"},
		{"{\"certificate\":\"\",\"ca\":\"A\"}", "certificate"},
		{"{\"certificate\":\"C\",\"ca\":7}", "ca:"},
		{"{\"certificate\":\"C\",\"ca\":\"A\",\"cluster\":\"c\"}", "node"},
		{"{\"certificate\":\"C\",\"ca\":\"A\",\"node\":\"../x\",\"cluster\":\"c\"}",
			"node"},
		{"{\"certificate\":\"C\",\"ca\":\"A\",\"node\":\"n\",\"cluster\":\"\"}", "cluster"},
		{"{" NAMES ",\"role\":\"a b\"}", "role"},
		{"{" NAMES ",\"role\":[]}", "role"},
		{"{" NAMES ",\"heartbeat_s\":0}", "heartbeat_s"},
		{"{" NAMES ",\"heartbeat_s\":301}", "heartbeat_s"},
		{"{" NAMES ",\"heartbeat_s\":\"5\"}", "heartbeat_s"},
		{"{" NAMES ",\"heartbeat_s\":-9223372036854775808}", "heartbeat_s"},
		{"{" NAMES ",\"etcd\":[]}", "etcd.endpoints"},
		{"{" NAMES ",\"etcd\":{\"endpoints\":[\"http://etcd:2379\"],\"prefix\":\"/a\"}}",
			"endpoints[0]"},
		{"{" NAMES ",\"etcd\":{\"endpoints\":[1],\"prefix\":\"/a\"}}", "endpoints[0]"},
		{"{" NAMES ",\"etcd\":{\"endpoints\":[]}}", "etcd.prefix"},
		{"{" NAMES ",\"etcd\":{\"endpoints\":[],\"prefix\":\"\"}}", "etcd.prefix"},
		{"{" NAMES ",\"etcd\":{\"endpoints\":[],\"prefix\":\"a\"}}", "etcd.prefix"},
		{"{" NAMES ",\"etcd\":{\"endpoints\":[],\"prefix\":\"/a/\"}}", "etcd.prefix"},
		{"{" NAMES ",\"etcd\":{\"endpoints\":[],\"prefix\":\"/a\\n\"}}", "etcd.prefix"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct api_joined j = {.certificate = NULL};
		struct err e = {0};

		assert_int_equal(read_text(rows[i][0], &j, &e), -EINVAL);
		if (!strstr(e.msg, rows[i][1]))
			fail_msg("row %zu: \"%s\" lacks \"%s\"", i, e.msg, rows[i][1]);
		assert_null(j.certificate);
		assert_null(j.ca);
	}
}

TEST(eight_endpoints_are_enough)
{
	AUTO(str_done) struct str text = str_init(2000);
	struct api_joined j;

	str_add(&text,
		"{" NAMES ",\"etcd\":{\"prefix\":\"/a\",\"endpoints\":[\"http://10.0.0.1:1\"");
	for (int i = 2; i <= 20; i++)
		str_printf(&text, ",\"http://10.0.0.%d:1\"", i);
	str_add(&text, "]}}");
	assert_int_equal(api_read_joined(text.s, text.len, &j, NULL), 0);
	assert_int_equal(j.n_etcd, API_ENDPOINTS_MAX);
	assert_int_equal(j.etcd[7].address, 0x0a000008);
	api_joined_done(&j);
}

TEST(an_endless_answer_is_refused)
{
	AUTO(free_p) char *text = xcalloc(API_REPLY_MAX + 2, 1);
	struct api_joined j;
	struct err e = {0};

	memset(text, ' ', API_REPLY_MAX + 1);
	assert_int_equal(api_read_joined(text, API_REPLY_MAX + 1, &j, &e), -EINVAL);
	assert_non_null(strstr(e.msg, "longer"));
}

TEST(commands_are_names_made_safe_to_log)
{
	static const char text[] = "{\"commands\":[\"reboot\",{\"name\":\"rein\\u001bstall\"},7]}";
	struct api_commands c;

	assert_int_equal(api_read_commands(text, strlen(text), &c, NULL), 0);
	assert_int_equal(c.n, 3);
	assert_string_equal(c.name[0], "reboot");
	assert_string_equal(c.name[1], "rein\\x1bstall");
	assert_string_equal(c.name[2], "?");
}

TEST(a_heartbeat_may_be_answered_with_nothing)
{
	static const char *const texts[] = {"", "{}", "{\"commands\":null}", "{\"commands\":[]}"};
	struct api_commands c;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		assert_int_equal(api_read_commands(texts[i], strlen(texts[i]), &c, NULL), 0);
		assert_int_equal(c.n, 0);
	}
	assert_int_equal(api_read_commands("{\"commands\":{}}", 15, &c, NULL), -EINVAL);
	assert_int_equal(c.n, 0);
}

TEST(more_commands_than_we_keep_are_dropped)
{
	AUTO(str_done) struct str text = str_init(10000);
	struct api_commands c;

	str_add(&text, "{\"commands\":[\"a\"");
	for (int i = 0; i < 100; i++)
		str_add(&text, ",\"b\"");
	str_add(&text, "]}");
	assert_int_equal(api_read_commands(text.s, text.len, &c, NULL), 0);
	assert_int_equal(c.n, API_COMMANDS_MAX);
}

TEST(a_refusal_gives_its_reason_made_safe)
{
	static const char *const rows[][2] = {
		{"{\"error\":\"token has expired\"}", "token has expired"},
		{"{\"error\":\"\\u001b[2J\"}", "\\x1b[2J"}, {"{\"error\":7}", ""}, {"<html>", ""},
		{"", ""}};
	char buf[64];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_string_equal(
			api_read_reason(rows[i][0], strlen(rows[i][0]), buf, sizeof(buf)),
			rows[i][1]);
}

RUN(t(a_join_carries_token_request_name_and_facts), t(a_heartbeat_says_how_the_node_is),
	t(a_registration_leaves_out_what_is_not_known), t(a_full_answer_is_read),
	t(what_an_answer_may_leave_out_has_a_default),
	t(a_wrong_answer_is_refused_and_names_the_field), t(eight_endpoints_are_enough),
	t(an_endless_answer_is_refused), t(commands_are_names_made_safe_to_log),
	t(a_heartbeat_may_be_answered_with_nothing), t(more_commands_than_we_keep_are_dropped),
	t(a_refusal_gives_its_reason_made_safe))

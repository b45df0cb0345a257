#include "tests/unit/test.h"

#include <errno.h>

#include "provisioner/etcd/client.h"
#include "provisioner/etcd/values.h"

static struct doc_node *parse(struct arena *a, const char *yaml)
{
	struct doc_node *root = NULL;
	struct err e = {0};

	if (doc_parse(a, "s.yaml", yaml, strlen(yaml), &doc_limits_default, &root, &e) < 0)
		fail_msg("%s", e.msg);
	return root;
}

/* The value of the key "v". */
static int value_of(const char *yaml, struct str *out, struct err *e)
{
	AUTO(arena_free_p) struct arena *a = arena_new(4 << 20);

	return etcd_seed_value(doc_get(parse(a, yaml), "v"), out, e);
}

TEST(values_become_text_or_json)
{
	static const struct {
		const char *yaml, *stored;
	} rows[] = {
		{"v: acm", "acm"},
		{"v: 010", "010"}, /* a scalar alone is its text, whatever it looks like */
		{"v: true", "true"},
		{"v: \"\"", ""},
		{"v: !!str ~", "~"},
		{"v: |\n  two\n  lines\n", "two\nlines\n"},
		{"v: {}", "{}"},
		{"v: []", "[]"},
		{"v: {Network: 10.2.0.0/16, Backend: {Type: vxlan, VNI: 1}}",
			"{\"Network\":\"10.2.0.0/16\",\"Backend\":{\"Type\":\"vxlan\",\"VNI\":1}}"},
		{"v: {z: 1, a: 2, m: 3}", "{\"z\":1,\"a\":2,\"m\":3}"},
		{"v: [0, -1, 12, 1.5, -0.25, 1e3, 12345678901234567890]",
			"[0,-1,12,1.5,-0.25,1e3,12345678901234567890]"},
		{"v: [true, True, FALSE, yes, 'true', \"1\"]",
			"[true,true,false,\"yes\",\"true\",\"1\"]"},
		{"v: [null, ~, Null, 'null', \"~\"]", "[null,null,null,\"null\",\"~\"]"},
		{"v:\n- a\n-\n- [b, [c, {d: e}]]", "[\"a\",null,[\"b\",[\"c\",{\"d\":\"e\"}]]]"},
		{"v:\n- !!str 5\n- |\n  x\n", "[\"5\",\"x\\n\"]"},
		{"v: [1.2.3, 10.2.0.0/16, 1-2, 5m, -, ., 2026-01-31, 52:54:00:00:00:01, e1]",
			"[\"1.2.3\",\"10.2.0.0/16\",\"1-2\",\"5m\",\"-\",\".\",\"2026-01-31\","
			"\"52:54:00:00:00:01\",\"e1\"]"},
		{"v: [\"q\\\"\\\\\\u0007\\u00fc\"]", "[\"q\\\"\\\\\\u0007\xc3\xbc\"]"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(str_done) struct str out = str_init(ETCD_VALUE_MAX);
		struct err e = {0};

		if (value_of(rows[i].yaml, &out, &e) < 0)
			fail_msg("%s: %s", rows[i].yaml, e.msg);
		assert_string_equal(str_text(&out), rows[i].stored);
	}
}

TEST(numbers_that_mean_two_things_are_refused_at_their_place)
{
	static const char *const rows[] = {"+5", "010", "-010", "0x1f", "0o17", ".5", "5.", ".inf",
		"-.INF", ".nan", "1_000", "1.e5", "00", "+.5"};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(str_done) struct str out = str_init(ETCD_VALUE_MAX);
		AUTO(str_done) struct str yaml = str_init(64);
		struct err e = {0};

		str_printf(&yaml, "v: [1, %s]", rows[i]);
		assert_int_equal(value_of(str_text(&yaml), &out, &e), -EINVAL);
		assert_int_equal(e.at.line, 1);
		assert_int_equal(e.at.col, 8);
		assert_non_null(strstr(e.msg, rows[i]));
	}
}

TEST(what_cannot_be_stored_is_refused)
{
	AUTO(str_done) struct str out = str_init(ETCD_VALUE_MAX);
	AUTO(str_done) struct str tiny = str_init(8);
	struct err e;

	assert_int_equal(value_of("v:", &out, &e), -EINVAL);
	assert_int_equal(value_of("v: ~", &out, &e), -EINVAL);
	assert_int_equal(value_of("v: [!mine 5]", &out, &e), -EINVAL);
	assert_int_equal(value_of("v: [more than eight]", &tiny, &e), -E2BIG);
}

static void nest(struct str *yaml, unsigned depth)
{
	str_add(yaml, "v: ");
	for (unsigned i = 0; i < depth; i++)
		str_addc(yaml, '[');
	for (unsigned i = 0; i < depth; i++)
		str_addc(yaml, ']');
}

TEST(the_deepest_document_that_is_read_can_be_stored)
{
	AUTO(str_done) struct str out = str_init(ETCD_VALUE_MAX);
	AUTO(str_done) struct str yaml = str_init(256);
	struct err e = {0};

	nest(&yaml, (unsigned)doc_limits_default.depth - 1);
	assert_int_equal(value_of(str_text(&yaml), &out, &e), 0);
	assert_string_equal(str_text(&out), str_text(&yaml) + strlen("v: "));
}

TEST(a_map_of_keys_is_read_whole)
{
	AUTO(arena_free_p) struct arena *a = arena_new(4 << 20);
	struct err_list errors = {0};
	struct etcd_seed_key *keys = NULL;
	size_t n = 99;

	assert_int_equal(etcd_seed_read(a, NULL, &keys, &n, &errors), 0);
	assert_int_equal(n, 0);
	assert_int_equal(etcd_seed_read(a, parse(a, "/a: one\n/b: [2]\n"), &keys, &n, &errors), 0);
	assert_int_equal(n, 2);
	assert_string_equal(keys[0].key, "/a");
	assert_string_equal(keys[0].value, "one");
	assert_string_equal(keys[1].key, "/b");
	assert_string_equal(keys[1].value, "[2]");
	assert_int_equal(errors.n, 0);
}

TEST(all_mistakes_are_told_with_their_keys_and_places)
{
	AUTO(arena_free_p) struct arena *a = arena_new(4 << 20);
	struct err_list errors = {0};
	struct etcd_seed_key *keys = NULL;
	size_t n = 99;
	const char *yaml =
		"/ok: x\nno-slash: x\n/empty:\n/coreos.com/network/config: {Network: 10.2}\n";

	assert_int_equal(etcd_seed_read(a, parse(a, yaml), &keys, &n, &errors), -EINVAL);
	assert_null(keys);
	assert_int_equal(errors.n, 3);
	assert_int_equal(errors.list[0].at.line, 2);
	assert_string_equal(
		errors.list[0].msg, "etcd.seed: the key \"no-slash\" must begin with \"/\"");
	assert_int_equal(errors.list[1].at.line, 3);
	assert_string_equal(errors.list[1].msg,
		"etcd.seed: /empty: has no value (write \"\" for an empty one)");
	assert_int_equal(errors.list[2].at.line, 4);
	assert_non_null(strstr(errors.list[2].msg, "flannel: "));
}

TEST(a_seed_that_is_no_map_is_refused)
{
	AUTO(arena_free_p) struct arena *a = arena_new(4 << 20);
	struct err_list errors = {0};
	struct etcd_seed_key *keys = NULL;
	size_t n;

	assert_int_equal(etcd_seed_read(a, parse(a, "[/a]"), &keys, &n, &errors), -EINVAL);
	assert_int_equal(errors.n, 1);
}

RUN(t(values_become_text_or_json), t(numbers_that_mean_two_things_are_refused_at_their_place),
	t(what_cannot_be_stored_is_refused), t(the_deepest_document_that_is_read_can_be_stored),
	t(a_map_of_keys_is_read_whole), t(all_mistakes_are_told_with_their_keys_and_places),
	t(a_seed_that_is_no_map_is_refused))

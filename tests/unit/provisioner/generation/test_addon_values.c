#include "tests/unit/test.h"

#include "provisioner/base/str.h"
#include "provisioner/generation/addon.h"
#include "provisioner/generation/addon_values.h"

#define SUM "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static struct arena *arena;
static struct err_list errors;

/* One parameter `p` of a type (with more keys behind it), and what cluster.yaml gives. */
static struct value give(const char *type, const char *given, const char *mirror)
{
	AUTO(str_done) struct str text = str_init(4096);
	struct doc_node *root = NULL;
	struct addon a;

	arena_free(arena);
	arena = arena_new((size_t)4 << 20);
	errors = (struct err_list){0};
	str_printf(&text, "title: T\ndoc: D\nparameters: {p: {doc: D, type: %s}}\n", type);
	struct template_source file = {
		.name = "a.yaml", .text = arena_strdup(arena, str_text(&text)), .len = text.len};
	assert_int_equal(addon_read(arena, "a", &file, &a, &errors), 0);
	assert_int_equal(
		doc_parse(arena, "c.yaml", given, strlen(given), &doc_limits_default, &root, NULL),
		0);
	struct addon_values_input in = {.addon = &a,
		.path = "addons.a",
		.given = root,
		.registry_mirror = mirror,
		.is_used = true};
	return value_get(addon_values(arena, &in, &errors), "p");
}

static void is_text(struct value v, const char *text)
{
	if (errors.n > 0 || !value_text_is(v, text))
		fail_msg("expected %s: %s", text, errors.n ? errors.list[0].msg : "another value");
}

TEST(each_type_takes_what_it_should)
{
	static const struct {
		const char *type, *given, *text;
	} rows[] = {
		{"text", "p: a line", "a line"},
		{"text", "p: 0755", "0755"},
		{"duration", "p: 90s", "90s"},
		{"enum, words: [a, b]", "p: b", "b"},
		{"address", "p: 10.0.0.1", "10.0.0.1"},
		{"net", "p: 10.2.0.0/16", "10.2.0.0/16"},
		{"host", "p: a.acm", "a.acm"},
		{"host", "p: 10.0.0.1", "10.0.0.1"},
		{"path", "p: /var/lib/etcd", "/var/lib/etcd"},
		{"url", "p: 'http://10.0.0.1:8080/a?b=c'", "http://10.0.0.1:8080/a?b=c"},
		{"sha256", "p: " SUM, SUM},
		{"image", "p: r.acm:5000/a/b:v1", "r.acm:5000/a/b:v1"},
		{"image", "p: 'a/b@sha256:" SUM "'", "a/b@sha256:" SUM},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		is_text(give(rows[i].type, rows[i].given, NULL), rows[i].text);
	struct value v = give("number, min: 1, max: 9", "p: 9", NULL);
	assert_true(v.kind == VALUE_INT && v.i == 9);
	v = give("bool", "p: true", NULL);
	assert_true(v.kind == VALUE_BOOL && v.truth);
	v = give("list", "p: [a, b]", NULL);
	assert_true(v.kind == VALUE_LIST && v.list->n == 2);
	v = give("map", "p: {a: 1}", NULL);
	assert_true(v.kind == VALUE_MAP && value_get(v, "a").i == 1);
	assert_int_equal(errors.n, 0);
}

TEST(each_type_refuses_what_it_should_not_take)
{
	static const struct {
		const char *type, *given, *message;
	} rows[] = {
		{"text", "p: ''", "c.yaml:1:4: addons.a.p: \"\" is not a line of text"},
		{"text", "p: [a]",
			"c.yaml:1:4: addons.a.p: a list stands here; expected a line of text"},
		{"text", "p: \"a\\nb\"", "c.yaml:1:4: addons.a.p: \"a?b\" is not a line of text"},
		{"number, min: 1, max: 9", "p: 10",
			"c.yaml:1:4: addons.a.p: 10 is out of range (1 to 9)"},
		{"number, min: 1", "p: 0",
			"c.yaml:1:4: addons.a.p: 0 is out of range (1 to no limit)"},
		{"number", "p: 1.5", "c.yaml:1:4: addons.a.p: \"1.5\" is not a number"},
		{"duration, max: 1m", "p: 2m",
			"c.yaml:1:4: addons.a.p: 2m is out of range (no limit to 60000ms)"},
		{"bool", "p: yes", "c.yaml:1:4: addons.a.p: \"yes\" is not true or false"},
		{"enum, words: [one, two]", "p: onne",
			"c.yaml:1:4: addons.a.p: \"onne\" is not one of one, two (did you mean "
			"\"one\"?)"},
		{"net", "p: 10.2.0.1/16",
			"c.yaml:1:4: addons.a.p: \"10.2.0.1/16\" is not a network such as "
			"10.2.0.0/16"},
		{"path", "p: /a/../b",
			"c.yaml:1:4: addons.a.p: \"/a/../b\" is not an absolute path such as "
			"/var/lib/etcd"},
		{"url", "p: ftp://a/b",
			"c.yaml:1:4: addons.a.p: \"ftp://a/b\" is not a URL that begins with "
			"http:// "
			"or https://"},
		{"sha256", "p: abc",
			"c.yaml:1:4: addons.a.p: \"abc\" is not a SHA-256 sum: 64 hex digits, in "
			"lower "
			"case"},
		{"image", "p: quay.io:443/etcd",
			"c.yaml:1:4: addons.a.p: \"quay.io:443/etcd\" is not a container image "
			"with its "
			"tag or digest, such as quay.io/coreos/etcd:v3.5.16"},
		{"map", "p: a", "c.yaml:1:4: addons.a.p: \"a\" is not a map"},
		{"list", "p: [[a]]",
			"c.yaml:1:5: addons.a.p: a list stands here; expected a list of lines"},
		{"text", "q: a", "c.yaml:1:1: addons.a: the add-on has no parameter \"q\""},
		{"text, required: true", "{}", "addons.a.p is missing: D"},
	};
	char buf[1024];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		(void)give(rows[i].type, rows[i].given, NULL);
		assert_int_equal(errors.n, 1);
		assert_string_equal(err_text(&errors.list[0], buf, sizeof(buf)), rows[i].message);
	}
}

TEST(what_is_not_given_has_its_default_or_is_none)
{
	is_text(give("text, default: x", "{}", NULL), "x");
	is_text(give("text, default: x", "p: null", NULL), "x");
	assert_int_equal(give("text", "{}", NULL).kind, VALUE_NONE);
}

TEST(image_comes_through_the_mirror_unless_the_operator_names_it)
{
	static const struct {
		const char *image, *mirrored;
	} rows[] = {
		{"quay.io/coreos/etcd:v3", "r.acm:5000/m/coreos/etcd:v3"},
		{"localhost/a:1", "r.acm:5000/m/a:1"},
		{"host:5000/a/b:1", "r.acm:5000/m/a/b:1"},
		{"library/haproxy:2.9", "r.acm:5000/m/library/haproxy:2.9"},
		{"haproxy:2.9", "r.acm:5000/m/haproxy:2.9"},
	};

	is_text(give("image, default: quay.io/coreos/etcd:v3", "{}", "r.acm:5000/m"),
		"r.acm:5000/m/coreos/etcd:v3");
	is_text(give("image, default: quay.io/coreos/etcd:v3", "p: docker.io/x/y:1",
			"r.acm:5000/m"),
		"docker.io/x/y:1");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_string_equal(addon_image_mirrored(arena, rows[i].image, "r.acm:5000/m"),
			rows[i].mirrored);
	assert_string_equal(addon_image_mirrored(arena, "a/b:1", NULL), "a/b:1");
}

RUN(t(each_type_takes_what_it_should), t(each_type_refuses_what_it_should_not_take),
	t(what_is_not_given_has_its_default_or_is_none),
	t(image_comes_through_the_mirror_unless_the_operator_names_it))

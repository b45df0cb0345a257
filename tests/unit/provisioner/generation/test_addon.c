#include "tests/unit/test.h"

#include <errno.h>

#include "provisioner/generation/addon.h"

static struct arena *arena;
static struct err_list errors;

static int read_text(const char *text, struct addon *ret)
{
	arena_free(arena);
	arena = arena_new((size_t)4 << 20);
	errors = (struct err_list){0};
	struct template_source file = {.name = "a.yaml", .text = text, .len = strlen(text)};

	return addon_read(arena, "load-balancer", &file, ret, &errors);
}

TEST(a_secret_that_does_not_exist_is_refused_with_what_was_meant)
{
	struct addon a;

	assert_true(read_text("title: One\ndoc: Two.\nsecrets: [etcd-clint]\n", &a) < 0);
	assert_non_null(strstr(errors.list[0].msg, "did you mean \"etcd-client\"?"));
}

TEST(add_on_is_read_whole)
{
	struct addon a;

	assert_int_equal(
		read_text("title: One\ndoc: Two.\nneeds: [docker]\nbrings: [x]\nafter: [y]\n"
			  "conflicts: [z]\ndistros: [lab]\nsecrets: [etcd-client]\nrefuse: [\"{{ a "
			  "}}\"]\n"
			  "parameters:\n  log-max: {type: number, default: 3, min: 1, max: 9, doc: "
			  "Three.}\n  wait: {type: duration, min: 1s, max: 1m, doc: W., required: "
			  "true, cluster-wide: true}\n  as: {type: enum, words: [a, b], doc: A.}\n",
			&a),
		0);
	assert_string_equal(a.name, "load-balancer");
	assert_string_equal(a.key, "load_balancer");
	assert_string_equal(a.title, "One");
	assert_true(addon_names_has(&a.needs, "docker") && addon_names_has(&a.brings, "x"));
	assert_true(addon_names_has(&a.after, "y") && addon_names_has(&a.conflicts, "z"));
	assert_true(
		addon_names_has(&a.distros, "lab") && addon_names_has(&a.secrets, "etcd-client"));
	assert_int_equal(a.refuse.items[0].at.line, 9);
	const struct addon_parameter *p = addon_parameter_find(&a, "log-max");
	assert_non_null(p);
	assert_string_equal(p->key, "log_max");
	assert_int_equal(p->max, 9);
	p = addon_parameter_find(&a, "wait");
	assert_true(p->required && p->cluster_wide && !p->preset);
	assert_int_equal(p->max, 60000);
	assert_int_equal(addon_parameter_find(&a, "as")->words.n, 2);
	assert_null(addon_parameter_find(&a, "log_max"));
}

TEST(mistakes_are_told_at_their_place)
{
	static const struct {
		const char *text, *message;
	} rows[] = {
		{"", "a.yaml:1:1: expected a map with title, doc and parameters"},
		{"[]", "a.yaml:1:1: expected a map with title, doc and parameters"},
		{"title: T\n", "a.yaml:1:1: doc is missing"},
		{"title: T\ndoc: D\nneed: [x]\n",
			"a.yaml:3:1: need: no such key (did you mean \"needs\"?)"},
		{"title: T\ndoc: D\nneeds: docker\n", "a.yaml:3:8: needs: expected a list"},
		{"title: T\ndoc: D\nneeds: [[a]]\n", "a.yaml:3:9: needs: expected a word"},
		{"title: T\ndoc: D\nparameters: {a: {type: numbr, doc: D}}\n",
			"a.yaml:3:24: type: \"numbr\" is no type (did you mean \"number\"?)"},
		{"title: T\ndoc: D\nparameters: {a_b: {type: text, doc: D}}\n",
			"a.yaml:3:14: parameters: \"a_b\" is not a name of lower-case letters, "
			"digits "
			"and inner hyphens"},
		{"title: T\ndoc: D\nparameters: {a: {type: enum, doc: D}}\n",
			"a.yaml:3:14: a: an enum has words, and nothing else has"},
		{"title: T\ndoc: D\nparameters: {a: {type: text, words: [x], doc: D}}\n",
			"a.yaml:3:14: a: an enum has words, and nothing else has"},
		{"title: T\ndoc: D\nparameters: {a: {type: text, doc: D, required: true, default: "
		 "x}}\n",
			"a.yaml:3:14: a: what is required has no default"},
		{"title: T\ndoc: D\nparameters: {a: {type: number, doc: D, min: x}}\n",
			"a.yaml:3:45: min: expected a number or a duration"},
		{"title: T\ndoc: D\nparameters: {a: {type: text}}\n",
			"a.yaml:3:14: doc is missing"},
		{"title: T\ntitle: T\n", "a.yaml:2:1: key \"title\" was already given in line 1 (a "
					 "map may have each key once)"},
	};
	struct addon a;
	char buf[1024];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(read_text(rows[i].text, &a), -EINVAL);
		assert_string_equal(err_text(&errors.list[0], buf, sizeof(buf)), rows[i].message);
	}
}

RUN(t(a_secret_that_does_not_exist_is_refused_with_what_was_meant), t(add_on_is_read_whole),
	t(mistakes_are_told_at_their_place))

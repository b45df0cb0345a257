#include "templates/engine/engine.h"

#include <errno.h>

#include "tests/unit/test.h"

#define ARENA_MAX ((size_t)8 << 20)
#define OUT_MAX ((size_t)1 << 20)

struct file {
	const char *name, *text;
};

struct files {
	const struct file *list; /* up to one without a name */
	unsigned loads;
};

static int load(
	void *arg, const char *name, struct arena *a, struct template_source *ret, struct err *e)
{
	struct files *files = arg;

	(void)a;
	files->loads++;
	for (const struct file *f = files->list; f->name; f++) {
		if (strcmp(f->name, name) != 0)
			continue;
		if (!f->text)
			return err_msg(e, -EACCES, "%s is locked", name);
		*ret = (struct template_source){f->name, f->text, strlen(f->text)};
		return 0;
	}
	return -ENOENT;
}

/* One render of `text` alone, with these options; the error's text in `buf`. */
static int render(const char *text, struct template_options o, struct str *out, char buf[600])
{
	const struct template_source t = {"t", text, strlen(text)};
	struct err e = {.msg = ""};
	int rc = template_render(&t, NULL, &o, out, &e);

	(void)err_text(&e, buf, 600);
	return rc;
}

TEST(a_template_renders_without_options_or_values)
{
	const struct template_source t = {"t", "a{{ 1 + 1 }}\n", 13};
	AUTO(str_done) struct str out = str_init(OUT_MAX);

	assert_int_equal(template_render(&t, NULL, NULL, &out, NULL), 0);
	assert_string_equal(str_text(&out), "a2\n");
}

TEST(output_is_appended)
{
	AUTO(str_done) struct str out = str_init(OUT_MAX);
	char why[600];

	str_add(&out, "before ");
	assert_int_equal(render("after", (struct template_options){.load = NULL}, &out, why), 0);
	assert_string_equal(str_text(&out), "before after");
}

TEST(each_ceiling_ends_a_template_that_passes_it)
{
	static const struct {
		const char *text, *why;
		struct template_options o;
	} rows[] = {
		{"{% for i in range(100) %}0123456789{% endfor %}",
			"the output is longer than 999 bytes", {.max_output = 999}},
		{"{{ 'x' * 1000 }}", "a text longer than 999 bytes", {.max_output = 999}},
		{"{{ 'x' ~ 'y' * 999 }}", "a text longer than 999 bytes", {.max_output = 999}},
		{"{% for i in range(100) %}{% endfor %}", "too many steps", {.max_steps = 100}},
		{"{{ range(1000000000)|length }}", "too many steps", {.max_steps = 1000}},
		{"{{ ([1] * 1000000000)|length }}", "too many steps", {.max_steps = 1000}},
		{"{% for i in range(100000) %}{% set x = [i] %}{% endfor %}", "too much memory",
			{.max_memory = 100000}},
		{"{% macro m(n) %}{{ m(n) }}{% endmacro %}{{ m(1) }}", "in each other",
			{.load = NULL}},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(str_done) struct str out = str_init(OUT_MAX);
		char why[600];

		assert_true(render(rows[i].text, rows[i].o, &out, why) < 0);
		if (!strstr(why, rows[i].why))
			assert_string_equal(why, rows[i].why);
		assert_true(out.len <= 999 || rows[i].o.max_output == 0);
	}
}

TEST(the_callers_own_ceiling_counts_too)
{
	AUTO(str_done) struct str out = str_init(3);
	char why[600];

	assert_int_equal(
		render("abcd", (struct template_options){.load = NULL}, &out, why), -E2BIG);
	assert_string_equal(why, "t:1:1: the output is longer than 3 bytes");
}

TEST(nesting_in_the_text_is_counted)
{
	AUTO(str_done) struct str out = str_init(OUT_MAX), text = str_init(OUT_MAX);
	char why[600];

	for (int i = 0; i < 100; i++)
		str_add(&text, "{% if 1 %}");
	assert_true(
		render(str_text(&text), (struct template_options){.load = NULL}, &out, why) < 0);
	assert_non_null(strstr(why, "more than 64 expressions and blocks in each other"));
}

TEST(a_long_sum_fails_before_the_stack_does)
{
	AUTO(str_done) struct str out = str_init(OUT_MAX), text = str_init(OUT_MAX);
	char why[600];

	str_add(&text, "{{ 1");
	for (int i = 0; i < 50000; i++)
		str_add(&text, " + 1");
	str_add(&text, " }}");
	assert_true(
		render(str_text(&text), (struct template_options){.load = NULL}, &out, why) < 0);
	assert_non_null(strstr(why, "in each other"));
}

TEST(an_included_template_is_loaded_and_parsed_once)
{
	static const struct file list[] = {
		{"main", "{% for i in range(5) %}{% include 'part' %}{% endfor %}"}, {"part", "x"},
		{NULL, NULL}};
	struct files files = {.list = list};
	const struct template_options o = {.load = load, .load_arg = &files};
	AUTO(template_set_free_p) struct template_set *set = template_set_new(&o);
	AUTO(str_done) struct str out = str_init(OUT_MAX);
	struct err e;

	for (int i = 0; i < 3; i++)
		assert_int_equal(template_set_render(set, "main", NULL, NULL, &out, &e), 0);
	assert_string_equal(str_text(&out), "xxxxxxxxxxxxxxx");
	assert_int_equal(files.loads, 2);
}

TEST(a_template_that_is_not_there_is_looked_for_once)
{
	static const struct file list[] = {{"main", "{% for i in range(5) %}{% include 'gone' "
						    "ignore missing %}{{ i }}{% endfor %}"},
		{NULL, NULL}};
	struct files files = {.list = list};
	const struct template_options o = {.load = load, .load_arg = &files};
	AUTO(template_set_free_p) struct template_set *set = template_set_new(&o);
	AUTO(str_done) struct str out = str_init(OUT_MAX);
	struct err e;

	for (int i = 0; i < 2; i++)
		assert_int_equal(template_set_render(set, "main", NULL, NULL, &out, &e), 0);
	assert_string_equal(str_text(&out), "0123401234");
	assert_int_equal(files.loads, 2);
	assert_int_equal(template_set_render(set, "gone", NULL, NULL, &out, &e), -ENOENT);
}

TEST(renders_of_one_set_do_not_see_each_other)
{
	static const struct file list[] = {
		{"main", "{{ x }}{% set x = 9 %}{{ y is defined|string }}{% set y = 1 %}"},
		{NULL, NULL}};
	struct files files = {.list = list};
	AUTO(arena_free_p) struct arena *a = arena_new(ARENA_MAX);
	const struct template_options o = {.load = load, .load_arg = &files};
	AUTO(template_set_free_p) struct template_set *set = template_set_new(&o);
	AUTO(str_done) struct str out = str_init(OUT_MAX);
	struct value globals = value_map(a);
	struct err e;

	for (int i = 0; i < 2; i++) {
		value_map_set(globals, "x", value_int(i));
		assert_int_equal(template_set_render(set, "main", &globals, NULL, &out, &e), 0);
	}
	assert_string_equal(str_text(&out), "0False1False");
}

TEST(a_missing_template_is_named)
{
	static const struct file list[] = {{"main", "\n  {% include 'gone' %}"}, {NULL, NULL}};
	struct files files = {.list = list};
	const struct template_options o = {.load = load, .load_arg = &files};
	AUTO(template_set_free_p) struct template_set *set = template_set_new(&o);
	AUTO(str_done) struct str out = str_init(OUT_MAX);
	struct err e;
	char text[600];

	assert_int_equal(template_set_render(set, "nope", NULL, NULL, &out, &e), -ENOENT);
	assert_string_equal(err_text(&e, text, sizeof(text)), "there is no template \"nope\"");
	assert_true(template_set_render(set, "main", NULL, NULL, &out, &e) < 0);
	assert_string_equal(
		err_text(&e, text, sizeof(text)), "main:2:14: there is no template \"gone\"");
}

TEST(the_loaders_error_is_placed_at_the_include)
{
	static const struct file list[] = {
		{"main", "a\n{% include 'safe' ignore missing %}"}, {"safe", NULL}, {NULL, NULL}};
	struct files files = {.list = list};
	const struct template_options o = {.load = load, .load_arg = &files};
	AUTO(template_set_free_p) struct template_set *set = template_set_new(&o);
	AUTO(str_done) struct str out = str_init(OUT_MAX);
	struct err e;
	char text[600];

	assert_int_equal(template_set_render(set, "main", NULL, NULL, &out, &e), -EACCES);
	assert_string_equal(err_text(&e, text, sizeof(text)), "main:2:12: safe is locked");
}

TEST(the_map_knows_where_each_line_came_from)
{
	static const struct file list[] = {
		{"main", "{# c #}\nfirst\n{% for i in [1, 2] %}\n  item {{ i }}\n{% endfor %}\n"
			 "{% include 'part' %}\n{{ 'two\\nlines' }}\n{{- '' }}\nlast"},
		{"part", "in the\npart\n"}, {NULL, NULL}};
	static const struct {
		const char *file;
		unsigned line, col;
	} want[] = {{"main", 2, 1}, {"main", 4, 1}, {"main", 4, 1}, {"part", 1, 1}, {"part", 2, 1},
		{"main", 7, 1}, {"main", 7, 1}, {"main", 9, 1}};
	struct files files = {.list = list};
	const struct template_options o = {.load = load, .load_arg = &files};
	AUTO(template_set_free_p) struct template_set *set = template_set_new(&o);
	AUTO(template_map_done) struct template_map map = {.n = 0};
	AUTO(str_done) struct str out = str_init(OUT_MAX);
	struct err e;

	assert_int_equal(template_set_render(set, "main", NULL, &map, &out, &e), 0);
	assert_string_equal(
		str_text(&out), "first\n  item 1\n  item 2\nin the\npart\ntwo\nlines\nlast");
	assert_int_equal(map.n, ARRAY_LEN(want));
	for (unsigned i = 0; i < ARRAY_LEN(want); i++) {
		struct mark at = template_map_at(&map, i + 1);

		assert_string_equal(at.file, want[i].file);
		assert_int_equal(at.line, want[i].line);
		assert_int_equal(at.col, want[i].col);
	}
	assert_null(template_map_at(&map, 0).file);
	assert_null(template_map_at(&map, 9).file);
}

TEST(columns_count_characters)
{
	AUTO(str_done) struct str out = str_init(OUT_MAX);
	char why[600];

	assert_true(
		render("äöü {{ nope }}", (struct template_options){.load = NULL}, &out, why) < 0);
	assert_string_equal(why, "t:1:8: 'nope' is undefined");
}

RUN(t(a_template_renders_without_options_or_values), t(output_is_appended),
	t(each_ceiling_ends_a_template_that_passes_it), t(the_callers_own_ceiling_counts_too),
	t(nesting_in_the_text_is_counted), t(a_long_sum_fails_before_the_stack_does),
	t(an_included_template_is_loaded_and_parsed_once),
	t(a_template_that_is_not_there_is_looked_for_once),
	t(renders_of_one_set_do_not_see_each_other), t(a_missing_template_is_named),
	t(the_loaders_error_is_placed_at_the_include), t(the_map_knows_where_each_line_came_from),
	t(columns_count_characters))

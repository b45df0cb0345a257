#include "tests/unit/test.h"

#include <stdio.h>

#include "provisioner/base/doc.h"
#include "provisioner/config/yaml.h"

static void expect(const char *text, const char *want)
{
	AUTO(str_done) struct str out = str_init(4096);

	str_add(&out, "k: ");
	yaml_add_text(&out, text, strlen(text), 0);
	assert_string_equal(str_text(&out) + 3, want);
	/* And a YAML reader sees the very text. */
	AUTO(arena_free_p) struct arena *a = arena_new(1 << 16);
	struct doc_node *root;
	struct err e;
	assert_int_equal(
		doc_parse(a, "test", str_text(&out), out.len, &doc_limits_default, &root, &e), 0);
	assert_string_equal(doc_get(root, "k")->text, text);
	assert_int_equal(doc_get(root, "k")->len, strlen(text));
}

TEST(paths_and_file_names_stay_plain)
{
	expect("/etc/hosts", "/etc/hosts\n");
	expect("getty@ttyS0.service", "getty@ttyS0.service\n");
}

TEST(what_could_be_a_word_or_a_number_is_quoted)
{
	static const char *const words[] = {"no", "true", "null", "~", "y", "0644", "1.10", "12:30",
		".inf", "2015-01-01", "a.", "a: b", "- a", "a #b", "%a", "@a", "{a}", "*a", "&a",
		"!a", "", " a", "a "};

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		char want[64];

		(void)snprintf(want, sizeof(want), "\"%s\"\n", words[i]);
		expect(words[i], want);
	}
}

TEST(lines_become_a_block)
{
	expect("a\nb\n", "|\n  a\n  b\n");
	expect("a\n", "|\n  a\n");
	expect("a\n\n  b", "|-\n  a\n\n    b\n");
	expect("a\n\n\n", "|+\n  a\n\n\n");
	expect("# a\n- b: {\n", "|\n  # a\n  - b: {\n");
}

TEST(what_a_block_would_not_give_back_is_quoted)
{
	expect(" a\nb\n", "\" a\\nb\\n\"\n");
	expect("\na\n", "\"\\na\\n\"\n");
	expect("a\n\tb\n", "\"a\\n\\tb\\n\"\n");
	expect("a\r\nb\n", "\"a\\r\\nb\\n\"\n");
	expect("a\x1b\n", "\"a\\x1b\\n\"\n");
	expect("\"\\", "\"\\\"\\\\\"\n");
}

TEST(what_yaml_takes_for_unprintable_or_a_line_end_is_escaped)
{
	expect("a\xc2\x80\xc2\x85\xc2\x9f\xc2\xa0", "\"a\\x80\\x85\\x9F\xc2\xa0\"\n");
	expect("\xe2\x80\xa7\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xaa",
		"\"\xe2\x80\xa7\\u2028\\u2029\xe2\x80\xaa\"\n");
	expect("a\xef\xbb\xbf\xef\xbf\xbd", "\"a\\uFEFF\xef\xbf\xbd\"\n");
	expect("\xf0\x9f\x9a\x80 \xe4\xb8\x96", "\"\xf0\x9f\x9a\x80 \xe4\xb8\x96\"\n");
}

RUN(t(paths_and_file_names_stay_plain), t(what_could_be_a_word_or_a_number_is_quoted),
	t(lines_become_a_block), t(what_a_block_would_not_give_back_is_quoted),
	t(what_yaml_takes_for_unprintable_or_a_line_end_is_escaped))

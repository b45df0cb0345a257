#include "tests/unit/provisioner/config/golden.h"

#include <errno.h>

#include "provisioner/config/networkd.h"

struct parsed {
	struct arena *arena;
	struct err_list errors;
	struct networkd_file file;
};

static int parse(struct parsed *p, const char *text, bool is_block)
{
	struct cc_text t = {.text = text,
		.len = strlen(text),
		.at = {.file = "test", .line = 10, .col = 7},
		.is_block = is_block};

	if (!p->arena) {
		p->arena = arena_new((size_t)1 << 20);
		p->file.name = "a.network";
	}
	return networkd_parse(p->arena, &t, &p->file, &p->errors);
}

static void expect_entry(const struct parsed *p, size_t i, const char *section, const char *key,
	const char *value, unsigned line)
{
	const struct networkd_entry *e = &p->file.entries[i];

	assert_true(i < p->file.n);
	assert_string_equal(e->section, section);
	assert_string_equal(e->key, key);
	assert_string_equal(e->value, value);
	assert_int_equal(e->at.line, line);
}

TEST(entries_have_their_section_and_their_line)
{
	struct parsed p = {0};

	assert_int_equal(
		parse(&p,
			"# first\n[Match]\n  Name = eth0 \n\n; more\n[Route]\nGateway=10.0.0.1\n"
			"[Route]\nGateway=10.0.0.2",
			true),
		0);
	assert_int_equal(p.file.n, 3);
	expect_entry(&p, 0, "Match", "Name", "eth0", 13);
	expect_entry(&p, 1, "Route", "Gateway", "10.0.0.1", 17);
	expect_entry(&p, 2, "Route", "Gateway", "10.0.0.2", 19);
	assert_int_not_equal(p.file.entries[1].nth, p.file.entries[2].nth);
	arena_free(p.arena);
}

TEST(lines_of_a_quoted_text_are_not_those_of_the_document)
{
	struct parsed p = {0};

	assert_int_equal(parse(&p, "[Match]\nName=eth0\n", false), 0);
	expect_entry(&p, 0, "Match", "Name", "eth0", 10);
	assert_int_equal(p.file.entries[0].at.col, 7);
	arena_free(p.arena);
}

TEST(a_backslash_continues_a_line_but_not_a_comment)
{
	struct parsed p = {0};

	assert_int_equal(
		parse(&p, "[Network]\nDNS=10.0.0.1 \\\n  10.0.0.2\n# no \\\nDHCP=yes\n", true), 0);
	assert_int_equal(p.file.n, 2);
	expect_entry(&p, 0, "Network", "DNS", "10.0.0.1  10.0.0.2", 12);
	expect_entry(&p, 1, "Network", "DHCP", "yes", 15);
	arena_free(p.arena);
}

TEST(a_drop_in_adds_to_its_file)
{
	struct parsed p = {0};

	assert_int_equal(parse(&p, "[Network]\nDNS=10.0.0.1\n", true), 0);
	assert_int_equal(parse(&p, "[Network]\nDNS=\n", true), 0);
	assert_int_equal(p.file.n, 2);
	expect_entry(&p, 1, "Network", "DNS", "", 12);
	arena_free(p.arena);
}

TEST(what_is_no_such_file_is_refused)
{
	static const char *const cases[] = {"Name=a\n", "[A]\nName\n", "[A]\n=b\n", "[A\n"};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct parsed p = {0};

		assert_int_equal(parse(&p, cases[i], true), -EINVAL);
		assert_int_equal(p.errors.n, 1);
		arena_free(p.arena);
	}
}

TEST(there_is_an_end_to_lines_and_entries)
{
	AUTO(str_done) struct str text = str_init((size_t)1 << 20);
	struct parsed p = {0}, q = {0};

	str_add(&text, "[A]\n");
	for (int i = 0; i <= NETWORKD_ENTRIES_MAX; i++)
		str_add(&text, "B=c\n");
	assert_int_equal(parse(&p, str_text(&text), true), -E2BIG);
	str_reset(&text);
	str_add(&text, "[A]\nB=");
	for (int i = 0; i < 10000; i++)
		str_add(&text, "c\\\n");
	assert_int_equal(parse(&q, str_text(&text), true), -EINVAL);
	arena_free(p.arena);
	arena_free(q.arena);
}

RUN(t(entries_have_their_section_and_their_line),
	t(lines_of_a_quoted_text_are_not_those_of_the_document),
	t(a_backslash_continues_a_line_but_not_a_comment), t(a_drop_in_adds_to_its_file),
	t(what_is_no_such_file_is_refused), t(there_is_an_end_to_lines_and_entries))

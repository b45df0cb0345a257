#include "provisioner/base/diff.h"

#include <stdio.h>

#include "tests/unit/test.h"

static const struct diff_style unified = {.context = 3, .numbers = true};
static const struct diff_style bare = {.context = 0, .numbers = false};

static void expect(
	const char *from, const char *to, const struct diff_style *style, const char *want)
{
	AUTO(str_done) struct str out = str_init(1 << 20);

	diff_add(from, strlen(from), to, strlen(to), style, &out);
	assert_string_equal(str_text(&out), want);
}

TEST(equal_texts_have_no_hunks)
{
	expect("", "", &unified, "");
	expect("a\nb\n", "a\nb\n", &unified, "");
}

TEST(a_changed_line_stands_among_its_neighbours)
{
	expect("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nfive\n6\n7\n8\n9\n", &unified,
		"@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n");
}

TEST(what_came_and_what_went_is_told_apart)
{
	expect("a\nb\nc\n", "b\nc\nd\n", &unified, "@@ -1,3 +1,3 @@\n-a\n b\n c\n+d\n");
}

TEST(a_text_that_was_empty_begins_at_line_0)
{
	expect("", "a\n", &unified, "@@ -0,0 +1 @@\n+a\n");
	expect("a\n", "", &unified, "@@ -1 +0,0 @@\n-a\n");
}

TEST(a_missing_newline_at_the_end_is_a_change)
{
	expect("a\nb\n", "a\nb", &unified,
		"@@ -1,2 +1,2 @@\n a\n-b\n+b\n\\ No newline at end of file\n");
}

TEST(distant_changes_are_hunks_of_their_own)
{
	expect("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "one\n2\n3\n4\n5\n6\n7\n8\nnine\n", &unified,
		"@@ -1,4 +1,4 @@\n-1\n+one\n 2\n 3\n 4\n@@ -6,4 +6,4 @@\n 6\n 7\n 8\n-9\n+nine\n");
	expect("1\n2\n3\n4\n5\n6\n7\n8\n", "one\n2\n3\n4\n5\n6\n7\neight\n", &unified,
		"@@ -1,8 +1,8 @@\n-1\n+one\n 2\n 3\n 4\n 5\n 6\n 7\n-8\n+eight\n");
}

TEST(bare_hunks_of_the_same_change_are_the_same_text)
{
	expect("name: a\nx: 1\n", "name: a\nx: 2\n", &bare, "@@\n-x: 1\n+x: 2\n");
	expect("other\nname: b\nx: 1\n", "other\nname: b\nx: 2\n", &bare, "@@\n-x: 1\n+x: 2\n");
}

TEST(texts_with_nothing_in_common_are_told_whole)
{
	AUTO(str_done) struct str from = str_init(1 << 20);
	AUTO(str_done) struct str to = str_init(1 << 20);
	AUTO(str_done) struct str out = str_init(1 << 22);

	for (int i = 0; i < 3000; i++) {
		str_printf(&from, "from %d\n", i);
		str_printf(&to, "to %d\n", i);
	}
	diff_add(str_text(&from), from.len, str_text(&to), to.len, &bare, &out);
	assert_true(str_ok(&out));
	assert_int_equal(out.len, 3 + from.len + to.len + 6000);
}

RUN(t(equal_texts_have_no_hunks), t(a_changed_line_stands_among_its_neighbours),
	t(what_came_and_what_went_is_told_apart), t(a_text_that_was_empty_begins_at_line_0),
	t(a_missing_newline_at_the_end_is_a_change), t(distant_changes_are_hunks_of_their_own),
	t(bare_hunks_of_the_same_change_are_the_same_text),
	t(texts_with_nothing_in_common_are_told_whole))

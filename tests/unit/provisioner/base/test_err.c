#include "tests/unit/test.h"

#include <errno.h>
#include <stdio.h>

#include "provisioner/base/err.h"

TEST(error_prints_as_compilers_do)
{
	static const struct {
		struct mark at;
		const char *text;
	} rows[] = {
		{{"cluster.yaml", 12, 7}, "cluster.yaml:12:7: no"},
		{{"cluster.yaml", 0, 0}, "cluster.yaml: no"},
		{{NULL, 3, 4}, "no"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err e;
		char buf[64];

		assert_int_equal(err_set(&e, -EINVAL, rows[i].at, "%s", "no"), -EINVAL);
		assert_string_equal(err_text(&e, buf, sizeof(buf)), rows[i].text);
	}
}

TEST(code_passes_through_when_nobody_wants_the_words)
{
	assert_int_equal(err_set(NULL, -ENOENT, (struct mark){0}, "x"), -ENOENT);
	assert_int_equal(err_msg(NULL, -EIO, "x"), -EIO);
}

TEST(message_may_be_put_behind_other_words)
{
	struct err e;

	(void)err_msg(&e, -EINVAL, "not a number");
	(void)err_msg(&e, -EINVAL, "line 3: %s", e.msg);
	assert_string_equal(e.msg, "line 3: not a number");
}

TEST(message_too_long_is_cut_and_ends)
{
	char big[2000];
	struct err e;

	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	(void)err_msg(&e, -EINVAL, "%s", big);
	assert_int_equal(strlen(e.msg), sizeof(e.msg) - 1);
	char small[8];
	assert_int_equal(strlen(err_text(&e, small, sizeof(small))), 7);
}

TEST(message_can_not_steer_the_terminal)
{
	struct err e;

	(void)err_msg(&e, -EINVAL, "key \"%s\"", "a\x1b[2J\nb");
	assert_string_equal(e.msg, "key \"a?[2J?b\"");
}

TEST(list_holds_twenty_and_counts_the_rest)
{
	struct err_list l = {0};
	char out[4096] = "";
	FILE *to = fmemopen(out, sizeof(out), "w");

	assert_non_null(to);
	for (unsigned i = 0; i < ERR_LIST_MAX + 3; i++)
		err_list_add(&l, (struct mark){"f", i + 1, 1}, "mistake %u", i);
	assert_true(err_list_is_full(&l));
	assert_int_equal(l.dropped, 3);
	err_list_print(&l, to);
	assert_int_equal(fclose(to), 0);
	assert_non_null(strstr(out, "f:1:1: mistake 0\nf:2:1: mistake 1\n"));
	assert_non_null(strstr(out, "f:20:1: mistake 19\n(3 more)\n"));
}

TEST(warnings_are_printed_behind_errors_and_are_none)
{
	struct err_list l = {0};
	char *text = NULL;
	size_t len;
	FILE *to = open_memstream(&text, &len);

	err_list_warn(&l, (struct mark){"f", 1, 1}, "odd");
	err_list_warn(&l, (struct mark){"f", 1, 1}, "odd");
	assert_int_equal(l.n, 0);
	assert_int_equal(l.n_warnings, 1);
	err_list_add(&l, (struct mark){"f", 9, 1}, "wrong");
	for (unsigned i = 0; i < 2 * ERR_LIST_MAX; i++)
		err_list_warn(&l, (struct mark){"g", i, 1}, "odd");
	assert_int_equal(l.n_warnings, ERR_LIST_MAX);
	l.n_warnings = 1;
	err_list_print(&l, to);
	(void)fclose(to);
	assert_string_equal(text, "f:9:1: wrong\nf:1:1: warning: odd\n");
	free(text);
}

TEST(list_is_sorted_by_place)
{
	static const struct mark places[] = {
		{"b", 1, 1}, {"a", 10, 1}, {"a", 9, 5}, {"a", 9, 4}, {NULL, 0, 0}};
	static const unsigned order[] = {4, 3, 2, 1, 0};
	struct err_list l = {0};

	for (unsigned i = 0; i < ARRAY_LEN(places); i++)
		err_list_add(&l, places[i], "%u", i);
	err_list_sort(&l);
	for (unsigned i = 0; i < ARRAY_LEN(order); i++)
		assert_int_equal(l.list[i].msg[0] - '0', order[i]);
}

TEST(added_error_keeps_its_place)
{
	struct err_list l = {0};
	struct err e;

	(void)err_set(&e, -EINVAL, (struct mark){"f", 2, 3}, "100%% wrong: %s", "%s");
	err_list_add_err(&l, &e);
	assert_int_equal(l.list[0].at.line, 2);
	assert_string_equal(l.list[0].msg, "100% wrong: %s");
}

TEST(nearest_word_is_offered_only_when_it_is_near)
{
	static const char *const words[] = {
		"address", "gateway", "interface", "mac", "role", "bond0", NULL};
	static const struct {
		const char *word, *nearest;
	} rows[] = {
		{"gatway", "gateway"},
		{"adress", "address"},
		{"interfcae", "interface"},
		{"bnod0", "bond0"},
		{"rol", "role"},
		{"macs", "mac"},
		{"x", NULL}, /* anything is one edit away from one letter */
		{"", NULL},
		{"template", NULL},
		{"a-word-of-more-than-forty-bytes-that-is-no-key-at-all", NULL},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *got = err_nearest(rows[i].word, words);

		if (rows[i].nearest)
			assert_string_equal(got ? got : "(none)", rows[i].nearest);
		else
			assert_null(got);
	}
	assert_string_equal(err_did_you_mean("rol", words).text, " (did you mean \"role\"?)");
	assert_string_equal(err_did_you_mean("template", words).text, "");
}

RUN(t(error_prints_as_compilers_do), t(code_passes_through_when_nobody_wants_the_words),
	t(message_may_be_put_behind_other_words), t(message_too_long_is_cut_and_ends),
	t(message_can_not_steer_the_terminal), t(list_holds_twenty_and_counts_the_rest),
	t(warnings_are_printed_behind_errors_and_are_none), t(list_is_sorted_by_place),
	t(added_error_keeps_its_place), t(nearest_word_is_offered_only_when_it_is_near))

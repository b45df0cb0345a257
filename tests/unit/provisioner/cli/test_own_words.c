#include "provisioner/cli/own_words.h"

#include <string.h>

#include "tests/unit/test.h"

static json_t *machine(void)
{
	return json_pack("{s:s, s:s, s:[s, s]}", "name", "w1", "address", "10.0.0.1", "macs",
		"02:00:00:00:00:01", "02:00:00:00:00:02");
}

static void check(const char *text, const char *want)
{
	AUTO(str_done) struct str out = str_init(4096);
	json_t *m = machine();
	struct own_words w;

	own_words_init(&w, m);
	own_words_add(&w, text, strlen(text), &out);
	assert_string_equal(str_text(&out), want);
	json_decref(m);
}

TEST(each_own_word_has_a_mark_of_its_own)
{
	check("w1 is 10.0.0.1", "\1A is \1B");
	check("-w1.acm\n+w1.lab", "-\1A.acm\n+\1A.lab");
	check("mac=02-00-00-00-00-02,02:00:00:00:00:01", "mac=\1F,\1C");
}

TEST(a_part_of_a_longer_word_is_not_an_own_word)
{
	check("w10 w1-a aw1 w1_b", "w10 w1-a aw1 w1_b");
	check("110.0.0.1 10.0.0.10", "110.0.0.1 10.0.0.10");
}

TEST(a_machine_that_is_not_known_has_none)
{
	AUTO(str_done) struct str out = str_init(64);
	struct own_words w;

	own_words_init(&w, NULL);
	own_words_add(&w, "w1", 2, &out);
	assert_string_equal(str_text(&out), "w1");
}

TEST(others_are_found_where_they_are_named)
{
	json_t *all = json_pack("{s:{}, s:{}}", "w1", "w2");
	static const char others[] = "-w2.acm 10.0.0.2", own[] = "10.0.0.1 w1.acm w20";

	assert_true(own_words_are_others_in(all, "w1", others, strlen(others)));
	assert_false(own_words_are_others_in(all, "w1", own, strlen(own)));
	assert_false(own_words_are_others_in(all, "w1", others, 2));
	json_decref(all);
}

RUN(t(each_own_word_has_a_mark_of_its_own), t(a_part_of_a_longer_word_is_not_an_own_word),
	t(a_machine_that_is_not_known_has_none), t(others_are_found_where_they_are_named))

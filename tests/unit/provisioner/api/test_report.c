#include "tests/unit/test.h"

#include <stdlib.h>
#include <string.h>

#include "provisioner/api/report.h"
#include "provisioner/base/str.h"

static json_t *parse(const char *text)
{
	json_t *j = json_loads(text, JSON_REJECT_DUPLICATES, NULL);

	assert_non_null(j);
	return j;
}

static const char *health_of(const char *text)
{
	static char health[160];
	json_t *j = parse(text);

	report_health(j, health, sizeof(health));
	json_decref(j);
	return health;
}

TEST(health_is_what_keeps_a_node_from_being_ready)
{
	static const struct {
		const char *beat, *health;
	} rows[] = {
		{"{\"system\":\"running\",\"units_failed\":[]}", ""},
		{"{\"system\":\"degraded\",\"units_failed\":[\"a.service\",\"b.service\"]}",
			"2 failed units, the first is a.service"},
		{"{\"system\":\"starting\",\"units_failed\":[]}", "still starting"},
		{"{}", ""},
		{"{\"system\":7,\"units_failed\":\"x\"}", ""},
		{"{\"units_failed\":{\"0\":\"x\"}}", ""},
		{"{\"units_failed\":[7]}", "1 failed units, the first is nameless"},
		{"{\"units_failed\":[\"\\u001b[2J\\n\"]}",
			"1 failed units, the first is \\x1b[2J\\x0a"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(health_of(rows[i].beat), rows[i].health);
}

TEST(health_of_a_unit_with_an_endless_name_is_cut)
{
	AUTO(str_done) struct str beat = str_init(8192);

	str_add(&beat, "{\"units_failed\":[\"");
	for (int i = 0; i < 5000; i++)
		str_addc(&beat, 'x');
	str_add(&beat, "\"]}");
	assert_true(strlen(health_of(str_text(&beat))) < 160);
}

TEST(only_true_is_registered)
{
	static const char *const no[] = {
		"{}", "{\"registered\":1}", "{\"registered\":\"true\"}", "{\"registered\":false}"};

	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++) {
		json_t *j = parse(no[i]);

		assert_false(report_is_registered(j));
		json_decref(j);
	}
	json_t *j = parse("{\"registered\":true}");
	assert_true(report_is_registered(j));
	json_decref(j);
}

TEST(facts_are_an_object_of_bounded_size_in_ascii)
{
	static const char *const none[] = {
		"{}", "{\"facts\":[]}", "{\"facts\":\"x\"}", "{\"facts\":null}"};
	AUTO(str_done) struct str big = str_init((size_t)128 << 10);

	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		json_t *j = parse(none[i]);

		assert_null(report_facts(j));
		json_decref(j);
	}
	json_t *j = parse("{\"facts\":{\"vendor\":\"\xc2\x9b[2J\",\"n\":1}}");
	char *text = report_facts(j);
	assert_string_equal(text, "{\"vendor\":\"\\u009B[2J\",\"n\":1}");
	free(text);
	json_decref(j);

	str_add(&big, "{\"facts\":{\"x\":\"");
	for (size_t i = 0; i < REPORT_FACTS_MAX; i++)
		str_addc(&big, 'x');
	str_add(&big, "\"}}");
	j = parse(str_text(&big));
	assert_null(report_facts(j));
	json_decref(j);
}

TEST(boot_id_that_does_not_fit_changes_nothing)
{
	char id[8] = "before";
	json_t *j = parse("{\"boot_id\":\"12345678\"}");

	report_boot_id(j, id, sizeof(id));
	assert_string_equal(id, "before");
	report_boot_id(NULL, id, sizeof(id));
	assert_string_equal(id, "before");
	json_decref(j);
	j = parse("{\"boot_id\":\"1\\n\"}");
	report_boot_id(j, id, sizeof(id));
	assert_string_equal(id, "1\\x0a");
	json_decref(j);
}

TEST(text_is_borrowed_only_when_it_fits)
{
	json_t *j = parse("{\"a\":\"1234\",\"b\":4}");

	assert_string_equal(report_text(j, "a", 4), "1234");
	assert_null(report_text(j, "a", 3));
	assert_null(report_text(j, "b", 9));
	assert_null(report_text(j, "c", 9));
	json_decref(j);
}

RUN(t(health_is_what_keeps_a_node_from_being_ready),
	t(health_of_a_unit_with_an_endless_name_is_cut), t(only_true_is_registered),
	t(facts_are_an_object_of_bounded_size_in_ascii),
	t(boot_id_that_does_not_fit_changes_nothing), t(text_is_borrowed_only_when_it_fits))

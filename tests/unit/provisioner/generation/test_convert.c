/* A node of the lab reads Ignition; here is what it would get in other languages. */
#include "tests/unit/test.h"

#include <errno.h>

#include "provisioner/base/log.h"
#include "provisioner/generation/convert.h"
#include "tests/unit/provisioner/generation/lab.h"

static struct generation *generation;

static int begin(void **state)
{
	log_init("test", LOG_LEVEL_ERROR);
	if (lab_setup(state) < 0)
		return -1;
	generation = lab_try(LAB_HEAD LAB_NODES, -1);
	return generation ? 0 : -1;
}

static int end(void **state)
{
	generation_free(generation);
	return lab_teardown(state);
}

TEST(the_language_of_its_own_is_what_is_published)
{
	AUTO(str_done) struct str out = str_init((size_t)1 << 20);

	assert_int_equal(convert_node(generation, "m1", "ignition", &out, &lab_errors), 0);
	assert_string_equal(str_text(&out), lab_text(generation, "m1", ARTEFACT_CONFIG));
}

TEST(other_languages_are_made_of_the_same_cloud_config)
{
	static const struct {
		const char *as, *has;
	} cases[] = {{"flatcar", "#cloud-config\nhostname: \"m1\"\n"},
		{"cloud-init", "#cloud-config\nhostname: \"m1\"\npreserve_hostname: false\n"},
		{"network-config", "version: 2\nethernets:\n  '40-bond0-1':\n"}};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO(str_done) struct str out = str_init((size_t)1 << 20);

		assert_true(convert_is_language(cases[i].as));
		assert_non_null(strstr(convert_languages(), cases[i].as));
		assert_int_equal(convert_node(generation, "m1", cases[i].as, &out, &lab_errors), 0);
		assert_memory_equal(str_text(&out), cases[i].has, strlen(cases[i].has));
	}
}

/* The template asked for what the node's own system can do. */
TEST(what_a_language_can_not_say_is_told)
{
	AUTO(str_done) struct str out = str_init((size_t)1 << 20);

	assert_int_equal(convert_node(generation, "m1", "coreos", &out, &lab_errors), -EINVAL);
	assert_int_equal(out.len, 0);
	assert_non_null(strstr(lab_errors.list[0].msg, "PermanentMACAddress="));
}

TEST(no_node_and_no_language)
{
	AUTO(str_done) struct str out = str_init((size_t)1 << 20);

	assert_int_equal(convert_node(generation, "nobody", "ignition", &out, &lab_errors), -ENOENT);
	assert_false(convert_is_language("config"));
	assert_int_equal(convert_node(generation, "m1", "config", &out, &lab_errors), -EINVAL);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, begin, end)
RUN(CASE(the_language_of_its_own_is_what_is_published),
	CASE(other_languages_are_made_of_the_same_cloud_config),
	CASE(what_a_language_can_not_say_is_told), CASE(no_node_and_no_language))

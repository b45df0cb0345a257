#include "netboot/images/id.h"

#include "tests/unit/test.h"

TEST(an_image_is_called_name_slash_version)
{
	struct image_id id;
	char text[IMAGE_ID_SIZE];

	assert_int_equal(image_id_parse("flatcar/4081.2.1", &id), 0);
	assert_string_equal(id.name, "flatcar");
	assert_string_equal(id.version, "4081.2.1");
	assert_string_equal(image_id_text(&id, text), "flatcar/4081.2.1");
	assert_int_equal(image_id_parse("fedora-coreos/42.20250803.3.0-aarch64", &id), 0);
}

TEST(names_that_hide_climb_or_mean_something_are_refused)
{
	static const char *const bad[] = {"", "/", "a", "a/", "/b", "a/b/c", "../b", "a/..", "a/.b",
		".a/b", "a/b c", "a/b\n", "a/-rf", "a/b;c", "a/$b", "a/b%2f", "a/\xc3\xa4", "-/b"};
	char long_name[IMAGE_NAME_SIZE + 3];
	struct image_id id = {.name = "was"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_true(image_id_parse(bad[i], &id) < 0);
	memset(long_name, 'a', sizeof(long_name));
	memcpy(long_name + IMAGE_NAME_SIZE, "/b", 3);
	assert_true(image_id_parse(long_name, &id) < 0);
	assert_string_equal(id.name, "was");
}

TEST(the_manifest_is_not_one_of_an_images_files)
{
	assert_true(image_file_is_legal("vmlinuz"));
	assert_false(image_file_is_legal("manifest.json"));
	assert_false(image_file_is_legal(".vmlinuz"));
	assert_false(image_file_is_legal("a/b"));
}

RUN(t(an_image_is_called_name_slash_version),
	t(names_that_hide_climb_or_mean_something_are_refused),
	t(the_manifest_is_not_one_of_an_images_files))

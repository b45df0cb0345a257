#include "netboot/images/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "netboot/images/verify.h"
#include "tests/unit/netboot/images/place.h"

static struct image_id id_of(const char *text)
{
	struct image_id id;

	assert_int_equal(image_id_parse(text, &id), 0);
	return id;
}

/* An image of one file, made the way all are. */
static void make(const char *name, const char *content)
{
	static struct manifest m;
	struct images_work w = IMAGES_NO_WORK;
	struct image_id id = id_of(name);
	struct err e;

	m = (struct manifest){.id = id};
	assert_int_equal(images_begin(store, &id, &w, &e), 0);
	assert_int_equal(images_empty(&w, &e), 0);
	assert_int_equal(file_write(w.dir, "a", content, strlen(content), 0600), 0);
	assert_int_equal(file_write(w.dir, "a.part", "x", 1, 0600), 0);
	assert_int_equal(images_measure(w.dir, manifest_add(&m, "a"), NULL, &e), 0);
	assert_int_equal(images_commit(&w, &m, &e), 0);
}

TEST(an_image_is_made_listed_verified_and_removed)
{
	static struct manifest m;
	struct image_id id = id_of("lab/1");
	struct images_entry *list = NULL;
	struct stat st;
	struct err e;
	size_t n;

	make("lab/1", "hello");
	assert_int_equal(images_list(store, &list, &n), 0);
	assert_int_equal(n, 1);
	assert_int_equal(list[0].state, IMAGES_WHOLE);
	assert_int_equal(images_manifest(store, &id, &m, &e), 0);
	AUTO(close_p) int dir = images_folder(store, &id);
	assert_true(dir >= 0);
	assert_int_equal(images_verify_files(dir, &m, NULL, &e), 0);
	assert_int_equal(fstatat(dir, "a", &st, 0), 0);
	assert_int_equal(st.st_mode & 0777, 0644);
	assert_int_equal(fstatat(dir, "a.part", &st, 0), -1);
	assert_int_equal(images_remove(store, &list[0], &e), 0);
	assert_int_equal(images_remove(store, &list[0], &e), -ENOENT);
	assert_int_equal(fstatat(store, "lab", &st, 0), -1);
	free(list);
}

TEST(a_changed_file_is_found)
{
	static struct manifest m;
	struct image_id id = id_of("lab/1");
	struct err e;

	make("lab/1", "hello");
	assert_int_equal(images_manifest(store, &id, &m, &e), 0);
	AUTO(close_p) int dir = images_folder(store, &id);
	assert_int_equal(file_write(dir, "a", "hallo", 5, 0644), 0);
	assert_int_equal(images_verify_files(dir, &m, NULL, &e), -EBADMSG);
	assert_non_null(strstr(e.msg, "sha256"));
	assert_int_equal(file_write(dir, "a", "hell", 4, 0644), 0);
	assert_int_equal(images_verify_files(dir, &m, NULL, &e), -EBADMSG);
	assert_non_null(strstr(e.msg, "4 bytes instead of 5"));
	assert_int_equal(unlinkat(dir, "a", 0), 0);
	assert_int_equal(images_verify_files(dir, &m, NULL, &e), -ENOENT);
	assert_int_equal(symlinkat("/etc/passwd", dir, "a"), 0);
	assert_true(images_verify_files(dir, &m, NULL, &e) < 0);
	remove_all();
}

TEST(a_new_one_takes_the_place_of_the_old_one_at_once)
{
	static struct manifest m;
	struct image_id id = id_of("lab/1");
	struct images_entry *list = NULL;
	struct err e;
	size_t n;

	make("lab/1", "old");
	AUTO(close_p) int old = images_folder(store, &id);
	make("lab/1", "newer");
	assert_int_equal(images_manifest(store, &id, &m, &e), 0);
	assert_int_equal(m.files[0].size, 5);
	assert_int_equal(images_list(store, &list, &n), 0);
	assert_int_equal(n, 1);
	free(list);
	remove_all();
}

TEST(two_do_not_work_on_one_image)
{
	struct images_work w = IMAGES_NO_WORK, other = IMAGES_NO_WORK;
	struct image_id id = id_of("lab/1");
	struct images_entry entry = {.id = id, .state = IMAGES_PARTIAL};
	struct err e;

	assert_int_equal(images_begin(store, &id, &w, &e), 0);
	assert_int_equal(images_begin(store, &id, &other, &e), -EBUSY);
	assert_int_equal(images_remove(store, &entry, &e), -EBUSY);
	images_leave(&w);
	assert_int_equal(images_begin(store, &id, &other, &e), 0);
	images_discard(&other);
	assert_int_equal(images_remove(store, &entry, &e), -ENOENT);
	(void)unlinkat(store, "lab", AT_REMOVEDIR);
}

TEST(an_image_without_a_manifest_and_one_with_anothers)
{
	static struct manifest m;
	struct image_id id = id_of("lab/1"), other = id_of("lab/2");
	struct err e;

	assert_int_equal(images_manifest(store, &id, &m, &e), -ENOENT);
	make("lab/1", "x");
	assert_int_equal(renameat(store, "lab/1", store, "lab/2"), 0);
	assert_int_equal(images_manifest(store, &other, &m, &e), -EINVAL);
	assert_non_null(strstr(e.msg, "is of lab/1"));
	assert_int_equal(unlinkat(store, "lab/2/manifest.json", 0), 0);
	assert_int_equal(images_manifest(store, &other, &m, &e), -ENODATA);
	assert_non_null(strstr(e.msg, "slipway images import"));
	remove_all();
}

TEST(a_link_in_the_store_is_no_image)
{
	static struct manifest m;
	struct image_id id = id_of("lab/1");
	struct images_entry *list = NULL;
	struct err e;
	size_t n;

	assert_int_equal(mkdirat(store, "lab", 0755), 0);
	assert_int_equal(symlinkat("/etc", store, "lab/1"), 0);
	assert_true(images_manifest(store, &id, &m, &e) < 0);
	assert_int_equal(images_list(store, &list, &n), 0);
	assert_int_equal(n, 0);
	free(list);
	assert_int_equal(unlinkat(store, "lab/1", 0), 0);
	assert_int_equal(unlinkat(store, "lab", AT_REMOVEDIR), 0);
}

TEST(versions_are_compared_as_people_do)
{
	static const struct {
		const char *a, *b;
		int order;
	} rows[] = {{"9.1", "10.0", -1}, {"10.0", "9.1", 1}, {"1.2", "1.2", 0},
		{"1.2", "1.2.1", -1}, {"4081.2.1", "4081.10.0", -1}, {"1.02", "1.2", 0},
		{"a1", "b0", -1}, {"1-aarch64", "1", 1},
		{"99999999999999999999", "100000000000000000000", -1}};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(images_compare_versions(rows[i].a, rows[i].b), rows[i].order);
}

int main(void)
{
	const struct CMUnitTest cases[] = {t(an_image_is_made_listed_verified_and_removed),
		t(a_changed_file_is_found), t(a_new_one_takes_the_place_of_the_old_one_at_once),
		t(two_do_not_work_on_one_image),
		t(an_image_without_a_manifest_and_one_with_anothers),
		t(a_link_in_the_store_is_no_image), t(versions_are_compared_as_people_do)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(cases, set_up, tear_down);
}

#include "netboot/images/survey.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "netboot/images/digest.h"
#include "netboot/images/verify.h"
#include "tests/unit/netboot/images/place.h"

static struct survey s;

static void make(const char *version, const char *content)
{
	static struct manifest m;
	struct images_work w = IMAGES_NO_WORK;
	struct image_id id;
	struct err e;

	assert_int_equal(image_id_make("lab", version, &id), 0);
	m = (struct manifest){.id = id};
	assert_int_equal(images_begin(store, &id, &w, &e), 0);
	assert_int_equal(file_write(w.dir, "a", content, strlen(content), 0644), 0);
	assert_int_equal(file_write(w.dir, "b", "b", 1, 0644), 0);
	assert_int_equal(images_measure(w.dir, manifest_add(&m, "a"), NULL, &e), 0);
	assert_int_equal(images_measure(w.dir, manifest_add(&m, "b"), NULL, &e), 0);
	assert_int_equal(images_commit(&w, &m, &e), 0);
}

static void write_file(const char *path, const char *content)
{
	int fd = openat(store, path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, content, strlen(content)), (ssize_t)strlen(content));
	(void)close(fd);
}

/* Reads all there is to read, as the verifier does. How many files that were. */
static size_t read_all(void)
{
	struct survey_image *image;
	struct survey_file *file;
	char hex[DIGEST_HEX_SIZE];
	size_t n = 0;
	int fd;

	(void)survey_look(&s);
	while ((fd = survey_next(&s, 1, &image, &file)) >= 0) {
		struct stat st;

		assert_int_equal(fstat(fd, &st), 0);
		const struct verdict_identity before = verdict_identity_of(&st);
		assert_int_equal(digest_of_fd(fd, DIGEST_SHA256, hex, NULL, NULL), 0);
		survey_found(file, fd, &before, hex);
		(void)close(fd);
		n++;
	}
	survey_judge(&s);
	return n;
}

static void clean(void)
{
	survey_done(&s);
	remove_all();
}

TEST(an_image_is_good_once_all_of_it_was_read)
{
	make("1", "hello");
	survey_init(&s, store, "", 0);
	assert_true(survey_look(&s));
	survey_judge(&s);
	assert_int_equal(s.images[0].verdict, VERDICT_PENDING);
	assert_int_equal(read_all(), 2);
	assert_int_equal(s.images[0].verdict, VERDICT_GOOD);
	assert_false(survey_look(&s));
	assert_int_equal(read_all(), 0);
	clean();
}

TEST(a_changed_file_is_read_again_and_refused)
{
	make("1", "hello");
	survey_init(&s, store, "", 0);
	assert_int_equal(read_all(), 2);
	write_file("lab/1/a", "hallo!");
	assert_true(survey_look(&s));
	assert_int_equal(s.images[0].verdict, VERDICT_PENDING);
	assert_int_equal(read_all(), 1);
	assert_int_equal(s.images[0].verdict, VERDICT_REFUSED);
	assert_non_null(strstr(s.images[0].reason, "a is not what the manifest says: 6 bytes"));
	make("1", "hello");
	(void)read_all();
	assert_int_equal(s.images[0].verdict, VERDICT_GOOD);
	clean();
}

TEST(what_an_earlier_run_has_read_is_not_read_again)
{
	AUTO(str_done) struct str text = str_init(VERDICTS_BYTES_MAX);

	make("1", "hello");
	make("2", "other");
	survey_init(&s, store, "", 0);
	assert_int_equal(read_all(), 4);
	survey_write(&s, &text);
	survey_done(&s);
	write_file("lab/2/a", "OTHER");
	survey_init(&s, store, str_text(&text), text.len);
	assert_int_equal(read_all(), 1);
	assert_int_equal(s.images[0].verdict, VERDICT_GOOD);
	assert_int_equal(s.images[1].verdict, VERDICT_REFUSED);
	clean();
}

TEST(a_new_manifest_judges_what_was_read_before)
{
	make("1", "hello");
	survey_init(&s, store, "", 0);
	assert_int_equal(read_all(), 2);
	write_file("lab/1/manifest.json", "{}");
	assert_int_equal(read_all(), 0);
	assert_int_equal(s.images[0].verdict, VERDICT_REFUSED);
	assert_int_equal(unlinkat(store, "lab/1/manifest.json", 0), 0);
	assert_int_equal(read_all(), 0);
	assert_non_null(strstr(s.images[0].reason, "has no manifest.json"));
	assert_false(survey_look(&s));
	clean();
}

TEST(files_that_are_not_there_and_images_that_go)
{
	make("1", "hello");
	make("2", "hello");
	survey_init(&s, store, "", 0);
	assert_int_equal(read_all(), 4);
	assert_int_equal(unlinkat(store, "lab/1/b", 0), 0);
	assert_int_equal(read_all(), 0);
	assert_string_equal(s.images[0].reason, "b is not there");
	assert_false(survey_look(&s));
	assert_int_equal(symlinkat("a", store, "lab/1/b"), 0);
	assert_int_equal(read_all(), 0);
	assert_int_equal(s.images[0].verdict, VERDICT_REFUSED);
	assert_int_equal(renameat(store, "lab/1", store, "lab/.1.removed"), 0);
	assert_true(survey_look(&s));
	assert_int_equal(s.n_images, 1);
	assert_string_equal(s.images[0].id.version, "2");
	clean();
}

TEST(a_file_that_changes_while_it_is_read_is_read_again)
{
	struct survey_image *image;
	struct survey_file *file;
	struct stat st;

	make("1", "hello");
	survey_init(&s, store, "", 0);
	(void)survey_look(&s);
	int fd = survey_next(&s, 1, &image, &file);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	const struct verdict_identity before = verdict_identity_of(&st);
	write_file("lab/1/a", "longer than before");
	survey_found(file, fd, &before, file->want);
	assert_false(file->is_read);
	(void)close(fd);
	clean();
}

TEST(the_one_that_nodes_wait_for_is_read_first)
{
	struct survey_image *image;
	struct survey_file *file;

	make("1", "hello");
	make("2", "hello");
	survey_init(&s, store, "", 0);
	assert_int_equal(image_id_make("lab", "2", &s.first), 0);
	(void)survey_look(&s);
	int fd = survey_next(&s, 1, &image, &file);
	assert_string_equal(image->id.version, "2");
	(void)close(fd);
	clean();
}

int main(void)
{
	const struct CMUnitTest cases[] = {t(an_image_is_good_once_all_of_it_was_read),
		t(a_changed_file_is_read_again_and_refused),
		t(what_an_earlier_run_has_read_is_not_read_again),
		t(a_new_manifest_judges_what_was_read_before),
		t(files_that_are_not_there_and_images_that_go),
		t(a_file_that_changes_while_it_is_read_is_read_again),
		t(the_one_that_nodes_wait_for_is_read_first)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(cases, set_up, tear_down);
}

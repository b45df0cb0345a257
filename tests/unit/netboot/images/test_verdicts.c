#include "netboot/images/verdicts.h"

#include <errno.h>

#include "tests/unit/test.h"

#define SHA "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define FIRST "slipway-verdicts 1\n"
#define TEXT                                                                                   \
	FIRST "image good lab/1\nimage refused lab/2\nimage pending lab/3\n"                   \
	      "file good 11 5 1700000000123456789 1700000000987654321 " SHA " lab/1/vmlinuz\n" \
	      "file good 12 6 1 2 " SHA " lab/2/vmlinuz\n"                                     \
	      "file good 13 7 1 2 " SHA " lab/3/vmlinuz\n"                                     \
	      "file refused 14 7 1 2 " SHA " lab/3/initrd.img\n"

static struct verdicts v;

static struct stat file_of(uint64_t inode, int64_t size, int64_t mtime_s, long mtime_ns,
	int64_t ctime_s, long ctime_ns)
{
	return (struct stat){.st_ino = inode,
		.st_size = size,
		.st_mtim = {.tv_sec = mtime_s, .tv_nsec = mtime_ns},
		.st_ctim = {.tv_sec = ctime_s, .tv_nsec = ctime_ns}};
}

TEST(a_file_may_be_served_that_is_the_one_that_was_read)
{
	struct stat st = file_of(11, 5, 1700000000, 123456789, 1700000000, 987654321);

	assert_int_equal(verdicts_read(TEXT, sizeof(TEXT) - 1, &v), 0);
	assert_int_equal(verdicts_of(&v, "lab/1/vmlinuz", &st), VERDICT_GOOD);
	struct stat other[] = {st, st, st, st};
	other[0].st_ino++;
	other[1].st_size++;
	other[2].st_mtim.tv_nsec++;
	other[3].st_ctim.tv_sec++;
	for (size_t i = 0; i < ARRAY_LEN(other); i++)
		assert_int_equal(verdicts_of(&v, "lab/1/vmlinuz", &other[i]), VERDICT_PENDING);
	verdicts_done(&v);
}

TEST(one_bad_file_spoils_its_image)
{
	struct stat st = file_of(12, 6, 0, 1, 0, 2);

	assert_int_equal(verdicts_read(TEXT, sizeof(TEXT) - 1, &v), 0);
	assert_int_equal(verdicts_of(&v, "lab/2/vmlinuz", &st), VERDICT_REFUSED);
	verdicts_done(&v);
}

TEST(a_good_file_need_not_wait_for_the_rest_of_its_image)
{
	struct stat good = file_of(13, 7, 0, 1, 0, 2), bad = file_of(14, 7, 0, 1, 0, 2);

	assert_int_equal(verdicts_read(TEXT, sizeof(TEXT) - 1, &v), 0);
	assert_int_equal(verdicts_of(&v, "lab/3/vmlinuz", &good), VERDICT_GOOD);
	assert_int_equal(verdicts_of(&v, "lab/3/initrd.img", &bad), VERDICT_REFUSED);
	assert_int_equal(verdicts_of(&v, "lab/3/other", &good), VERDICT_PENDING);
	verdicts_done(&v);
}

TEST(what_no_manifest_names_is_not_there)
{
	struct stat st = file_of(11, 5, 0, 1, 0, 2);
	char long_path[400];

	assert_int_equal(verdicts_read(TEXT, sizeof(TEXT) - 1, &v), 0);
	assert_int_equal(verdicts_of(&v, "lab/1/other", &st), VERDICT_UNKNOWN);
	assert_int_equal(verdicts_of(&v, "vmlinuz", &st), VERDICT_UNKNOWN);
	assert_int_equal(verdicts_of(&v, "lab/9/vmlinuz", &st), VERDICT_PENDING);
	assert_int_equal(verdicts_of(&v, "lab/1/a/vmlinuz", &st), VERDICT_PENDING);
	memset(long_path, 'a', sizeof(long_path));
	memcpy(long_path + 390, "/b", 3);
	assert_int_equal(verdicts_of(&v, long_path, &st), VERDICT_UNKNOWN);
	verdicts_done(&v);
}

TEST(what_was_written_is_read_back)
{
	AUTO(str_done) struct str text = str_init(VERDICTS_BYTES_MAX);

	assert_int_equal(verdicts_read(TEXT, sizeof(TEXT) - 1, &v), 0);
	verdicts_write(&v, &text);
	assert_string_equal(str_text(&text), TEXT);
	verdicts_done(&v);
}

TEST(a_broken_text_lets_nothing_be_served)
{
	static const char *const bad[] = {"", "x\n", "slipway-verdicts 2\n", FIRST "image good\n",
		FIRST "image fine lab/1\n", FIRST "image good ../1\n", FIRST "image good lab/1",
		FIRST "file good 1 2 3 4 " SHA " lab/1\n", FIRST "file good 1 2 3 4 0123 lab/1/a\n",
		FIRST "file good 1 2 3 " SHA " lab/1/a\n",
		FIRST "file good -1 2 3 4 " SHA " lab/1/a\n",
		FIRST "file good 1 2 3 4 " SHA " lab/1/../a\n", FIRST "\n", FIRST "what lab/1\n"};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(verdicts_read(bad[i], strlen(bad[i]), &v), -EBADMSG);
		assert_int_equal(v.n_files + v.n_images, 0);
	}
}

RUN(t(a_file_may_be_served_that_is_the_one_that_was_read), t(one_bad_file_spoils_its_image),
	t(a_good_file_need_not_wait_for_the_rest_of_its_image),
	t(what_no_manifest_names_is_not_there), t(what_was_written_is_read_back),
	t(a_broken_text_lets_nothing_be_served))

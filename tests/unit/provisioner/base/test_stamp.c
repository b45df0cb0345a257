#include "tests/unit/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "provisioner/base/files.h"
#include "provisioner/base/stamp.h"

static char folder[64];
static int dir = -1;

static void put(const char *name, const char *text)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	(void)close(fd);
}

/* Long ago, so that no clock of a file system is too coarse. */
static void set_time(const char *name, time_t at)
{
	struct timespec times[2] = {{.tv_sec = at}, {.tv_sec = at}};

	assert_int_equal(utimensat(dir, name, times, 0), 0);
}

static int begin(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof(folder), "/tmp/slipway-stamp.XXXXXX");
	if (!mkdtemp(folder) || (dir = dir_open(folder)) < 0 || mkdirat(dir, "d", 0755) < 0)
		return -1;
	put("a", "one");
	put("d/b", "two");
	return 0;
}

static int end(void **state)
{
	static const char *const names[] = {"a", "b", "d/b", "d/c", "d/.hidden"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		(void)unlinkat(dir, names[i], 0);
	(void)unlinkat(dir, "d", AT_REMOVEDIR);
	(void)close(dir);
	return rmdir(folder);
}

static struct stamp take(void)
{
	struct stamp s = {0};

	stamp_file(&s, dir, "a");
	stamp_folder(&s, dir, "d");
	return s;
}

static bool is_other(const struct stamp *before)
{
	struct stamp now = take();

	return !stamp_is_equal(before, &now);
}

TEST(what_nobody_touches_has_the_same_stamp)
{
	struct stamp before = take();

	assert_false(is_other(&before));
}

TEST(a_file_of_another_size_has_another_stamp)
{
	struct stamp before = take();

	put("a", "longer");
	assert_true(is_other(&before));
	before = take();
	put("d/b", "longer");
	assert_true(is_other(&before));
}

TEST(a_file_that_was_written_later_has_another_stamp)
{
	set_time("d/b", 1000);
	struct stamp before = take();

	set_time("d/b", 2000);
	assert_true(is_other(&before));
}

TEST(a_file_that_took_the_place_of_one_has_another_stamp)
{
	put("b", "six");
	set_time("a", 1000);
	set_time("b", 1000);
	struct stamp before = take();

	assert_int_equal(renameat(dir, "b", dir, "a"), 0);
	set_time("a", 1000);
	assert_true(is_other(&before));
}

TEST(a_file_that_comes_or_goes_gives_another_stamp)
{
	struct stamp before = take();

	put("d/c", "");
	assert_true(is_other(&before));
	before = take();
	(void)unlinkat(dir, "d/c", 0);
	assert_true(is_other(&before));
	before = take();
	(void)unlinkat(dir, "a", 0);
	assert_true(is_other(&before));
}

TEST(a_folder_that_is_not_there_has_a_stamp_too)
{
	struct stamp one = {0}, two = {0};

	stamp_folder(&one, dir, "none");
	stamp_folder(&two, dir, "none");
	assert_true(stamp_is_equal(&one, &two));
	assert_int_equal(one.newest_ms, 0);
}

TEST(a_stamp_is_settled_seconds_after_the_last_write)
{
	struct stamp s = {.newest_ms = 100000};

	assert_false(stamp_is_settled(&s, 100000));
	assert_false(stamp_is_settled(&s, 103000));
	assert_true(stamp_is_settled(&s, 103001));
	assert_false(stamp_is_settled(&s, 99000)); /* the clock was set back */
}

#define f(sentence) cmocka_unit_test_setup_teardown(sentence, begin, end)

RUN(f(what_nobody_touches_has_the_same_stamp), f(a_file_of_another_size_has_another_stamp),
	f(a_file_that_was_written_later_has_another_stamp),
	f(a_file_that_took_the_place_of_one_has_another_stamp),
	f(a_file_that_comes_or_goes_gives_another_stamp),
	f(a_folder_that_is_not_there_has_a_stamp_too),
	t(a_stamp_is_settled_seconds_after_the_last_write))

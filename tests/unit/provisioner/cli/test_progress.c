#include "provisioner/cli/progress.h"

#include "tests/unit/test.h"

static char line[PROGRESS_LINE_SIZE];

TEST(a_bar_tells_how_much_of_how_much)
{
	struct progress p = {.what = "x", .done = 1 << 20, .total = 4 << 20};

	assert_string_equal(progress_line(&p, 0, 80, line),
		"x  [#######.......................]   25 %  1.0 MiB of 4.0 MiB");
}

TEST(and_how_fast_without_what_was_there_before)
{
	struct progress p = {
		.what = "x", .done = 3 << 20, .total = 5 << 20, .done_at_start = 1 << 20};

	assert_non_null(strstr(progress_line(&p, 2000, 200, line), "1.0 MiB/s  2.0 s left"));
	p.done = 0;
	assert_null(strstr(progress_line(&p, 2000, 200, line), "/s"));
}

TEST(an_unknown_total_has_no_bar)
{
	struct progress p = {.what = "x", .done = 512};

	assert_string_equal(progress_line(&p, 0, 80, line), "x  512 B");
}

TEST(it_is_never_wider_than_the_terminal)
{
	struct progress p = {.what = "a-long-name/of-some-version", .done = 7, .total = 9};

	for (size_t columns = 20; columns < PROGRESS_LINE_SIZE; columns++)
		assert_true(strlen(progress_line(&p, 5000, columns, line)) < columns);
	p.done = 10; /* more than there should be */
	assert_non_null(strstr(progress_line(&p, 0, 100, line), "100 %"));
}

RUN(t(a_bar_tells_how_much_of_how_much), t(and_how_fast_without_what_was_there_before),
	t(an_unknown_total_has_no_bar), t(it_is_never_wider_than_the_terminal))

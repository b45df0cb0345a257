#include "tests/unit/test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "provisioner/base/log.h"

/* What `level` and `text` put on stderr. */
static const char *logged(char buf[static 4096], enum log_level level, const char *text)
{
	int file = memfd_create("stderr", MFD_CLOEXEC),
	    before = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);

	assert_true(file >= 0 && before >= 0);
	assert_true(dup2(file, STDERR_FILENO) >= 0);
	log_line(level, "%s", text);
	assert_true(dup2(before, STDERR_FILENO) >= 0);
	ssize_t n = pread(file, buf, 4095, 0);
	assert_true(n >= 0);
	buf[n] = '\0';
	(void)close(file);
	(void)close(before);
	return buf;
}

TEST(line_tells_time_level_and_process)
{
	char buf[4096];

	assert_int_equal(unsetenv("JOURNAL_STREAM"), 0);
	log_init("dhcpd", LOG_LEVEL_INFO);
	const char *line = logged(buf, LOG_LEVEL_WARN, "lease file is full");
	assert_string_equal(line + 24, " warn  dhcpd: lease file is full\n");
	assert_int_equal(line[23], 'Z');
}

TEST(journal_gets_the_level_as_a_prefix)
{
	char buf[4096];

	assert_int_equal(setenv("JOURNAL_STREAM", "8:1", 1), 0);
	log_init("dhcpd", LOG_LEVEL_INFO);
	assert_string_equal(logged(buf, LOG_LEVEL_ERROR, "x"), "<3>dhcpd: x\n");
	assert_int_equal(unsetenv("JOURNAL_STREAM"), 0);
}

TEST(lines_above_the_level_are_left_out)
{
	char buf[4096];

	log_init("test", LOG_LEVEL_WARN);
	assert_int_equal(log_level(), LOG_LEVEL_WARN);
	assert_string_equal(logged(buf, LOG_LEVEL_INFO, "x"), "");
	assert_string_not_equal(logged(buf, LOG_LEVEL_ERROR, "x"), "");
}

TEST(long_line_is_cut_visibly_and_ends_in_one_newline)
{
	char buf[4096], text[2000];

	log_init("test", LOG_LEVEL_INFO);
	for (size_t len = 900; len < 1100; len++) {
		memset(text, 'x', len);
		text[len] = '\0';
		const char *line = logged(buf, LOG_LEVEL_INFO, text);
		size_t n = strlen(line), whole = 24 + strlen(" info  test: ") + len + 1;

		assert_true(n <= 1024);
		assert_ptr_equal(strchr(line, '\n'), line + n - 1);
		if (n < whole)
			assert_string_equal(line + n - 4, "...\n");
		else
			assert_int_equal(n, whole);
	}
}

TEST(one_event_is_one_line)
{
	char buf[4096];

	log_init("test", LOG_LEVEL_INFO);
	assert_string_equal(logged(buf, LOG_LEVEL_INFO, "a\nforged: b\x1b[1m") + 24,
		" info  test: a?forged: b?[1m\n");
}

TEST(levels_have_names)
{
	static const struct {
		const char *text;
		int rc;
		enum log_level level;
	} rows[] = {
		{"error", 0, LOG_LEVEL_ERROR},
		{"warn", 0, LOG_LEVEL_WARN},
		{"info", 0, LOG_LEVEL_INFO},
		{"debug", 0, LOG_LEVEL_DEBUG},
		{"Debug", -EINVAL, LOG_LEVEL_INFO},
		{"", -EINVAL, LOG_LEVEL_INFO},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		enum log_level level = LOG_LEVEL_INFO;

		assert_int_equal(log_level_parse(rows[i].text, &level), rows[i].rc);
		assert_int_equal(level, rows[i].level);
	}
}

TEST(one_cause_logs_once_a_second_and_counts_the_rest)
{
	struct log_rate r = {0};
	unsigned held = 9;

	assert_true(log_rate_allows(&r, 5000, &held));
	assert_int_equal(held, 0);
	assert_false(log_rate_allows(&r, 5001, &held));
	assert_false(log_rate_allows(&r, 5999, &held));
	assert_true(log_rate_allows(&r, 6000, &held));
	assert_int_equal(held, 2);
	assert_true(log_rate_allows(&r, 9000, &held));
	assert_int_equal(held, 0);
}

TEST(bytes_of_a_stranger_become_printable)
{
	static const struct {
		const char *in;
		size_t n, size;
		const char *out;
	} rows[] = {
		{"plain", 5, 32, "plain"},
		{"a\nb\"c\\d", 7, 64, "a\\x0ab\\x22c\\x5cd"},
		{"\0\x1b\xff", 3, 64, "\\x00\\x1b\\xff"},
		{"abcdef", 6, 8, "abcd"}, /* cut: an escape would not have fitted */
		{"\n\n", 2, 8, "\\x0a"},
		{"abc", 3, 4, ""},
		{"abc", 3, 1, ""},
		{"", 0, 8, ""},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char buf[64];

		assert_string_equal(
			log_safe(buf, rows[i].size, rows[i].in, rows[i].n), rows[i].out);
	}
	assert_string_equal(log_safe(NULL, 0, "abc", 3), "");
}

RUN(t(line_tells_time_level_and_process), t(journal_gets_the_level_as_a_prefix),
	t(lines_above_the_level_are_left_out), t(long_line_is_cut_visibly_and_ends_in_one_newline),
	t(one_event_is_one_line), t(levels_have_names),
	t(one_cause_logs_once_a_second_and_counts_the_rest),
	t(bytes_of_a_stranger_become_printable))

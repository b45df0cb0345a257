#include "tests/unit/test.h"

#include <stdio.h>
#include <unistd.h>

#include "dhcpd/counters.h"
#include "provisioner/api/statistics.h"
#include "provisioner/base/str.h"
#include "provisioner/messages/messages.h"

#define DOC "docs/reference/counters.md"
#define DOC_BYTES_MAX ((size_t)256 << 10)

/* Tests run from the top of the tree. */
static struct str doc(void)
{
	struct str text = str_init(DOC_BYTES_MAX);
	FILE *f = fopen(DOC, "re");
	char line[1024];

	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		str_add(&text, line);
	(void)fclose(f);
	assert_true(str_ok(&text));
	return text;
}

TEST(every_counter_has_its_row_in_the_reference)
{
	AUTO(str_done) struct str text = doc();
	struct statistic s;
	unsigned missing = 0;

	for (size_t i = 0; statistics_at(i, &s); i++) {
		AUTO(str_done) struct str row = str_init(1024);

		str_printf(&row, "\n| `%s` | %s |", s.name, s.text);
		if (strstr(str_text(&text), str_text(&row)))
			continue;
		print_message("# " DOC " lacks the row%s\n", str_text(&row));
		missing++;
	}
	assert_int_equal(missing, 0);
}

TEST(the_reference_has_no_row_of_a_counter_that_is_gone)
{
	AUTO(str_done) struct str text = doc();
	const char *at = str_text(&text);

	while ((at = strstr(at, "\n| `"))) {
		size_t len = strcspn(at += 4, "`");
		bool is_known = false;
		struct statistic s;

		for (size_t i = 0; statistics_at(i, &s); i++)
			is_known |= strlen(s.name) == len && strncmp(s.name, at, len) == 0;
		if (!is_known)
			fail_msg(DOC ": no counter has the name %.*s", (int)len, at);
	}
}

TEST(names_are_unique_and_metrics_need_no_escapes)
{
	struct statistic s, other;

	for (size_t i = 0; statistics_at(i, &s); i++) {
		assert_int_equal(
			strspn(s.name, "abcdefghijklmnopqrstuvwxyz0123456789_"), strlen(s.name));
		assert_true(s.text[0] != '\0');
		assert_null(strpbrk(s.text, "\n\\\""));
		for (size_t j = i + 1; statistics_at(j, &other); j++)
			assert_string_not_equal(s.name, other.name);
	}
}

TEST(all_of_dhcpd_are_among_them)
{
	struct statistic s;
	size_t n = 0;

	for (size_t i = 0; statistics_at(i, &s); i++)
		n += strncmp(s.name, "dhcp_", 5) == 0;
	assert_int_equal(n, N_COUNTERS - 1);
}

RUN(t(every_counter_has_its_row_in_the_reference),
	t(the_reference_has_no_row_of_a_counter_that_is_gone),
	t(names_are_unique_and_metrics_need_no_escapes), t(all_of_dhcpd_are_among_them))

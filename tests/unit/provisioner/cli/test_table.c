#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>

#include "provisioner/cli/table.h"

TEST(columns_are_as_wide_as_their_widest_cell)
{
	static const char *const headers[] = {"NAME", "X", NULL};
	static const char *const first[] = {"a", "1"}, *const second[] = {"longer", ""};
	struct table *t = table_new(headers);
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	assert_non_null(f);
	table_row(t, first);
	table_row(t, second);
	table_print(t, f);
	(void)fclose(f);
	assert_string_equal(text, "NAME    X\na       1\nlonger  -\n");
	free(text);
	table_free(t);
}

RUN(t(columns_are_as_wide_as_their_widest_cell))

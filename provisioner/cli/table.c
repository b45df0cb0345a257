#include "provisioner/cli/table.h"

#include <assert.h>
#include <string.h>

#include "provisioner/base/mem.h"

struct table {
	const char *const *headers;
	size_t n_columns;
	char **cells;
	size_t n_cells;
	size_t width[TABLE_COLUMNS_MAX];
};

struct table *table_new(const char *const headers[])
{
	struct table *t = xcalloc(1, sizeof(*t));

	t->headers = headers;
	for (; headers[t->n_columns]; t->n_columns++) {
		assert(t->n_columns < TABLE_COLUMNS_MAX);
		t->width[t->n_columns] = strlen(headers[t->n_columns]);
	}
	return t;
}

void table_free(struct table *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->n_cells; i++)
		free(t->cells[i]);
	free(t->cells);
	free(t);
}

void table_row(struct table *t, const char *const cells[])
{
	t->cells = xreallocarray(t->cells, t->n_cells + t->n_columns, sizeof(char *));
	for (size_t i = 0; i < t->n_columns; i++) {
		const char *text = cells[i][0] ? cells[i] : "-";

		if (strlen(text) > t->width[i])
			t->width[i] = strlen(text);
		t->cells[t->n_cells++] = xstrdup(text);
	}
}

static void print_line(const struct table *t, const char *const *cells, FILE *to)
{
	for (size_t i = 0; i < t->n_columns; i++)
		if (i + 1 < t->n_columns)
			(void)fprintf(to, "%-*s  ", (int)t->width[i], cells[i]);
		else
			(void)fprintf(to, "%s\n", cells[i]);
}

void table_print(const struct table *t, FILE *to)
{
	print_line(t, t->headers, to);
	for (size_t i = 0; i < t->n_cells; i += t->n_columns)
		print_line(t, (const char *const *)&t->cells[i], to);
}

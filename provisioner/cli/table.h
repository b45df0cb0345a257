/* table.h - columns for a person: widths as the content wants, two blanks between. */
#ifndef SLIPWAY_CLI_TABLE_H
#define SLIPWAY_CLI_TABLE_H

#include <stdio.h>

#define TABLE_COLUMNS_MAX 12

struct table;

/* `headers` ends in NULL and is kept. */
struct table *table_new(const char *const headers[]);
void table_free(struct table *t);

/* As many cells as there are headers; copied. "" prints as "-". */
void table_row(struct table *t, const char *const cells[]);
void table_print(const struct table *t, FILE *to);

#endif

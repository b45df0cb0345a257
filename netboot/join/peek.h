/* peek.h - short texts of the kernel (procfs, sysfs) and of the OS, below a root folder.
 *
 * The root is a descriptor, "/" in life and a fixture in tests. Such files say size 0 or 4096, may
 * fail when read, and may hold anything: a text is cut to the buffer, blanks at its end are gone. */
#ifndef SLIPWAY_JOIN_PEEK_H
#define SLIPWAY_JOIN_PEEK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "provisioner/base/mem.h"

#define PEEK_PATH_MAX 320

/* A path put together as printf does. The bytes read (the text may hold NULs), 0 with "" in `buf` when
 * there is no such file or it can't be read. */
size_t peek_text(int root, char *buf, size_t size, const char *path, ...) PRINTF_LIKE(4, 5);

/* The same as a number; false, and *ret untouched, when it is none. */
bool peek_number(int root, int64_t *ret, const char *path, ...) PRINTF_LIKE(3, 4);

/* Whether there is such a file or folder. */
bool peek_exists(int root, const char *path, ...) PRINTF_LIKE(2, 3);

/* The last part of what a link points to, or "". */
void peek_link(int root, char *buf, size_t size, const char *path, ...) PRINTF_LIKE(4, 5);

/* The names in a folder in order, `max` at most, none that begins with '.'. The caller frees each
 * and the list. 0 names when there is no such folder. */
size_t peek_names(int root, const char *path, size_t max, char ***ret_names);
void peek_names_free(char **names, size_t n);

#endif

/* diff.h - what turned one text into another, line by line.
 *
 * The shortest way by Myers' algorithm ("An O(ND) Difference Algorithm and Its Variations", 1986). Texts
 * that have next to nothing in common are told as one text that went and one that came: the search for
 * the shortest way is bounded. */
#ifndef SLIPWAY_BASE_DIFF_H
#define SLIPWAY_BASE_DIFF_H

#include <stddef.h>

#include "provisioner/base/str.h"

/* Adds the hunks of a unified diff, with so many equal lines around each change and without the two lines
 * that name the files; nothing for equal texts. `context` 0 with `numbers` false gives what has changed
 * and not where, so that the same change in two files is the same text. */
struct diff_style {
	size_t context;
	bool numbers; /* "@@ -1,3 +1,4 @@" before each hunk; else "@@" between them */
};

void diff_add(const char *from, size_t from_len, const char *to, size_t to_len,
	const struct diff_style *style, struct str *out);

#endif

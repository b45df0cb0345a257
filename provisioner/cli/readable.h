/* readable.h - a text that is made for programs, as lines that a person can compare. Pure.
 *
 * JSON is indented, and what stands in a data: URL comes as the lines it has. Any other text stays as it is. */
#ifndef SLIPWAY_CLI_READABLE_H
#define SLIPWAY_CLI_READABLE_H

#include <stddef.h>

#include "provisioner/base/str.h"

void readable_add(const char *text, size_t len, struct str *out);

#endif

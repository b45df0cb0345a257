/* yaml.h - single values as YAML that every reader takes for the very same text.
 *
 * YAML 1.1 and 1.2 readers disagree on what plain 0644, no, 1.10 or 12:30 mean. So a value is only
 * left plain when it looks like a path or a file's name; text of several lines becomes a literal
 * block where one can hold it; everything else is quoted. */
#ifndef SLIPWAY_CONFIG_YAML_H
#define SLIPWAY_CONFIG_YAML_H

#include <stddef.h>

#include "provisioner/base/str.h"

/* Adds `text` and a newline. `indent` is that of the line the value stands on. */
void yaml_add_text(struct str *out, const char *text, size_t len, size_t indent);

#endif

/* texts.h - which texts are legal where cluster.yaml wants a text: names, files, interfaces, URLs.
 *
 * Pure. Private to cluster/. */
#ifndef SLIPWAY_CLUSTER_TEXTS_H
#define SLIPWAY_CLUSTER_TEXTS_H

#include <stdbool.h>

#include "provisioner/cluster/schema.h"

/* Whether `text` is legal for a row of this type; false for types that are no text. */
bool text_is_legal(enum schema_type type, const char *text);

/* The same as a regular expression for JSON Schema, or NULL: any line. Nearly: what only code can say
 * is left to code. */
const char *text_pattern(enum schema_type type);

#endif

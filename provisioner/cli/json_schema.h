/* json_schema.h - the keys of cluster.yaml as JSON Schema (draft 7), for the completion of editors.
 *
 * Made of the same table as the loader. What only code can say (whether things fit together) is left
 * to `slipway check`. A null is legal wherever a key may be left out. */
#ifndef SLIPWAY_CLI_JSON_SCHEMA_H
#define SLIPWAY_CLI_JSON_SCHEMA_H

#include <stdbool.h>

struct str;

/* Of cluster.yaml or, with `of_nodes`, of a file of nodes.d. */
void json_schema(struct str *out, bool of_nodes);

#endif

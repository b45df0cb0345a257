/* reader.h - a map of a YAML document into a struct, by a table of keys.
 *
 * Every mistake is reported with its place and its name ("write_files[3].permissions"), and reading
 * goes on with the next key. The struct is only to be trusted when no error was added. */
#ifndef SLIPWAY_CONFIG_READER_H
#define SLIPWAY_CONFIG_READER_H

#include "provisioner/base/doc.h"
#include "provisioner/config/keys.h"

struct reader {
	struct arena *arena;
	struct err_list *errors;
	struct cc_texts *hyphened; /* keys with hyphens, the first ERR_LIST_MAX of them */
};

/* Fills the struct at `into` (zeroed before, of s->size bytes) from the map `n`. */
void reader_map(struct reader *r, const struct keys *s, const struct doc_node *n, void *into);

#endif

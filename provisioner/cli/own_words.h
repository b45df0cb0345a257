/* own_words.h - what only one node has in its texts, or in a diff of them: its name, its address, its MACs. Pure.
 *
 * With marks in their place the same change of many nodes is the same text. */
#ifndef SLIPWAY_CLI_OWN_WORDS_H
#define SLIPWAY_CLI_OWN_WORDS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "provisioner/base/str.h"

#define OWN_WORDS_MAX 24
#define OWN_WORDS_MAC_SIZE 18

struct own_words {
	const char *items[OWN_WORDS_MAX];
	size_t n;
	char dashed[OWN_WORDS_MAX][OWN_WORDS_MAC_SIZE]; /* MACs as PXE writes them */
};

/* Of a machine as the API gives it, or NULL. Borrows its texts. */
void own_words_init(struct own_words *w, const json_t *machine);

/* Whether one of `machines` (by name) other than `name` stands in the text. */
bool own_words_are_others_in(
	const json_t *machines, const char *name, const char *text, size_t len);

/* Adds a text with a mark in the place of each. */
void own_words_add(const struct own_words *w, const char *text, size_t len, struct str *out);

#endif

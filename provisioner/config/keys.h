/* keys.h - every key of a cloud-config, as tables: name, type, rule, and where its value goes.
 *
 * The same rows drive reading, the messages about unknown keys, and writing cloud-config back. A
 * table describes one kind of map; the map becomes one struct of `size` bytes, and a key's value
 * the member at offset `field`. */
#ifndef SLIPWAY_CONFIG_KEYS_H
#define SLIPWAY_CONFIG_KEYS_H

#include <stddef.h>

#include "provisioner/config/cloudconfig.h"
#include "provisioner/config/rules.h"

enum key_type {
	KEY_TEXT = 1, /* struct cc_text */
	KEY_BYTES,    /* struct cc_text; may be empty, may be !!binary (then it holds base64) */
	KEY_INT,      /* struct cc_text: a decimal number */
	KEY_FLOAT,    /* struct cc_text: a number */
	KEY_BOOL,     /* struct cc_text: true or false */
	KEY_FLAG,     /* bool */
	KEY_TEXTS,    /* struct cc_texts */
	KEY_MAP,      /* the struct itself, in place */
	KEY_MAPS,     /* { struct *items; size_t n; } */
	KEY_SECTION,  /* struct cc_text *: settings, one value per row */
	KEY_REFUSED   /* known from elsewhere; `refused` says what to do instead */
};

struct keys;

struct key {
	const char *name;
	enum key_type type;
	bool required;
	size_t field; /* an offset; in a section's table, the row's own index */
	const struct rule *rule;
	const struct keys *sub;
	const char *env;     /* sections: instead of the prefix and the name in capitals */
	const char *refused; /* KEY_REFUSED: a sentence */
};

struct keys {
	const struct key *keys;
	size_t n;
	size_t size;
	const char *prefix; /* sections: of the environment variables, "ETCD_" */
};

extern const struct keys keys_root;

/* The table of one section of `coreos:`. */
const struct keys *keys_of_section(enum cc_section s);

/* The row with that name, or NULL. */
const struct key *key_find(const struct keys *s, const char *name);

/* Adds the environment variable that carries a section's setting. */
void key_add_env(struct str *out, const struct keys *s, const struct key *k);

#endif

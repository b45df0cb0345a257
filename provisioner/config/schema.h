/* schema.h - every key of a cloud-config, as tables: name, type, rule, and where its value goes.
 *
 * The same rows drive reading, the messages about unknown keys, and writing cloud-config back. A
 * table describes one kind of map; the map becomes one struct of `size` bytes, and a key's value
 * the member at offset `field`. */
#ifndef SLIPWAY_CONFIG_SCHEMA_H
#define SLIPWAY_CONFIG_SCHEMA_H

#include <stddef.h>

#include "provisioner/config/cloudconfig.h"
#include "provisioner/config/rules.h"

enum schema_type {
	SCHEMA_TEXT = 1, /* struct cc_text */
	SCHEMA_BYTES,    /* struct cc_text; may be empty, may be !!binary (then it holds base64) */
	SCHEMA_INT,      /* struct cc_text: a decimal number */
	SCHEMA_FLOAT,    /* struct cc_text: a number */
	SCHEMA_BOOL,     /* struct cc_text: true or false */
	SCHEMA_FLAG,     /* bool */
	SCHEMA_TEXTS,    /* struct cc_texts */
	SCHEMA_MAP,      /* the struct itself, in place */
	SCHEMA_MAPS,     /* { struct *items; size_t n; } */
	SCHEMA_SECTION,  /* struct cc_text *: settings, one value per row */
	SCHEMA_REFUSED   /* known from elsewhere; `refused` says what to do instead */
};

struct schema;

struct schema_key {
	const char *name;
	enum schema_type type;
	size_t field; /* an offset; in a section's table, the row's own index */
	const struct rule *rule;
	const struct schema *sub;
	const char *
		env; /* sections: the variable, when it is not the prefix and the name in capitals */
	const char *refused; /* SCHEMA_REFUSED: a sentence */
	bool required;
};

struct schema {
	const struct schema_key *keys;
	size_t n;
	size_t size;
	const char *prefix; /* sections: of the environment variables, "ETCD_" */
};

extern const struct schema schema_root;

/* The table of one section of `coreos:`. */
const struct schema *schema_of_section(enum cc_section s);

/* The row with that name, or NULL. */
const struct schema_key *schema_find(const struct schema *s, const char *name);

/* Adds the environment variable that carries a section's setting. */
void schema_add_env(struct str *out, const struct schema *s, const struct schema_key *k);

#endif

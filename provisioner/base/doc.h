/* doc.h - a YAML document as a tree that remembers where each thing stood.
 *
 * Built on libyaml's event API with hard limits (size, depth, nodes, expanded aliases), because
 * every YAML here comes from a person or a stranger. Scalars stay text: what a value means is
 * decided by who knows the key's type. Duplicate keys, unknown anchors and keys that are not
 * scalars are errors with a place. Everything lives in the arena that was passed in. */
#ifndef SLIPWAY_BASE_DOC_H
#define SLIPWAY_BASE_DOC_H

#include <stdbool.h>
#include <stddef.h>

#include "provisioner/base/arena.h"
#include "provisioner/base/err.h"

enum doc_kind { DOC_SCALAR = 1, DOC_LIST, DOC_MAP };

enum doc_style {
	DOC_PLAIN = 1, /* the only style whose text a YAML resolver may type */
	DOC_QUOTED,
	DOC_BLOCK /* | or > */
};

struct doc_node;

struct doc_pair {
	struct doc_node *key; /* always a scalar */
	struct doc_node *value;
};

struct doc_node {
	enum doc_kind kind;
	struct mark at;
	enum doc_style style;    /* scalars */
	const char *text;        /* scalars: NUL-terminated */
	size_t len;              /* scalars: bytes in text, without the NUL */
	const char *tag;         /* an explicit tag, "!x" or "tag:yaml.org,2002:str", or NULL */
	struct doc_node **items; /* lists: n of them */
	struct doc_pair *pairs;  /* maps: n of them, in the order written */
	size_t n;
};

struct doc_limits {
	size_t bytes;    /* of the text */
	size_t depth;    /* of nesting, aliases followed: who walks the tree may recurse */
	size_t nodes;    /* as written */
	size_t expanded; /* nodes reached through aliases */
	size_t anchors;
};

/* 4 MiB, 64 deep, 200,000 nodes, 10,000 by alias, 1,000 anchors: a site of 10,000 machines. */
extern const struct doc_limits doc_limits_default;

/* Parses exactly one document. `file` names it in errors (kept: it must live as long as the arena).
 * 0 and *ret_root (NULL for an empty document), or -EINVAL / -E2BIG with *e filled. */
int doc_parse(struct arena *a, const char *file, const char *text, size_t len,
	const struct doc_limits *limits, struct doc_node **ret_root, struct err *e) MUST_USE;

/* The value under `key`, or NULL: not a map, or not there. */
struct doc_node *doc_get(const struct doc_node *map, const char *key);

/* Plain null, "~" or an empty plain scalar. */
bool doc_is_null(const struct doc_node *n);
bool doc_is_text(const struct doc_node *n, const char *text);

const char *doc_kind_name(enum doc_kind kind);

#endif

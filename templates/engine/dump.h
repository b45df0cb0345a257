/* dump.h - values written as JSON and YAML. */
#ifndef SLIPWAY_TEMPLATES_ENGINE_DUMP_H
#define SLIPWAY_TEMPLATES_ENGINE_DUMP_H

#include "templates/engine/eval.h"

#define DUMP_DEPTH_MAX 64
#define DUMP_INDENT_MAX 16

struct dump {
	struct eval *ev;
	struct mark at;
	struct str *out;
	unsigned indent; /* JSON: 0 is all on one line; YAML: at least 2 */
	bool sort;       /* keys by their bytes, else in their order */
	bool for_html;   /* JSON: < > & ' as \u00NN, as Jinja2's tojson does */
	size_t line_due; /* YAML: the output's length that leaves a block's last newline to be written */
};

/* As Python's json.dumps() does: ASCII only, a blank behind ',' and ':'. */
int dump_json(struct dump *d, struct value v) MUST_USE;

/* Block style. Whatever a YAML 1.1 or 1.2 reader might take for something else than text is quoted.
 * No newline at the end, unless a block of lines ends there that needs it. */
int dump_yaml(struct dump *d, struct value v) MUST_USE;

/* The map's pairs in the order to write them; NULL with the error set. */
const struct value_pair **dump_order(const struct dump *d, const struct value_map *m) MUST_USE;

/* An error for what has no place in a document. */
int dump_refuse(const struct dump *d, struct value v);

#endif

/* render.h - the running of a template's blocks: text, loops, conditions, macros, includes. */
#ifndef SLIPWAY_TEMPLATES_ENGINE_RENDER_H
#define SLIPWAY_TEMPLATES_ENGINE_RENDER_H

#include "templates/engine/eval.h"

/* Runs the nodes in the current scope; output goes to ev->out. */
int render_nodes(struct eval *ev, const struct node *n) MUST_USE;

/* Runs them into a text. */
int render_captured(
	struct eval *ev, struct mark at, const struct node *n, struct value *ret) MUST_USE;

/* The parsed template of this name: -ENOENT when the loader has none. Given by engine.c. */
int template_set_find(struct template_set *set, const char *name, const struct node **ret_body,
	struct err *e) MUST_USE;

/* Notes that output from here on comes from `at`. Given by engine.c. */
void template_map_note(struct template_map *m, const char *text, size_t len, struct mark at,
	bool is_source, bool at_line_start);

#endif

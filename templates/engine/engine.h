/* engine.h - templates rendered: Jinja2's syntax, the part of it that configuration needs.
 *
 * Text and values go in, text comes out; no file is read but through the loader, no code is run.
 * What is undefined is an error with its file, line and column, and so is a list or a truth value
 * printed as it is. trim_blocks is on, lstrip_blocks off, a newline at the end stays. Output,
 * steps, memory and depth have ceilings. docs/reference/templates.md describes the language. */
#ifndef SLIPWAY_TEMPLATES_ENGINE_ENGINE_H
#define SLIPWAY_TEMPLATES_ENGINE_ENGINE_H

#include <stddef.h>

#include "provisioner/base/arena.h"
#include "provisioner/base/err.h"
#include "provisioner/base/str.h"
#include "templates/engine/value.h"

/* A template's text and the name it goes by in errors. Both are kept as long as the template is. */
struct template_source {
	const char *name;
	const char *text;
	size_t len;
};

/* Finds the template that an include (or template_set_render) names. What it allocates for *ret
 * goes into `a`. 0; -ENOENT: there is none, which `ignore missing` forgives; another negative
 * errno with *e filled. The name is whatever the template says: the loader decides what it may
 * reach. */
typedef int template_load_fn(
	void *arg, const char *name, struct arena *a, struct template_source *ret, struct err *e);

/* Who wants to know what a render depends on: it is told each name that is looked for among the globals, whether
 * or not it is there, and each template that is asked for. Often the same ones again. */
struct template_watch {
	void (*on_name)(void *arg, const char *name, size_t len);
	void (*on_template)(void *arg, const char *name);
	void *arg;
};

struct template_options {
	template_load_fn *load; /* NULL: nothing can be included */
	void *load_arg;
	struct arena
		*arena;    /* kept: parsed templates and the names in marks; NULL: the set's own */
	size_t max_output; /* bytes; 0 means 4 MiB. Also the longest text */
	size_t max_memory; /* bytes of values of one render; 0 means 64 MiB */
	size_t max_steps;  /* expressions and statements run; 0 means a million */
	unsigned max_includes; /* in each other; 0 means 16 */
	const struct template_watch *watch; /* kept; may be NULL */
};

/* Where each line of the output came from: lines[0] is that of line 1. For errors found in the
 * output that should name the template. Reset by each render that fills it. */
struct template_map {
	struct mark *lines;
	size_t n, cap;
};

void template_map_done(struct template_map *m);

/* The place of an output line, which counts from 1; without a file when there is no such line. */
struct mark template_map_at(const struct template_map *m, unsigned line);

/* Renders one template. `globals` is a map: what the template sees; NULL is an empty one. `o` may be
 * NULL. Appends to *out. 0, or a negative errno with *e filled; *out then holds what came before
 * the error. */
int template_render(const struct template_source *t, const struct value *globals,
	const struct template_options *o, struct str *out, struct err *e) MUST_USE;

/* Templates parsed once and rendered often. The marks in a map live as long as the set, or as the
 * arena in its options. */
struct template_set;

struct template_set *template_set_new(const struct template_options *o);
void template_set_free(struct template_set *set);
void template_set_free_p(struct template_set **set);

/* Renders the template that the loader finds under `name`. `map` may be NULL. */
int template_set_render(struct template_set *set, const char *name, const struct value *globals,
	struct template_map *map, struct str *out, struct err *e) MUST_USE;

#endif

#include "templates/engine/engine.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "templates/engine/parser.h"
#include "templates/engine/render.h"

#define MIB ((size_t)1 << 20)
#define OUTPUT_MAX (4 * MIB)
#define MEMORY_MAX (64 * MIB)
#define PARSED_MAX (64 * MIB) /* of all templates of a set */
#define STEPS_MAX 1000000
#define INCLUDES_MAX 16
#define MAP_FIRST_CAP 64

struct parsed {
	const char *name;
	const struct node *body;
	bool is_missing; /* the loader has no such template: it is not asked again for every node */
	struct parsed *next;
};

struct template_set {
	struct template_options o; /* with the defaults filled in */
	struct arena *arena;
	bool owns_arena;
	struct parsed *parsed;
};

struct template_set *template_set_new(const struct template_options *o)
{
	struct template_set *set = xcalloc(1, sizeof(*set));

	if (o)
		set->o = *o;
	set->o.max_output = set->o.max_output ? set->o.max_output : OUTPUT_MAX;
	set->o.max_memory = set->o.max_memory ? set->o.max_memory : MEMORY_MAX;
	set->o.max_steps = set->o.max_steps ? set->o.max_steps : STEPS_MAX;
	set->o.max_includes = set->o.max_includes ? set->o.max_includes : INCLUDES_MAX;
	set->owns_arena = !set->o.arena;
	set->arena = set->owns_arena ? arena_new(PARSED_MAX) : set->o.arena;
	return set;
}

void template_set_free(struct template_set *set)
{
	if (!set)
		return;
	if (set->owns_arena)
		arena_free(set->arena);
	free(set);
}

void template_set_free_p(struct template_set **set)
{
	template_set_free(*set);
}

static int parse(struct template_set *set, const char *name, const struct template_source *t,
	const struct node **ret_body, struct err *e)
{
	struct parsed *p = arena_alloc(set->arena, 1, sizeof(*p));
	struct node *body = NULL;
	int rc;

	if (!p)
		return err_set(
			e, -ENOMEM, (struct mark){.file = t->name}, "the template is too large");
	rc = parser_run(set->arena, t->name, t->text, t->len, &body, e);
	if (rc != 0)
		return rc;
	*p = (struct parsed){.name = name, .body = body, .next = set->parsed};
	set->parsed = p;
	*ret_body = body;
	return 0;
}

static int remember_missing(struct template_set *set, const char *name)
{
	struct parsed *p = arena_alloc(set->arena, 1, sizeof(*p));

	if (p) {
		*p = (struct parsed){.name = name, .is_missing = true, .next = set->parsed};
		set->parsed = p;
	}
	return -ENOENT;
}

int template_set_find(
	struct template_set *set, const char *name, const struct node **ret_body, struct err *e)
{
	struct template_source t = {.name = NULL};
	struct err why = {.msg = ""};
	const char *copy;
	int rc;

	if (set->o.watch)
		set->o.watch->on_template(set->o.watch->arg, name);
	for (const struct parsed *p = set->parsed; p; p = p->next) {
		if (strcmp(p->name, name) == 0) {
			*ret_body = p->body;
			return p->is_missing ? -ENOENT : 0;
		}
	}
	if (!set->o.load)
		return -ENOENT;
	copy = arena_strdup(set->arena, name);
	if (!copy)
		return err_msg(e, -ENOMEM, "the templates are too large");
	rc = set->o.load(set->o.load_arg, copy, set->arena, &t, &why);
	if (rc == -ENOENT)
		return remember_missing(set, copy);
	if (rc != 0 && why.msg[0] == '\0')
		return err_msg(e, rc, "template \"%s\" can't be read: %s", name, strerror(-rc));
	if (rc != 0) {
		if (e)
			*e = why;
		return rc;
	}
	return parse(set, copy, &t, ret_body, e);
}

static int run(struct template_set *set, const struct node *body, const struct value *globals,
	struct template_map *map, struct str *out, struct err *e)
{
	AUTO(arena_free_p) struct arena *arena = arena_new(set->o.max_memory);
	struct err ignored;
	struct eval ev = {.set = set,
		.arena = arena,
		.globals = globals ? *globals : value_map(arena),
		.scope = scope_new(arena, NULL),
		.out = out,
		.main_out = out,
		.main_begin = out->len,
		.max_output = set->o.max_output,
		.map = map,
		.steps_left = set->o.max_steps,
		.max_includes = set->o.max_includes,
		.watch = set->o.watch,
		.e = e ? e : &ignored};
	struct mark begin = body ? body->at : (struct mark){.file = NULL};

	assert(ev.globals.kind == VALUE_MAP);
	if (map)
		map->n = 0;
	int rc = ev.scope ? render_nodes(&ev, body) : -ENOMEM;
	if (rc == 0)
		rc = eval_step(&ev, begin, 0); /* whether the last values still found room */
	return rc;
}

int template_set_render(struct template_set *set, const char *name, const struct value *globals,
	struct template_map *map, struct str *out, struct err *e)
{
	const struct node *body = NULL;
	int rc = template_set_find(set, name, &body, e);

	if (rc == -ENOENT)
		return err_msg(e, rc, "there is no template \"%s\"", name);
	return rc != 0 ? rc : run(set, body, globals, map, out, e);
}

int template_render(const struct template_source *t, const struct value *globals,
	const struct template_options *o, struct str *out, struct err *e)
{
	AUTO(template_set_free_p) struct template_set *set = template_set_new(o);
	const struct node *body = NULL;
	int rc;

	rc = parse(set, t->name, t, &body, e);
	return rc != 0 ? rc : run(set, body, globals, NULL, out, e);
}

void template_map_done(struct template_map *m)
{
	free(m->lines);
	*m = (struct template_map){.n = 0};
}

static void map_add(struct template_map *m, struct mark at)
{
	if (m->n == m->cap) {
		m->cap = m->cap ? m->cap * 2 : MAP_FIRST_CAP;
		m->lines = xreallocarray(m->lines, m->cap, sizeof(*m->lines));
	}
	m->lines[m->n++] = at;
}

void template_map_note(struct template_map *m, const char *text, size_t len, struct mark at,
	bool is_source, bool at_line_start)
{
	const char *end = text + len;

	if (at_line_start)
		map_add(m, at);
	for (const char *p = memchr(text, '\n', len); p && p + 1 < end;
		p = memchr(p + 1, '\n', (size_t)(end - p - 1))) {
		if (is_source) {
			at.line++;
			at.col = 1;
		}
		map_add(m, at);
	}
}

struct mark template_map_at(const struct template_map *m, unsigned line)
{
	if (line == 0 || line > m->n)
		return (struct mark){.file = NULL};
	return m->lines[line - 1];
}

#include "templates/engine/undefined.h"

#include <errno.h>
#include <inttypes.h>

#include "templates/engine/builtin.h"

#define PATH_MAX_BYTES 160
#define PATH_DEPTH_MAX 8
#define CANDIDATES_MAX 500
#define CANDIDATES_BYTES ((size_t)256 << 10)

/* Where an undefined value came from. */
struct undefined {
	const struct expr *x; /* or NULL */
	const char *why;      /* instead of x */
	struct value of;
	bool nothing;
};

static struct value undefined_new(struct eval *ev, struct undefined from)
{
	struct undefined *u = arena_alloc(ev->arena, 1, sizeof(*u));

	if (u)
		*u = from;
	return (struct value){.kind = VALUE_UNDEFINED, .other = u};
}

struct value undefined_found(struct eval *ev, const struct expr *x, struct value of)
{
	return undefined_new(ev, (struct undefined){.x = x, .of = of});
}

struct value undefined_because(struct eval *ev, const char *why)
{
	return undefined_new(ev, (struct undefined){.why = why});
}

struct value undefined_nothing(struct eval *ev)
{
	return undefined_new(
		ev, (struct undefined){.why = "the condition of an `if` without `else` is false",
			    .nothing = true});
}

bool undefined_is_nothing(struct value v)
{
	const struct undefined *u = v.other;

	return v.kind == VALUE_UNDEFINED && u && u->nothing;
}

/* "node.macs[3]" as it was written; "..." for what is no path.
 * `depth` ends it. NOLINTNEXTLINE(misc-no-recursion) */
static void path_add(struct str *to, const struct expr *x, unsigned depth)
{
	if (depth < PATH_DEPTH_MAX && (x->kind == EXPR_ATTR || x->kind == EXPR_INDEX))
		path_add(to, x->a, depth + 1);
	else if (x->kind != EXPR_NAME)
		str_add(to, "...");
	if (x->kind == EXPR_ATTR)
		str_addc(to, '.');
	if (x->kind == EXPR_ATTR || x->kind == EXPR_NAME) {
		str_addn(to, x->value.text, x->value.len);
	} else if (x->kind == EXPR_INDEX) {
		const struct expr *i = x->b;

		if (i->kind == EXPR_CONST && i->value.kind == VALUE_INT)
			str_printf(to, "[%" PRId64 "]", i->value.i);
		else if (i->kind == EXPR_CONST && i->value.kind == VALUE_TEXT)
			str_printf(to, "['%.*s']", (int)i->value.len, i->value.text);
		else if (i->kind == EXPR_NAME)
			str_printf(to, "[%.*s]", (int)i->value.len, i->value.text);
		else
			str_add(to, "[...]");
	}
}

struct candidates {
	struct arena *arena;
	const char *list[CANDIDATES_MAX + 1];
	size_t n;
};

static void candidate(struct candidates *c, struct value name)
{
	const char *copy =
		c->n < CANDIDATES_MAX ? arena_strndup(c->arena, name.text, name.len) : NULL;

	if (copy)
		c->list[c->n++] = copy;
}

static void candidate_keys(struct candidates *c, struct value map)
{
	if (map.kind != VALUE_MAP && map.kind != VALUE_NAMESPACE)
		return;
	for (size_t i = 0; i < map.map->n; i++)
		candidate(c, map.map->pairs[i].key);
}

/* What stands where nothing was found. */
static void candidates_collect(struct candidates *c, struct eval *ev, const struct undefined *u)
{
	if (u->x->kind != EXPR_NAME) {
		candidate_keys(c, u->of);
		return;
	}
	for (const struct scope *s = ev->scope; s; s = s->outer)
		for (const struct variable *v = s->variables; v; v = v->next)
			candidate(c, v->name);
	candidate_keys(c, ev->globals);
	for (const struct builtin *b = functions_all; b->name; b++)
		if (c->n < CANDIDATES_MAX)
			c->list[c->n++] = b->name;
}

/* The name that was meant, perhaps; NULL if none comes near. */
static const char *meant(struct candidates *c, const struct undefined *u)
{
	struct value name = u->x->value;

	if (u->x->kind == EXPR_INDEX && u->x->b->kind == EXPR_CONST)
		name = u->x->b->value;
	if (name.kind != VALUE_TEXT)
		return NULL;
	const char *word = arena_strndup(c->arena, name.text, name.len);
	return word ? err_nearest(word, c->list) : NULL;
}

int undefined_fail(struct eval *ev, struct mark at, struct value v)
{
	const struct undefined *u = v.other;
	AUTO(str_done) struct str path = str_init(PATH_MAX_BYTES);
	AUTO(arena_free_p) struct arena *scratch = NULL;

	if (!u)
		return eval_fail(ev, at, "this value is undefined");
	if (!u->x)
		return eval_fail(ev, at, "this value is undefined: %s", u->why);
	path_add(&path, u->x, 0);
	scratch = arena_new(CANDIDATES_BYTES);
	struct candidates c = {.arena = scratch};
	candidates_collect(&c, ev, u);
	const char *near = meant(&c, u);
	if (!near)
		return eval_fail(ev, u->x->at, "'%s' is undefined", str_text(&path));
	AUTO(str_done) struct str other = str_init(PATH_MAX_BYTES);
	if (u->x->kind != EXPR_NAME) {
		path_add(&other, u->x->a, 0);
		str_addc(&other, '.');
	}
	str_add(&other, near);
	return eval_fail(ev, u->x->at, "'%s' is undefined (did you mean '%s'?)", str_text(&path),
		str_text(&other));
}

#include "templates/engine/macro.h"

#include <errno.h>
#include <string.h>

#include "templates/engine/builtin.h"
#include "templates/engine/render.h"
#include "templates/engine/undefined.h"

/* A macro and what is visible where it stands. */
struct bound {
	const struct macro *m;
	struct scope *scope;
	struct value globals;
};

struct value macro_value(struct eval *ev, const struct macro *m)
{
	struct bound *b = arena_alloc(ev->arena, 1, sizeof(*b));

	if (!b)
		return undefined_because(ev, "the template needs too much memory");
	*b = (struct bound){.m = m, .scope = ev->scope, .globals = ev->globals};
	return (struct value){.kind = VALUE_MACRO, .other = b};
}

static bool has_param(const struct macro *m, struct value name)
{
	for (const struct param *p = m->params; p; p = p->next)
		if (p->name.len == name.len && memcmp(p->name.text, name.text, name.len) == 0)
			return true;
	return false;
}

static const struct keyword *keyword_find(const struct args *args, struct value name)
{
	for (size_t i = 0; i < args->n_kw; i++)
		if (args->kw[i].name.len == name.len &&
			memcmp(args->kw[i].name.text, name.text, name.len) == 0)
			return &args->kw[i];
	return NULL;
}

/* The value of one parameter: given by place, by name, or its default, which may use those
 * before. */
static int param_value(struct eval *ev, struct mark at, const struct param *p, size_t i,
	const struct args *args, struct value *ret)
{
	const struct keyword *k = keyword_find(args, p->name);
	const char *why;

	if (i < args->n_pos && k)
		return eval_fail(ev, at, "the parameter '%.*s' is given twice", (int)p->name.len,
			p->name.text);
	if (i < args->n_pos || k) {
		*ret = k ? k->v : args->pos[i];
		return 0;
	}
	if (p->x)
		return eval_expr(ev, p->x, ret);
	why = arena_printf(ev->arena, "the macro's parameter '%.*s' was not given",
		(int)p->name.len, p->name.text);
	*ret = undefined_because(ev, why ? why : "");
	return 0;
}

static int bind(struct eval *ev, struct mark at, const struct macro *m, const struct args *args)
{
	size_t n = 0;
	int rc = 0;

	for (size_t i = 0; i < args->n_kw; i++)
		if (!has_param(m, args->kw[i].name))
			return eval_fail(ev, at, "the macro '%.*s' has no parameter '%.*s'",
				(int)m->name.len, m->name.text, (int)args->kw[i].name.len,
				args->kw[i].name.text);
	for (const struct param *p = m->params; rc == 0 && p; p = p->next) {
		struct value v = value_none();

		rc = param_value(ev, at, p, n++, args, &v);
		if (rc == 0)
			scope_set(ev->arena, ev->scope, p->name, v);
	}
	if (rc == 0 && args->n_pos > n)
		return eval_fail(ev, at, "the macro '%.*s' takes at most %zu arguments, not %zu",
			(int)m->name.len, m->name.text, n, args->n_pos);
	return rc;
}

int macro_call_with(struct eval *ev, struct mark at, struct value macro, const struct args *args,
	struct value caller, struct value *ret)
{
	const struct bound *b = macro.other;
	struct scope *here = ev->scope, *inner;
	struct value globals = ev->globals;
	int rc = eval_need(ev, at, macro);

	if (rc != 0)
		return rc;
	if (macro.kind != VALUE_MACRO)
		return eval_fail(ev, at, "%s is no macro", value_kind_name(macro.kind));
	inner = scope_new(ev->arena, b->scope);
	if (!inner)
		return eval_step(ev, at, SIZE_MAX);
	ev->scope = inner;
	ev->globals = b->globals;
	if (caller.kind != VALUE_UNDEFINED)
		scope_set(ev->arena, inner, value_text_of("caller", strlen("caller")), caller);
	rc = bind(ev, at, b->m, args);
	if (rc == 0)
		rc = render_captured(ev, at, b->m->body, ret);
	ev->scope = here;
	ev->globals = globals;
	return rc;
}

int macro_call(struct eval *ev, struct mark at, struct value macro, const struct args *args,
	struct value *ret)
{
	return macro_call_with(ev, at, macro, args, (struct value){.kind = VALUE_UNDEFINED}, ret);
}

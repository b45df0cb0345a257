#include "templates/engine/render.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "templates/engine/builtin.h"
#include "templates/engine/compare.h"
#include "templates/engine/display.h"
#include "templates/engine/loop.h"
#include "templates/engine/macro.h"
#include "templates/engine/undefined.h"

/* `is_source`: the text stands in the template as it is, so its lines are the template's lines. */
static int emit(struct eval *ev, struct mark at, struct value text, bool is_source)
{
	struct str *out = ev->out;
	size_t begin = out == ev->main_out ? ev->main_begin : 0;

	if (text.len > ev->max_output - (out->len - begin)) {
		(void)eval_fail(ev, at, "the output is longer than %zu bytes", ev->max_output);
		return -E2BIG;
	}
	if (ev->map && out == ev->main_out && text.len > 0) {
		bool line_start = out->len == begin || out->s[out->len - 1] == '\n';

		template_map_note(ev->map, text.text, text.len, at, is_source, line_start);
	}
	str_addn(out, text.text, text.len);
	if (str_ok(out))
		return 0;
	(void)eval_fail(ev, at, "the output is longer than %zu bytes", out->max);
	return -E2BIG;
}

static struct scope *scope_enter(struct eval *ev, struct mark at)
{
	struct scope *s = scope_new(ev->arena, ev->scope);

	if (s)
		ev->scope = s;
	else
		(void)eval_fail(ev, at, "the template needs too much memory");
	return s;
}

static int assign(struct eval *ev, const struct expr *target, struct value v);

/* The parser bounds how deep names can stand in brackets. NOLINTBEGIN(misc-no-recursion) */

/* a, b = x: as many items as names. */
static int assign_list(struct eval *ev, const struct expr *target, struct value v)
{
	const struct value_list *items;
	size_t n = 0;
	int rc = eval_items(ev, target->at, v, &items);

	for (const struct expr_item *i = target->list; i; i = i->next)
		n++;
	if (rc == 0 && n != items->n)
		rc = eval_fail(ev, target->at, "%zu names for %zu values", n, items->n);
	n = 0;
	for (const struct expr_item *i = target->list; rc == 0 && i; i = i->next)
		rc = assign(ev, i->x, items->items[n++]);
	return rc;
}

static int assign(struct eval *ev, const struct expr *target, struct value v)
{
	struct value space;

	if (target->kind == EXPR_TUPLE)
		return assign_list(ev, target, v);
	if (target->kind == EXPR_NAME) {
		scope_set(ev->arena, ev->scope, target->value, v);
		return 0;
	}
	int rc = eval_defined(ev, target->a, &space);
	if (rc == 0 && space.kind != VALUE_NAMESPACE)
		rc = eval_fail(
			ev, target->at, "only what namespace() made can be set by attribute");
	if (rc == 0)
		value_map_put(space, target->value, v);
	return rc;
}

/* NOLINTEND(misc-no-recursion) */

static int node_text(struct eval *ev, const struct node *n)
{
	return emit(ev, n->at, n->text, /* is_source= */ true);
}

static int node_print(struct eval *ev, const struct node *n)
{
	struct value v;
	int rc = eval_expr(ev, n->x, &v);

	if (rc == 0)
		rc = display_bare(ev, n->x->at, v, &v);
	return rc != 0 ? rc : emit(ev, n->at, v, /* is_source= */ false);
}

static int node_if(struct eval *ev, const struct node *n)
{
	for (const struct branch *b = n->branches; b; b = b->next) {
		bool truth = true;
		struct value v;
		int rc = b->x ? eval_expr(ev, b->x, &v) : 0;

		if (rc == 0 && b->x)
			rc = compare_truth(ev, b->x->at, v, &truth);
		if (rc != 0 || truth)
			return rc != 0 ? rc : render_nodes(ev, b->body);
	}
	return 0;
}

/* The items that pass the loop's `if`, so that loop.length counts only those. */
static int loop_filter(
	struct eval *ev, const struct node *n, const struct value_list *items, struct value *ret)
{
	struct scope *outer = ev->scope;
	int rc = 0;

	*ret = value_list(ev->arena);
	for (size_t i = 0; rc == 0 && i < items->n; i++) {
		struct value v;
		bool truth = false;

		rc = scope_enter(ev, n->at) ? assign(ev, n->target, items->items[i]) : -ENOMEM;
		if (rc == 0)
			rc = eval_expr(ev, n->cond, &v);
		if (rc == 0)
			rc = compare_truth(ev, n->cond->at, v, &truth);
		if (rc == 0 && truth)
			value_list_add(*ret, items->items[i]);
		ev->scope = outer;
	}
	return rc;
}

static int loop_run(struct eval *ev, const struct node *n, const struct value_list *items)
{
	struct loop *loop = eval_alloc(ev, n->at, 1, sizeof(*loop));
	struct scope *outer = ev->scope;
	int rc = loop ? 0 : -ENOMEM;

	for (size_t i = 0; rc == 0 && i < items->n; i++) {
		*loop = (struct loop){.items = items, .i = i};
		rc = scope_enter(ev, n->at) ? eval_step(ev, n->at, 1) : -ENOMEM;
		if (rc == 0) {
			scope_set(ev->arena, ev->scope, value_text_of("loop", 4),
				(struct value){.kind = VALUE_LOOP, .other = loop});
			rc = assign(ev, n->target, items->items[i]);
		}
		if (rc == 0)
			rc = render_nodes(ev, n->body);
		ev->scope = outer;
	}
	return rc;
}

/* Nodes in a scope of their own. */
static int render_inner(struct eval *ev, struct mark at, const struct node *n)
{
	struct scope *outer = ev->scope;
	int rc = scope_enter(ev, at) ? render_nodes(ev, n) : -ENOMEM;

	ev->scope = outer;
	return rc;
}

static int node_for(struct eval *ev, const struct node *n)
{
	const struct value_list *items;
	struct value v;
	int rc = eval_expr(ev, n->x, &v);

	if (rc == 0)
		rc = eval_items(ev, n->x->at, v, &items);
	if (rc == 0 && n->cond) {
		rc = loop_filter(ev, n, items, &v);
		items = v.list;
	}
	if (rc != 0)
		return rc;
	return items->n > 0 ? loop_run(ev, n, items) : render_inner(ev, n->at, n->els);
}

static int node_set(struct eval *ev, const struct node *n)
{
	struct value v;
	int rc = eval_expr(ev, n->x, &v);

	return rc != 0 ? rc : assign(ev, n->target, v);
}

int render_captured(struct eval *ev, struct mark at, const struct node *n, struct value *ret)
{
	struct str text = str_init(ev->max_output), *out = ev->out;
	struct scope *outer = ev->scope;
	const struct call c = {.ev = ev, .at = at};
	int rc;

	ev->out = &text;
	rc = scope_enter(ev, at) ? render_nodes(ev, n) : -ENOMEM;
	ev->out = out;
	ev->scope = outer;
	if (rc == 0)
		return call_give_text(&c, &text, ret);
	str_done(&text);
	return rc;
}

/* The body as text, through the filters. */
static int filtered_body(struct eval *ev, const struct node *n, struct value *ret)
{
	struct value outer = ev->body;
	int rc = render_captured(ev, n->at, n->body, ret);

	if (rc != 0)
		return rc;
	ev->body = *ret;
	rc = eval_expr(ev, n->x, ret);
	ev->body = outer;
	return rc;
}

static int node_capture(struct eval *ev, const struct node *n)
{
	struct value v;
	int rc = filtered_body(ev, n, &v);

	return rc != 0 ? rc : assign(ev, n->target, v);
}

static int node_filter(struct eval *ev, const struct node *n)
{
	struct value v;
	int rc = filtered_body(ev, n, &v);

	if (rc == 0)
		rc = display_bare(ev, n->at, v, &v);
	return rc != 0 ? rc : emit(ev, n->at, v, /* is_source= */ false);
}

/* The values are those outside; only the body sees the new names. */
static int node_with(struct eval *ev, const struct node *n)
{
	struct scope *outer = ev->scope, *inner = scope_new(ev->arena, outer);
	int rc = inner ? 0 : eval_step(ev, n->at, SIZE_MAX);

	for (const struct param *p = n->params; rc == 0 && p; p = p->next) {
		struct value v;

		rc = eval_expr(ev, p->x, &v);
		ev->scope = inner;
		if (rc == 0)
			rc = assign(ev, p->target, v);
		ev->scope = outer;
	}
	if (rc != 0)
		return rc;
	ev->scope = inner;
	rc = render_nodes(ev, n->body);
	ev->scope = outer;
	return rc;
}

static int node_macro(struct eval *ev, const struct node *n)
{
	scope_set(ev->arena, ev->scope, n->macro->name, macro_value(ev, n->macro));
	return 0;
}

/* The call gets its body as caller(). */
static int node_call(struct eval *ev, const struct node *n)
{
	struct value callee, v;
	struct args args;
	int rc = eval_expr(ev, n->x->a, &callee);

	if (rc == 0)
		rc = eval_args(ev, n->x->list, &args);
	if (rc == 0)
		rc = macro_call_with(ev, n->x->at, callee, &args, macro_value(ev, n->macro), &v);
	return rc != 0 ? rc : emit(ev, n->at, v, /* is_source= */ false);
}

/* The body of the first template of these names that is there; NULL when none is needed. */
static int include_find(struct eval *ev, const struct node *n, const struct node **ret)
{
	struct value names, one = value_list(ev->arena);
	const struct value_list *list;
	int rc = eval_defined(ev, n->x, &names);

	value_list_add(one, names);
	list = rc == 0 && names.kind == VALUE_LIST ? names.list : one.list;
	*ret = NULL;
	for (size_t i = 0; rc == 0 && i < list->n; i++) {
		struct value v = list->items[i];
		char *name;

		if (v.kind != VALUE_TEXT)
			return eval_fail(ev, n->x->at, "a template's name is text, not %s",
				value_kind_name(v.kind));
		name = eval_alloc(ev, n->x->at, (size_t)v.len + 1, 1);
		if (!name)
			return -ENOMEM;
		memcpy(name, v.text, v.len);
		rc = template_set_find(ev->set, name, ret, ev->e);
		if (rc != 0 && rc != -ENOENT && !ev->e->at.file)
			return err_set(ev->e, rc, n->x->at, "%s", ev->e->msg);
		if (rc != -ENOENT)
			return rc;
		rc = 0;
	}
	if (rc != 0 || n->ignore_missing)
		return rc;
	struct value v = list->n > 0 ? list->items[list->n - 1] : value_text_of("", 0);
	return eval_fail(ev, n->x->at, "there is no template \"%.*s\"",
		(int)(v.len < 200 ? v.len : 200), v.text);
}

/* Runs another template in a new scope inside `outer`; gives that scope. */
static int run_template(struct eval *ev, const struct node *n, const struct node *body,
	struct scope *outer, struct scope **ret_scope)
{
	struct scope *here = ev->scope;
	int rc;

	if (ev->includes >= ev->max_includes)
		return eval_fail(
			ev, n->at, "more than %u templates in each other", ev->max_includes);
	ev->includes++;
	ev->scope = outer;
	*ret_scope = scope_enter(ev, n->at);
	rc = *ret_scope ? render_nodes(ev, body) : -ENOMEM;
	ev->scope = here;
	ev->includes--;
	return rc;
}

static int node_include(struct eval *ev, const struct node *n)
{
	struct value globals = ev->globals;
	const struct node *body;
	struct scope *inner;
	int rc = include_find(ev, n, &body);

	if (rc != 0 || !body)
		return rc;
	if (n->bare)
		ev->globals = value_map(ev->arena);
	rc = run_template(ev, n, body, n->bare ? NULL : ev->scope, &inner);
	ev->globals = globals;
	return rc;
}

/* What the imported template set, as a map; or just the names asked for. */
static int import_names(struct eval *ev, const struct node *n, const struct scope *from)
{
	struct value module = value_map(ev->arena);

	assert(from);
	module.kind = VALUE_NAMESPACE;
	for (const struct variable *v = from->variables; v; v = v->next)
		value_map_put(module, v->name, v->v);
	if (n->target)
		return assign(ev, n->target, module);
	for (const struct param *p = n->params; p; p = p->next) {
		struct value v = value_getn(module, p->name.text, p->name.len);

		if (v.kind == VALUE_UNDEFINED)
			return eval_fail(ev, n->at, "the imported template has no '%.*s'",
				(int)p->name.len, p->name.text);
		scope_set(ev->arena, ev->scope, p->as, v);
	}
	return 0;
}

static int node_import(struct eval *ev, const struct node *n)
{
	struct value globals = ev->globals;
	struct str dropped = str_init(ev->max_output), *out = ev->out;
	const struct node *body;
	struct scope *inner = NULL;
	int rc = include_find(ev, n, &body);

	if (rc != 0)
		return rc;
	if (n->bare)
		ev->globals = value_map(ev->arena);
	ev->out = &dropped;
	rc = run_template(ev, n, body, n->bare ? NULL : ev->scope, &inner);
	ev->out = out;
	ev->globals = globals;
	str_done(&dropped);
	return rc != 0 ? rc : import_names(ev, n, inner);
}

typedef int node_fn(struct eval *ev, const struct node *n);

static node_fn *const by_kind[] = {
	[NODE_TEXT] = node_text,
	[NODE_PRINT] = node_print,
	[NODE_IF] = node_if,
	[NODE_FOR] = node_for,
	[NODE_SET] = node_set,
	[NODE_CAPTURE] = node_capture,
	[NODE_FILTER] = node_filter,
	[NODE_WITH] = node_with,
	[NODE_MACRO] = node_macro,
	[NODE_CALL] = node_call,
	[NODE_INCLUDE] = node_include,
	[NODE_IMPORT] = node_import,
};

int render_nodes(struct eval *ev, const struct node *n)
{
	int rc = n ? eval_enter(ev, n->at) : 0;

	if (rc != 0 || !n)
		return rc;
	for (; rc == 0 && n; n = n->next) {
		rc = eval_step(ev, n->at, 1);
		if (rc == 0)
			rc = by_kind[n->kind](ev, n);
	}
	eval_leave(ev);
	return rc;
}

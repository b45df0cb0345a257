#include "templates/engine/builtin.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "templates/engine/compare.h"
#include "templates/engine/display.h"
#include "templates/engine/number.h"

#define TABLES_MAX 6
#define NAMES_MAX 128

static const struct builtin *const tables[][TABLES_MAX] = {
	[BUILTIN_FILTER] = {filters_text, filters_list, filters_apply, filters_number, filters_data,
		filters_net},
	[BUILTIN_TEST] = {tests_all},
	[BUILTIN_TEXT_METHOD] = {methods_text},
	[BUILTIN_MAP_METHOD] = {methods_map},
	[BUILTIN_LIST_METHOD] = {methods_list},
	[BUILTIN_LOOP_METHOD] = {methods_loop},
	[BUILTIN_FUNCTION] = {functions_all},
};

const struct builtin *builtin_find(enum builtin_kind kind, struct value name)
{
	for (size_t t = 0; t < TABLES_MAX && tables[kind][t]; t++)
		for (const struct builtin *b = tables[kind][t]; b->name; b++)
			if (value_text_is(name, b->name))
				return b;
	return NULL;
}

const char *builtin_nearest(enum builtin_kind kind, struct value name)
{
	const char *names[NAMES_MAX + 1] = {NULL};
	size_t n = 0;

	for (size_t t = 0; t < TABLES_MAX && tables[kind][t]; t++)
		for (const struct builtin *b = tables[kind][t]; b->name && n < NAMES_MAX; b++)
			names[n++] = b->name;
	char word[64];
	if (name.len >= sizeof(word))
		return NULL;
	memcpy(word, name.text, name.len);
	word[name.len] = '\0';
	return err_nearest(word, names);
}

/* The place of `name` among the parameters, or -1. */
static int param_find(const struct builtin *b, struct value name)
{
	int i = 0;

	for (const char *p = b->params; *p; i++) {
		size_t len = strcspn(p, " ");

		if (len == name.len && memcmp(p, name.text, len) == 0)
			return i;
		p += len + (p[len] == ' ');
	}
	return -1;
}

static size_t param_count(const struct builtin *b)
{
	size_t n = b->params[0] != '\0';

	for (const char *p = b->params; *p; p++)
		n += *p == ' ';
	assert(n <= BUILTIN_PARAMS_MAX);
	return n;
}

static int bind(struct call *c, const struct args *args)
{
	size_t n = param_count(c->builtin);

	if (args->n_pos > n)
		return call_fail(c, "'%s' takes at most %zu arguments, not %zu", c->builtin->name,
			n, args->n_pos);
	for (size_t i = 0; i < args->n_pos; i++) {
		c->args[i] = args->pos[i];
		c->given[i] = true;
	}
	for (size_t i = 0; i < args->n_kw; i++) {
		struct value name = args->kw[i].name;
		int at = param_find(c->builtin, name);

		if (at < 0 || c->given[at])
			return call_fail(c, "'%s' %s an argument named '%.*s'", c->builtin->name,
				at < 0 ? "does not take" : "was already given", (int)name.len,
				name.text);
		c->args[at] = args->kw[i].v;
		c->given[at] = true;
	}
	for (size_t i = 0; i < n; i++) {
		if (i < c->builtin->n_required && !c->given[i])
			return call_fail(c, "'%s' needs %u argument%s", c->builtin->name,
				c->builtin->n_required, c->builtin->n_required == 1 ? "" : "s");
		int rc = c->given[i] && !(c->builtin->flags & BUILTIN_UNDEFINED_ARGS)
				 ? eval_need(c->ev, c->at, c->args[i])
				 : 0;
		if (rc != 0)
			return rc;
	}
	return 0;
}

int builtin_call(struct eval *ev, struct mark at, const struct builtin *b, struct value in,
	const struct args *args, struct value *ret)
{
	struct call c = {.ev = ev, .at = at, .builtin = b, .in = in, .raw = args};
	int rc = b->flags & BUILTIN_UNDEFINED_IN ? 0 : eval_need(ev, at, in);

	if (rc == 0 && !(b->flags & BUILTIN_OPEN))
		rc = bind(&c, args);
	if (rc == 0)
		rc = eval_enter(ev, at);
	if (rc != 0)
		return rc;
	rc = b->fn(&c, ret);
	eval_leave(ev);
	return rc;
}

int call_fail(const struct call *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	/* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized) */
	int rc = err_vset(c->ev->e, -EINVAL, c->at, fmt, ap);
	va_end(ap);
	return rc;
}

int call_text(const struct call *c, size_t i, const char *otherwise, struct value *ret)
{
	if (c->given[i])
		return display_text(c->ev, c->at, c->args[i], ret);
	*ret = value_text_of(otherwise, strlen(otherwise));
	return 0;
}

int call_int(const struct call *c, size_t i, int64_t otherwise, int64_t *ret)
{
	struct value v = c->args[i];

	*ret = !c->given[i] ? otherwise : v.kind == VALUE_BOOL ? v.truth : v.i;
	if (!c->given[i] || v.kind == VALUE_INT || v.kind == VALUE_BOOL)
		return 0;
	return call_fail(c, "argument %zu of '%s' must be a whole number, not %s", i + 1,
		c->builtin->name, value_kind_name(v.kind));
}

int call_bool(const struct call *c, size_t i, bool otherwise, bool *ret)
{
	*ret = otherwise;
	return c->given[i] ? compare_truth(c->ev, c->at, c->args[i], ret) : 0;
}

int call_in_text(const struct call *c, struct value *ret)
{
	return display_text(c->ev, c->at, c->in, ret);
}

void *call_alloc(const struct call *c, size_t n, size_t size)
{
	return eval_alloc(c->ev, c->at, n, size);
}

int call_give_text(const struct call *c, struct str *text, struct value *ret)
{
	int rc = str_ok(text) ? 0 : -E2BIG;
	char *copy = NULL;

	if (rc != 0)
		(void)eval_fail(c->ev, c->at, "a text longer than %zu bytes", text->max);
	else
		copy = eval_alloc(c->ev, c->at, text->len, 1);
	if (copy) {
		if (text->len > 0)
			memcpy(copy, str_text(text), text->len);
		*ret = value_text_of(copy, text->len);
	}
	str_done(text);
	return rc != 0 ? rc : copy ? 0 : -ENOMEM;
}

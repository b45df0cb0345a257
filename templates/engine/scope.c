#include "templates/engine/scope.h"

#include <string.h>

struct scope *scope_new(struct arena *a, struct scope *outer)
{
	struct scope *s = arena_alloc(a, 1, sizeof(*s));

	if (s)
		s->outer = outer;
	return s;
}

static struct variable *find(const struct scope *s, struct value name)
{
	for (struct variable *v = s->variables; v; v = v->next)
		if (v->name.len == name.len && memcmp(v->name.text, name.text, name.len) == 0)
			return v;
	return NULL;
}

void scope_set(struct arena *a, struct scope *s, struct value name, struct value v)
{
	struct variable *var = find(s, name);

	if (!var) {
		var = arena_alloc(a, 1, sizeof(*var));
		if (!var)
			return;
		var->name = name;
		var->next = s->variables;
		s->variables = var;
	}
	var->v = v;
}

bool scope_get(const struct scope *s, struct value name, struct value *ret)
{
	for (; s; s = s->outer) {
		const struct variable *v = find(s, name);

		if (v) {
			*ret = v->v;
			return true;
		}
	}
	return false;
}

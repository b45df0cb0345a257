#include "templates/engine/loop.h"

#include "templates/engine/undefined.h"

static struct value count(size_t n)
{
	return value_int((int64_t)n);
}

static struct value attr_index(struct eval *ev, const struct loop *l)
{
	(void)ev;
	return count(l->i + 1);
}

static struct value attr_index0(struct eval *ev, const struct loop *l)
{
	(void)ev;
	return count(l->i);
}

static struct value attr_revindex(struct eval *ev, const struct loop *l)
{
	(void)ev;
	return count(l->items->n - l->i);
}

static struct value attr_revindex0(struct eval *ev, const struct loop *l)
{
	(void)ev;
	return count(l->items->n - l->i - 1);
}

static struct value attr_first(struct eval *ev, const struct loop *l)
{
	(void)ev;
	return value_bool(l->i == 0);
}

static struct value attr_last(struct eval *ev, const struct loop *l)
{
	(void)ev;
	return value_bool(l->i + 1 == l->items->n);
}

static struct value attr_length(struct eval *ev, const struct loop *l)
{
	(void)ev;
	return count(l->items->n);
}

static struct value attr_previtem(struct eval *ev, const struct loop *l)
{
	if (l->i == 0)
		return undefined_because(ev, "there is no item before the first");
	return l->items->items[l->i - 1];
}

static struct value attr_nextitem(struct eval *ev, const struct loop *l)
{
	if (l->i + 1 == l->items->n)
		return undefined_because(ev, "there is no item behind the last");
	return l->items->items[l->i + 1];
}

static const struct {
	const char *name;
	struct value (*get)(struct eval *ev, const struct loop *l);
} attrs[] = {
	{"index", attr_index},
	{"index0", attr_index0},
	{"revindex", attr_revindex},
	{"revindex0", attr_revindex0},
	{"first", attr_first},
	{"last", attr_last},
	{"length", attr_length},
	{"previtem", attr_previtem},
	{"nextitem", attr_nextitem},
};

bool loop_attr(struct eval *ev, const struct loop *l, struct value name, struct value *ret)
{
	for (size_t i = 0; i < ARRAY_LEN(attrs); i++) {
		if (value_text_is(name, attrs[i].name)) {
			*ret = attrs[i].get(ev, l);
			return true;
		}
	}
	return false;
}

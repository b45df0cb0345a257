#include "templates/engine/display.h"

#include <string.h>

#include "templates/engine/number.h"
#include "templates/engine/undefined.h"

static int number(struct eval *ev, struct mark at, struct value v, struct value *ret)
{
	char buf[NUMBER_TEXT_SIZE];

	*ret = value_text(ev->arena, number_text(v, buf));
	return eval_step(ev, at, 0); /* whether it found room */
}

static const char *remedy(enum value_kind kind)
{
	switch (kind) {
	case VALUE_BOOL:
		return "it would print as True or False; put |lower or |tojson behind it";
	case VALUE_NONE:
		return "it would print as None; put |default('', true) or |tojson behind it";
	case VALUE_LIST:
		return "put |join(', '), |tojson or |toyaml behind it";
	case VALUE_MAP:
		return "put |tojson or |toyaml behind it, or name one of its keys";
	case VALUE_MACRO:
	case VALUE_FUNCTION:
		return "call it: write () behind it";
	case VALUE_UNDEFINED:
	case VALUE_INT:
	case VALUE_FLOAT:
	case VALUE_TEXT:
	case VALUE_NAMESPACE:
	case VALUE_LOOP:
		break;
	}
	return "name one of its attributes";
}

int display_bare(struct eval *ev, struct mark at, struct value v, struct value *ret)
{
	*ret = v;
	if (v.kind == VALUE_TEXT)
		return 0;
	if (v.kind == VALUE_INT || v.kind == VALUE_FLOAT)
		return number(ev, at, v, ret);
	if (undefined_is_nothing(v)) {
		*ret = value_text_of("", 0);
		return 0;
	}
	if (v.kind == VALUE_UNDEFINED)
		return eval_need(ev, at, v);
	return eval_fail(ev, at, "%s can't be printed as it is: %s", value_kind_name(v.kind),
		remedy(v.kind));
}

int display_text(struct eval *ev, struct mark at, struct value v, struct value *ret)
{
	if (v.kind != VALUE_BOOL && v.kind != VALUE_NONE)
		return display_bare(ev, at, v, ret);
	const char *word = v.kind == VALUE_NONE ? "None" : v.truth ? "True" : "False";
	*ret = value_text_of(word, strlen(word));
	return 0;
}

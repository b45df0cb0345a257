/* YAML out: see dump.h. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "templates/engine/dump.h"
#include "templates/engine/number.h"
#include "templates/engine/text.h"
#include "templates/engine/utf8.h"

/* What some YAML reader takes for a truth value, none or a number. */
static const char *const not_text[] = {
	"y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"};

static bool is_typed_word(struct value v)
{
	for (size_t i = 0; i < ARRAY_LEN(not_text); i++)
		if (v.len == strlen(not_text[i]) && strncasecmp(v.text, not_text[i], v.len) == 0)
			return true;
	return false;
}

/* Text that every reader takes for just that without quotes. Rather too few than one too many. */
static bool is_plain(struct value v)
{
	static const char plain[] = {'.', '/', '@', '+', '=', '-'};

	if (v.len == 0 || is_typed_word(v))
		return false;
	if (!text_is_letter(v.text[0]) && v.text[0] != '/' && v.text[0] != '_')
		return false;
	for (size_t i = 0; i < v.len; i++) {
		char c = v.text[i];
		bool last = i + 1 == v.len || v.text[i + 1] == ' ';

		if (c == ':' || c == ' ' ? last
					 : !text_is_name(c) && !memchr(plain, c, sizeof(plain)))
			return false;
	}
	return true;
}

/* Characters that a double-quoted scalar must escape, beside quote and backslash. */
static bool is_hidden(uint32_t point)
{
	return point < 0x20 || (point >= 0x7F && point < 0xA0) || point == 0x2028 ||
	       point == 0x2029 || point == 0xFEFF || (point & 0xFFFE) == 0xFFFE;
}

static void quoted(struct str *out, struct value v)
{
	str_addc(out, '"');
	for (size_t i = 0, step; i < v.len; i += step) {
		uint32_t point = utf8_decode(v.text + i, v.len - i, &step);
		char utf8[UTF8_MAX];

		if (point == '"' || point == '\\')
			str_printf(out, "\\%c", (char)point);
		else if (point == '\n')
			str_add(out, "\\n");
		else if (point == '\t')
			str_add(out, "\\t");
		else if (is_hidden(point))
			str_printf(out, point > 0xFFFF ? "\\U%08x" : "\\u%04x", point);
		else
			str_addn(out, utf8, utf8_encode(point, utf8));
	}
	str_addc(out, '"');
}

/* Text of several lines that can stand in a literal block as it is. */
static bool is_literal(struct value v)
{
	bool lines = false;

	if (v.len < 2 || v.text[0] == ' ' || v.text[0] == '\n' || v.text[0] == '\t' ||
		memcmp(v.text + v.len - 2, "\n\n", 2) == 0)
		return false;
	for (size_t i = 0, step; i < v.len; i += step) {
		uint32_t point = utf8_decode(v.text + i, v.len - i, &step);

		lines = lines || point == '\n';
		if ((is_hidden(point) && point != '\n' && point != '\t') || point == 0xFFFD)
			return false;
	}
	return lines;
}

static void blanks(struct str *out, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		str_addc(out, ' ');
}

static void literal(struct dump *d, struct value v, unsigned margin)
{
	struct str *out = d->out;
	bool ends = v.text[v.len - 1] == '\n';
	const char *line;
	size_t at = 0, len;

	str_add(out, ends ? "|" : "|-");
	while (at < v.len) {
		const char *end = memchr(v.text + at, '\n', v.len - at);

		line = v.text + at;
		len = end ? (size_t)(end - line) : v.len - at;
		str_addc(out, '\n');
		if (len > 0)
			blanks(out, margin);
		str_addn(out, line, len);
		at += len + 1;
	}
	d->line_due = ends ? out->len : 0;
}

/* YAML 1.1 wants a point in a float: 1e+16 becomes 1.0e+16. */
static void float_add(struct str *out, const char *text)
{
	const char *exp = strchr(text, 'e');

	if (!exp || strchr(text, '.')) {
		str_add(out, text);
		return;
	}
	str_addn(out, text, (size_t)(exp - text));
	str_add(out, ".0");
	str_add(out, exp);
}

static int scalar(struct dump *d, struct value v, unsigned margin)
{
	char buf[NUMBER_TEXT_SIZE];

	if (v.kind == VALUE_TEXT && is_plain(v))
		str_addn(d->out, v.text, v.len);
	else if (v.kind == VALUE_TEXT && margin > 0 && is_literal(v))
		literal(d, v, margin);
	else if (v.kind == VALUE_TEXT)
		quoted(d->out, v);
	else if (v.kind == VALUE_NONE)
		str_add(d->out, "null");
	else if (v.kind == VALUE_BOOL)
		str_add(d->out, v.truth ? "true" : "false");
	else if (v.kind == VALUE_INT || (v.kind == VALUE_FLOAT && isfinite(v.f)))
		float_add(d->out, number_text(v, buf));
	else
		return dump_refuse(d, v);
	return 0;
}

static bool is_block(struct value v)
{
	return (v.kind == VALUE_MAP && v.map->n > 0) || (value_has_places(v) && v.list->n > 0);
}

static int yaml_at(struct dump *d, struct value v, unsigned margin, unsigned depth);

/* What stands behind "key:" or "-". */
static int yaml_inline(struct dump *d, struct value v, unsigned margin)
{
	if (v.kind == VALUE_MAP)
		str_add(d->out, "{}");
	else if (value_has_places(v))
		str_add(d->out, "[]");
	else
		return scalar(d, v, margin);
	return 0;
}

/* DUMP_DEPTH_MAX bounds the three. NOLINTBEGIN(misc-no-recursion) */
static int yaml_list(struct dump *d, const struct value_list *l, unsigned margin, unsigned depth)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < l->n; i++) {
		if (i > 0) {
			str_addc(d->out, '\n');
			blanks(d->out, margin);
		}
		str_addc(d->out, '-');
		blanks(d->out, is_block(l->items[i]) ? d->indent - 1 : 1);
		rc = yaml_at(d, l->items[i], margin + d->indent, depth + 1);
	}
	return rc;
}

static int yaml_map(struct dump *d, const struct value_map *m, unsigned margin, unsigned depth)
{
	const struct value_pair **pairs = dump_order(d, m);
	int rc = pairs ? 0 : -ENOMEM;

	for (size_t i = 0; rc == 0 && i < m->n; i++) {
		struct value v = pairs[i]->value;
		/* A list may stand as far left as the key it belongs to. */
		unsigned inner = v.kind == VALUE_LIST ? margin : margin + d->indent;

		if (i > 0) {
			str_addc(d->out, '\n');
			blanks(d->out, margin);
		}
		rc = scalar(d, pairs[i]->key, 0);
		str_addc(d->out, ':');
		if (is_block(v)) {
			str_addc(d->out, '\n');
			blanks(d->out, inner);
		} else {
			str_addc(d->out, ' ');
		}
		if (rc == 0)
			rc = yaml_at(d, v, is_block(v) ? inner : margin + d->indent, depth + 1);
	}
	return rc;
}

static int yaml_at(struct dump *d, struct value v, unsigned margin, unsigned depth)
{
	int rc = eval_step(d->ev, d->at, 1);

	if (rc != 0)
		return rc;
	if (depth >= DUMP_DEPTH_MAX)
		return eval_fail(d->ev, d->at, "more than %d lists in each other", DUMP_DEPTH_MAX);
	if (!is_block(v))
		return yaml_inline(d, v, margin);
	return v.kind == VALUE_MAP ? yaml_map(d, v.map, margin, depth)
				   : yaml_list(d, v.list, margin, depth);
}

/* NOLINTEND(misc-no-recursion) */

int dump_yaml(struct dump *d, struct value v)
{
	int rc = yaml_at(d, v, 0, 0);

	if (d->line_due > 0 && d->line_due == d->out->len)
		str_addc(d->out, '\n');
	return rc;
}

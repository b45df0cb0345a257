#include "provisioner/config/coreos.h"

#include <errno.h>
#include <string.h>

#include "provisioner/config/keys.h"
#include "provisioner/config/yaml.h"

#define STEP ((size_t)2)

/* A list of the model, whatever its items are: { struct *items; size_t n; }. */
struct items {
	const char *first;
	size_t n;
};

static struct items items_of(const void *member)
{
	struct items l;

	memcpy(&l.first, member, sizeof(l.first));
	memcpy(&l.n, (const char *)member + sizeof(l.first), sizeof(l.n));
	return l;
}

/* Where writing stands. The first key of a list's item stands behind its "- ". */
struct writer {
	struct str *out;
	size_t indent;
	bool dash;
};

static void begin_line(struct writer *w)
{
	for (size_t i = w->dash ? 2 : 0; i < w->indent; i++)
		str_addc(w->out, ' ');
	if (w->dash)
		str_add(w->out, "- ");
	w->dash = false;
}

static void add_key(struct writer *w, const char *key)
{
	begin_line(w);
	str_printf(w->out, "%s:", key);
}

static void add_text(struct writer *w, const struct key *k, const struct cc_text *v)
{
	bool bare = k->type == KEY_INT || k->type == KEY_FLOAT || k->type == KEY_BOOL;

	if (!v->text)
		return;
	add_key(w, k->name);
	str_addc(w->out, ' ');
	if (bare)
		str_printf(w->out, "%s\n", v->text);
	else
		yaml_add_text(w->out, v->text, v->len, w->indent);
}

static void add_texts(struct writer *w, const struct key *k, const struct cc_texts *v)
{
	if (v->n == 0)
		return;
	add_key(w, k->name);
	str_addc(w->out, '\n');
	for (size_t i = 0; i < v->n; i++) {
		struct writer item = {.out = w->out, .indent = w->indent + 2 * STEP, .dash = true};

		begin_line(&item);
		yaml_add_text(w->out, v->items[i].text, v->items[i].len, item.indent);
	}
}

static void add_map(struct writer *w, const struct keys *s, const char *from);

/* Recursion as deep as the tables are: three levels. NOLINTNEXTLINE(misc-no-recursion) */
static void add_maps(struct writer *w, const struct key *k, struct items v)
{
	if (v.n == 0)
		return;
	add_key(w, k->name);
	str_addc(w->out, '\n');
	for (size_t i = 0; i < v.n; i++) {
		struct writer item = {.out = w->out, .indent = w->indent + 2 * STEP, .dash = true};

		add_map(&item, k->sub, v.first + i * k->sub->size);
	}
}

static void add_section(struct writer *w, const struct key *k, const struct cc_text *v)
{
	struct writer inner = {.out = w->out, .indent = w->indent + STEP};
	bool any = false;

	for (size_t i = 0; v && i < k->sub->n; i++) {
		if (!v[i].text)
			continue;
		if (!any) {
			add_key(w, k->name);
			str_addc(w->out, '\n');
		}
		any = true;
		add_text(&inner, &k->sub->keys[i], &v[i]);
	}
}

/* The map only when it has a key. NOLINTNEXTLINE(misc-no-recursion): see add_maps(). */
static void add_inner_map(struct writer *w, const struct key *k, const char *from)
{
	struct writer inner = {.out = w->out, .indent = w->indent + STEP};
	size_t before = w->out->len;

	add_key(w, k->name);
	str_addc(w->out, '\n');
	size_t begin = w->out->len;
	add_map(&inner, k->sub, from);
	if (w->out->len == begin && str_ok(w->out)) {
		w->out->len = before;
		w->out->s[before] = '\0';
	}
}

/* NOLINTNEXTLINE(misc-no-recursion): see add_maps(). */
static void add_value(struct writer *w, const struct key *k, const char *member)
{
	/* The member is of the type that the row names: the table was made with offsetof(). */
	const void *v = member;

	switch (k->type) {
	case KEY_TEXT:
	case KEY_BYTES:
	case KEY_INT:
	case KEY_FLOAT:
	case KEY_BOOL:
		add_text(w, k, v);
		break;
	case KEY_FLAG:
		if (*(const bool *)v) {
			add_key(w, k->name);
			str_add(w->out, " true\n");
		}
		break;
	case KEY_TEXTS:
		add_texts(w, k, v);
		break;
	case KEY_MAP:
		add_inner_map(w, k, member);
		break;
	case KEY_MAPS:
		add_maps(w, k, items_of(v));
		break;
	case KEY_SECTION:
		add_section(w, k, *(const struct cc_text *const *)v);
		break;
	case KEY_REFUSED:
		break;
	}
}

/* NOLINTNEXTLINE(misc-no-recursion): see add_maps(). */
static void add_map(struct writer *w, const struct keys *s, const char *from)
{
	for (size_t i = 0; i < s->n; i++)
		add_value(w, &s->keys[i], from + s->keys[i].field);
}

/* coreos-cloudinit replaces $private_ipv4 and its like everywhere; a backslash keeps the text. */
static void add_guarded(struct str *out, const char *text)
{
	static const char *const variables[] = {
		"$public_ipv4", "$private_ipv4", "$public_ipv6", "$private_ipv6"};

	while (*text) {
		size_t n = strcspn(text, "$");

		str_addn(out, text, n);
		text += n;
		for (size_t i = 0; i < ARRAY_LEN(variables); i++)
			if (strncmp(text, variables[i], strlen(variables[i])) == 0)
				str_addc(out, '\\');
		if (*text)
			str_addc(out, *text++);
	}
}

int coreos_write(enum config_kind kind, const struct cloudconfig *c, struct str *out,
	struct err_list *errors)
{
	AUTO(str_done) struct str text = str_init(4 * CLOUDCONFIG_MAX);
	struct writer w = {.out = &text};
	(void)kind;   /* both programs read the same form */
	(void)errors; /* and whatever the model holds can be written */

	add_map(&w, &keys_root, (const char *)c);
	if (!str_ok(&text))
		return -E2BIG;
	str_add(out, "#cloud-config\n");
	add_guarded(out, str_text(&text));
	return str_ok(out) ? 0 : -E2BIG;
}

#include "provisioner/config/networkd.h"

#include <errno.h>
#include <string.h>

#define LINE_MAX_BYTES ((size_t)8 << 10) /* with its continuations */

static const char blanks[] = " \t\r";

struct parser {
	struct arena *arena;
	const struct cc_text *text;
	struct networkd_file *f;
	struct err_list *errors;
	const char *section;
};

/* Where line `n` of the text stands. Only a block's lines are those of the document. */
static struct mark line_at(const struct cc_text *text, unsigned n)
{
	struct mark at = text->at;

	if (text->is_block) {
		at.line += n;
		at.col = 0;
	}
	return at;
}

/* A copy of the bytes without the blanks around them, or NULL when the arena is full. */
static const char *trimmed(struct arena *a, const char *text, size_t n)
{
	while (n > 0 && strchr(blanks, text[n - 1]))
		n--;
	while (n > 0 && strchr(blanks, *text))
		text++, n--;
	return arena_strndup(a, text, n);
}

static bool has_room(struct parser *p)
{
	struct networkd_file *f = p->f;

	if (!f->entries)
		f->entries =
			arena_alloc(p->arena, NETWORKD_ENTRIES_MAX, sizeof(struct networkd_entry));
	return f->entries && f->n < NETWORKD_ENTRIES_MAX;
}

static int complain(struct parser *p, struct mark at, const char *what)
{
	err_list_add(p->errors, at, "%s: %s", p->f->name, what);
	return -EINVAL;
}

/* One line, its continuations joined. */
static int take_line(struct parser *p, const char *line, size_t n, struct mark at)
{
	const char *equals = memchr(line, '=', n);

	if (n > 2 && line[0] == '[' && line[n - 1] == ']') {
		p->section = arena_strndup(p->arena, line + 1, n - 2);
		p->f->n_sections++;
		return p->section ? 0 : -E2BIG;
	}
	if (!equals || equals == line)
		return complain(p, at, "a line is neither [Section] nor KEY=VALUE");
	if (!p->section)
		return complain(p, at, "a key stands before any [Section]");
	if (!has_room(p))
		return -E2BIG;
	struct networkd_entry *e = &p->f->entries[p->f->n++];
	*e = (struct networkd_entry){.section = p->section,
		.key = trimmed(p->arena, line, (size_t)(equals - line)),
		.value = trimmed(p->arena, equals + 1, n - (size_t)(equals - line) - 1),
		.nth = p->f->n_sections,
		.at = at};
	return e->key && e->value ? 0 : -E2BIG;
}

/* Adds the next line of the text to `into`, without blanks around it. True when it is continued. */
static bool add_line(const char **text, struct str *into)
{
	size_t whole = strcspn(*text, "\n"), n = whole;
	const char *line = *text;

	while (n > 0 && strchr(blanks, *line))
		line++, n--;
	while (n > 0 && strchr(blanks, line[n - 1]))
		n--;
	bool comment = into->len == 0 && n > 0 && strchr("#;", *line);
	bool more = !comment && n > 0 && line[n - 1] == '\\';
	if (!comment)
		str_addn(into, line, more ? n - 1 : n);
	if (more)
		str_addc(into, ' ');
	*text += whole + ((*text)[whole] == '\n');
	return more && **text;
}

int networkd_parse(struct arena *a, const struct cc_text *text, struct networkd_file *f,
	struct err_list *errors)
{
	struct parser p = {.arena = a, .text = text, .f = f, .errors = errors};
	AUTO(str_done) struct str line = str_init(LINE_MAX_BYTES);
	const char *rest = text->text;
	unsigned number = 0;
	int rc = 0;

	while (rc == 0 && *rest) {
		struct mark at = line_at(text, ++number);

		str_reset(&line);
		while (add_line(&rest, &line))
			number++;
		if (!str_ok(&line))
			return complain(&p, at, "a line is too long");
		while (line.len > 0 && strchr(blanks, line.s[line.len - 1]))
			line.s[--line.len] = '\0';
		if (line.len > 0)
			rc = take_line(&p, line.s, line.len, at);
	}
	return rc;
}

#include "provisioner/base/err.h"

#include <stdint.h>
#include <string.h>

#include "provisioner/base/str.h"

int err_vset(struct err *e, int code, struct mark at, const char *fmt, va_list ap)
{
	char msg[sizeof(e->msg)]; /* the arguments may point into *e */

	if (!e)
		return code;
	(void)vsnprintf(msg, sizeof(msg), fmt, ap); /* a longer message is cut, by intent */
	str_defang(msg);
	(void)snprintf(e->file, sizeof(e->file), "%s", at.file ? at.file : "");
	e->at = at;
	memcpy(e->msg, msg, strlen(msg) + 1);
	return code;
}

int err_set(struct err *e, int code, struct mark at, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	code = err_vset(e, code, at, fmt, ap);
	va_end(ap);
	return code;
}

int err_msg(struct err *e, int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	code = err_vset(e, code, (struct mark){0}, fmt, ap);
	va_end(ap);
	return code;
}

const char *err_text(const struct err *e, char *buf, size_t size)
{
	if (!e->file[0])
		(void)snprintf(buf, size, "%s", e->msg);
	else if (e->at.line == 0)
		(void)snprintf(buf, size, "%s: %s", e->file, e->msg);
	else if (e->at.col == 0)
		(void)snprintf(buf, size, "%s:%u: %s", e->file, e->at.line, e->msg);
	else
		(void)snprintf(buf, size, "%s:%u:%u: %s", e->file, e->at.line, e->at.col, e->msg);
	return buf;
}

void err_print(const struct err *e, FILE *to)
{
	char buf[1024];

	(void)fprintf(to, "%s\n", err_text(e, buf, sizeof(buf)));
}

/* One template's mistake comes up for each node that uses it; it is one mistake. */
static bool is_listed(const struct err *list, size_t n, const struct err *e)
{
	for (size_t i = 0; i < n; i++)
		if (list[i].at.line == e->at.line && list[i].at.col == e->at.col &&
			strcmp(list[i].file, e->file) == 0 && strcmp(list[i].msg, e->msg) == 0)
			return true;
	return false;
}

void err_list_add(struct err_list *l, struct mark at, const char *fmt, ...)
{
	struct err e;
	va_list ap;

	va_start(ap, fmt);
	(void)err_vset(&e, 0, at, fmt, ap);
	va_end(ap);
	if (is_listed(l->list, l->n, &e))
		return;
	if (err_list_is_full(l))
		l->dropped++;
	else
		l->list[l->n++] = e;
}

void err_list_warn(struct err_list *l, struct mark at, const char *fmt, ...)
{
	struct err e;
	va_list ap;

	va_start(ap, fmt);
	(void)err_vset(&e, 0, at, fmt, ap);
	va_end(ap);
	if (l->n_warnings < ERR_LIST_MAX && !is_listed(l->warnings, l->n_warnings, &e))
		l->warnings[l->n_warnings++] = e;
}

void err_list_add_err(struct err_list *l, const struct err *e)
{
	struct mark at = e->at;

	at.file = e->file[0] ? e->file : NULL; /* the one that is sure to be there still */
	err_list_add(l, at, "%s", e->msg);
}

bool err_list_is_full(const struct err_list *l)
{
	return l->n == ERR_LIST_MAX;
}

static int by_place(const void *a, const void *b)
{
	const struct err *x = a, *y = b;
	int by_file = strcmp(x->file, y->file);

	if (by_file != 0)
		return by_file;
	if (x->at.line != y->at.line)
		return x->at.line < y->at.line ? -1 : 1;
	if (x->at.col != y->at.col)
		return x->at.col < y->at.col ? -1 : 1;
	return strcmp(x->msg, y->msg);
}

void err_list_sort(struct err_list *l)
{
	qsort(l->list, l->n, sizeof(*l->list), by_place);
	qsort(l->warnings, l->n_warnings, sizeof(*l->warnings), by_place);
}

void err_list_print(const struct err_list *l, FILE *to)
{
	for (size_t i = 0; i < l->n; i++)
		err_print(&l->list[i], to);
	if (l->dropped > 0)
		(void)fprintf(to, "(%zu more)\n", l->dropped);
	for (size_t i = 0; i < l->n_warnings; i++) {
		struct err e = l->warnings[i];

		(void)snprintf(
			e.msg, sizeof(e.msg), "warning: %s", l->warnings[i].msg); /* may be cut */
		err_print(&e, to);
	}
}

#define NEAREST_WORD_MAX 40

static unsigned least(unsigned a, unsigned b, unsigned c)
{
	unsigned m = a < b ? a : b;

	return m < c ? m : c;
}

/* Levenshtein distance of two words of at most NEAREST_WORD_MAX bytes. */
static unsigned edit_distance(const char *a, const char *b)
{
	unsigned row[NEAREST_WORD_MAX + 1];
	size_t len = strlen(b);

	for (size_t j = 0; j <= len; j++)
		row[j] = (unsigned)j;
	for (size_t i = 0; a[i]; i++) {
		unsigned diagonal = row[0];

		row[0] = (unsigned)i + 1;
		for (size_t j = 0; j < len; j++) {
			unsigned above = row[j + 1];

			row[j + 1] = least(above + 1, row[j] + 1, diagonal + (a[i] != b[j]));
			diagonal = above;
		}
	}
	return row[len];
}

const char *err_nearest(const char *word, const char *const candidates[])
{
	const char *best = NULL;
	unsigned best_distance = UINT32_MAX;
	size_t len = strlen(word);

	if (len > NEAREST_WORD_MAX)
		return NULL;
	for (size_t i = 0; candidates[i]; i++) {
		if (strlen(candidates[i]) > NEAREST_WORD_MAX)
			continue;
		unsigned d = edit_distance(word, candidates[i]);

		if (d < best_distance) {
			best_distance = d;
			best = candidates[i];
		}
	}
	return best_distance <= 1 + len / 4 && best_distance < len ? best : NULL;
}

struct err_hint err_did_you_mean(const char *word, const char *const candidates[])
{
	const char *near = err_nearest(word, candidates);
	struct err_hint hint = {.text = ""};

	if (near)
		(void)snprintf(hint.text, sizeof(hint.text), " (did you mean \"%.100s\"?)", near);
	return hint;
}

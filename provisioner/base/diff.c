#include "provisioner/base/diff.h"

#include <string.h>

#define EDITS_MAX 1500 /* lines that came and went, before the search is given up: 9 MB of trace */

struct line {
	const char *text;
	size_t len; /* with its newline */
};

struct side {
	struct line *lines;
	size_t n;
	bool *is_changed; /* went, or came */
};

/* The stretch in which two texts differ, as line numbers of both. */
struct stretch {
	const struct side *from, *to;
	size_t start, from_n, to_n; /* both start at the same line */
};

static struct side split(const char *text, size_t len)
{
	struct side s = {.lines = NULL};
	const char *end = text + len;

	for (const char *at = text; at < end; s.n++) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		const char *next = newline ? newline + 1 : end;

		if ((s.n & (s.n + 1)) == 0) /* room for one less than a power of two */
			s.lines = xreallocarray(s.lines, 2 * s.n + 1, sizeof(*s.lines));
		s.lines[s.n] = (struct line){.text = at, .len = (size_t)(next - at)};
		at = next;
	}
	s.is_changed = xcalloc(s.n + 1, sizeof(*s.is_changed));
	return s;
}

static void side_done(struct side *s)
{
	free(s->lines);
	free(s->is_changed);
}

static bool is_equal(const struct side *a, size_t i, const struct side *b, size_t j)
{
	return a->lines[i].len == b->lines[j].len &&
	       memcmp(a->lines[i].text, b->lines[j].text, a->lines[i].len) == 0;
}

/* Equal heads and tails, which most texts have, need no search. */
static struct stretch trim(const struct side *from, const struct side *to)
{
	size_t start = 0, i = from->n, j = to->n;

	while (start < i && start < j && is_equal(from, start, to, start))
		start++;
	while (i > start && j > start && is_equal(from, i - 1, to, j - 1)) {
		i--;
		j--;
	}
	return (struct stretch){
		.from = from, .to = to, .start = start, .from_n = i - start, .to_n = j - start};
}

static bool matches(const struct stretch *s, long x, long y)
{
	return x < (long)s->from_n && y < (long)s->to_n &&
	       is_equal(s->from, s->start + (size_t)x, s->to, s->start + (size_t)y);
}

/* Whether the furthest way with d edits on diagonal k comes down, by a line that came, or else across. */
static bool comes_down(const long *reached, long k, long d)
{
	return k == -d || (k != d && reached[k - 1] < reached[k + 1]);
}

/* Row d of the trace holds diagonals -d - 1 to d + 1. */
static long *row_of(long *const *rows, long d)
{
	return rows[d] + d + 1;
}

/* Goes on by one edit from the row before; true at the end of both texts. */
static bool advance(const struct stretch *s, long *const *rows, long d)
{
	long *now = row_of(rows, d);

	if (d > 0)
		memcpy(now - d, row_of(rows, d - 1) - d, (size_t)(2 * d + 1) * sizeof(*now));
	now[-d - 1] = now[d + 1] = -1;
	for (long k = -d; k <= d; k += 2) {
		long x = d == 0 ? 0 : comes_down(now, k, d) ? now[k + 1] : now[k - 1] + 1;

		while (matches(s, x, x - k))
			x++;
		now[k] = x;
		if (x >= (long)s->from_n && x - k >= (long)s->to_n)
			return true;
	}
	return false;
}

/* Back from the end, marking what came and went. */
static void mark_edits(const struct stretch *s, long *const *rows, long d)
{
	long x = (long)s->from_n, y = (long)s->to_n;

	for (; d > 0; d--) {
		const long *before = row_of(rows, d - 1);
		long k = x - y;
		bool down = comes_down(before, k, d);
		long from_k = down ? k + 1 : k - 1;

		x = before[from_k];
		y = x - from_k;
		if (down)
			s->to->is_changed[s->start + (size_t)y] = true;
		else
			s->from->is_changed[s->start + (size_t)x] = true;
	}
}

static void mark_all(const struct stretch *s)
{
	for (size_t i = 0; i < s->from_n; i++)
		s->from->is_changed[s->start + i] = true;
	for (size_t i = 0; i < s->to_n; i++)
		s->to->is_changed[s->start + i] = true;
}

static void mark(const struct stretch *s)
{
	long *rows[EDITS_MAX];
	long d = 0;
	bool is_found = false;

	for (; d < EDITS_MAX && !is_found; d++) {
		rows[d] = xcalloc((size_t)(2 * d + 3), sizeof(*rows[d]));
		is_found = advance(s, rows, d);
	}
	if (is_found)
		mark_edits(s, rows, d - 1);
	else
		mark_all(s);
	while (d > 0)
		free(rows[--d]);
}

/* --- writing -------------------------------------------------------------------------------------- */

static void add_line(struct str *out, char sign, const struct line *l)
{
	str_addc(out, sign);
	str_addn(out, l->text, l->len);
	if (l->text[l->len - 1] != '\n')
		str_add(out, "\n\\ No newline at end of file\n");
}

/* Where a walk through both texts stands. */
struct place {
	size_t i, j;
};

static bool is_end(const struct side *a, const struct side *b, struct place at)
{
	return at.i == a->n && at.j == b->n;
}

static bool is_change(const struct side *a, const struct side *b, struct place at)
{
	return (at.i < a->n && a->is_changed[at.i]) || (at.j < b->n && b->is_changed[at.j]);
}

static struct place past_change(const struct side *a, const struct side *b, struct place at)
{
	while (at.i < a->n && a->is_changed[at.i])
		at.i++;
	while (at.j < b->n && b->is_changed[at.j])
		at.j++;
	return at;
}

/* From a change on to where a hunk ends: changes closer than twice the context are one hunk. */
static struct place hunk_end(
	const struct side *a, const struct side *b, struct place at, size_t context)
{
	for (;;) {
		struct place end = at = past_change(a, b, at);
		size_t equal = 0;

		while (!is_end(a, b, at) && !is_change(a, b, at) && equal <= 2 * context) {
			at = (struct place){at.i + 1, at.j + 1};
			equal++;
		}
		if (!is_end(a, b, at) && equal <= 2 * context)
			continue;
		equal = equal < context ? equal : context;
		return (struct place){end.i + equal, end.j + equal};
	}
}

static void add_range(struct str *out, char sign, size_t first, size_t n)
{
	str_printf(out, "%c%zu", sign, n ? first + 1 : first);
	if (n != 1)
		str_printf(out, ",%zu", n);
}

static void add_hunk(const struct side *a, const struct side *b, struct place at, struct place end,
	const struct diff_style *style, struct str *out)
{
	if (style->numbers) {
		str_add(out, "@@ ");
		add_range(out, '-', at.i, end.i - at.i);
		str_addc(out, ' ');
		add_range(out, '+', at.j, end.j - at.j);
		str_add(out, " @@\n");
	} else {
		str_add(out, "@@\n");
	}
	while (at.i < end.i || at.j < end.j) {
		if (at.i < end.i && a->is_changed[at.i])
			add_line(out, '-', &a->lines[at.i++]);
		else if (at.j < end.j && b->is_changed[at.j])
			add_line(out, '+', &b->lines[at.j++]);
		else {
			add_line(out, ' ', &a->lines[at.i++]);
			at.j++;
		}
	}
}

void diff_add(const char *from, size_t from_len, const char *to, size_t to_len,
	const struct diff_style *style, struct str *out)
{
	struct side a = split(from, from_len), b = split(to, to_len);
	struct stretch stretch = trim(&a, &b);
	struct place at = {stretch.start, stretch.start};

	mark(&stretch);
	while (!is_end(&a, &b, at)) {
		if (!is_change(&a, &b, at)) {
			at = (struct place){at.i + 1, at.j + 1};
			continue;
		}
		size_t before = at.i < style->context ? at.i : style->context;
		struct place end = hunk_end(&a, &b, at, style->context);

		add_hunk(&a, &b, (struct place){at.i - before, at.j - before}, end, style, out);
		at = end;
	}
	side_done(&a);
	side_done(&b);
}

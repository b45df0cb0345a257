/* Two texts, parted by the byte 0xff: their diff, put onto the first, gives the second. */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "provisioner/base/diff.h"

#define TEXT_MAX ((size_t)4 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t line_length(const char *at, const char *end)
{
	const char *newline = at < end ? memchr(at, '\n', (size_t)(end - at)) : NULL;

	return newline ? (size_t)(newline - at) + 1 : (size_t)(end - at);
}

/* Puts the lines of a hunk onto `from`, which stands where the hunk begins. */
static const char *apply_line(const char *at, size_t len, const char *from, const char *from_end,
	bool ends_text, struct str *to)
{
	const char *text = at + 1;
	size_t n = len - 1 - (ends_text ? 1 : 0);

	if (*at != '+') {
		assert((size_t)(from_end - from) >= n && memcmp(from, text, n) == 0);
		from += n;
	}
	if (*at != '-')
		str_addn(to, text, n);
	return from;
}

static void apply(const char *from, size_t from_len, const struct str *diff, struct str *to)
{
	const char *at = str_text(diff), *end = at + diff->len, *start = from,
		   *from_end = from + from_len;
	size_t line = 0;

	while (at < end) {
		size_t len = line_length(at, end), first, n = 1;

		if (at[0] == '@' && sscanf(at, "@@ -%zu,%zu ", &first, &n) >= 1) {
			for (size_t skip = n ? first - 1 : first; line < skip; line++) {
				size_t one = line_length(from, from_end);

				str_addn(to, from, one);
				from += one;
			}
		} else if (at[0] != '\\') {
			const char *next = at + len;

			from = apply_line(at, len, from, from_end, next < end && *next == '\\', to);
			line += *at != '+';
		}
		at += len;
	}
	assert(from >= start);
	str_addn(to, from, (size_t)(from_end - from));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct diff_style style = {.context = 2, .numbers = true};
	const uint8_t *mark = size ? memchr(data, 0xff, size) : NULL;
	const char *from = (const char *)data, *to;
	AUTO(str_done) struct str diff = str_init(TEXT_MAX);
	AUTO(str_done) struct str made = str_init(TEXT_MAX);

	if (!mark || size > TEXT_MAX / 16)
		return 0;
	size_t from_len = (size_t)(mark - data), to_len = size - from_len - 1;
	to = from + from_len + 1;
	diff_add(from, from_len, to, to_len, &style, &diff);
	assert((diff.len == 0) == (from_len == to_len && memcmp(from, to, to_len) == 0));
	apply(from, from_len, &diff, &made);
	assert(made.len == to_len && memcmp(str_text(&made), to, to_len) == 0);
	return 0;
}

#include "provisioner/config/yaml.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define STEP 2 /* a block's lines stand this much deeper than its key */

/* A path or a file's name: begins like one, and has a "/" or "." that no word or number of YAML's
 * has in such a place. */
static bool is_plain(const char *text, size_t len)
{
	bool marked = false;

	if (len == 0 || (!isalpha((unsigned char)text[0]) && text[0] != '/'))
		return false;
	for (size_t i = 0; i < len; i++) {
		if (!isalnum((unsigned char)text[i]) && !strchr("/._@-", text[i]))
			return false;
		marked |= text[i] == '/' || text[i] == '.';
	}
	return marked && text[len - 1] != '.';
}

/* YAML's "printable", without what a literal block would not give back: carriage returns, tabs at
 * the begin of a line, line separators that are not "\n". */
static bool is_block(const char *text, size_t len)
{
	const uint8_t *p = (const uint8_t *)text;

	if (len < 2 || !memchr(text, '\n', len) || strchr(" \t\n", text[0]))
		return false;
	for (size_t i = 0; i < len; i++) {
		if (p[i] >= 0x80 || p[i] == 0x7f || (p[i] < 0x20 && p[i] != '\n' && p[i] != '\t'))
			return false;
		if (p[i] == '\t' && (i == 0 || p[i - 1] == '\n'))
			return false;
	}
	return true;
}

static void add_spaces(struct str *out, size_t n)
{
	while (n-- > 0)
		str_addc(out, ' ');
}

static void add_block(struct str *out, const char *text, size_t len, size_t indent)
{
	const char *end = text + len;
	const char *chomp = text[len - 1] != '\n'              ? "-"
			    : len > 1 && text[len - 2] == '\n' ? "+"
							       : "";

	str_printf(out, "|%s\n", chomp);
	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		size_t n = (size_t)((newline ? newline : end) - text);

		if (n > 0)
			add_spaces(out, indent + STEP);
		str_addn(out, text, n);
		str_addc(out, '\n');
		text += n + 1;
	}
}

static void add_quoted(struct str *out, const char *text, size_t len)
{
	static const struct {
		char c, letter;
	} escapes[] = {{'"', '"'}, {'\\', '\\'}, {'\n', 'n'}, {'\t', 't'}, {'\r', 'r'}};

	str_addc(out, '"');
	for (size_t i = 0; i < len; i++) {
		char letter = 0;

		for (size_t k = 0; k < ARRAY_LEN(escapes); k++)
			if (text[i] == escapes[k].c)
				letter = escapes[k].letter;
		if (letter)
			str_printf(out, "\\%c", letter);
		else if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			str_printf(out, "\\x%02x", (unsigned char)text[i]);
		else
			str_addc(out, text[i]);
	}
	str_add(out, "\"\n");
}

void yaml_add_text(struct str *out, const char *text, size_t len, size_t indent)
{
	if (is_plain(text, len)) {
		str_addn(out, text, len);
		str_addc(out, '\n');
	} else if (is_block(text, len)) {
		add_block(out, text, len, indent);
	} else {
		add_quoted(out, text, len);
	}
}

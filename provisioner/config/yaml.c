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

/* Characters beyond ASCII that YAML calls unprintable, or takes for the end of a line. */
static const struct {
	const char *utf8, *escape;
	uint8_t last; /* of the last byte's range, which begins at that of `utf8` */
} special[] = {
	{"\xc2\x80", "\\x", 0x9f},       /* the second set of control characters */
	{"\xe2\x80\xa8", "\\u20", 0xa9}, /* line and paragraph separator: 28, 29 */
	{"\xef\xbb\xbf", "\\uFE", 0xbf}, /* byte order mark: FF */
	{"\xef\xbf\xbe", "\\uFF", 0xbf}, /* no characters at all: FE, FF */
};

/* Adds the escape of the special character at `p` and gives its length; 0 when there is none. */
static size_t add_special(struct str *out, const char *p, size_t left)
{
	for (size_t i = 0; i < ARRAY_LEN(special); i++) {
		size_t n = strlen(special[i].utf8);
		uint8_t first = (uint8_t)special[i].utf8[n - 1];
		uint8_t last = n <= left ? (uint8_t)p[n - 1] : 0;

		if (n > left || memcmp(p, special[i].utf8, n - 1) != 0 || last < first ||
			last > special[i].last)
			continue;
		/* The low byte of the character: its last six bits, and two from the byte before. */
		uint8_t low = (uint8_t)((uint8_t)p[n - 2] << 6 | (last & 0x3f));
		str_printf(out, "%s%02X", special[i].escape, low);
		return n;
	}
	return 0;
}

/* What stands for one byte of ASCII inside double quotes. */
static void add_ascii(struct str *out, char c)
{
	static const struct {
		char c, letter;
	} escapes[] = {{'"', '"'}, {'\\', '\\'}, {'\n', 'n'}, {'\t', 't'}, {'\r', 'r'}};

	for (size_t k = 0; k < ARRAY_LEN(escapes); k++) {
		if (c == escapes[k].c) {
			str_printf(out, "\\%c", escapes[k].letter);
			return;
		}
	}
	if ((unsigned char)c < 0x20 || c == 0x7f)
		str_printf(out, "\\x%02x", (unsigned char)c);
	else
		str_addc(out, c);
}

static void add_quoted(struct str *out, const char *text, size_t len)
{
	str_addc(out, '"');
	for (size_t i = 0; i < len;) {
		size_t n = add_special(out, text + i, len - i);

		if (n == 0)
			add_ascii(out, text[i++]);
		i += n;
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

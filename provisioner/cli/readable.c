#include "provisioner/cli/readable.h"

#include <jansson.h>
#include <string.h>

#include "provisioner/base/parse.h"

#define INDENT 2

/* The character at *at, which moves behind it; "%0A" is one. */
static char next_of_url(const char **at, const char *end)
{
	const char *c = *at;
	int high = *c == '%' && end - c > 2 ? parse_hex_digit(c[1]) : -1;
	int low = high < 0 ? -1 : parse_hex_digit(c[2]);

	*at = c + 1;
	if (low < 0)
		return *c;
	*at = c + 3;
	return (char)(high << 4 | low);
}

/* The same of JSON's own escapes; those of a number stay as they are. */
static char next_of_json(const char **at, const char *end)
{
	static const char escapes[] = "nt\"\\/", meant[] = "\n\t\"\\/";
	const char *c = *at;
	const char *escape = *c == '\\' && end - c > 1 ? strchr(escapes, c[1]) : NULL;

	*at = c + 1;
	if (!escape)
		return *c;
	*at = c + 2;
	return meant[escape - escapes];
}

/* Each of its lines below the key that it belongs to. */
static void add_block(const char *at, const char *end, char (*next)(const char **, const char *),
	size_t indent, struct str *out)
{
	bool is_new = true;

	while (at < end) {
		char c = next(&at, end);

		if (is_new)
			str_printf(out, "\n%*s| ", (int)indent, "");
		is_new = c == '\n';
		if (!is_new)
			str_addc(out, c);
	}
}

/* A line of indented JSON, such as `"key": "text",`. A text that holds lines comes as these. */
static void add_line(const char *line, size_t len, struct str *out)
{
	static const char data_url[] = "data:,";
	const size_t url_len = sizeof(data_url) - 1;
	const char *key = memmem(line, len, ": \"", 3), *end = key ? memrchr(line, '"', len) : NULL;
	const char *text = key ? key + 3 : line + len;
	size_t text_len = key ? (size_t)(end - text) : 0;
	bool is_data = text_len > url_len && memcmp(text, data_url, url_len) == 0;

	if (!is_data && !memmem(text, text_len, "\\n", 2)) {
		str_addn(out, line, len);
		return;
	}
	str_addn(out, line, (size_t)(text - line - 1));
	str_add(out, is_data ? "data:" : "");
	add_block(is_data ? text + url_len : text, end, is_data ? next_of_url : next_of_json,
		strspn(line, " ") + INDENT, out);
}

void readable_add(const char *text, size_t len, struct str *out)
{
	json_t *json = len > 0 && text[0] == '{' ? json_loadb(text, len, 0, NULL) : NULL;
	char *lines = json ? json_dumps(json, JSON_INDENT(INDENT)) : NULL;

	json_decref(json);
	if (!lines) {
		str_addn(out, text, len);
		return;
	}
	for (const char *line = lines; *line;) {
		size_t n = strcspn(line, "\n");

		add_line(line, n, out);
		str_add(out, "\n");
		line += n + (line[n] == '\n');
	}
	free(lines);
}

#include "provisioner/base/json.h"

#include <inttypes.h>
#include <string.h>

#include "provisioner/base/err.h"

struct json json_init(struct str *out)
{
	return (struct json){.out = out};
}

static void json_separate(struct json *j)
{
	if (j->comma)
		str_addc(j->out, ',');
	j->comma = true;
}

static void json_open(struct json *j, char bracket)
{
	json_separate(j);
	str_addc(j->out, bracket);
	j->comma = false;
}

static void json_close(struct json *j, char bracket)
{
	str_addc(j->out, bracket);
	j->comma = true;
}

void json_map(struct json *j)
{
	json_open(j, '{');
}

void json_map_end(struct json *j)
{
	json_close(j, '}');
}

void json_list(struct json *j)
{
	json_open(j, '[');
}

void json_list_end(struct json *j)
{
	json_close(j, ']');
}

/* The length of the well-formed UTF-8 sequence at `p` (Unicode table 3-7), or 0. */
static size_t utf8_len(const unsigned char *p, size_t left)
{
	size_t n = p[0] < 0x80   ? 1
		   : p[0] < 0xc2 ? 0
		   : p[0] < 0xe0 ? 2
		   : p[0] < 0xf0 ? 3
		   : p[0] < 0xf5 ? 4
				 : 0;

	if (n == 0 || n > left)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
		(p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return n;
}

static void add_quoted(struct str *out, const char *text, size_t n)
{
	const unsigned char *p = (const unsigned char *)text;

	str_addc(out, '"');
	for (size_t i = 0; i < n;) {
		size_t len = utf8_len(p + i, n - i);

		if (len == 0)
			str_add(out, "\xef\xbf\xbd");
		else if (p[i] == '"' || p[i] == '\\')
			str_printf(out, "\\%c", p[i]);
		else if (p[i] == '\n')
			str_add(out, "\\n");
		else if (p[i] < 0x20 || p[i] == 0x7f)
			str_printf(out, "\\u%04x", p[i]);
		else
			str_addn(out, text + i, len);
		i += len ? len : 1;
	}
	str_addc(out, '"');
}

void json_key(struct json *j, const char *key)
{
	json_separate(j);
	add_quoted(j->out, key, strlen(key));
	str_addc(j->out, ':');
	j->comma = false;
}

void json_textn(struct json *j, const char *text, size_t n)
{
	json_separate(j);
	add_quoted(j->out, text, n);
}

void json_text(struct json *j, const char *text)
{
	if (text)
		json_textn(j, text, strlen(text));
	else
		json_none(j);
}

void json_int(struct json *j, int64_t v)
{
	json_separate(j);
	str_printf(j->out, "%" PRId64, v);
}

void json_bool(struct json *j, bool v)
{
	json_raw(j, v ? "true" : "false");
}

void json_none(struct json *j)
{
	json_raw(j, "null");
}

void json_raw(struct json *j, const char *text)
{
	json_separate(j);
	str_add(j->out, text);
}

void json_key_text(struct json *j, const char *key, const char *text)
{
	json_key(j, key);
	json_text(j, text);
}

void json_key_int(struct json *j, const char *key, int64_t v)
{
	json_key(j, key);
	json_int(j, v);
}

void json_key_bool(struct json *j, const char *key, bool v)
{
	json_key(j, key);
	json_bool(j, v);
}

static void json_problems(struct json *j, const struct err *list, size_t n, const char *severity)
{
	for (size_t i = 0; i < n; i++) {
		json_map(j);
		json_key_text(j, "file", list[i].file[0] ? list[i].file : NULL);
		json_key_int(j, "line", list[i].at.line);
		json_key_int(j, "column", list[i].at.col);
		json_key_text(j, "severity", severity);
		json_key_text(j, "message", list[i].msg);
		json_map_end(j);
	}
}

void json_key_problems(struct json *j, const struct err_list *l)
{
	json_key(j, "problems");
	json_list(j);
	json_problems(j, l->list, l->n, "error");
	json_problems(j, l->warnings, l->n_warnings, "warning");
	json_list_end(j);
	json_key_int(j, "more", (int64_t)l->dropped);
}

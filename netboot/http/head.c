#include "netboot/http/head.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "netboot/http/text.h"
#include "provisioner/base/parse.h"

/* A piece of the head. */
struct span {
	const char *at;
	size_t len;
};

/* What the fields have said so far. */
struct fields {
	struct http_head *head;
	unsigned n, n_host, n_length;
	bool has_body, says_close, says_keep_alive;
};

static bool span_is(struct span s, const char *text)
{
	return s.len == strlen(text) && strncasecmp(s.at, text, s.len) == 0;
}

static struct span span_trim(struct span s)
{
	while (s.len > 0 && (s.at[0] == ' ' || s.at[0] == '\t')) {
		s.at++;
		s.len--;
	}
	while (s.len > 0 && (s.at[s.len - 1] == ' ' || s.at[s.len - 1] == '\t'))
		s.len--;
	return s;
}

/* Splits off what stands before the first `sep`, which is dropped. */
static struct span span_cut(struct span *rest, char sep)
{
	const char *at = rest->len > 0 ? memchr(rest->at, sep, rest->len) : NULL;
	struct span first = {rest->at, at ? (size_t)(at - rest->at) : rest->len};
	size_t used = first.len + (at ? 1 : 0);

	*rest = (struct span){rest->at + used, rest->len - used};
	return first;
}

static void span_copy(struct span s, char *to, size_t size)
{
	if (s.len >= size)
		return;
	memcpy(to, s.at, s.len);
	to[s.len] = '\0';
}

static bool is_control(char c)
{
	return (unsigned char)c < ' ' || c == 0x7f;
}

long http_head_find(const char *data, size_t len)
{
	size_t start = 0;

	/* RFC 9112 2.2: an empty line before the request is left over from the one before. */
	while (len - start >= 2 && data[start] == '\r' && data[start + 1] == '\n' && start < 4)
		start += 2;
	for (size_t i = start; i < len && i < HTTP_HEAD_MAX; i++) {
		if (data[i] == '\n' && (i == start || data[i - 1] != '\r'))
			return -EBADMSG;
		if (data[i] == '\0')
			return -EBADMSG;
		if (data[i] == '\n' && i - start >= 3 && data[i - 2] == '\n')
			return (long)i + 1;
	}
	return len >= HTTP_HEAD_MAX ? -EMSGSIZE : -EAGAIN;
}

/* One character of a target, at most three bytes. -1 when it is none. */
static int decode_char(struct span *rest)
{
	char c = rest->at[0];
	size_t used = 1;

	if (c == '%') {
		int high = rest->len >= 3 ? parse_hex_digit(rest->at[1]) : -1;
		int low = rest->len >= 3 ? parse_hex_digit(rest->at[2]) : -1;

		if (high < 0 || low < 0)
			return -1;
		c = (char)(high << 4 | low);
		used = 3;
	}
	*rest = (struct span){rest->at + used, rest->len - used};
	return is_control(c) || c == '\\' ? -1 : (unsigned char)c;
}

static bool has_dot_component(const char *path)
{
	for (const char *at = path; (at = strchr(at, '/')); at++) {
		size_t len = strcspn(at + 1, "/");

		if ((len == 1 && at[1] == '.') || (len == 2 && at[1] == '.' && at[2] == '.'))
			return true;
	}
	return false;
}

unsigned http_path_decode(const char *raw, size_t len, char ret[static HTTP_PATH_SIZE])
{
	struct span rest = {raw, len};
	size_t n = 0;

	if (len == 0 || raw[0] != '/')
		return 400;
	while (rest.len > 0) {
		int c = decode_char(&rest);

		if (c < 0)
			return 400;
		if (c == '/' && n > 0 && ret[n - 1] == '/') /* shim asks for //grubx64.efi */
			continue;
		if (n + 1 >= HTTP_PATH_SIZE)
			return 414;
		ret[n++] = (char)c;
	}
	ret[n] = '\0';
	return has_dot_component(ret) ? 403 : 0;
}

/* RFC 9112 3.2.2: a server takes the absolute form too; its authority is not ours to judge. */
static struct span without_authority(struct span target)
{
	static const char scheme[] = "http://";
	size_t n = sizeof(scheme) - 1;

	if (target.len < n || strncasecmp(target.at, scheme, n) != 0)
		return target;
	const char *slash = memchr(target.at + n, '/', target.len - n);
	if (!slash)
		return (struct span){"/", 1};
	return (struct span){slash, target.len - (size_t)(slash - target.at)};
}

static unsigned read_target(struct span target, struct http_head *head)
{
	for (size_t i = 0; i < target.len; i++) {
		char c = target.at[i];

		if (is_control(c) || c == ' ' || c == '#' || (unsigned char)c >= 0x80)
			return 400;
	}
	struct span query = without_authority(target);
	struct span path = span_cut(&query, '?');
	if (query.len >= sizeof(head->query))
		return 414;
	span_copy(query, head->query, sizeof(head->query));
	return http_path_decode(path.at, path.len, head->path);
}

static unsigned read_version(struct span version, struct http_head *head)
{
	if (version.len != 8 || memcmp(version.at, "HTTP/", 5) != 0 || version.at[6] != '.' ||
		parse_hex_digit(version.at[5]) < 0 || parse_hex_digit(version.at[7]) < 0)
		return 400;
	head->is_1_0 = version.at[7] == '0';
	return version.at[5] == '1' ? 0 : 505;
}

static unsigned read_request_line(struct span line, struct http_head *head)
{
	struct span method = span_cut(&line, ' ');
	struct span target = span_cut(&line, ' ');

	for (size_t i = 0; i < method.len; i++) {
		if (!http_is_token_char(method.at[i]))
			return 400;
	}
	if (method.len == 0 || target.len == 0)
		return 400;
	unsigned refused = read_version(line, head);
	if (refused)
		return refused;
	/* Methods are case-sensitive. */
	if (method.len == 3 && memcmp(method.at, "GET", 3) == 0)
		head->method = HTTP_GET;
	else if (method.len == 4 && memcmp(method.at, "HEAD", 4) == 0)
		head->method = HTTP_HEAD;
	else
		return 405;
	return read_target(target, head);
}

static void take_connection(struct fields *f, struct span value)
{
	while (value.len > 0) {
		struct span word = span_trim(span_cut(&value, ','));

		f->says_close |= span_is(word, "close");
		f->says_keep_alive |= span_is(word, "keep-alive");
	}
}

static void take_host(struct fields *f, struct span value)
{
	(void)value; /* whatever name or address we are reached by */
	f->n_host++;
}

static void take_length(struct fields *f, struct span value)
{
	f->n_length++;
	f->has_body |= !span_is(value, "0");
}

static void take_transfer_encoding(struct fields *f, struct span value)
{
	(void)value; /* a body, however it is packed */
	f->has_body = true;
}

static void take_accept(struct fields *f, struct span value)
{
	span_copy(value, f->head->accept, sizeof(f->head->accept));
}

static void take_range(struct fields *f, struct span value)
{
	span_copy(value, f->head->range, sizeof(f->head->range));
}

static void take_if_range(struct fields *f, struct span value)
{
	span_copy(value, f->head->if_range, sizeof(f->head->if_range));
}

static void take_if_none_match(struct fields *f, struct span value)
{
	span_copy(value, f->head->if_none_match, sizeof(f->head->if_none_match));
}

static const struct {
	const char *name;
	void (*take)(struct fields *f, struct span value);
} field_table[] = {
	{"Host", take_host},
	{"Connection", take_connection},
	{"Content-Length", take_length},
	{"Transfer-Encoding", take_transfer_encoding},
	{"Accept", take_accept},
	{"Range", take_range},
	{"If-Range", take_if_range},
	{"If-None-Match", take_if_none_match},
};

static bool is_field(struct span line, struct span name, struct span value)
{
	if (name.len == 0 || name.len == line.len) /* no colon; or a folded line */
		return false;
	for (size_t i = 0; i < name.len; i++) {
		if (!http_is_token_char(name.at[i]))
			return false;
	}
	for (size_t i = 0; i < value.len; i++) {
		if (is_control(value.at[i]) && value.at[i] != '\t')
			return false;
	}
	return true;
}

static unsigned read_field(struct fields *f, struct span line)
{
	struct span value = line;
	struct span name = span_cut(&value, ':');

	if (++f->n > HTTP_FIELDS_MAX)
		return 431;
	value = span_trim(value);
	if (!is_field(line, name, value))
		return 400;
	for (size_t i = 0; i < ARRAY_LEN(field_table); i++) {
		if (span_is(name, field_table[i].name))
			field_table[i].take(f, value);
	}
	return 0;
}

/* The line at the start of `rest`, without its CRLF. */
static struct span next_line(struct span *rest)
{
	struct span line = span_cut(rest, '\n');

	if (line.len > 0 && line.at[line.len - 1] == '\r')
		line.len--;
	return line;
}

unsigned http_head_parse(const char *data, size_t len, struct http_head *ret)
{
	struct fields f = {.head = ret};
	struct span rest = {data, len};
	struct span line;

	*ret = (struct http_head){0};
	do
		line = next_line(&rest);
	while (line.len == 0 && rest.len > 0);
	unsigned refused = read_request_line(line, ret);
	while (!refused && (line = next_line(&rest)).len > 0)
		refused = read_field(&f, line);
	if (refused)
		return refused;
	/* RFC 9112 3.2: exactly one Host in 1.1. A GET needs no body, and two readers could disagree
	 * about where one ends (RFC 9112 11.2). */
	if (f.n_host > 1 || (f.n_host == 0 && !ret->is_1_0) || f.n_length > 1 || f.has_body)
		return 400;
	ret->keep_alive = !f.says_close && (!ret->is_1_0 || f.says_keep_alive);
	return 0;
}

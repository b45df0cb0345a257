#include "netboot/fetch/response.h"

#include <string.h>
#include <strings.h>

#include "provisioner/base/mem.h"
#include "provisioner/base/parse.h"

bool response_tag_is_legal(const char *tag)
{
	size_t len = strlen(tag);

	if (len == 0 || len >= RESPONSE_TAG_SIZE)
		return false;
	for (size_t i = 0; i < len; i++)
		if (tag[i] < 0x20 || tag[i] > 0x7e)
			return false;
	return true;
}

static bool read_number(const char *text, size_t len, uint64_t *ret)
{
	char copy[24];
	int64_t v;

	if (len == 0 || len >= sizeof(copy))
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	if (parse_i64(copy, 0, INT64_MAX, &v) < 0)
		return false;
	*ret = (uint64_t)v;
	return true;
}

static void on_length(struct response *r, const char *value)
{
	(void)read_number(value, strlen(value), &r->length);
}

/* RFC 9110 section 14.4: "bytes 5-9/10", "bytes 5-9/[*]" or "bytes [*]/10", with a bare asterisk. */
static void on_range(struct response *r, const char *value)
{
	const char *slash = strchr(value, '/'), *dash = strchr(value, '-');

	if (strncasecmp(value, "bytes ", 6) != 0 || !slash)
		return;
	value += 6;
	r->has_total = read_number(slash + 1, strlen(slash + 1), &r->total);
	r->has_range = dash && dash < slash && r->has_total &&
		       read_number(value, (size_t)(dash - value), &r->first);
}

/* RFC 9110 section 13.1.5: If-Range takes a strong tag only. */
static void on_etag(struct response *r, const char *value)
{
	if (value[0] != '"' || !response_tag_is_legal(value))
		return;
	memcpy(r->tag, value, strlen(value) + 1);
	r->has_etag = true;
}

static void on_modified(struct response *r, const char *value)
{
	if (!r->has_etag && response_tag_is_legal(value))
		memcpy(r->tag, value, strlen(value) + 1);
}

void response_line(struct response *r, const char *line, size_t len)
{
	static const struct {
		const char *name;
		void (*take)(struct response *r, const char *value);
	} rows[] = {
		{"Content-Length:", on_length},
		{"Content-Range:", on_range},
		{"ETag:", on_etag},
		{"Last-Modified:", on_modified},
	};
	char value[256];

	if (len >= 5 && memcmp(line, "HTTP/", 5) == 0) {
		*r = (struct response){.tag = ""};
		return;
	}
	while (len > 0 && (line[len - 1] == '\r' || line[len - 1] == '\n' || line[len - 1] == ' '))
		len--;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		size_t at = strlen(rows[i].name);

		if (len < at || strncasecmp(line, rows[i].name, at) != 0)
			continue;
		while (at < len && (line[at] == ' ' || line[at] == '\t'))
			at++;
		if (len - at >= sizeof(value))
			return;
		memcpy(value, line + at, len - at);
		value[len - at] = '\0';
		rows[i].take(r, value);
	}
}

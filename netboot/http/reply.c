#include "netboot/http/reply.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "netboot/http/range.h"
#include "netboot/http/text.h"
#include "provisioner/base/parse.h"

void http_etag(char buf[static HTTP_ETAG_SIZE], uint64_t mtime_ns, uint64_t size, uint64_t inode)
{
	int n = snprintf(buf, HTTP_ETAG_SIZE, "\"%" PRIx64 "-%" PRIx64 "-%" PRIx64 "\"", mtime_ns,
		size, inode);

	if (n < 0 || n >= HTTP_ETAG_SIZE)
		buf[0] = '\0';
}

/* RFC 9110 13.1.2: a list of tags, or "*"; a weak tag matches too. */
static bool has_etag(const char *list, const char *etag)
{
	size_t len = strlen(etag);

	if (strcmp(list, "*") == 0)
		return true;
	while (*list) {
		list += strspn(list, " \t,");
		if (strncmp(list, "W/", 2) == 0)
			list += 2;
		size_t n = strcspn(list, " \t,");
		if (n == len && memcmp(list, etag, len) == 0)
			return true;
		list += n;
	}
	return false;
}

/* The Range field, unless If-Range says that the client's part is of another file. */
static enum http_range range_of(const struct http_head *head, const struct http_file *file,
	uint64_t *ret_first, uint64_t *ret_len)
{
	bool is_other = head->if_range[0] && strcmp(head->if_range, file->etag) != 0;

	/* RFC 9110 14.2: Range means something only with GET. */
	if (!file->etag[0] || is_other || head->method != HTTP_GET)
		return HTTP_RANGE_WHOLE;
	return http_range_parse(head->range, file->size, ret_first, ret_len);
}

static bool is_known_already(const struct http_head *head, const struct http_file *file)
{
	return file->etag[0] && head->if_none_match[0] && has_etag(head->if_none_match, file->etag);
}

void http_reply_for_file(
	struct http_reply *ret, const struct http_head *head, const struct http_file *file)
{
	uint64_t first = 0, len = file->size;
	bool is_known = is_known_already(head, file); /* RFC 9110 13.2.2: looked at before Range */
	enum http_range range = is_known ? HTTP_RANGE_WHOLE : range_of(head, file, &first, &len);

	if (range == HTTP_RANGE_NONE) {
		http_reply_for_status(ret, head, 416, 0, NULL);
		ret->file_size = file->size;
		return;
	}
	*ret = (struct http_reply){
		.status = range == HTTP_RANGE_PART ? 206 : 200,
		.close = !head->keep_alive,
		.type = file->type,
		.first = first,
		.len = len,
		.file_size = file->size,
		.is_file = true,
		.no_body = head->method == HTTP_HEAD || is_known,
	};
	memcpy(ret->etag, file->etag, sizeof(ret->etag));
	if (is_known)
		ret->status = 304;
}

void http_reply_for_status(struct http_reply *ret, const struct http_head *head, unsigned status,
	uint32_t retry_after_s, const char *text)
{
	const char *known = http_status_text(status);

	*ret = (struct http_reply){
		.status = known ? status : 500,
		.close = !head || !head->keep_alive,
		.retry_after_s = retry_after_s,
		.type = "text/plain; charset=utf-8",
		.no_body = head && head->method == HTTP_HEAD,
	};
	if (!text || !parse_is_printable(text))
		text = known ? known : http_status_text(500);
	size_t n = strnlen(text, sizeof(ret->text) - 2);
	memcpy(ret->text, text, n);
	if (n > 0)
		ret->text[n++] = '\n';
	ret->len = n;
}

/* RFC 9110 5.6.7; the names of days and months are not the locale's. */
static void write_date(int64_t wall_ms, struct str *out)
{
	static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const char months[12][4] = {
		"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	time_t s = (time_t)(wall_ms / 1000);
	struct tm tm;

	if (!gmtime_r(&s, &tm))
		return;
	str_printf(out, "Date: %s, %02d %s %d %02d:%02d:%02d GMT\r\n", days[tm.tm_wday], tm.tm_mday,
		months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static void write_range(const struct http_reply *r, struct str *out)
{
	if (r->status == 206)
		str_printf(out, "Content-Range: bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64 "\r\n",
			r->first, r->first + r->len - 1, r->file_size);
	else if (r->status == 416)
		str_printf(out, "Content-Range: bytes */%" PRIu64 "\r\n", r->file_size);
}

void http_reply_write(const struct http_reply *r, int64_t wall_ms, struct str *out)
{
	const char *text = http_status_text(r->status);

	str_printf(out, "HTTP/1.1 %u %s\r\n", r->status, text ? text : "");
	write_date(wall_ms, out);
	if (r->status != 304) /* RFC 9110 8.6: only with the value that the 200 would have */
		str_printf(out, "Content-Type: %s\r\n", r->type);
	str_printf(out, "Content-Length: %" PRIu64 "\r\n", r->len);
	if (r->etag[0])
		str_printf(out, "ETag: %s\r\nAccept-Ranges: bytes\r\n", r->etag);
	write_range(r, out);
	if (r->status == 405)
		str_add(out, "Allow: GET, HEAD\r\n");
	if (r->retry_after_s)
		str_printf(out, "Retry-After: %" PRIu32 "\r\n", r->retry_after_s);
	str_printf(out, "Connection: %s\r\n\r\n", r->close ? "close" : "keep-alive");
	if (!r->is_file && !r->no_body)
		str_add(out, r->text);
}

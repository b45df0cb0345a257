/* What a client sends to port 80: the head is found, read, routed to a reply for a file of a size
 * that the input gives too; what comes out keeps the promises of head.h, range.h and reply.h. */
#include <assert.h>
#include <string.h>

#include "netboot/http/range.h"
#include "netboot/http/reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_path(const char *path)
{
	size_t len = strlen(path);

	assert(path[0] == '/' && len < HTTP_PATH_SIZE);
	assert(!strstr(path, "//") && !strstr(path, "/../") && !strstr(path, "/./") &&
		!strchr(path, '\\'));
	assert(len < 3 || strcmp(path + len - 3, "/..") != 0);
	for (; *path; path++)
		assert((unsigned char)*path >= ' ' && *path != 0x7f);
}

/* Exactly one empty line, at its end or before the text. */
static void check_written(const struct http_reply *r)
{
	AUTO(str_done) struct str out = str_init(1024);

	http_reply_write(r, 0, &out);
	assert(str_ok(&out));
	const char *end = strstr(str_text(&out), "\r\n\r\n");
	assert(end && (r->is_file || r->no_body ? end[4] == '\0' : strlen(end + 4) == r->len));
}

static void check_replies(const struct http_head *head, uint64_t file_size)
{
	struct http_file file = {.size = file_size, .type = "text/plain"};
	struct http_reply r;

	http_etag(file.etag, file_size, file_size, 1);
	http_reply_for_file(&r, head, &file);
	assert(r.status == 200 || r.status == 206 || r.status == 304 || r.status == 416);
	assert(!r.is_file || (r.len <= file.size && r.first <= file.size - r.len));
	assert(r.status != 206 || r.len > 0);
	check_written(&r);
	http_reply_for_status(&r, head, 404, 0, head->query);
	check_written(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http_head head;
	uint64_t file_size = 0;

	if (size < sizeof(file_size))
		return 0;
	memcpy(&file_size, data, sizeof(file_size));
	const char *text = (const char *)data + sizeof(file_size);
	size -= sizeof(file_size);
	long len = http_head_find(text, size);
	if (len <= 0)
		return 0;
	assert((size_t)len <= size && (size_t)len <= HTTP_HEAD_MAX);
	unsigned refused = http_head_parse(text, (size_t)len, &head);
	assert(!refused || (refused >= 400 && refused < 600 && !head.keep_alive));
	if (refused)
		return 0;
	assert(head.method == HTTP_GET || head.method == HTTP_HEAD);
	check_path(head.path);
	check_replies(&head, file_size);
	return 0;
}

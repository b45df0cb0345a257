/* head.h - the head of one HTTP/1.x request, read strictly (RFC 9112).
 *
 * Pure, over bytes that someone else owns. Whatever two readers could take differently is refused:
 * bare LF, folded lines, blanks before a colon, repeated or odd lengths, any body at all. The path
 * is decoded once here, and what comes out has no NUL, no control character, no empty, "." or ".."
 * component. */
#ifndef SLIPWAY_HTTP_HEAD_H
#define SLIPWAY_HTTP_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "provisioner/base/mem.h"

#define HTTP_HEAD_MAX ((size_t)8 << 10)
#define HTTP_FIELDS_MAX 64
#define HTTP_PATH_SIZE 512
#define HTTP_FIELD_SIZE 256

enum http_method { HTTP_GET = 1, HTTP_HEAD };

struct http_head {
	enum http_method method;
	bool is_1_0;
	bool keep_alive;            /* the client's wish */
	char path[HTTP_PATH_SIZE];  /* decoded, starts with '/' */
	char query[HTTP_PATH_SIZE]; /* raw, without '?'; "" for none */
	/* Values of fields, "" without one. One that does not fit is as if it had not been sent. */
	char accept[HTTP_FIELD_SIZE];
	char range[HTTP_FIELD_SIZE];
	char if_range[HTTP_FIELD_SIZE];
	char if_none_match[HTTP_FIELD_SIZE];
};

/* How many bytes the head at the start of `data` takes, with the empty line that ends it.
 * -EAGAIN: there is more to come. -EBADMSG: it can not become a head. -EMSGSIZE: too long. */
long http_head_find(const char *data, size_t len) MUST_USE;

/* Reads a whole head of `len` bytes. 0, or the status to refuse the request with: 400, 405, 414,
 * 431 or 505. After any of these the connection must be closed. */
unsigned http_head_parse(const char *data, size_t len, struct http_head *ret) MUST_USE;

/* Decodes a request target's path of `len` bytes. 0, or 400, 403 ("..") or 414. */
unsigned http_path_decode(const char *raw, size_t len, char ret[static HTTP_PATH_SIZE]) MUST_USE;

#endif

/* reply.h - what goes back for a request: decided and written, still without a socket.
 *
 * Every reply has a Content-Length: firmware fetches twice or fails without one. A HEAD gets the
 * head that its GET would get, and no body. */
#ifndef SLIPWAY_HTTP_REPLY_H
#define SLIPWAY_HTTP_REPLY_H

#include <stdbool.h>
#include <stdint.h>

#include "netboot/http/head.h"
#include "provisioner/base/str.h"

#define HTTP_ETAG_SIZE 64
#define HTTP_TEXT_SIZE 256

/* A file as it lies there, or an answer made for one client (no etag: it may differ next time). */
struct http_file {
	uint64_t size;
	const char *type;          /* borrowed */
	char etag[HTTP_ETAG_SIZE]; /* with its quotes; "" for none */
};

struct http_reply {
	unsigned status;
	bool close;             /* the connection ends after this */
	uint32_t retry_after_s; /* 0: says nothing about it */
	const char *type;       /* borrowed */
	uint64_t first, len;    /* which bytes of the file are the body */
	uint64_t file_size;
	bool is_file; /* the body comes from a file; otherwise it is `text` */
	bool no_body; /* HEAD or 304 */
	char etag[HTTP_ETAG_SIZE];
	char text[HTTP_TEXT_SIZE]; /* one line for whoever reads the client's console */
};

void http_etag(char buf[static HTTP_ETAG_SIZE], uint64_t mtime_ns, uint64_t size, uint64_t inode);

/* 200, 206, 304 or 416 for a file that is there. */
void http_reply_for_file(
	struct http_reply *ret, const struct http_head *head, const struct http_file *file);

/* Any other status, with a line of text. `head` is NULL when there was none to be read. A text with
 * control characters is replaced by the status's own, as is none (NULL); "" makes a reply without a body, for who
 * would take that for a piece of the file. */
void http_reply_for_status(struct http_reply *ret, const struct http_head *head, unsigned status,
	uint32_t retry_after_s, const char *text);

/* Writes the head, and the text when that is the body. */
void http_reply_write(const struct http_reply *r, int64_t wall_ms, struct str *out);

#endif

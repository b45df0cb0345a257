/* response.h - what of an HTTP answer's head decides whether a download goes on: its length, which
 * part of the whole it is, and what the server calls this content. Pure. */
#ifndef SLIPWAY_FETCH_RESPONSE_H
#define SLIPWAY_FETCH_RESPONSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RESPONSE_TAG_SIZE 128

struct response {
	uint64_t length; /* Content-Length; 0: not told */
	bool has_range;  /* Content-Range: first and total are known */
	uint64_t first;
	bool has_total;
	uint64_t total;
	char tag[RESPONSE_TAG_SIZE]; /* a strong ETag, else Last-Modified; "" for neither */
	bool has_etag;
};

/* Takes one line of a head, with or without its end. A status line begins anew: redirects have heads
 * of their own. */
void response_line(struct response *r, const char *line, size_t len);

/* Fit to be sent back as a header's value. */
bool response_tag_is_legal(const char *tag);

#endif

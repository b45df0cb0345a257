/* http.h - one HTTP request at a time or many, without blocking: libcurl on the libevent loop.
 *
 * Answers are bounded to HTTP_BODY_MAX and HTTP_TOTAL_MS. No redirects, no proxies, no cookies, no
 * names to resolve: an endpoint is an address, so that no thread and no resolver is needed inside
 * the sandbox. The callback comes once, from the loop, never from inside http_send(); it may send and
 * cancel, but not free the `struct http`. Private to etcd/. */
#ifndef SLIPWAY_ETCD_HTTP_H
#define SLIPWAY_ETCD_HTTP_H

#include <stddef.h>

#include "provisioner/base/mem.h"

#define HTTP_BODY_MAX ((size_t)1 << 20)
#define HTTP_CONNECT_MS 2000L
#define HTTP_TOTAL_MS 5000L

struct event_base;
struct http;
struct http_transfer;

/* PEM texts; NULL where there is none. Without a `ca` the system's authorities count. */
struct http_tls {
	const char *ca, *cert, *key;
};

struct http_result {
	int rc;             /* 0 when an answer came, whatever its status; or a negative errno */
	const char *reason; /* with rc < 0: one line */
	unsigned status;
	const char *body; /* NUL-terminated; borrowed for the callback */
	size_t len;
};

/* Keeps `base` and the texts of `tls` (which may be NULL itself). Gives NULL if libcurl fails. */
struct http *http_new(struct event_base *base, const struct http_tls *tls);
void http_free(struct http *h); /* cancels what is under way */

enum http_method { HTTP_GET = 1, HTTP_POST_JSON, HTTP_PUT_FORM };

/* `body` is NULL for HTTP_GET; both texts are copied. Gives a handle that is valid until the callback or
 * http_cancel(). */
struct http_transfer *http_send(struct http *h, enum http_method method, const char *url,
	const char *body, void (*done)(const struct http_result *r, void *arg), void *arg);
void http_cancel(struct http_transfer *t);

#endif

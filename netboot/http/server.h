/* server.h - the HTTP server: connections accepted and counted.
 *
 * GET and HEAD over HTTP/1.1, in the clear and, where wanted, under TLS. Bounded: so many connections overall (the rest wait in the
 * kernel's queue) and per client address (the rest get 503). Out of descriptors, accepting pauses.
 * Knows nothing of nodes: what a path stands for is the owner's business. */
#ifndef SLIPWAY_HTTP_SERVER_H
#define SLIPWAY_HTTP_SERVER_H

#include <stdint.h>

#include "netboot/http/connection.h"

struct http_server;

/* As in struct http_connections. */
struct http_owner {
	void (*request)(void *arg, struct http_connection *c);
	void (*gone)(void *arg, struct http_connection *c);
	void (*ended)(void *arg, const struct http_report *r);
	void (*refused)(void *arg, uint32_t client, const char *why);
	void *arg;
};

struct http_counters {
	uint64_t requests, malformed, timeouts, over_limit, connections;
};

/* Serves on `fd`, a listening socket (takes it), with files of `disk` (kept). Keeps a copy of *owner. */
struct http_server *http_server_new(
	struct event_base *base, int fd, struct disk *disk, const struct http_owner *owner);
void http_server_free(struct http_server *s);

/* Serves the same under TLS on `fd`, another listening socket (taken the first time; later ones are the same), from now on
 * with `tls` (taken). */
void http_server_set_tls(struct http_server *s, int fd, SSL_CTX *tls);

struct http_counters http_server_counters(const struct http_server *s);

#endif

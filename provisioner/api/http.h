/* http.h - routes and replies of the two APIs, on libevent's HTTP server.
 *
 * A route is a method, a path (a trailing "*" takes the rest) and a handler. Replies are JSON with a
 * status; errors say what was wrong: {"error": "..."}. Bodies are bounded to HTTP_BODY_MAX. */
#ifndef SLIPWAY_API_HTTP_H
#define SLIPWAY_API_HTTP_H

#include <event2/http.h>
#include <stdbool.h>
#include <stddef.h>

#include "provisioner/base/str.h"

#define API_BODY_MAX ((size_t)256 << 10)
#define API_REPLY_MAX ((size_t)64 << 20)

struct event_base;
struct bufferevent;
struct ssl_ctx_st;

/* One request being answered. */
struct api_request {
	struct evhttp_request *http;
	const char *rest; /* what "*" stood for, "" else */
	const char *body; /* NUL-terminated */
	size_t body_len;
	void *arg; /* of the server */
	struct api_server *server;
};

struct api_route {
	enum evhttp_cmd_type method;
	const char *path;
	void (*handle)(struct api_request *r);
};

struct api_server;

/* Serves `routes` on a listening socket. Takes `fd`; keeps `routes` (ends in {.path = NULL}), `tls`
 * (NULL for a UNIX socket) and `arg`. */
struct api_server *api_server_new(struct event_base *base, int fd, struct ssl_ctx_st *tls,
	const struct api_route *routes, void *arg);
void api_server_free(struct api_server *s);

/* Each ends the request. */
void api_reply_json(struct api_request *r, int status, const struct str *json);
void api_reply_text(struct api_request *r, const char *type, const char *text, size_t len);
void api_reply_error(struct api_request *r, int status, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* The client has shown who it is: its TLS connection may stay. One that has not within 20 seconds is
 * closed, and there may be only so many of them. */
void api_is_known(struct api_request *r);

/* A query parameter, decoded; NULL when absent. The caller frees. */
char *api_query(const struct api_request *r, const char *key);

#endif

/* client.h - POSTs to one server over one kept-alive connection, one at a time.
 *
 * With TLS it trusts what the SSL_CTX trusts (pin.h). A request has one deadline for everything, a
 * reply has a ceiling. The answer always comes later, never during client_post(). */
#ifndef SLIPWAY_JOIN_CLIENT_H
#define SLIPWAY_JOIN_CLIENT_H

#include <stddef.h>
#include <stdint.h>

#include <openssl/types.h>

struct client;
struct event_base;

struct client_target {
	uint32_t address;
	uint16_t port;
	SSL_CTX *tls; /* NULL: plain HTTP. A reference of its own is taken. */
};

struct client_reply {
	int status;       /* HTTP's, or 0 when no answer came */
	const char *body; /* not NUL-terminated */
	size_t len;
	const char *why; /* status 0: the reason, safe to log */
};

/* Borrows the reply. May call client_post() or client_free(). */
typedef void client_handler(void *arg, const struct client_reply *reply);

struct client *client_new(struct event_base *base, const struct client_target *target);
void client_free(struct client *c);

/* `path` and `body` are copied. `handle` is called once, unless the client is freed before. Asserts
 * that no request is under way. */
void client_post(struct client *c, const char *path, const char *body, size_t len,
	client_handler *handle, void *arg);

#endif

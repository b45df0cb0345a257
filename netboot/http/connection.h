/* connection.h - one HTTP connection: reads a head, waits for its owner's reply, sends it, reads the
 * next.
 *
 * A thin shell around head.h, reply.h and body.h. Every state has a limit in time:
 * a head must be whole ten seconds after its first byte, a reader must take something every twenty.
 * A connection at rest holds no buffer. It ends itself; its owner hears of it by `closed`, and must
 * not touch it afterwards.
 *
 * It is our own code because GET and HEAD without bodies are all that firmware needs, and because a
 * refused head must be counted and answered by its own status (docs/adr/0008). */
#ifndef SLIPWAY_HTTP_CONNECTION_H
#define SLIPWAY_HTTP_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include <openssl/types.h>

#include "netboot/http/head.h"

struct disk;
struct event_base;
struct http_connection;

#define HTTP_BYTES_MAX 4096

enum http_result { HTTP_SENT = 1, HTTP_ABORTED /* by the client */, HTTP_FAILED };

/* One ended reply. `head` is borrowed. */
struct http_report {
	uint32_t client;
	enum http_result result;
	unsigned status;
	uint64_t bytes; /* of the body */
	uint32_t duration_ms;
	const struct http_head *head;
	void *tag; /* that the owner had set for this request */
};

/* What connections share. */
struct http_connections {
	struct event_base *base;
	struct disk *disk;
	/* A request came: reply now or later, by one of the calls below. */
	void (*request)(void *arg, struct http_connection *c);
	/* The connection is going while its request still waits for a reply. */
	void (*gone)(void *arg, struct http_connection *c);
	void (*ended)(void *arg, const struct http_report *r);
	/* A client would not speak TLS with us; `why` is constant. */
	void (*refused)(void *arg, uint32_t client, const char *why);
	void *arg;
	void (*closed)(void *closed_arg, struct http_connection *c);
	void *closed_arg;
	uint64_t requests, malformed, timeouts;
	char scratch[HTTP_HEAD_MAX];
};

/* Starts to read from `fd` (takes it), under TLS unless `tls` is NULL. Keeps `all`. NULL when there is no memory for TLS. */
struct http_connection *http_connection_new(
	struct http_connections *all, int fd, SSL_CTX *tls, uint32_t client);
void http_connection_free(struct http_connection *c);

LIST_HEAD(http_bucket, http_connection);
void http_bucket_add(struct http_bucket *b, struct http_connection *c);
unsigned http_bucket_count(const struct http_bucket *b, uint32_t client);

uint32_t http_connection_client(const struct http_connection *c);

/* The request that waits for a reply; and a pointer of the owner's that stays with it, NULL at first. */
const struct http_head *http_connection_head(const struct http_connection *c);
void http_connection_set_tag(struct http_connection *c, void *tag);
void *http_connection_tag(const struct http_connection *c);

/* True when the client of a request that waits for its reply has closed its end; the connection is gone then. */
bool http_connection_drop_left(struct http_connection *c);

/* How much of the body has left. */
uint64_t http_connection_moved(const struct http_connection *c);

/* The connection may be gone when one of these returns.
 * Replies with the file `fd` (takes it). A file has an ETag and ranges; an answer made for this
 * request (`is_answer`) has neither. `type` is copied. */
void http_reply_file(struct http_connection *c, int fd, const char *type, bool is_answer);

/* The same with an answer of a few bytes (HTTP_BYTES_MAX), which are copied. */
void http_reply_bytes(struct http_connection *c, const void *data, size_t len, const char *type);

/* Replies with a status and a line of text (NULL: the status's own words; "": no body at all). */
void http_reply_status(
	struct http_connection *c, unsigned status, uint32_t retry_after_s, const char *text);

#endif

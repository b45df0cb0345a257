#include "netboot/join/client.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include <event2/buffer.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <event2/http.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "netboot/join/api.h"
#include "provisioner/base/addr.h"
#include "provisioner/base/mem.h"
#include "provisioner/trust/pin.h"

#define DEADLINE_S 20
#define HEADERS_MAX 8192

struct client {
	struct event_base *base;
	struct client_target to;
	struct evhttp_connection *conn;
	struct bufferevent *bev; /* owned by conn */
	SSL *ssl;                /* a reference of ours, to ask why a handshake failed */
	bool closed;             /* the server has closed conn since */
	struct event *deadline, *deliver;

	/* The request under way. */
	client_handler *handle; /* NULL: none */
	void *arg;
	enum evhttp_request_error error;
	bool has_error;

	/* Its answer, until it is delivered outside libevent's own call. */
	struct evbuffer *body;
	struct client_reply reply;
	char why[160];
};

static void disconnect(struct client *c)
{
	if (c->conn)
		evhttp_connection_free(c->conn);
	SSL_free(c->ssl);
	c->conn = NULL;
	c->bev = NULL;
	c->ssl = NULL;
}

static void on_closed(struct evhttp_connection *conn, void *arg)
{
	struct client *c = arg;

	(void)conn;
	c->closed = true;
}

static struct bufferevent *make_stream(struct client *c)
{
	if (!c->to.tls)
		return bufferevent_socket_new(c->base, -1, BEV_OPT_CLOSE_ON_FREE);
	c->ssl = pin_client_ssl(c->to.tls, c->to.address);
	if (!c->ssl || SSL_up_ref(c->ssl) != 1)
		return NULL;
	struct bufferevent *bev = bufferevent_openssl_socket_new(c->base, -1, c->ssl,
		BUFFEREVENT_SSL_CONNECTING, BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS);
	if (!bev) {
		SSL_free(c->ssl);
		return NULL;
	}
	bufferevent_openssl_set_allow_dirty_shutdown(bev, 1);
	return bev;
}

static bool connect_to(struct client *c)
{
	char host[IPV4_TEXT_SIZE];

	c->closed = false;
	c->bev = make_stream(c);
	if (c->bev)
		c->conn = evhttp_connection_base_bufferevent_new(
			c->base, NULL, c->bev, ipv4_text(c->to.address, host), c->to.port);
	if (!c->conn) {
		if (c->bev)
			bufferevent_free(c->bev);
		disconnect(c);
		return false;
	}
	evhttp_connection_set_timeout(c->conn, DEADLINE_S);
	evhttp_connection_set_max_body_size(c->conn, (ev_ssize_t)API_REPLY_MAX);
	evhttp_connection_set_max_headers_size(c->conn, HEADERS_MAX);
	evhttp_connection_set_closecb(c->conn, on_closed, c);
	return true;
}

static const char *error_text(const struct client *c)
{
	static const char *const texts[] = {
		[EVREQ_HTTP_TIMEOUT] = "no answer in time",
		[EVREQ_HTTP_EOF] = "the connection was closed",
		[EVREQ_HTTP_INVALID_HEADER] = "the answer is not HTTP",
		[EVREQ_HTTP_BUFFER_ERROR] = "the connection broke",
		[EVREQ_HTTP_REQUEST_CANCEL] = "cancelled",
		[EVREQ_HTTP_DATA_TOO_LONG] = "the answer is too long",
	};

	if (!c->has_error || (size_t)c->error >= ARRAY_LEN(texts) || !texts[c->error])
		return "cannot connect";
	return texts[c->error];
}

/* The verdict of our own check says most, then what OpenSSL met, then what HTTP did. */
static void explain(struct client *c)
{
	const char *tls = NULL;
	long verdict = c->ssl ? SSL_get_verify_result(c->ssl) : X509_V_OK;
	unsigned long error;

	while (c->ssl && (error = bufferevent_get_openssl_error(c->bev))) {
		const char *reason = ERR_reason_error_string(error);

		tls = reason ? reason : tls;
	}
	ERR_clear_error();
	if (verdict != X509_V_OK)
		(void)snprintf(c->why, sizeof(c->why), "the server is not the pinned one: %s",
			X509_verify_cert_error_string(verdict));
	else
		(void)snprintf(c->why, sizeof(c->why), "%s%s%s", error_text(c), tls ? ": " : "",
			tls ? tls : "");
	c->reply.why = c->why;
}

/* The reply is complete (or never will be): hand it on from the loop, where the connection may go. */
static void finish(struct client *c)
{
	(void)evtimer_del(c->deadline);
	event_active(c->deliver, EV_TIMEOUT, 0);
}

static void on_error(enum evhttp_request_error error, void *arg)
{
	struct client *c = arg;

	c->error = error;
	c->has_error = true;
}

static void on_answer(struct evhttp_request *req, void *arg)
{
	struct client *c = arg;

	if (req && evhttp_request_get_response_code(req) > 0) {
		const char *connection =
			evhttp_find_header(evhttp_request_get_input_headers(req), "Connection");

		c->reply.status = evhttp_request_get_response_code(req);
		(void)evbuffer_add_buffer(c->body, evhttp_request_get_input_buffer(req));
		c->closed |= connection && evutil_ascii_strcasecmp(connection, "close") == 0;
	} else {
		explain(c);
	}
	finish(c);
}

static void on_deadline(evutil_socket_t fd, short what, void *arg)
{
	struct client *c = arg;

	(void)fd, (void)what;
	c->error = EVREQ_HTTP_TIMEOUT;
	c->has_error = true;
	explain(c);
	disconnect(c); /* frees the request, calls nobody */
	finish(c);
}

static void on_deliver(evutil_socket_t fd, short what, void *arg)
{
	struct client *c = arg;
	client_handler *handle = TAKE(c->handle);
	struct evbuffer *body = c->body;
	struct client_reply reply = c->reply;
	char why[sizeof(c->why)];

	(void)fd, (void)what;
	if (reply.status == 0 || c->closed)
		disconnect(c);
	reply.len = evbuffer_get_length(body);
	reply.body = reply.len > 0 ? (const char *)evbuffer_pullup(body, -1) : "";
	if (reply.why) {
		memcpy(why, c->why, sizeof(why));
		reply.why = why;
	}
	c->body = NULL; /* the handler may free or use the client */
	handle(c->arg, &reply);
	evbuffer_free(body);
}

struct client *client_new(struct event_base *base, const struct client_target *target)
{
	struct client *c = xcalloc(1, sizeof(*c));

	c->base = base;
	c->to = *target;
	if (c->to.tls)
		(void)SSL_CTX_up_ref(c->to.tls);
	c->deadline = evtimer_new(base, on_deadline, c);
	c->deliver = evtimer_new(base, on_deliver, c);
	assert(c->deadline && c->deliver);
	return c;
}

void client_free(struct client *c)
{
	if (!c)
		return;
	event_free(c->deadline);
	event_free(c->deliver);
	disconnect(c);
	if (c->body)
		evbuffer_free(c->body);
	SSL_CTX_free(c->to.tls);
	free(c);
}

static struct evhttp_request *make_request(struct client *c, const char *body, size_t len)
{
	struct evhttp_request *req = evhttp_request_new(on_answer, c);
	char host[IPV4_TEXT_SIZE], host_port[IPV4_TEXT_SIZE + 6];

	assert(req);
	evhttp_request_set_error_cb(req, on_error);
	struct evkeyvalq *headers = evhttp_request_get_output_headers(req);
	(void)snprintf(
		host_port, sizeof(host_port), "%s:%u", ipv4_text(c->to.address, host), c->to.port);
	(void)evhttp_add_header(headers, "Host", host_port);
	(void)evhttp_add_header(headers, "User-Agent", "slipway-join/" SLIPWAY_VERSION);
	(void)evhttp_add_header(headers, "Content-Type", "application/json");
	(void)evhttp_add_header(headers, "Connection", "keep-alive");
	(void)evbuffer_add(evhttp_request_get_output_buffer(req), body, len);
	return req;
}

void client_post(struct client *c, const char *path, const char *body, size_t len,
	client_handler *handle, void *arg)
{
	struct timeval limit = {.tv_sec = DEADLINE_S};

	assert(!c->handle);
	c->handle = handle;
	c->arg = arg;
	c->has_error = false;
	c->reply = (struct client_reply){0};
	c->body = evbuffer_new();
	assert(c->body);

	if (c->closed)
		disconnect(c);
	if (!c->conn && !connect_to(c)) {
		explain(c);
		finish(c);
		return;
	}
	(void)evtimer_add(c->deadline, &limit);
	/* On failure the request has been freed, and nobody was called. */
	if (evhttp_make_request(c->conn, make_request(c, body, len), EVHTTP_REQ_POST, path) < 0) {
		explain(c);
		disconnect(c);
		finish(c);
	}
}

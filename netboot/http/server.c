#include "netboot/http/server.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <string.h>
#include <sys/socket.h>

#include "provisioner/base/clock.h"
#include "provisioner/base/log.h"
#include "provisioner/base/mem.h"

#define CONNECTIONS_MAX 4096
#define CONNECTIONS_PER_CLIENT_MAX 64
#define ACCEPTS_PER_WAKEUP 64
#define N_BUCKETS 1024
#define PAUSE_US 200000

/* In the clear, and under TLS once there is a certificate. */
enum { CLEAR, TLS, N_LISTENERS };

struct listener {
	struct http_server *server;
	int fd;                 /* -1: none */
	SSL_CTX *tls;           /* NULL: in the clear */
	struct event *readable; /* NULL: not yet */
};

struct http_server {
	struct listener listeners[N_LISTENERS];
	struct event *resume;
	struct http_connections connections;
	struct http_bucket buckets[N_BUCKETS]; /* by client address */
	unsigned n_connections;
	uint64_t accepted, over_limit;
	struct log_rate exhausted;
};

static struct http_bucket *bucket_of(struct http_server *s, uint32_t client)
{
	return &s->buckets[client * UINT32_C(2654435761) % N_BUCKETS];
}

static void set_accepting(struct http_server *s, bool on)
{
	for (size_t i = 0; i < N_LISTENERS; i++) {
		struct event *readable = s->listeners[i].readable;

		if (readable && on)
			(void)event_add(readable, NULL);
		else if (readable)
			(void)event_del(readable);
	}
}

static void on_closed(void *arg, struct http_connection *c)
{
	struct http_server *s = arg;

	http_connection_free(c);
	if (s->n_connections-- == CONNECTIONS_MAX)
		set_accepting(s, true);
}

static void turn_away(struct http_server *s, int fd, bool is_tls)
{
	static const char reply[] =
		"HTTP/1.1 503 Service Unavailable\r\n"
		"Content-Length: 0\r\nRetry-After: 2\r\nConnection: close\r\n\r\n";

	s->over_limit++;
	if (!is_tls)
		(void)send(
			fd, reply, sizeof(reply) - 1, MSG_DONTWAIT | MSG_NOSIGNAL); /* a courtesy */
	close_p(&fd);
}

static void take(const struct listener *l, int fd, const struct sockaddr_in *from)
{
	struct http_server *s = l->server;
	uint32_t client = ntohl(from->sin_addr.s_addr);
	struct http_bucket *bucket = bucket_of(s, client);

	s->accepted++;
	if (http_bucket_count(bucket, client) >= CONNECTIONS_PER_CLIENT_MAX) {
		turn_away(s, fd, l->tls != NULL);
		return;
	}
	/* The last, short segment of a file must not wait for the client's delayed ACK. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
	struct http_connection *c = http_connection_new(&s->connections, fd, l->tls, client);
	if (!c)
		return;
	http_bucket_add(bucket, c);
	if (++s->n_connections == CONNECTIONS_MAX)
		set_accepting(s, false);
}

/* Out of descriptors or memory: the queue stays readable, so looking away is the only rest. */
static void pause_accepting(struct http_server *s, int code)
{
	struct timeval tv = {.tv_usec = PAUSE_US};
	unsigned held;

	set_accepting(s, false);
	(void)event_add(s->resume, &tv);
	if (log_rate_allows(&s->exhausted, clock_mono_ms(), &held))
		log_warn("http: accept: %s, pausing (%u more)", strerror(code), held);
}

static bool is_exhausted(int code)
{
	return code == EMFILE || code == ENFILE || code == ENOBUFS || code == ENOMEM;
}

static void on_readable(evutil_socket_t listener, short what, void *arg)
{
	const struct listener *l = arg;
	struct http_server *s = l->server;

	(void)what;
	for (int i = 0; i < ACCEPTS_PER_WAKEUP && s->n_connections < CONNECTIONS_MAX; i++) {
		struct sockaddr_in from = {0};
		socklen_t len = sizeof(from);
		int fd = accept4(
			listener, (struct sockaddr *)&from, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0) {
			take(l, fd, &from);
		} else if (is_exhausted(errno)) {
			pause_accepting(s, errno);
			return;
		} else if (errno == EAGAIN) {
			return;
		} /* anything else ends one connection, not the listening */
	}
}

static void on_resume(evutil_socket_t fd, short what, void *arg)
{
	struct http_server *s = arg;

	(void)fd, (void)what;
	if (s->n_connections < CONNECTIONS_MAX)
		set_accepting(s, true);
}

static void listen_on(struct http_server *s, size_t i, int fd, SSL_CTX *tls)
{
	struct listener *l = &s->listeners[i];

	l->fd = fd;
	l->tls = tls;
	(void)evutil_make_socket_nonblocking(fd);
	l->readable = event_new(s->connections.base, fd, EV_READ | EV_PERSIST, on_readable, l);
	assert(l->readable);
	if (s->n_connections < CONNECTIONS_MAX)
		(void)event_add(l->readable, NULL);
}

void http_server_set_tls(struct http_server *s, int fd, SSL_CTX *tls)
{
	struct listener *l = &s->listeners[TLS];

	if (l->readable) { /* connections that there are keep the old one */
		SSL_CTX_free(l->tls);
		l->tls = tls;
		return;
	}
	listen_on(s, TLS, fd, tls);
}

struct http_server *http_server_new(
	struct event_base *base, int fd, struct disk *disk, const struct http_owner *owner)
{
	struct http_server *s = xcalloc(1, sizeof(*s));

	for (size_t i = 0; i < N_LISTENERS; i++)
		s->listeners[i] = (struct listener){.server = s, .fd = -1};
	s->connections = (struct http_connections){
		.base = base,
		.disk = disk,
		.request = owner->request,
		.gone = owner->gone,
		.ended = owner->ended,
		.refused = owner->refused,
		.arg = owner->arg,
		.closed = on_closed,
		.closed_arg = s,
	};
	for (size_t i = 0; i < N_BUCKETS; i++)
		LIST_INIT(&s->buckets[i]);
	s->resume = evtimer_new(base, on_resume, s);
	assert(s->resume);
	listen_on(s, CLEAR, fd, NULL);
	return s;
}

void http_server_free(struct http_server *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < N_BUCKETS; i++) {
		while (!LIST_EMPTY(&s->buckets[i]))
			http_connection_free(LIST_FIRST(&s->buckets[i]));
	}
	for (size_t i = 0; i < N_LISTENERS; i++) {
		struct listener *l = &s->listeners[i];

		if (l->readable)
			event_free(l->readable);
		SSL_CTX_free(l->tls);
		close_p(&l->fd);
	}
	event_free(s->resume);
	free(s);
}

struct http_counters http_server_counters(const struct http_server *s)
{
	return (struct http_counters){
		.requests = s->connections.requests,
		.malformed = s->connections.malformed,
		.timeouts = s->connections.timeouts,
		.over_limit = s->over_limit,
		.connections = s->accepted,
	};
}

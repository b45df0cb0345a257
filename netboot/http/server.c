#include "netboot/http/server.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
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

struct http_server {
	int fd;
	struct event *readable, *resume;
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

static void on_closed(void *arg, struct http_connection *c)
{
	struct http_server *s = arg;

	http_connection_free(c);
	if (s->n_connections-- == CONNECTIONS_MAX)
		(void)event_add(s->readable, NULL);
}

static void turn_away(struct http_server *s, int fd)
{
	static const char reply[] =
		"HTTP/1.1 503 Service Unavailable\r\n"
		"Content-Length: 0\r\nRetry-After: 2\r\nConnection: close\r\n\r\n";

	s->over_limit++;
	(void)send(fd, reply, sizeof(reply) - 1, MSG_DONTWAIT | MSG_NOSIGNAL); /* a courtesy */
	close_p(&fd);
}

static void take(struct http_server *s, int fd, const struct sockaddr_in *from)
{
	uint32_t client = ntohl(from->sin_addr.s_addr);
	struct http_bucket *bucket = bucket_of(s, client);

	s->accepted++;
	if (http_bucket_count(bucket, client) >= CONNECTIONS_PER_CLIENT_MAX) {
		turn_away(s, fd);
		return;
	}
	/* The last, short segment of a file must not wait for the client's delayed ACK. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
	http_bucket_add(bucket, http_connection_new(&s->connections, fd, client));
	if (++s->n_connections == CONNECTIONS_MAX)
		(void)event_del(s->readable);
}

/* Out of descriptors or memory: the queue stays readable, so looking away is the only rest. */
static void pause_accepting(struct http_server *s, int code)
{
	struct timeval tv = {.tv_usec = PAUSE_US};
	unsigned held;

	(void)event_del(s->readable);
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
	struct http_server *s = arg;

	(void)what;
	for (int i = 0; i < ACCEPTS_PER_WAKEUP && s->n_connections < CONNECTIONS_MAX; i++) {
		struct sockaddr_in from = {0};
		socklen_t len = sizeof(from);
		int fd = accept4(
			listener, (struct sockaddr *)&from, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0) {
			take(s, fd, &from);
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
		(void)event_add(s->readable, NULL);
}

struct http_server *http_server_new(
	struct event_base *base, int fd, struct disk *disk, const struct http_owner *owner)
{
	struct http_server *s = xcalloc(1, sizeof(*s));

	s->fd = fd;
	s->connections = (struct http_connections){
		.base = base,
		.disk = disk,
		.request = owner->request,
		.gone = owner->gone,
		.ended = owner->ended,
		.arg = owner->arg,
		.closed = on_closed,
		.closed_arg = s,
	};
	for (size_t i = 0; i < N_BUCKETS; i++)
		LIST_INIT(&s->buckets[i]);
	(void)evutil_make_socket_nonblocking(fd);
	s->readable = event_new(base, fd, EV_READ | EV_PERSIST, on_readable, s);
	s->resume = evtimer_new(base, on_resume, s);
	assert(s->readable && s->resume);
	(void)event_add(s->readable, NULL);
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
	event_free(s->readable);
	event_free(s->resume);
	close_p(&s->fd);
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

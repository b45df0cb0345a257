#include "netboot/http/connection.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "netboot/http/body.h"
#include "netboot/http/reply.h"
#include "netboot/http/text.h"
#include "netboot/http/wire.h"
#include "provisioner/base/clock.h"
#include "provisioner/base/mem.h"
#include "provisioner/base/str.h"

#define HEAD_MS 10000   /* for a whole head, from its first byte */
#define IDLE_MS 60000   /* between requests */
#define ANSWER_MS 30000 /* for the owner to find out what to reply */
#define RETRY_AFTER_S 2
#define LOAD_MS 60000  /* for a disk to read the next part of a file */
#define STALL_MS 20000 /* in which a reader must take STALL_BYTES */
#define STALL_BYTES 4096
#define LINGER_MS 2000 /* for the client to read a last reply before we close */
#define REPLY_HEAD_MAX 1024
#define TYPE_SIZE 64

enum state { READING, WAITING, SENDING, LOADING, LINGERING, CLOSED };

struct http_connection {
	LIST_ENTRY(http_connection) same_bucket;
	struct http_connections *all;
	struct http_wire wire;
	uint32_t client;
	enum state state;
	bool running;  /* run() is on the stack */
	bool may_read; /* the socket has, or may have, something for us */
	struct event *readable, *writable, *timer;
	char *early; /* bytes that are no whole head yet, NULL for none */
	size_t n_early;
	struct http_head head;
	struct http_reply reply;
	char type[TYPE_SIZE];
	struct str out; /* the reply's head, and the body when that is text */
	size_t out_sent;
	struct http_body body;
	uint64_t taken_before; /* bytes that the client had taken at the last look of the timer */
	int64_t began_ms;
	void *tag;
};

static void set_timer(struct http_connection *c, int64_t ms)
{
	struct timeval tv = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};

	(void)event_add(c->timer, &tv);
}

static void set_event(struct event *ev, short what, bool on)
{
	bool is_on = event_pending(ev, what, NULL);

	if (on && !is_on)
		(void)event_add(ev, NULL);
	else if (!on && is_on)
		(void)event_del(ev);
}

static void report(const struct http_connection *c, enum http_result result)
{
	int64_t took = clock_mono_ms() - c->began_ms;
	const struct http_report r = {
		.client = c->client,
		.result = result,
		.status = c->reply.status,
		.bytes = c->body.moved,
		.duration_ms = took > UINT32_MAX ? UINT32_MAX : (uint32_t)took,
		.head = &c->head,
		.tag = c->tag,
	};

	if (c->head.path[0]) /* a head that could not be read is counted, not reported */
		c->all->ended(c->all->arg, &r);
}

/* The end, for whatever reason; run() frees. */
static void set_closed(struct http_connection *c, enum http_result result)
{
	if (c->state == WAITING)
		c->all->gone(c->all->arg, c);
	else if (c->state == SENDING || c->state == LOADING)
		report(c, result);
	if (c->wire.refusal)
		c->all->refused(c->all->arg, c->client, c->wire.refusal);
	c->state = CLOSED;
}

static void keep_early(struct http_connection *c, const char *data, size_t n)
{
	char *early = n > 0 ? xcalloc(n, 1) : NULL;

	if (early)
		memcpy(early, data, n);
	free(c->early);
	c->early = early;
	c->n_early = n;
}

static void begin_reply(struct http_connection *c)
{
	str_reset(&c->out);
	http_reply_write(&c->reply, clock_wall_ms(), &c->out);
	assert(str_ok(&c->out));
	c->out_sent = 0;
	c->state = SENDING;
	set_timer(c, STALL_MS);
}

static void refuse(struct http_connection *c, unsigned status)
{
	c->all->malformed++;
	c->began_ms = clock_mono_ms();
	c->tag = NULL;
	c->head.keep_alive = false;
	http_reply_for_status(&c->reply, &c->head, status, 0, NULL);
	c->head.path[0] = '\0'; /* perhaps half decoded: not fit to be shown */
	begin_reply(c);
}

static void dispatch(struct http_connection *c, const char *data, size_t len)
{
	unsigned refused = http_head_parse(data, len, &c->head);

	if (refused) {
		refuse(c, refused);
		return;
	}
	c->all->requests++;
	c->began_ms = clock_mono_ms();
	c->tag = NULL;
	c->state = WAITING;
	set_timer(c, ANSWER_MS);
	c->all->request(c->all->arg, c);
}

/* Receives behind the `n` bytes that are in `buf`. The new length, or 0 when nothing came (then
 * the connection waits for more, or is closed). */
static size_t receive(struct http_connection *c, char *buf, size_t n)
{
	size_t room = HTTP_HEAD_MAX - n;

	if (!c->may_read)
		return 0;
	ssize_t got = http_wire_receive(&c->wire, buf + n, room);
	if (got == -EINTR)
		return 0;
	c->may_read = (got > 0 && (size_t)got == room) || http_wire_has_more(&c->wire);
	if (got == 0 || (got < 0 && got != -EAGAIN))
		set_closed(c, HTTP_ABORTED);
	if (got <= 0)
		return 0;
	if (n == 0)
		set_timer(c, HEAD_MS); /* from the first byte; the next ones gain nothing */
	return n + (size_t)got;
}

/* True when a request was taken (or refused). */
static bool take_request(struct http_connection *c)
{
	char *buf = c->all->scratch;
	size_t n = c->n_early;
	long len;

	if (n > 0)
		memcpy(buf, c->early, n);
	while ((len = n > 0 ? http_head_find(buf, n) : -EAGAIN) == -EAGAIN) {
		size_t now = receive(c, buf, n);

		if (now == 0) {
			keep_early(c, buf, c->state == CLOSED ? 0 : n);
			return false;
		}
		n = now;
	}
	if (len < 0) {
		keep_early(c, NULL, 0);
		c->head = (struct http_head){0};
		refuse(c, len == -EMSGSIZE ? 431 : 400);
		return true;
	}
	keep_early(c, buf + len, n - (size_t)len);
	dispatch(c, buf, (size_t)len);
	return true;
}

/* 0 when all is sent, -EAGAIN when the socket is full, another errno when the client is gone. */
static int send_out(struct http_connection *c)
{
	while (c->out_sent < c->out.len) {
		ssize_t n = http_wire_send(&c->wire, c->out.s + c->out_sent,
			c->out.len - c->out_sent, /* more= */ c->body.left > 0);

		if (n == -EINTR)
			continue;
		if (n < 0)
			return (int)n;
		c->out_sent += (size_t)n;
	}
	return 0;
}

static void after_reply(struct http_connection *c)
{
	report(c, HTTP_SENT);
	http_body_done(&c->body);
	str_done(&c->out);
	if (!c->reply.close) {
		c->state = READING;
		set_timer(c, c->n_early > 0 ? HEAD_MS : IDLE_MS);
		return;
	}
	/* Closing with unread bytes would reset the connection, and the reply with it. */
	http_wire_finish(&c->wire);
	c->state = LINGERING;
	c->may_read = true;
	set_timer(c, LINGER_MS);
}

static void on_loaded(void *arg, int rc);

/* True when the reply is out. */
static bool send_reply(struct http_connection *c)
{
	int rc = send_out(c);

	if (rc == 0)
		rc = http_body_send(&c->body, c->all->disk, &c->wire, on_loaded, c);
	if (rc == -EINPROGRESS) {
		c->state = LOADING;
		set_timer(c, LOAD_MS); /* it is not the client who is slow */
	}
	if (rc == -EAGAIN || rc == -EINPROGRESS)
		return false;
	if (rc < 0)
		set_closed(c, rc == -EIO ? HTTP_FAILED : HTTP_ABORTED);
	else
		after_reply(c);
	return rc == 0;
}

/* Drops what the client still sends, until it closes. */
static void linger(struct http_connection *c)
{
	ssize_t n =
		c->may_read ? recv(c->wire.fd, c->all->scratch, HTTP_HEAD_MAX, MSG_DONTWAIT) : -1;

	if (n == 0 || (n < 0 && c->may_read && errno != EAGAIN && errno != EINTR))
		set_closed(c, HTTP_SENT);
	c->may_read = false;
}

static bool step(struct http_connection *c)
{
	switch (c->state) {
	case READING:
		return take_request(c);
	case SENDING:
		return send_reply(c);
	case LINGERING:
		linger(c);
		return false;
	case WAITING:
	case LOADING:
	case CLOSED:
		return false;
	}
	return false;
}

static void run(struct http_connection *c)
{
	if (c->running)
		return;
	c->running = true;
	while (step(c))
		;
	c->running = false;
	if (c->state == CLOSED) {
		c->all->closed(c->all->closed_arg, c);
		return;
	}
	/* Between a request and its reply the client has nothing to say, as a rule: looking away costs two calls, and is
	 * done when it says something after all (may_read). */
	if (c->state == READING || c->state == LINGERING || c->may_read)
		set_event(c->readable, EV_READ, c->state == READING || c->state == LINGERING);
	if (c->wire.wants_otherwise) { /* TLS has something of its own to say, or to hear */
		set_event(c->readable, EV_READ, c->state != READING);
		set_event(c->writable, EV_WRITE, c->state == READING);
		return;
	}
	set_event(c->writable, EV_WRITE, c->state == SENDING);
}

static void on_loaded(void *arg, int rc)
{
	struct http_connection *c = arg;

	if (http_body_loaded(&c->body, rc) < 0) {
		set_closed(c, HTTP_FAILED);
	} else {
		c->state = SENDING;
		set_timer(c, STALL_MS);
	}
	run(c);
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct http_connection *c = arg;

	(void)fd, (void)what;
	c->may_read = true;
	run(c);
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	run(arg);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct http_connection *c = arg;

	(void)fd, (void)what;
	/* What has been sent goes in leaps, as the kernel's buffer of megabytes empties: a slow client would look dead. */
	uint64_t taken = c->state == SENDING ? http_wire_taken(&c->wire) : 0;
	if (taken >= c->taken_before + STALL_BYTES) {
		c->taken_before = taken;
		set_timer(c, STALL_MS);
		return;
	}
	if (c->state == WAITING) {
		c->all->timeouts++;
		c->all->gone(c->all->arg, c);
		http_reply_status(c, 503, RETRY_AFTER_S, "this takes too long: ask again");
		return;
	}
	/* Silence between requests is a client's right; everything else is a fault. */
	if (c->state == SENDING || c->state == LOADING || c->n_early > 0)
		c->all->timeouts++;
	set_closed(c, HTTP_FAILED);
	run(c);
}

struct http_connection *http_connection_new(
	struct http_connections *all, int fd, SSL_CTX *tls, uint32_t client)
{
	struct http_wire wire;

	if (http_wire_init(&wire, fd, tls) < 0) {
		close_p(&fd);
		return NULL;
	}
	struct http_connection *c = xcalloc(1, sizeof(*c));

	*c = (struct http_connection){
		.all = all,
		.wire = wire,
		.client = client,
		.body = HTTP_BODY_NONE,
		.out = str_init(REPLY_HEAD_MAX + HTTP_BYTES_MAX),
		.readable = event_new(all->base, fd, EV_READ | EV_PERSIST, on_readable, c),
		.writable = event_new(all->base, fd, EV_WRITE | EV_PERSIST, on_writable, c),
		.timer = evtimer_new(all->base, on_timer, c),
	};
	assert(c->readable && c->writable && c->timer);
	(void)event_add(c->readable, NULL);
	set_timer(c, HEAD_MS);
	return c;
}

void http_connection_free(struct http_connection *c)
{
	if (!c)
		return;
	LIST_REMOVE(c, same_bucket);
	event_free(c->readable);
	event_free(c->writable);
	event_free(c->timer);
	str_done(&c->out);
	free(c->early);
	http_body_done(&c->body);
	http_wire_done(&c->wire);
	free(c);
}

void http_bucket_add(struct http_bucket *b, struct http_connection *c)
{
	LIST_INSERT_HEAD(b, c, same_bucket);
}

unsigned http_bucket_count(const struct http_bucket *b, uint32_t client)
{
	const struct http_connection *i;
	unsigned n = 0;

	LIST_FOREACH(i, b, same_bucket)
	n += i->client == client;
	return n;
}

uint32_t http_connection_client(const struct http_connection *c)
{
	return c->client;
}

const struct http_head *http_connection_head(const struct http_connection *c)
{
	return &c->head;
}

void http_connection_set_tag(struct http_connection *c, void *tag)
{
	c->tag = tag;
}

void *http_connection_tag(const struct http_connection *c)
{
	return c->tag;
}

uint64_t http_connection_moved(const struct http_connection *c)
{
	return c->body.moved;
}

bool http_connection_drop_left(struct http_connection *c)
{
	if (!http_wire_is_left(&c->wire))
		return false;
	set_closed(c, HTTP_ABORTED);
	run(c);
	return true;
}

static void set_type(struct http_connection *c, const char *type)
{
	int n = snprintf(c->type, sizeof(c->type), "%s", type);

	assert(n >= 0 && n < (int)sizeof(c->type));
}

void http_reply_file(struct http_connection *c, int fd, const char *type, bool is_answer)
{
	struct http_file file = {.type = c->type};
	struct stat st;

	assert(c->state == WAITING);
	if (fstat(fd, &st) < 0) {
		close_p(&fd);
		http_reply_status(c, 500, 0, NULL);
		return;
	}
	set_type(c, type);
	file.size = (uint64_t)st.st_size;
	if (!is_answer)
		http_etag(file.etag,
			(uint64_t)st.st_mtim.tv_sec * 1000000000 + (uint64_t)st.st_mtim.tv_nsec,
			file.size, st.st_ino);
	http_reply_for_file(&c->reply, &c->head, &file);
	if (c->reply.is_file && !c->reply.no_body)
		http_body_begin(&c->body, (struct disk_file){fd, st.st_dev, st.st_ino}, is_answer,
			c->reply.first, c->reply.len);
	else
		close_p(&fd);
	begin_reply(c);
	run(c);
}

void http_reply_bytes(struct http_connection *c, const void *data, size_t len, const char *type)
{
	const struct http_file answer = {.type = c->type, .size = len};

	assert(c->state == WAITING && len <= HTTP_BYTES_MAX);
	set_type(c, type);
	http_reply_for_file(&c->reply, &c->head, &answer);
	begin_reply(c);
	if (!c->reply.no_body) {
		str_addn(&c->out, data, len);
		c->body.moved = len;
	}
	run(c);
}

void http_reply_status(
	struct http_connection *c, unsigned status, uint32_t retry_after_s, const char *text)
{
	assert(c->state == WAITING);
	http_reply_for_status(&c->reply, &c->head, status, retry_after_s, text);
	begin_reply(c);
	run(c);
}

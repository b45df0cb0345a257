#include "provisioner/base/ipc.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include "provisioner/base/clock.h"
#include "provisioner/base/log.h"
#include "provisioner/base/packet.h"

#define QUEUE_BYTES_MAX ((size_t)32 << 20)
#define MESSAGES_PER_WAKEUP 64

struct queued {
	STAILQ_ENTRY(queued) next;
	uint16_t type;
	int fd;
	size_t size;
	unsigned char payload[];
};

struct ipc {
	int fd;
	const char *peer;
	const struct ipc_kind *kinds;
	size_t n_kinds;
	void *arg;
	void (*read)(void *arg); /* may be NULL */
	struct event *readable, *writable;
	STAILQ_HEAD(, queued) queue;
	size_t queue_bytes, queue_max;
	struct log_rate full, bad;
};

/* The header on the wire. The peer is another process of this very program: host order. */
struct header {
	uint16_t type;
	uint16_t size;
};

static int send_one(const struct ipc *c, uint16_t type, const void *payload, size_t size, int fd)
{
	struct header h = {.type = type, .size = (uint16_t)size};
	struct iovec iov[2] = {{&h, sizeof(h)}, {.iov_len = size}};

	memcpy(&iov[1].iov_base, &payload, sizeof(payload)); /* sendmsg() does not write to it */
	return packet_send(c->fd, iov, 2, fd, MSG_DONTWAIT);
}

static void queue_drop_first(struct ipc *c)
{
	struct queued *q = STAILQ_FIRST(&c->queue);

	STAILQ_REMOVE_HEAD(&c->queue, next);
	c->queue_bytes -= sizeof(*q) + q->size;
	close_p(&q->fd);
	free(q);
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct ipc *c = arg;
	struct queued *q;

	(void)fd, (void)what;
	/* A long queue must not keep the loop from whoever else waits for it. */
	for (int i = 0; i < MESSAGES_PER_WAKEUP && (q = STAILQ_FIRST(&c->queue)); i++) {
		int rc = send_one(c, q->type, q->payload, q->size, q->fd);
		unsigned held;

		if (rc == -EAGAIN || rc == -ENOBUFS)
			break;
		if (rc < 0 && log_rate_allows(&c->full, clock_mono_ms(), &held))
			log_warn("message to %s is lost: %s (%u more)", c->peer, strerror(-rc),
				held);
		queue_drop_first(c);
	}
	if (!STAILQ_EMPTY(&c->queue))
		(void)event_add(c->writable, NULL);
}

static bool kind_fits(const struct ipc_kind *kind, size_t size)
{
	return kind->is_list ? size > 0 && size % kind->size == 0 : size == kind->size;
}

static const struct ipc_kind *kind_of(const struct ipc *c, const struct header *h, size_t size)
{
	for (size_t i = 0; i < c->n_kinds; i++)
		if (c->kinds[i].type == h->type && h->size == size && kind_fits(&c->kinds[i], size))
			return &c->kinds[i];
	return NULL;
}

static void handle(
	const struct ipc *c, const struct ipc_kind *kind, const void *payload, size_t size, int fd)
{
	const unsigned char *at = payload;

	if (!kind->is_list)
		kind->handle(c->arg, payload, fd);
	for (size_t done = 0; kind->is_list && done < size; done += kind->size)
		kind->handle(c->arg, at + done, -1);
}

static void dispatch(
	struct ipc *c, const struct header *h, const void *payload, size_t size, int fd)
{
	const struct ipc_kind *kind = kind_of(c, h, size);
	unsigned held;

	if (!kind || !kind->takes_fd)
		close_p(&fd);
	if (kind)
		handle(c, kind, payload, size, fd);
	else if (log_rate_allows(&c->bad, clock_mono_ms(), &held))
		log_warn("message type=%u size=%zu from %s is not known, ignoring (%u more)",
			h->type, size, c->peer, held);
}

/* Reading gives 0 for an empty message too: only a hang-up says that the peer is gone. */
static bool is_hung_up(const struct ipc *c)
{
	struct pollfd p = {.fd = c->fd};

	return poll(&p, 1, 0) == 1 && (p.revents & (POLLHUP | POLLERR | POLLNVAL));
}

/* False when there is nothing (more) to read. */
static bool receive_one(struct ipc *c)
{
	_Alignas(max_align_t) unsigned char payload[IPC_PAYLOAD_MAX];
	struct header h = {0};
	struct iovec iov[2] = {{&h, sizeof(h)}, {payload, sizeof(payload)}};
	int fd;
	ssize_t n = packet_receive(c->fd, iov, 2, &fd, MSG_DONTWAIT);

	if (n < 0 && n != -EMSGSIZE)
		return false;
	/* Every copy of the peer's end is closed: the supervisor is gone. */
	if (n == 0 && is_hung_up(c)) {
		log_info("%s closed the channel", c->peer);
		(void)event_del(c->readable);
		(void)event_base_loopexit(event_get_base(c->readable), NULL);
		return false;
	}
	if (n < (ssize_t)sizeof(h)) {
		h = (struct header){0}; /* a type that nobody has */
		n = sizeof(h);
	}
	dispatch(c, &h, payload, (size_t)n - sizeof(h), fd);
	return true;
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct ipc *c = arg;

	(void)fd, (void)what;
	for (int i = 0; i < MESSAGES_PER_WAKEUP && receive_one(c); i++)
		;
	if (c->read)
		c->read(c->arg);
}

struct ipc *ipc_new(struct event_base *base, int fd, const char *peer, const struct ipc_kind *kinds,
	size_t n_kinds, void *arg)
{
	struct ipc *c = xcalloc(1, sizeof(*c));

	for (size_t i = 0; i < n_kinds; i++)
		assert(kinds[i].type != 0 && kinds[i].size <= IPC_PAYLOAD_MAX &&
			(!kinds[i].is_list || (kinds[i].size > 0 && !kinds[i].takes_fd)));
	*c = (struct ipc){.fd = fd,
		.peer = peer,
		.kinds = kinds,
		.n_kinds = n_kinds,
		.arg = arg,
		.queue_max = QUEUE_BYTES_MAX};
	STAILQ_INIT(&c->queue);
	c->readable = event_new(base, fd, EV_READ | EV_PERSIST, on_readable, c);
	c->writable = event_new(base, fd, EV_WRITE, on_writable, c);
	assert(c->readable && c->writable);
	(void)event_add(c->readable, NULL);
	return c;
}

void ipc_free(struct ipc *c)
{
	if (!c)
		return;
	while (!STAILQ_EMPTY(&c->queue))
		queue_drop_first(c);
	event_free(c->readable);
	event_free(c->writable);
	close_p(&c->fd);
	free(c);
}

static int enqueue(struct ipc *c, uint16_t type, const void *payload, size_t size, int fd)
{
	size_t bytes = sizeof(struct queued) + size;
	unsigned held;

	if (bytes > c->queue_max || c->queue_bytes > c->queue_max - bytes) {
		if (log_rate_allows(&c->full, clock_mono_ms(), &held))
			log_warn("%s does not read: dropping messages to it (%u more)", c->peer,
				held);
		return -ENOBUFS;
	}
	int kept = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (fd >= 0 && kept < 0)
		return -errno;
	struct queued *q = xcalloc(1, bytes);
	q->type = type;
	q->size = size;
	q->fd = kept;
	if (size > 0)
		memcpy(q->payload, payload, size);
	STAILQ_INSERT_TAIL(&c->queue, q, next);
	c->queue_bytes += bytes;
	(void)event_add(c->writable, NULL);
	return 0;
}

int ipc_send(struct ipc *c, uint16_t type, const void *payload, size_t size, int fd)
{
	assert(size <= IPC_PAYLOAD_MAX);
	if (STAILQ_EMPTY(&c->queue)) {
		int rc = send_one(c, type, payload, size, fd);

		if (rc != -EAGAIN && rc != -ENOBUFS)
			return rc;
	}
	return enqueue(c, type, payload, size, fd);
}

void ipc_on_read(struct ipc *c, void (*read)(void *arg))
{
	c->read = read;
}

void ipc_limit_queue(struct ipc *c, size_t bytes)
{
	c->queue_max = bytes;
}

size_t ipc_waiting(const struct ipc *c)
{
	return c->queue_bytes;
}

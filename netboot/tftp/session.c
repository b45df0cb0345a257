#include "netboot/tftp/session.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "provisioner/base/clock.h"
#include "provisioner/base/mem.h"

#define PACKETS_PER_WAKEUP 8
#define RECEIVE_MAX 1024 /* an ACK has 4 bytes, an ERROR a short text */

/* One window on its way out. The messages point into heads and data. */
struct tftp_wire {
	uint8_t heads[TFTP_WINDOW_BLOCKS_MAX][TFTP_DATA_HEAD];
	struct iovec iov[TFTP_WINDOW_BLOCKS_MAX][2];
	struct mmsghdr messages[TFTP_WINDOW_BLOCKS_MAX];
	uint8_t data[TFTP_WINDOW_BYTES_MAX];
};

struct tftp_wire *tftp_wire_new(void)
{
	return xcalloc(1, sizeof(struct tftp_wire));
}

void tftp_wire_free(struct tftp_wire *w)
{
	free(w);
}

static void send_packet(
	const struct tftp_session *s, const struct sockaddr_in *to, const void *packet, size_t len)
{
	/* A full socket buffer is a lost packet: the timer sends it again. */
	(void)sendto(s->fd, packet, len, MSG_DONTWAIT, (const struct sockaddr *)to, sizeof(*to));
}

static void send_error(const struct tftp_session *s, const struct sockaddr_in *to,
	enum tftp_error code, const char *text)
{
	uint8_t packet[TFTP_REPLY_MAX];

	send_packet(s, to, packet, tftp_error_encode(packet, code, text));
}

static void send_oack(const struct tftp_session *s)
{
	uint8_t packet[TFTP_REPLY_MAX];

	send_packet(s, &s->peer, packet,
		tftp_oack_encode(packet, &s->transfer.granted, s->transfer.file_size));
}

/* The whole window in one read. False when the file is shorter than it was at the start. */
static bool read_window(struct tftp_session *s, const struct tftp_send *todo)
{
	const struct tftp_transfer *t = &s->transfer;
	uint8_t *to = s->all->wire->data;
	uint64_t last = todo->first + todo->n - 1;
	uint64_t offset = (todo->first - 1) * t->blksize;
	size_t want = (size_t)(last - todo->first) * t->blksize + tftp_block_len(t, last);

	assert(want <= sizeof(s->all->wire->data));
	while (want > 0) {
		ssize_t n = pread(s->file, to, want, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		to += n;
		offset += (uint64_t)n;
		want -= (size_t)n;
	}
	return true;
}

static void send_window(struct tftp_session *s, const struct tftp_send *todo)
{
	struct tftp_wire *w = s->all->wire;

	for (uint32_t i = 0; i < todo->n; i++) {
		uint64_t block = todo->first + i;

		tftp_data_head_encode(w->heads[i], tftp_wire_block(&s->transfer, block));
		w->iov[i][0] = (struct iovec){w->heads[i], TFTP_DATA_HEAD};
		w->iov[i][1] = (struct iovec){w->data + (size_t)i * s->transfer.blksize,
			tftp_block_len(&s->transfer, block)};
		w->messages[i].msg_hdr = (struct msghdr){
			.msg_name = &s->peer,
			.msg_namelen = sizeof(s->peer),
			.msg_iov = w->iov[i],
			.msg_iovlen = 2,
		};
	}
	/* One message that can not be sent is lost like any other; a full buffer ends it for now. */
	for (uint32_t i = 0; i < todo->n;) {
		int n = sendmmsg(s->fd, w->messages + i, todo->n - i, MSG_DONTWAIT);

		if (n < 0 && errno == EAGAIN)
			return;
		i += n > 0 ? (uint32_t)n : 1;
	}
}

static void end(struct tftp_session *s, enum tftp_state state)
{
	s->all->ended(s->all->arg, s, state);
}

/* Sends what the state machine says and sets the timer. */
static void act(
	struct tftp_session *s, enum tftp_state state, const struct tftp_send *todo, int64_t now_ms)
{
	if (state != TFTP_RUNNING) {
		end(s, state);
		return;
	}
	if (todo->n > 0 && !read_window(s, todo)) {
		send_error(s, &s->peer, TFTP_ERROR_OTHER, "file changed");
		end(s, TFTP_TIMED_OUT);
		return;
	}
	if (todo->oack)
		send_oack(s);
	else if (todo->n > 0)
		send_window(s, todo);
	int64_t wait_ms = s->transfer.deadline_ms > now_ms ? s->transfer.deadline_ms - now_ms : 0;
	struct timeval tv = {.tv_sec = wait_ms / 1000, .tv_usec = wait_ms % 1000 * 1000};
	(void)event_add(s->ev, &tv);
}

static bool is_peer(const struct tftp_session *s, const struct sockaddr_in *from)
{
	return from->sin_addr.s_addr == s->peer.sin_addr.s_addr &&
	       from->sin_port == s->peer.sin_port;
}

/* An ERROR is never answered by another one. */
static bool is_error(const void *packet, size_t len)
{
	enum tftp_opcode opcode;
	uint16_t value;

	return tftp_reply_decode(packet, len, &opcode, &value) && opcode == TFTP_ERROR;
}

/* Reads until one packet of the client changes something. */
static void on_readable(struct tftp_session *s, int64_t now_ms)
{
	struct tftp_send todo = {0};
	enum tftp_state state = TFTP_RUNNING;

	for (int i = 0; i < PACKETS_PER_WAKEUP && state == TFTP_RUNNING && !todo.n; i++) {
		uint8_t packet[RECEIVE_MAX];
		struct sockaddr_in from = {0};
		socklen_t from_len = sizeof(from);
		ssize_t n = recvfrom(s->fd, packet, sizeof(packet), MSG_DONTWAIT,
			(struct sockaddr *)&from, &from_len);
		enum tftp_opcode opcode;
		uint16_t value;

		if (n < 0)
			break;
		/* RFC 1350 4: a foreign sender is told, and the transfer goes on. */
		if (!is_peer(s, &from)) {
			s->all->foreign++;
			if (!is_error(packet, (size_t)n))
				send_error(s, &from, TFTP_ERROR_UNKNOWN_TID, "unknown transfer");
			continue;
		}
		if (!tftp_reply_decode(packet, (size_t)n, &opcode, &value))
			s->all->malformed++;
		state = tftp_transfer_packet(&s->transfer, packet, (size_t)n, now_ms, &todo);
	}
	act(s, state, &todo, now_ms);
}

static void on_event(evutil_socket_t fd, short what, void *arg)
{
	struct tftp_session *s = arg;
	struct tftp_send todo;
	int64_t now_ms = clock_mono_ms();

	(void)fd;
	if (what & EV_READ) {
		on_readable(s, now_ms);
	} else if (now_ms >= s->transfer.deadline_ms) {
		enum tftp_state state = tftp_transfer_timeout(&s->transfer, now_ms, &todo);

		act(s, state, &todo, now_ms);
	} else {
		act(s, TFTP_RUNNING, &(struct tftp_send){0}, now_ms); /* woken a moment early */
	}
}

struct tftp_session *tftp_session_new(
	struct tftp_sessions *all, struct in_addr local, const struct sockaddr_in *peer)
{
	struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr = local};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return NULL;
	if (bind(fd, (const struct sockaddr *)&from, sizeof(from)) < 0) {
		close_p(&fd);
		return NULL;
	}
	struct tftp_session *s = xcalloc(1, sizeof(*s));
	s->all = all;
	s->peer = *peer;
	s->fd = fd;
	s->file = -1;
	s->ev = event_new(all->base, fd, EV_READ | EV_PERSIST, on_event, s);
	assert(s->ev);
	return s;
}

void tftp_session_free(struct tftp_session *s)
{
	if (!s)
		return;
	event_free(s->ev);
	close_p(&s->file);
	close_p(&s->fd);
	free(s);
}

void tftp_session_start(struct tftp_session *s, int file, uint64_t file_size, const char *name,
	const struct tftp_options *asked, uint32_t blksize_max)
{
	struct tftp_send todo;
	int64_t now_ms = clock_mono_ms();
	size_t len = strnlen(name, sizeof(s->name) - 1);

	close_p(&s->file);
	s->file = file;
	memcpy(s->name, name, len);
	s->name[len] = '\0';
	s->began_ms = now_ms;
	tftp_transfer_init(&s->transfer, asked, file_size, blksize_max, now_ms, &todo);
	act(s, TFTP_RUNNING, &todo, now_ms);
}

void tftp_session_refuse(struct tftp_session *s, enum tftp_error code, const char *text)
{
	send_error(s, &s->peer, code, text);
}

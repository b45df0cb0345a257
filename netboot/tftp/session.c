#include "netboot/tftp/session.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "provisioner/base/clock.h"
#include "provisioner/base/mem.h"

#define PACKETS_PER_WAKEUP 16
#define RECEIVE_MAX 1024 /* an ACK has 4 bytes, an ERROR a short text */

static void send_packet(int fd, const struct sockaddr_in *to, const void *packet, size_t len)
{
	/* A full socket buffer is a lost packet: the timer sends it again. */
	(void)sendto(fd, packet, len, MSG_DONTWAIT, (const struct sockaddr *)to, sizeof(*to));
}

static void send_error(int fd, const struct sockaddr_in *to, enum tftp_error code, const char *text)
{
	uint8_t packet[TFTP_REPLY_MAX];

	send_packet(fd, to, packet, tftp_error_encode(packet, code, text));
}

static void send_oack(const struct tftp_session *s)
{
	uint8_t packet[TFTP_REPLY_MAX];

	send_packet(s->fd, &s->peer, packet,
		tftp_oack_encode(packet, &s->transfer.granted, s->transfer.file_size));
}

static int send_blocks(struct tftp_session *s, const struct tftp_send *blocks)
{
	const struct tftp_outgoing out = {
		.owner = s,
		.transfer = &s->transfer,
		.source = &s->source,
		.fd = s->fd,
		.to = &s->peer,
	};

	return tftp_window_send(s->all->window, &out, blocks);
}

static void end(struct tftp_session *s, enum tftp_state state)
{
	s->all->ended(s->all->arg, s, state);
}

/* Each block moves the deadline; the timer looks at it when it fires, and is moved only to fire earlier. */
static void set_timer(struct tftp_session *s, int64_t now_ms)
{
	int64_t at_ms = s->transfer.deadline_ms;
	int64_t wait_ms = at_ms > now_ms ? at_ms - now_ms : 0;
	const struct timeval tv = {.tv_sec = wait_ms / 1000, .tv_usec = wait_ms % 1000 * 1000};

	if (s->timer_ms && s->timer_ms <= at_ms)
		return;
	s->timer_ms = at_ms;
	(void)event_add(s->timer, &tv);
}

static void fail(struct tftp_session *s)
{
	send_error(s->fd, &s->peer, TFTP_ERROR_OTHER, "file unreadable");
	end(s, TFTP_UNREADABLE);
}

static void on_loaded(void *arg, int rc);

/* Has blocks loaded that are not at hand. Without a descriptor for that they are lost like any other packet. */
static void wait_for_disk(struct tftp_session *s, const struct tftp_send *blocks)
{
	const struct tftp_transfer *t = &s->transfer;

	if (tftp_source_load(&s->source, s->all->disk, tftp_blocks_offset(t, blocks),
		    tftp_blocks_len(t, blocks), on_loaded, s) == 0)
		tftp_transfer_hold(&s->transfer, blocks);
}

/* Sends what the state machine says and sets the timer. False when that was the session's end. */
static bool act(
	struct tftp_session *s, enum tftp_state state, const struct tftp_send *todo, int64_t now_ms)
{
	if (state != TFTP_RUNNING) {
		end(s, state);
		return false;
	}
	int rc = todo->n > 0 ? send_blocks(s, todo) : 0;
	if (rc == -EAGAIN) {
		wait_for_disk(s, todo);
	} else if (rc < 0) {
		fail(s);
		return false;
	}
	if (todo->oack)
		send_oack(s);
	set_timer(s, now_ms);
	return true;
}

static void on_loaded(void *arg, int rc)
{
	struct tftp_session *s = arg;
	int64_t now_ms = clock_mono_ms();
	struct tftp_send todo;

	if (tftp_source_loaded(&s->source, rc) < 0) {
		fail(s);
		return;
	}
	tftp_transfer_resume(&s->transfer, now_ms, &todo);
	(void)act(s, TFTP_RUNNING, &todo, now_ms);
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

/* One packet of the client. */
static enum tftp_state take(struct tftp_session *s, const void *packet, size_t len, int64_t now_ms,
	struct tftp_send *ret_todo)
{
	enum tftp_opcode opcode;
	uint16_t value;

	if (!tftp_reply_decode(packet, len, &opcode, &value))
		s->all->malformed++;
	return tftp_transfer_packet(&s->transfer, packet, len, now_ms, ret_todo);
}

/* RFC 1350 4: a foreign sender is told, and the transfer goes on. */
void tftp_foreign_packet(struct tftp_sessions *all, int fd, const struct sockaddr_in *from,
	const void *packet, size_t len)
{
	all->foreign++;
	if (!is_error(packet, len))
		send_error(fd, from, TFTP_ERROR_UNKNOWN_TID, "unknown transfer");
}

void tftp_session_packet(struct tftp_session *s, const void *packet, size_t len)
{
	struct tftp_send todo = {0};
	int64_t now_ms = clock_mono_ms();

	if (s->source.file >= 0)
		(void)act(s, take(s, packet, len, now_ms, &todo), &todo, now_ms);
}

/* Takes one packet. False when there is none, or the session has ended. */
static bool receive_one(struct tftp_session *s, bool *ret_has_sent)
{
	uint8_t packet[RECEIVE_MAX];
	struct sockaddr_in from = {0};
	socklen_t from_len = sizeof(from);
	struct tftp_send todo = {0};
	ssize_t n = recvfrom(
		s->fd, packet, sizeof(packet), MSG_DONTWAIT, (struct sockaddr *)&from, &from_len);

	if (n < 0)
		return false;
	if (!is_peer(s, &from)) {
		tftp_foreign_packet(s->all, s->fd, &from, packet, (size_t)n);
		return true;
	}
	int64_t now_ms = clock_mono_ms();
	enum tftp_state state = take(s, packet, (size_t)n, now_ms, &todo);
	*ret_has_sent = todo.n > 0;
	return act(s, state, &todo, now_ms);
}

/* A client whose turn it is alone may have answered by the time that a block is out, and is not waited for then. With
 * others about, each has one block. */
static void on_readable(struct tftp_session *s)
{
	for (int i = 0; i < PACKETS_PER_WAKEUP; i++) {
		bool is_alone = tftp_window_is_of(s->all->window, s), has_sent = false;

		if (!receive_one(s, &has_sent) || (has_sent && !is_alone))
			return;
	}
}

static void on_event(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	on_readable(arg);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct tftp_session *s = arg;
	struct tftp_send todo = {0};
	enum tftp_state state = TFTP_RUNNING;
	int64_t now_ms = clock_mono_ms();

	(void)fd, (void)what;
	s->timer_ms = 0;
	if (now_ms >= s->transfer.deadline_ms)
		state = tftp_transfer_timeout(&s->transfer, now_ms, &todo);
	(void)act(s, state, &todo, now_ms);
}

/* A socket of its own, at a port that the kernel chooses. */
static int open_socket(struct in_addr local)
{
	struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr = local};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd >= 0 && bind(fd, (const struct sockaddr *)&from, sizeof(from)) < 0)
		close_p(&fd);
	return fd;
}

struct tftp_session *tftp_session_new(
	struct tftp_sessions *all, struct in_addr local, const struct sockaddr_in *peer)
{
	bool is_single = all->single_fd >= 0;
	int fd = is_single ? all->single_fd : open_socket(local);

	if (fd < 0)
		return NULL;
	struct tftp_session *s = xcalloc(1, sizeof(*s));
	s->all = all;
	s->peer = *peer;
	s->fd = fd;
	s->source = TFTP_SOURCE_NONE;
	s->timer = evtimer_new(all->base, on_timer, s);
	if (!is_single)
		s->readable = event_new(all->base, fd, EV_READ | EV_PERSIST, on_event, s);
	assert(s->timer && (is_single || s->readable));
	return s;
}

void tftp_session_free(struct tftp_session *s)
{
	if (!s)
		return;
	event_free(s->timer);
	if (s->readable)
		event_free(s->readable);
	tftp_window_forget(s->all->window, s);
	tftp_source_done(&s->source);
	if (s->all->single_fd < 0)
		close_p(&s->fd);
	free(s);
}

void tftp_session_ask(struct tftp_session *s, const char *name, const struct tftp_options *asked,
	uint32_t blksize_max)
{
	size_t len = strnlen(name, sizeof(s->name) - 1);

	tftp_source_done(&s->source);
	tftp_window_forget(s->all->window, s);
	(void)event_del(s->timer);
	s->timer_ms = 0;
	if (s->readable)
		(void)event_del(s->readable);
	memcpy(s->name, name, len);
	s->name[len] = '\0';
	s->asked = *asked;
	s->blksize_max = blksize_max;
	s->began_ms = clock_mono_ms();
}

void tftp_session_start(struct tftp_session *s, int file, uint64_t file_size)
{
	struct tftp_send todo;
	int64_t now_ms = clock_mono_ms();

	tftp_source_begin(&s->source, file);
	if (s->readable)
		(void)event_add(s->readable, NULL);
	tftp_transfer_init(&s->transfer, &s->asked, file_size, s->blksize_max, now_ms, &todo);
	(void)act(s, TFTP_RUNNING, &todo, now_ms);
}

void tftp_session_refuse(struct tftp_session *s, enum tftp_error code, const char *text)
{
	send_error(s->fd, &s->peer, code, text);
}

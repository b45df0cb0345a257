#include "netboot/tftp/server.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "netboot/tftp/session.h"
#include "provisioner/base/addr.h"
#include "provisioner/base/clock.h"
#include "provisioner/base/log.h"
#include "provisioner/base/mem.h"

#define SESSIONS_MAX 4096
#define SESSIONS_PER_CLIENT_MAX 32
#define REQUESTS_PER_WAKEUP 64
#define REQUEST_MAX 2048
#define N_BUCKETS 1024
#define IP_AND_UDP_AND_TFTP_HEAD 32 /* 20 + 8 + 4 bytes of each frame are not data */
#define MTU_DEFAULT 1500
#define MTU_LEAST 576 /* RFC 791: every host takes as much */

/* A client that has been heard so lately has our answer: its repeated request is an old one. */
#define STALE_REQUEST_MS 1000

LIST_HEAD(bucket, tftp_session);

struct tftp_server {
	int fd;
	struct event *readable;
	struct tftp_owner owner;
	struct tftp_sessions sessions;
	struct bucket buckets[N_BUCKETS]; /* by client address */
	unsigned n_sessions;
	struct tftp_counters counters;
	struct log_rate bad;
};

/* Where a request came from and to. */
struct arrival {
	struct sockaddr_in from;
	struct in_addr to;
	int interface;
};

static uint32_t client_of(const struct sockaddr_in *peer)
{
	return ntohl(peer->sin_addr.s_addr);
}

static struct bucket *bucket_of(struct tftp_server *s, const struct sockaddr_in *peer)
{
	return &s->buckets[client_of(peer) * UINT32_C(2654435761) % N_BUCKETS];
}

/* Its owner need not go on looking for the file. */
static void stop_waiting(struct tftp_server *s, struct tftp_session *session)
{
	if (session->tag)
		s->owner.forget(s->owner.arg, session->tag);
	session->tag = NULL;
}

static void close_file(struct tftp_server *s, struct tftp_session *session)
{
	if (session->mark)
		s->owner.closed(s->owner.arg, session->mark, tftp_session_bytes(session));
	session->mark = NULL;
}

static void drop(struct tftp_server *s, struct tftp_session *session)
{
	stop_waiting(s, session);
	close_file(s, session);
	LIST_REMOVE(session, same_bucket);
	s->n_sessions--;
	tftp_session_free(session);
}

/* Without the wait for a last ACK that never came. */
static uint32_t duration_ms(const struct tftp_session *session, enum tftp_state state)
{
	int64_t end = state == TFTP_UNCONFIRMED ? session->transfer.heard_ms : clock_mono_ms();
	int64_t took = end - session->began_ms;

	return took > UINT32_MAX ? UINT32_MAX : (uint32_t)took;
}

static void on_session_ended(void *arg, struct tftp_session *session, enum tftp_state state)
{
	struct tftp_server *s = arg;
	const struct tftp_report report = {
		.client = client_of(&session->peer),
		.state = state,
		.name = session->name,
		.bytes = state == TFTP_UNCONFIRMED ? session->transfer.file_size
						   : tftp_bytes_acked(&session->transfer),
		.duration_ms = duration_ms(session, state),
		.retries = session->transfer.retries,
	};

	s->owner.ended(s->owner.arg, &report);
	drop(s, session);
}

/* What fits into one frame on the way out. RFC 2348: fragments are what blksize is to avoid. */
static uint32_t blksize_max(const struct tftp_server *s, int interface)
{
	struct ifreq ifr = {.ifr_ifindex = interface};
	int mtu = MTU_DEFAULT;

	if (interface > 0 && ioctl(s->fd, SIOCGIFNAME, &ifr) == 0 &&
		ioctl(s->fd, SIOCGIFMTU, &ifr) == 0)
		mtu = ifr.ifr_mtu;
	if (mtu < MTU_LEAST)
		mtu = MTU_LEAST;
	if (mtu > TFTP_BLKSIZE_MAX + IP_AND_UDP_AND_TFTP_HEAD)
		mtu = TFTP_BLKSIZE_MAX + IP_AND_UDP_AND_TFTP_HEAD;
	return (uint32_t)mtu - IP_AND_UDP_AND_TFTP_HEAD;
}

static struct tftp_session *find(
	struct tftp_server *s, const struct sockaddr_in *peer, unsigned *ret_n_of_client)
{
	struct tftp_session *i, *found = NULL;

	*ret_n_of_client = 0;
	LIST_FOREACH(i, bucket_of(s, peer), same_bucket)
	{
		if (i->peer.sin_addr.s_addr != peer->sin_addr.s_addr)
			continue;
		++*ret_n_of_client;
		if (i->peer.sin_port == peer->sin_port)
			found = i;
	}
	return found;
}

/* The client's session, its old one or a fresh one; NULL when it may have no other now. */
static struct tftp_session *session_for(struct tftp_server *s, const struct arrival *a)
{
	unsigned n_of_client;
	struct tftp_session *session = find(s, &a->from, &n_of_client);

	if (session)
		return session;
	if (s->n_sessions < SESSIONS_MAX && n_of_client < SESSIONS_PER_CLIENT_MAX)
		session = tftp_session_new(&s->sessions, a->to, &a->from);
	if (!session) {
		s->counters.over_limit++;
		return NULL;
	}
	LIST_INSERT_HEAD(bucket_of(s, &a->from), session, same_bucket);
	s->n_sessions++;
	return session;
}

/* Why a request can not be served at all; NULL when it can. */
static const char *refusal(const struct tftp_request *r, enum tftp_error *ret_code)
{
	if (r->opcode == TFTP_WRQ) {
		*ret_code = TFTP_ERROR_ACCESS;
		return "read only";
	}
	if (r->mode != TFTP_MODE_OCTET) {
		*ret_code = TFTP_ERROR_ILLEGAL;
		return "only octet mode is served";
	}
	return NULL;
}

static void refuse(
	struct tftp_server *s, struct tftp_session *session, enum tftp_error code, const char *text)
{
	tftp_session_refuse(session, code, text);
	drop(s, session);
}

/* No answer could be given: the file is not there, or not for this client. */
static void refuse_file(struct tftp_server *s, struct tftp_session *session, int rc)
{
	bool is_missing = rc == -ENOENT || rc == -ENOTDIR;
	const struct tftp_report report = {
		.client = client_of(&session->peer),
		.state = TFTP_STOPPED,
		.not_found = true,
		.name = session->name,
	};

	s->counters.not_found++;
	s->owner.ended(s->owner.arg, &report);
	refuse(s, session, is_missing ? TFTP_ERROR_NOT_FOUND : TFTP_ERROR_ACCESS,
		is_missing ? "not found" : "not served");
}

/* A repeated request: what it asks for is on its way, or being looked for. */
static bool is_stale(const struct tftp_session *session, const char *name)
{
	const struct tftp_transfer *t = &session->transfer;

	if (strcmp(session->name, name) != 0)
		return false;
	return session->tag || session->source.load ||
	       (session->source.file >= 0 && t->heard &&
		       clock_mono_ms() - t->heard_ms < STALE_REQUEST_MS);
}

static void open_for(struct tftp_server *s, struct tftp_session *session)
{
	uint32_t client = client_of(&session->peer);
	int file = s->owner.open(s->owner.arg, session, client, session->name);

	if (file != -EINPROGRESS)
		tftp_server_opened(s, session, file);
}

void tftp_session_set_tag(struct tftp_session *s, void *tag)
{
	s->tag = tag;
}

void tftp_session_set_mark(struct tftp_session *s, void *mark)
{
	s->mark = mark;
}

uint64_t tftp_session_bytes(const struct tftp_session *s)
{
	return s->source.file >= 0 ? tftp_bytes_acked(&s->transfer) : 0;
}

struct tftp_server *tftp_session_server(const struct tftp_session *s)
{
	return s->all->arg;
}

void tftp_server_opened(struct tftp_server *s, struct tftp_session *session, int file)
{
	struct stat st;

	session->tag = NULL;
	if (file >= 0 && fstat(file, &st) < 0)
		close_p(&file);
	if (file >= 0)
		tftp_session_start(session, file, (uint64_t)st.st_size);
	else if (file == -EAGAIN)
		drop(s, session);
	else
		refuse_file(s, session, file);
}

static void serve(struct tftp_server *s, const struct arrival *a, const struct tftp_request *r)
{
	struct tftp_session *session = session_for(s, a);
	char name[TFTP_NAME_SIZE];
	enum tftp_error code;

	if (!session)
		return;
	const char *why = refusal(r, &code);
	if (!why && tftp_name_clean(r->name, name) < 0) {
		code = TFTP_ERROR_NOT_FOUND;
		why = "not found";
	}
	if (why) {
		s->counters.refused++;
		refuse(s, session, code, why);
		return;
	}
	if (is_stale(session, name)) {
		tftp_transfer_asked_again(&session->transfer, clock_mono_ms());
		return;
	}
	stop_waiting(s, session);
	close_file(s, session);
	tftp_session_ask(session, name, &r->options, blksize_max(s, a->interface));
	open_for(s, session);
}

/* On the one socket, what a client may say during a transfer belongs to one, or to nobody. */
static bool is_of_transfer(
	struct tftp_server *s, const struct arrival *a, const uint8_t *packet, size_t len)
{
	unsigned n_of_client;

	if (s->sessions.single_fd < 0 || len < 2 || packet[0] != 0 ||
		(packet[1] != TFTP_ACK && packet[1] != TFTP_ERROR))
		return false;
	struct tftp_session *session = find(s, &a->from, &n_of_client);
	if (session)
		tftp_session_packet(session, packet, len);
	else
		tftp_foreign_packet(&s->sessions, s->fd, &a->from, packet, len);
	return true;
}

/* Fills in where the packet was sent to. False for a broadcast: RFC 1123 4.2.3.5 has it ignored. */
static bool read_destination(struct msghdr *m, struct arrival *a)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		struct in_pktinfo info;

		if (c->cmsg_level != IPPROTO_IP || c->cmsg_type != IP_PKTINFO ||
			c->cmsg_len < CMSG_LEN(sizeof(info)))
			continue;
		memcpy(&info, CMSG_DATA(c), sizeof(info));
		a->to = info.ipi_spec_dst;
		a->interface = info.ipi_ifindex;
		return info.ipi_addr.s_addr == info.ipi_spec_dst.s_addr;
	}
	return false;
}

static void count_malformed(struct tftp_server *s, const struct arrival *a)
{
	char text[IPV4_TEXT_SIZE];
	unsigned held;

	s->counters.malformed++;
	if (log_rate_allows(&s->bad, clock_mono_ms(), &held))
		log_debug("tftp: malformed request from %s, ignoring (%u more)",
			ipv4_text(client_of(&a->from), text), held);
}

/* False when there is nothing (more) to read. */
static bool receive_one(struct tftp_server *s)
{
	uint8_t packet[REQUEST_MAX];
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(struct in_pktinfo))];
	} control;
	struct iovec iov = {packet, sizeof(packet)};
	struct arrival a = {0};
	struct msghdr m = {.msg_name = &a.from,
		.msg_namelen = sizeof(a.from),
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes)};
	struct tftp_request r;
	ssize_t n = recvmsg(s->fd, &m, MSG_DONTWAIT);

	if (n < 0)
		return errno == EINTR || errno == ECONNREFUSED;
	bool is_sound =
		read_destination(&m, &a) && a.from.sin_port != 0 && (m.msg_flags & MSG_TRUNC) == 0;
	if (is_sound && is_of_transfer(s, &a, packet, (size_t)n))
		return true;
	s->counters.requests++;
	if (!is_sound || tftp_request_decode(packet, (size_t)n, &r) < 0)
		count_malformed(s, &a);
	else
		serve(s, &a, &r);
	return true;
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	for (int i = 0; i < REQUESTS_PER_WAKEUP && receive_one(arg); i++)
		;
}

struct tftp_server *tftp_server_new(struct event_base *base, struct disk *disk, int fd,
	bool single_port, const struct tftp_owner *owner)
{
	struct tftp_server *s = xcalloc(1, sizeof(*s));

	s->fd = fd;
	s->owner = *owner;
	s->sessions = (struct tftp_sessions){
		.base = base,
		.window = tftp_window_new(),
		.disk = disk,
		.single_fd = single_port ? fd : -1,
		.ended = on_session_ended,
		.arg = s,
	};
	for (size_t i = 0; i < N_BUCKETS; i++)
		LIST_INIT(&s->buckets[i]);
	(void)evutil_make_socket_nonblocking(fd);
	if (setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &(int){1}, sizeof(int)) < 0)
		log_warn("tftp: IP_PKTINFO: %s", strerror(errno));
	s->readable = event_new(base, fd, EV_READ | EV_PERSIST, on_readable, s);
	assert(s->readable);
	(void)event_add(s->readable, NULL);
	return s;
}

void tftp_server_free(struct tftp_server *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < N_BUCKETS; i++) {
		while (!LIST_EMPTY(&s->buckets[i]))
			drop(s, LIST_FIRST(&s->buckets[i]));
	}
	event_free(s->readable);
	tftp_window_free(s->sessions.window);
	close_p(&s->fd);
	free(s);
}

struct tftp_counters tftp_server_counters(const struct tftp_server *s)
{
	struct tftp_counters c = s->counters;

	c.foreign = s->sessions.foreign;
	c.malformed += s->sessions.malformed;
	return c;
}

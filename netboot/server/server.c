#include "netboot/server/server.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <inttypes.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "netboot/http/server.h"
#include "netboot/http/text.h"
#include "netboot/server/asks.h"
#include "netboot/server/counters.h"
#include "netboot/server/hall.h"
#include "netboot/server/route.h"
#include "netboot/server/verified.h"
#include "netboot/tftp/server.h"
#include "provisioner/base/files.h"
#include "provisioner/base/ipc.h"
#include "provisioner/base/log.h"
#include "provisioner/base/mem.h"

#define COUNTERS_EVERY_S 5
#define DESCRIPTORS_WANTED 16384 /* two for each transfer, with room to spare */
#define LOG_NAME_SIZE 128

struct netboot {
	struct event_base *base;
	struct ipc *provisioner;
	struct asks *asks;
	struct tftp_server *tftp;
	struct http_server *http;
	int firmware_dir, agent_dir;
	struct verified verified;
	struct hall *hall;
	uint64_t counts_sent[N_NETBOOT_COUNTERS];
};

static void put(char *field, size_t size, const char *text)
{
	size_t len = strlen(text);
	size_t n = len < size ? len : size - 1;

	memcpy(field, text, n);
	field[n] = '\0';
}

static void tell_transfer(const struct netboot *n, struct message_transfer *m, const char *name)
{
	char client[IPV4_TEXT_SIZE], shown[LOG_NAME_SIZE];

	put(m->name, sizeof(m->name), name);
	/* A provisioner that is down misses an event, nothing more. */
	(void)ipc_send(n->provisioner, MESSAGE_TRANSFER, m, sizeof(*m), -1);
	if (log_level() >= LOG_LEVEL_DEBUG)
		log_debug("transfer client=%s protocol=%s result=%u status=%u bytes=%" PRIu64
			  " ms=%u retries=%u name=%s",
			ipv4_text(m->client, client),
			m->protocol == PROTOCOL_TFTP ? "tftp" : "http", m->result, m->status,
			m->bytes, m->duration_ms, m->retries,
			log_safe(shown, sizeof(shown), name, strlen(name)));
}

/* Status 503 leaves a TFTP client without an answer: it asks again by itself, as an ERROR would make it not. */
static void on_tftp_answered(void *waiting, const struct message_answer *m, int fd)
{
	struct tftp_session *session = waiting;

	if (m->status != 200)
		fd = m->status == 503 ? -EAGAIN : -ENOENT;
	tftp_server_opened(tftp_session_server(session), session, fd);
}

static int ask_for_tftp(
	const struct netboot *n, struct tftp_session *session, uint32_t client, const char *name)
{
	struct message_ask m = {.client = client, .protocol = PROTOCOL_TFTP, .method = "GET"};

	m.path[0] = '/';
	put(m.path + 1, sizeof(m.path) - 1, name);
	struct ask *ask = asks_send(n->asks, &m, on_tftp_answered, session);
	if (!ask)
		return -EAGAIN;
	tftp_session_set_tag(session, ask);
	return -EINPROGRESS;
}

/* An image that is being verified meets silence, and the client asks again. */
static int open_image_for_tftp(
	struct netboot *n, struct tftp_session *session, uint32_t client, const char *name)
{
	struct stat st;
	int fd = verified_open(&n->verified, name, &st);

	if (fd >= 0)
		tftp_session_set_mark(session,
			hall_tftp_begins(n->hall, session, client, name, (uint64_t)st.st_size));
	return fd;
}

static void on_tftp_closed(void *arg, void *mark, uint64_t bytes)
{
	const struct netboot *n = arg;

	hall_tftp_ended(n->hall, mark, bytes);
}

/* A file of that name; or what the provisioner has for this node under it. */
static int on_tftp_open(void *arg, struct tftp_session *session, uint32_t client, const char *name)
{
	struct netboot *n = arg;
	const char *rest;

	enum route route = route_of_tftp(name, &rest);
	if (route == ROUTE_IMAGES)
		return open_image_for_tftp(n, session, client, rest);
	if (route != ROUTE_FIRMWARE)
		return -ENOENT;
	int fd = file_open_beneath(n->firmware_dir, rest);
	return fd == -ENOENT && route_names_node(rest) ? ask_for_tftp(n, session, client, rest)
						       : fd;
}

static void on_tftp_forget(void *arg, void *tag)
{
	const struct netboot *n = arg;

	asks_forget(n->asks, tag);
}

static enum transfer_result result_of_tftp(const struct tftp_report *r)
{
	if (r->not_found)
		return TRANSFER_NOT_FOUND;
	switch (r->state) {
	case TFTP_FINISHED:
	case TFTP_UNCONFIRMED:
		return TRANSFER_DONE;
	case TFTP_STOPPED:
		return TRANSFER_ABORTED;
	case TFTP_RUNNING:
	case TFTP_TIMED_OUT:
		break;
	}
	return TRANSFER_FAILED;
}

static void on_tftp_ended(void *arg, const struct tftp_report *r)
{
	struct message_transfer m = {
		.client = r->client,
		.protocol = PROTOCOL_TFTP,
		.result = result_of_tftp(r),
		.duration_ms = r->duration_ms,
		.retries = r->retries,
		.bytes = r->bytes,
	};

	tell_transfer(arg, &m, r->name);
}

static void reply_without_file(struct http_connection *c, int error)
{
	if (error == -EMFILE || error == -ENFILE || error == -ENOMEM || error == -EINTR ||
		error == -EAGAIN)
		http_reply_status(c, 503, ASK_RETRY_AFTER_S, NULL);
	else
		http_reply_status(
			c, 404, 0, NULL); /* whatever is in the way is nobody's business */
}

static void reply_from(struct http_connection *c, int dir, const char *rest)
{
	int fd = file_open_beneath(dir, rest);

	if (fd < 0)
		reply_without_file(c, fd);
	else
		http_reply_file(c, fd, http_type_of(rest), /* is_answer= */ false);
}

/* Nothing of the image store leaves that was not read and found to be what its manifest says; and not to all at
 * once. What says "later" has no body: who pipes what it gets would take that for a piece of the file. */
static void reply_image(struct netboot *n, struct http_connection *c, const char *rest)
{
	struct stat st;
	AUTO(close_p) int fd = verified_open(&n->verified, rest, &st);

	if (fd == -EAGAIN)
		http_reply_status(c, 503, ASK_RETRY_AFTER_S, "");
	else if (fd == -EACCES)
		http_reply_status(
			c, 403, 0, "this image is not what its manifest says: see slipway events");
	else if (fd < 0)
		reply_without_file(c, fd);
	else if (hall_admits(n->hall, c, rest, (uint64_t)st.st_size))
		http_reply_file(c, TAKE_FD(fd), http_type_of(rest), /* is_answer= */ false);
}

static void on_http_answered(void *waiting, const struct message_answer *m, int fd)
{
	struct http_connection *c = waiting;

	http_connection_set_tag(c, NULL);
	if (m->status == 200 && fd >= 0)
		http_reply_file(c, fd, m->content_type[0] ? m->content_type : "text/plain",
			/* is_answer= */ true);
	else
		http_reply_status(c, m->status == 200 ? 500 : m->status, m->retry_after_s,
			m->reason[0] ? m->reason : NULL);
}

static void ask_for_http(struct netboot *n, struct http_connection *c)
{
	const struct http_head *head = http_connection_head(c);
	struct message_ask m = {
		.client = http_connection_client(c),
		.protocol = PROTOCOL_HTTP,
	};

	put(m.method, sizeof(m.method), head->method == HTTP_HEAD ? "HEAD" : "GET");
	put(m.path, sizeof(m.path), head->path);
	put(m.query, sizeof(m.query), head->query);
	put(m.accept, sizeof(m.accept), head->accept);
	struct ask *ask = asks_send(n->asks, &m, on_http_answered, c);
	if (ask)
		http_connection_set_tag(c, ask);
	else
		http_reply_status(c, 503, ASK_RETRY_AFTER_S, "the provisioner is not there");
}

static void on_http_request(void *arg, struct http_connection *c)
{
	struct netboot *n = arg;
	const char *rest;

	switch (route_of_http(http_connection_head(c)->path, &rest)) {
	case ROUTE_IMAGES:
		reply_image(n, c, rest);
		return;
	case ROUTE_FIRMWARE:
		reply_from(c, n->firmware_dir, rest);
		return;
	case ROUTE_AGENT:
		reply_from(c, n->agent_dir, rest);
		return;
	case ROUTE_NOWHERE:
		http_reply_status(c, 404, 0, NULL);
		return;
	case ROUTE_ASK:
		ask_for_http(n, c);
		return;
	}
}

static void on_http_gone(void *arg, struct http_connection *c)
{
	struct netboot *n = arg;

	asks_forget(n->asks, http_connection_tag(c));
}

static enum transfer_result result_of_http(const struct http_report *r)
{
	switch (r->result) {
	case HTTP_ABORTED:
		return TRANSFER_ABORTED;
	case HTTP_FAILED:
		return TRANSFER_FAILED;
	case HTTP_SENT:
		break;
	}
	if (r->status == 404)
		return TRANSFER_NOT_FOUND;
	return r->status < 400 ? TRANSFER_DONE : TRANSFER_REFUSED;
}

static void on_http_ended(void *arg, const struct http_report *r)
{
	struct message_transfer m = {
		.client = r->client,
		.protocol = PROTOCOL_HTTP,
		.result = result_of_http(r),
		.status = r->status,
		.duration_ms = r->duration_ms,
		.bytes = r->bytes,
	};

	const struct netboot *n = arg;
	m.waited_ms = (uint32_t)hall_http_ended(n->hall, r->tag, r->bytes);
	tell_transfer(n, &m, r->head->path);
}

static void on_answer(void *arg, const void *payload, int fd)
{
	struct netboot *n = arg;
	struct message_answer m;

	memcpy(&m, payload, sizeof(m));
	IPC_TEXT(m.content_type);
	IPC_TEXT(m.reason);
	asks_answered(n->asks, &m, fd);
}

static void on_settings(void *arg, const void *payload, int fd)
{
	const struct netboot *n = arg;
	struct message_netboot_settings m;

	(void)fd;
	memcpy(&m, payload, sizeof(m));
	hall_set_slots(n->hall, m.transfers);
}

static void on_signal(evutil_socket_t signo, short what, void *arg)
{
	(void)signo, (void)what;
	(void)event_base_loopexit(arg, NULL);
}

static void on_counters_due(evutil_socket_t fd, short what, void *arg)
{
	struct netboot *n = arg;
	const struct netboot_counts now = {
		.tftp = n->tftp ? tftp_server_counters(n->tftp) : (struct tftp_counters){0},
		.http = http_server_counters(n->http),
		.asks = asks_counters(n->asks),
		.hall = hall_figures(n->hall),
	};

	(void)fd, (void)what;
	for (size_t i = 0; i < N_NETBOOT_COUNTERS; i++) {
		struct message_counter m = {.value = netboot_count(&now, i)};

		if (m.value == n->counts_sent[i])
			continue;
		put(m.name, sizeof(m.name), netboot_counters[i].name);
		if (ipc_send(n->provisioner, MESSAGE_COUNTER, &m, sizeof(m), -1) == 0)
			n->counts_sent[i] = m.value;
	}
}

static void raise_descriptor_limit(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) < 0 || r.rlim_cur >= DESCRIPTORS_WANTED)
		return;
	r.rlim_cur = r.rlim_max < DESCRIPTORS_WANTED ? r.rlim_max : DESCRIPTORS_WANTED;
	if (setrlimit(RLIMIT_NOFILE, &r) < 0)
		log_warn("netboot: at most %ju descriptors: %s", (uintmax_t)r.rlim_cur,
			strerror(errno));
}

static void say_hello(struct netboot *n)
{
	const struct message_hello m = {.pid = (uint32_t)getpid()};

	if (ipc_send(n->provisioner, MESSAGE_HELLO, &m, sizeof(m), -1) < 0)
		log_warn("netboot: the provisioner is not there; serving files only");
}

static void loop(struct netboot *n)
{
	struct event *term = evsignal_new(n->base, SIGTERM, on_signal, n->base);
	struct event *interrupt = evsignal_new(n->base, SIGINT, on_signal, n->base);
	struct event *counters = event_new(n->base, -1, EV_PERSIST, on_counters_due, n);
	const struct timeval every = {.tv_sec = COUNTERS_EVERY_S};

	assert(term && interrupt && counters);
	(void)event_add(term, NULL);
	(void)event_add(interrupt, NULL);
	(void)event_add(counters, &every);
	say_hello(n);
	(void)event_base_dispatch(n->base);
	event_free(counters);
	event_free(interrupt);
	event_free(term);
}

int netboot_run(const struct netboot_options *o)
{
	static const struct ipc_kind kinds[] = {
		{MESSAGE_ANSWER, sizeof(struct message_answer), on_answer, .takes_fd = true},
		{MESSAGE_NETBOOT_SETTINGS, sizeof(struct message_netboot_settings), on_settings,
			.takes_fd = false},
	};
	struct netboot n = {
		.base = event_base_new(),
		.firmware_dir = o->firmware_dir,
		.agent_dir = o->agent_dir,
		.verified = {.images_dir = o->images_dir, .verdicts_dir = o->verdicts_dir},
	};
	const struct tftp_owner tftp_owner = {
		on_tftp_open, on_tftp_forget, on_tftp_closed, on_tftp_ended, &n};
	const struct http_owner http_owner = {on_http_request, on_http_gone, on_http_ended, &n};

	if (!n.base) {
		log_error("netboot: no event loop: %s", strerror(errno));
		return EXIT_FAILURE;
	}
	(void)signal(SIGPIPE, SIG_IGN); /* sendfile() has no MSG_NOSIGNAL */
	raise_descriptor_limit();
	n.provisioner =
		ipc_new(n.base, o->provisioner_fd, "provisioner", kinds, ARRAY_LEN(kinds), &n);
	n.asks = asks_new(n.base, n.provisioner);
	n.hall = hall_new(n.base, n.provisioner);
	if (o->tftp_fd >= 0)
		n.tftp = tftp_server_new(n.base, o->tftp_fd, o->tftp_single_port, &tftp_owner);
	n.http = http_server_new(n.base, o->http_fd, &http_owner);
	loop(&n);
	http_server_free(n.http);
	tftp_server_free(n.tftp);
	hall_free(n.hall);
	asks_free(n.asks);
	ipc_free(n.provisioner);
	event_base_free(n.base);
	close_p(&n.verified.images_dir);
	close_p(&n.firmware_dir);
	close_p(&n.agent_dir);
	close_p(&n.verified.verdicts_dir);
	verified_done(&n.verified);
	return EXIT_SUCCESS;
}

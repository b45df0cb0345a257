#include "netboot/server/server.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <inttypes.h>
#include <openssl/crypto.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "netboot/disk/disk.h"
#include "netboot/http/wire.h"
#include "netboot/server/asks.h"
#include "netboot/server/counters.h"
#include "netboot/server/hall.h"
#include "netboot/server/route.h"
#include "netboot/server/serve_http.h"
#include "netboot/server/transfers.h"
#include "netboot/server/verified.h"
#include "netboot/tftp/server.h"
#include "provisioner/base/files.h"
#include "provisioner/base/ipc.h"
#include "provisioner/base/log.h"
#include "provisioner/base/mem.h"
#include "provisioner/base/str.h"

#define COUNTERS_EVERY_S 5
#define TLS_BYTES_MAX 32768      /* a key, and a chain of certificates */
#define DESCRIPTORS_WANTED 16384 /* two for each transfer, with room to spare */

struct netboot {
	struct event_base *base;
	struct ipc *provisioner;
	struct asks *asks;
	struct tftp_server *tftp;
	struct serve_http *http;
	struct disk *disk;
	int https_fd;
	int images_dir, firmware_dir, agent_dir;
	struct verified verified;
	struct hall *hall;
	uint64_t counts_sent[N_NETBOOT_COUNTERS];
};

/* What a TFTP session waits for: its tag. */
struct pending {
	struct netboot *n;
	struct tftp_session *session;
	bool is_firmware;
	struct ask *ask;
	struct disk_job *job;
	uint32_t client;
	char name[MESSAGE_PATH_SIZE]; /* of the file, below its folder */
};

static void tell_tftp(struct pending *p, int fd)
{
	struct tftp_session *session = p->session;

	free(p);
	tftp_session_set_tag(session, NULL);
	tftp_server_opened(tftp_session_server(session), session, fd);
}

/* Status 503 leaves a TFTP client without an answer: it asks again by itself, as an ERROR would make it not. */
static void on_tftp_answered(
	void *waiting, const struct message_answer *m, const struct ask_body *body)
{
	int fd = body->fd;

	if (m->status != 200 || fd < 0)
		fd = m->status == 503 ? -EAGAIN : -ENOENT;
	tell_tftp(waiting, fd);
}

static int ask_for_tftp(struct pending *p)
{
	struct message_ask m = {.client = p->client, .protocol = PROTOCOL_TFTP, .method = "GET"};

	m.path[0] = '/';
	str_copy(m.path + 1, sizeof(m.path) - 1, p->name);
	p->ask = asks_send(p->n->asks, &m, on_tftp_answered, p);
	return p->ask ? -EINPROGRESS : -EAGAIN;
}

/* An image that is being verified meets silence, and the client asks again. Takes `file`. */
static int send_image(struct pending *p, int file)
{
	AUTO(close_p) int fd = file;
	struct netboot *n = p->n;
	struct stat st;
	int rc = verified_check(&n->verified, p->name, fd, &st);

	if (rc < 0)
		return rc;
	tftp_session_set_mark(p->session,
		hall_tftp_begins(n->hall, p->session, p->client, p->name, (uint64_t)st.st_size));
	return TAKE_FD(fd);
}

/* A file of that name; or what the provisioner has for this node under it. */
static int after_open(struct pending *p, int fd)
{
	p->job = NULL;
	if (fd >= 0 && !p->is_firmware)
		return send_image(p, fd);
	return fd == -ENOENT && p->is_firmware && route_names_node(p->name) ? ask_for_tftp(p) : fd;
}

static void on_tftp_closed(void *arg, void *mark, uint64_t bytes)
{
	const struct netboot *n = arg;

	hall_tftp_ended(n->hall, mark, bytes);
}

static void on_tftp_found(void *arg, int fd)
{
	struct pending *p = arg;

	fd = after_open(p, fd);
	if (fd != -EINPROGRESS)
		tell_tftp(p, fd);
}

static int on_tftp_open(void *arg, struct tftp_session *session, uint32_t client, const char *name)
{
	struct netboot *n = arg;
	const char *rest;
	enum route route = route_of_tftp(name, &rest);

	if (route == ROUTE_NOWHERE)
		return -ENOENT;
	struct pending *p = xcalloc(1, sizeof(*p));
	*p = (struct pending){
		.n = n,
		.session = session,
		.client = client,
		.is_firmware = route == ROUTE_FIRMWARE,
	};
	str_copy(p->name, sizeof(p->name), rest);
	int fd = disk_open(n->disk, p->is_firmware ? n->firmware_dir : n->images_dir, p->name,
		on_tftp_found, p, &p->job);
	if (fd != -EINPROGRESS)
		fd = after_open(p, fd);
	if (fd == -EINPROGRESS)
		tftp_session_set_tag(session, p);
	else
		free(p);
	return fd;
}

static void on_tftp_forget(void *arg, void *tag)
{
	const struct netboot *n = arg;
	struct pending *p = tag;

	asks_forget(n->asks, p->ask);
	disk_forget(p->job);
	free(p);
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
	case TFTP_UNREADABLE:
		break;
	}
	return TRANSFER_FAILED;
}

static void on_tftp_ended(void *arg, const struct tftp_report *r)
{
	const struct netboot *n = arg;
	struct message_transfer m = {
		.client = r->client,
		.protocol = PROTOCOL_TFTP,
		.result = result_of_tftp(r),
		.duration_ms = r->duration_ms,
		.retries = r->retries,
		.bytes = r->bytes,
	};

	transfers_tell(n->provisioner, &m, r->name);
}

static void take_answer(
	const struct netboot *n, struct message_answer *m, const struct ask_body *body)
{
	IPC_TEXT(m->content_type);
	IPC_TEXT(m->image);
	IPC_TEXT(m->reason);
	asks_answered(n->asks, m, body);
}

static void on_answer(void *arg, const void *payload, int fd)
{
	const struct ask_body body = {.fd = fd};
	struct message_answer m;

	memcpy(&m, payload, sizeof(m));
	take_answer(arg, &m, &body);
}

static void on_answer_text(void *arg, const void *payload, int fd)
{
	const struct message_answer_text *text = payload;
	struct message_answer m = text->answer;
	size_t len = text->len < sizeof(text->text) ? text->len : sizeof(text->text);
	const struct ask_body body = {.fd = -1, .text = text->text, .len = len};

	(void)fd;
	take_answer(arg, &m, &body);
}

static void on_settings(void *arg, const void *payload, int fd)
{
	const struct netboot *n = arg;
	struct message_netboot_settings m;

	(void)fd;
	memcpy(&m, payload, sizeof(m));
	for (size_t i = 0; i < MESSAGE_KERNELS_MAX; i++)
		IPC_TEXT(m.kernels[i]);
	hall_configure(n->hall, &m);
}

/* The key that comes here opens boot HTTP and nothing else. */
static void on_tls(void *arg, const void *payload, int given)
{
	struct netboot *n = arg;
	AUTO(close_p) int fd = given;
	char pem[TLS_BYTES_MAX];
	const char *why;

	(void)payload;
	ssize_t len = fd < 0 || n->https_fd < 0 ? -1 : pread(fd, pem, sizeof(pem), 0);
	if (len < 0)
		return;
	SSL_CTX *tls = http_wire_tls(pem, (size_t)len, &why);
	OPENSSL_cleanse(pem, sizeof(pem));
	if (tls)
		serve_http_set_tls(n->http, n->https_fd, tls);
	else
		log_error("boot HTTP with TLS: %s", why);
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
		.http = serve_http_counters(n->http),
		.disk = disk_counters(n->disk),
		.asks = asks_counters(n->asks),
		.hall = hall_figures(n->hall),
	};

	(void)fd, (void)what;
	for (size_t i = 0; i < N_NETBOOT_COUNTERS; i++) {
		struct message_counter m = {.value = netboot_count(&now, i)};

		if (m.value == n->counts_sent[i])
			continue;
		str_copy(m.name, sizeof(m.name), netboot_counters[i].name);
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

static void tear_down(struct netboot *n)
{
	serve_http_free(n->http);
	tftp_server_free(n->tftp);
	hall_free(n->hall);
	disk_free(n->disk);
	asks_free(n->asks);
	ipc_free(n->provisioner);
	event_base_free(n->base);
	close_p(&n->images_dir);
	close_p(&n->firmware_dir);
	close_p(&n->agent_dir);
	close_p(&n->verified.verdicts_dir);
	verified_done(&n->verified);
}

int netboot_run(const struct netboot_options *o)
{
	static const struct ipc_kind kinds[] = {
		{MESSAGE_ANSWER, sizeof(struct message_answer), on_answer, .takes_fd = true},
		{MESSAGE_ANSWER_TEXT, sizeof(struct message_answer_text), on_answer_text,
			.takes_fd = false},
		{MESSAGE_NETBOOT_TLS, sizeof(struct message_netboot_tls), on_tls, .takes_fd = true},
		{MESSAGE_NETBOOT_SETTINGS, sizeof(struct message_netboot_settings), on_settings,
			.takes_fd = false},
	};
	struct netboot n = {
		.base = event_base_new(),
		.images_dir = o->images_dir,
		.https_fd = o->https_fd,
		.firmware_dir = o->firmware_dir,
		.agent_dir = o->agent_dir,
		.verified = {.verdicts_dir = o->verdicts_dir},
	};
	const struct tftp_owner tftp_owner = {
		on_tftp_open, on_tftp_forget, on_tftp_closed, on_tftp_ended, &n};

	if (!n.base) {
		log_error("netboot: no event loop: %s", strerror(errno));
		return EXIT_FAILURE;
	}
	(void)signal(SIGPIPE, SIG_IGN); /* sendfile() has no MSG_NOSIGNAL */
	raise_descriptor_limit();
	n.provisioner =
		ipc_new(n.base, o->provisioner_fd, "provisioner", kinds, ARRAY_LEN(kinds), &n);
	n.asks = asks_new(n.base, n.provisioner);
	n.disk = disk_new(n.base, o->readers);
	n.hall = hall_new(n.base, n.provisioner);
	if (o->tftp_fd >= 0)
		n.tftp = tftp_server_new(
			n.base, n.disk, o->tftp_fd, o->tftp_single_port, &tftp_owner);
	n.http = serve_http_new(&(struct serve_http_setup){
		.base = n.base,
		.disk = n.disk,
		.asks = n.asks,
		.provisioner = n.provisioner,
		.http_fd = o->http_fd,
		.images_dir = o->images_dir,
		.firmware_dir = o->firmware_dir,
		.agent_dir = o->agent_dir,
		.verified = &n.verified,
		.hall = n.hall,
	});
	loop(&n);
	tear_down(&n);
	return EXIT_SUCCESS;
}

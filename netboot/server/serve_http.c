#include "netboot/server/serve_http.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "netboot/disk/disk.h"
#include "netboot/http/text.h"
#include "netboot/server/asks.h"
#include "netboot/server/hall.h"
#include "netboot/server/route.h"
#include "netboot/server/transfers.h"
#include "netboot/server/verified.h"
#include "provisioner/base/ipc.h"
#include "provisioner/base/mem.h"
#include "provisioner/base/str.h"

struct serve_http {
	struct serve_http_setup setup;
	struct http_server *server;
};

/* A request whose answer takes a while: the connection's tag. */
struct pending {
	struct serve_http *s;
	struct http_connection *c;
	enum route route;
	const char *rest; /* of the path, which stays with the connection; or `image` */
	char image[sizeof(((struct message_answer *)0)->image)]; /* that the provisioner named */
	struct ask *ask;
	struct disk_job *job;
};

static struct pending *pending_new(struct serve_http *s, struct http_connection *c)
{
	struct pending *p = xcalloc(1, sizeof(*p));

	p->s = s;
	p->c = c;
	http_connection_set_tag(c, p);
	return p;
}

static struct http_connection *pending_end(struct pending *p)
{
	struct http_connection *c = p->c;

	http_connection_set_tag(c, NULL);
	free(p);
	return c;
}

static void reply_without_file(struct http_connection *c, int error)
{
	if (error == -EMFILE || error == -ENFILE || error == -ENOMEM || error == -EINTR ||
		error == -EAGAIN)
		http_reply_status(c, 503, ASK_RETRY_AFTER_S, NULL);
	else /* whatever is in the way is nobody's business */
		http_reply_status(c, 404, 0, NULL);
}

/* Takes `fd`. */
static void send_file(struct http_connection *c, const char *rest, int fd)
{
	http_reply_file(c, fd, http_type_of(rest), /* is_answer= */ false);
}

/* Nothing of the image store leaves that was not read and found to be what its manifest says; and not to all at
 * once. What says "later" has no body: who pipes what it gets would take that for a piece of the file. An image that
 * the provisioner named goes to firmware, which takes "later" for "never". Takes `file`. */
static void send_image(
	struct serve_http *s, struct http_connection *c, const char *rest, int file, bool is_named)
{
	AUTO(close_p) int fd = file;
	struct stat st;
	int rc = verified_check(s->setup.verified, rest, fd, &st);

	if (rc == -EAGAIN)
		http_reply_status(c, 503, ASK_RETRY_AFTER_S, "");
	else if (rc == -EACCES)
		http_reply_status(
			c, 403, 0, "this image is not what its manifest says: see slipway events");
	else if (rc < 0)
		reply_without_file(c, rc);
	else if (is_named ? hall_lets_in(s->setup.hall, c, rest, (uint64_t)st.st_size)
			  : hall_admits(s->setup.hall, c, rest, (uint64_t)st.st_size))
		send_file(c, rest, TAKE_FD(fd));
}

static void on_opened(void *arg, int fd)
{
	struct pending *p = arg;
	struct serve_http *s = p->s;
	enum route route = p->route;
	struct pending was = *p; /* rest may lie in it */
	const char *rest = p->rest == p->image ? was.image : p->rest;
	struct http_connection *c = pending_end(p);

	if (fd < 0)
		reply_without_file(c, fd);
	else if (route == ROUTE_IMAGES)
		send_image(s, c, rest, fd, rest == was.image);
	else
		send_file(c, rest, fd);
}

static void open_pending(struct pending *p, int dir)
{
	int fd = disk_open(p->s->setup.disk, dir, p->rest, on_opened, p, &p->job);

	if (fd != -EINPROGRESS)
		on_opened(p, fd);
}

static void open_file(struct serve_http *s, struct http_connection *c, enum route route, int dir,
	const char *rest)
{
	struct pending *p = pending_new(s, c);

	p->route = route;
	p->rest = rest;
	open_pending(p, dir);
}

static void open_named(struct pending *p, const struct message_answer *m)
{
	memcpy(p->image, m->image, sizeof(p->image));
	p->ask = NULL;
	p->route = ROUTE_IMAGES;
	p->rest = p->image;
	open_pending(p, p->s->setup.images_dir);
}

static void on_answered(void *waiting, const struct message_answer *m, const struct ask_body *body)
{
	const char *type = m->content_type[0] ? m->content_type : "text/plain";

	if (m->status == 200 && m->image[0]) {
		open_named(waiting, m);
		return;
	}
	struct http_connection *c = pending_end(waiting);

	if (m->status == 200 && body->text)
		http_reply_bytes(c, body->text, body->len, type);
	else if (m->status == 200 && body->fd >= 0)
		http_reply_file(c, body->fd, type, /* is_answer= */ true);
	else
		http_reply_status(c, m->status == 200 ? 500 : m->status, m->retry_after_s,
			m->reason[0] ? m->reason : NULL);
}

static void ask(struct serve_http *s, struct http_connection *c)
{
	const struct http_head *head = http_connection_head(c);
	struct message_ask m = {
		.client = http_connection_client(c),
		.protocol = PROTOCOL_HTTP,
	};
	struct pending *p = pending_new(s, c);

	str_copy(m.method, sizeof(m.method), head->method == HTTP_HEAD ? "HEAD" : "GET");
	str_copy(m.path, sizeof(m.path), head->path);
	str_copy(m.query, sizeof(m.query), head->query);
	str_copy(m.accept, sizeof(m.accept), head->accept);
	p->ask = asks_send(s->setup.asks, &m, on_answered, p);
	if (!p->ask)
		http_reply_status(
			pending_end(p), 503, ASK_RETRY_AFTER_S, "the provisioner is not there");
}

static void on_request(void *arg, struct http_connection *c)
{
	struct serve_http *s = arg;
	const char *rest;
	enum route route = route_of_http(http_connection_head(c)->path, &rest);

	switch (route) {
	case ROUTE_IMAGES:
		open_file(s, c, route, s->setup.images_dir, rest);
		return;
	case ROUTE_FIRMWARE:
		open_file(s, c, route, s->setup.firmware_dir, rest);
		return;
	case ROUTE_AGENT:
		open_file(s, c, route, s->setup.agent_dir, rest);
		return;
	case ROUTE_NOWHERE:
		http_reply_status(c, 404, 0, NULL);
		return;
	case ROUTE_ASK:
		ask(s, c);
		return;
	}
}

static void on_gone(void *arg, struct http_connection *c)
{
	const struct serve_http *s = arg;
	struct pending *p = http_connection_tag(c);

	if (!p) {
		hall_http_gone(s->setup.hall, c);
		return;
	}
	asks_forget(s->setup.asks, p->ask);
	disk_forget(p->job);
	(void)pending_end(p);
}

static enum transfer_result result_of(const struct http_report *r)
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

static void on_ended(void *arg, const struct http_report *r)
{
	const struct serve_http *s = arg;
	struct message_transfer m = {
		.client = r->client,
		.protocol = PROTOCOL_HTTP,
		.result = result_of(r),
		.status = r->status,
		.duration_ms = r->duration_ms,
		.bytes = r->bytes,
		.waited_ms = (uint32_t)hall_http_ended(s->setup.hall, r->tag, r->bytes),
	};

	transfers_tell(s->setup.provisioner, &m, r->head->path);
}

/* Firmware shows nobody why it did not boot: the node's timeline does. */
static void on_refused(void *arg, uint32_t client, const char *why)
{
	const struct serve_http *s = arg;
	struct message_refused m = {.client = client};

	str_copy(m.why, sizeof(m.why), why);
	(void)ipc_send(s->setup.provisioner, MESSAGE_REFUSED, &m, sizeof(m), -1);
}

struct serve_http *serve_http_new(const struct serve_http_setup *setup)
{
	struct serve_http *s = xcalloc(1, sizeof(*s));
	const struct http_owner owner = {on_request, on_gone, on_ended, on_refused, s};

	s->setup = *setup;
	hall_on_turn(setup->hall, on_request, s);
	s->server = http_server_new(setup->base, setup->http_fd, setup->disk, &owner);
	return s;
}

void serve_http_free(struct serve_http *s)
{
	if (!s)
		return;
	http_server_free(s->server);
	free(s);
}

struct http_counters serve_http_counters(const struct serve_http *s)
{
	return http_server_counters(s->server);
}

void serve_http_set_tls(struct serve_http *s, int fd, SSL_CTX *tls)
{
	http_server_set_tls(s->server, fd, tls);
}

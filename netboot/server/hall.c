#include "netboot/server/hall.h"

#include <assert.h>
#include <event2/event.h>
#include <stdio.h>
#include <string.h>
#include <sys/queue.h>

#include "netboot/http/connection.h"
#include "netboot/tftp/server.h"
#include "provisioner/base/clock.h"
#include "provisioner/base/ipc.h"
#include "provisioner/base/mem.h"
#include "provisioner/messages/messages.h"

#define TICK_S 1

_Static_assert(sizeof(struct message_hall) <= IPC_PAYLOAD_MAX, "its rows fit a message");

/* A request without an answer yet. */
struct held {
	TAILQ_ENTRY(held) in_order;
	struct http_connection *connection;
	int64_t until_ms;
};

struct hall {
	struct ipc *provisioner;
	void (*resume)(void *arg, struct http_connection *c);
	void *arg;
	TAILQ_HEAD(, held) held; /* by until_ms */
	struct event *look;      /* at those that are held */
	uint64_t told;           /* to ask again */
	struct admission *admission;
	struct message_netboot_settings settings;
	struct event *tick; /* runs while anybody loads or waits */
	struct admission_row rows[ADMISSION_NODES_MAX];
};

static void run_tick(struct hall *h)
{
	const struct timeval every = {.tv_sec = TICK_S};

	if (!event_pending(h->tick, EV_TIMEOUT, NULL))
		(void)event_add(h->tick, &every);
}

static void look_at_transfers(struct hall *h)
{
	struct admission_transfer *t = NULL;

	while ((t = admission_next(h->admission, t)))
		admission_moved(h->admission, t,
			admission_is_tftp(t) ? tftp_session_bytes(admission_of(t))
					     : http_connection_moved(admission_of(t)));
}

static struct message_hall_row message_of(const struct admission_row *r, int64_t now_ms)
{
	struct message_hall_row m = {.client = r->client,
		.is_waiting = r->is_waiting,
		.is_tftp = r->is_tftp,
		.place = r->place,
		.for_ms = now_ms - r->since_ms,
		.expected_ms = r->expected_ms,
		.bytes = r->bytes,
		.size = r->size};
	const char *slash = strrchr(r->name, '/');

	(void)snprintf(m.file, sizeof(m.file), "%s", slash ? slash + 1 : r->name); /* cut */
	return m;
}

/* All of it, in as many messages as it takes. A provisioner that is down misses it and nothing more. */
static void tell(struct hall *h, int64_t now_ms)
{
	const struct admission_figures f = admission_figures(h->admission);
	size_t n = admission_rows(h->admission, now_ms, h->rows, ARRAY_LEN(h->rows)), at = 0;

	do {
		struct message_hall m = {.slots = f.slots,
			.n_loading = f.n_loading,
			.n_waiting = f.n_waiting,
			.bytes_per_s = f.bytes_per_s,
			.is_first = at == 0};

		while (at < n && m.n_rows < MESSAGE_HALL_ROWS)
			m.rows[m.n_rows++] = message_of(&h->rows[at++], now_ms);
		m.is_last = at == n;
		if (ipc_send(h->provisioner, MESSAGE_HALL, &m, sizeof(m), -1) < 0)
			return;
	} while (at < n);
}

/* Not at once: a connection is at work, and the next one's file may be on its way before that returns. */
static void look_soon(struct hall *h)
{
	if (!TAILQ_EMPTY(&h->held))
		event_active(h->look, EV_TIMEOUT, 0);
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct hall *h = arg;
	int64_t now_ms = clock_mono_ms();

	(void)fd, (void)what;
	look_at_transfers(h);
	admission_tick(h->admission, now_ms);
	tell(h, now_ms);
	look_soon(h); /* those that are held are there, though they say nothing */
	const struct admission_figures f = admission_figures(h->admission);
	if (f.n_loading + f.n_waiting > 0)
		run_tick(h);
}

static void hold(struct hall *h, struct http_connection *c, int64_t now_ms)
{
	const struct timeval limit = {
		.tv_sec = HALL_HOLD_MS / 1000, .tv_usec = HALL_HOLD_MS % 1000 * 1000};
	struct held *held = xcalloc(1, sizeof(*held));

	held->connection = c;
	held->until_ms = now_ms + HALL_HOLD_MS;
	TAILQ_INSERT_TAIL(&h->held, held, in_order);
	if (!event_pending(h->look, EV_TIMEOUT, NULL))
		(void)event_add(h->look, &limit);
}

static struct http_connection *release(struct hall *h, struct held *held)
{
	struct http_connection *c = held->connection;

	TAILQ_REMOVE(&h->held, held, in_order);
	free(held);
	return c;
}

static void tell_later(struct hall *h, struct http_connection *c, const struct admission_answer *a)
{
	h->told++;
	http_reply_status(c, 503, a->retry_after_s, "");
}

/* iPXE loses patience sooner than we do and asks on another connection; it takes what comes on the old one all the
 * same, and throws it away. */
static void let_go(const struct hall *h, struct http_connection *c)
{
	if (!http_connection_drop_left(c))
		h->resume(h->arg, c);
}

/* A place may have become free, or somebody's patience may be at its end. */
static void on_look(evutil_socket_t fd, short what, void *arg)
{
	int64_t now_ms = clock_mono_ms();
	struct hall *h = arg;
	struct held *i = TAILQ_FIRST(&h->held), *next;
	struct admission_answer a;

	(void)fd, (void)what;
	for (; i; i = next) {
		uint32_t client = http_connection_client(i->connection);

		next = TAILQ_NEXT(i, in_order);
		admission_ask(h->admission, client, now_ms, &a);
		if (a.may_go)
			let_go(h, release(h, i));
		else if (i->until_ms <= now_ms)
			tell_later(h, release(h, i), &a);
	}
	if (!(i = TAILQ_FIRST(&h->held)))
		return;
	int64_t in_ms = i->until_ms > now_ms ? i->until_ms - now_ms : 0;
	const struct timeval tv = {.tv_sec = in_ms / 1000, .tv_usec = in_ms % 1000 * 1000};
	(void)event_add(h->look, &tv);
}

void hall_http_gone(struct hall *h, struct http_connection *c)
{
	struct held *i;

	TAILQ_FOREACH(i, &h->held, in_order)
	{
		if (i->connection == c) {
			(void)release(h, i);
			return;
		}
	}
}

struct hall *hall_new(struct event_base *base, struct ipc *provisioner)
{
	struct hall *h = xcalloc(1, sizeof(*h));

	h->provisioner = provisioner;
	TAILQ_INIT(&h->held);
	h->look = evtimer_new(base, on_look, h);
	h->admission = admission_new(ADMISSION_SLOTS_DEFAULT);
	h->tick = evtimer_new(base, on_tick, h);
	assert(h->tick && h->look);
	return h;
}

void hall_on_turn(struct hall *h, void (*resume)(void *arg, struct http_connection *c), void *arg)
{
	h->resume = resume;
	h->arg = arg;
}

void hall_free(struct hall *h)
{
	if (!h)
		return;
	while (!TAILQ_EMPTY(&h->held))
		(void)release(h, TAILQ_FIRST(&h->held));
	event_free(h->look);
	event_free(h->tick);
	admission_free(h->admission);
	free(h);
}

void hall_configure(struct hall *h, const struct message_netboot_settings *m)
{
	h->settings = *m;
	admission_set_slots(h->admission, m->transfers);
	look_soon(h);
}

static bool is_kernel(const struct hall *h, const char *name)
{
	const struct message_netboot_settings *m = &h->settings;

	for (uint32_t i = 0; i < m->n_kernels && i < MESSAGE_KERNELS_MAX; i++)
		if (strcmp(m->kernels[i], name) == 0)
			return true;
	return false;
}

static void tell_of_wait(
	struct hall *h, uint32_t client, const char *name, const struct admission_answer *a)
{
	struct message_wait m = {
		.client = client, .n_ahead = a->n_ahead, .expected_ms = a->expected_ms};

	(void)snprintf(m.name, sizeof(m.name), "%s", name); /* cut */
	(void)ipc_send(h->provisioner, MESSAGE_WAIT, &m, sizeof(m), -1);
}

static bool is_free(const struct http_connection *c, uint64_t size)
{
	return size < ADMISSION_SMALL_BYTES || http_connection_head(c)->method == HTTP_HEAD;
}

static void begin(struct hall *h, struct http_connection *c, const struct admission_file *file)
{
	run_tick(h);
	http_connection_set_tag(c, admission_begin(h->admission, file, clock_mono_ms()));
}

bool hall_admits(struct hall *h, struct http_connection *c, const char *name, uint64_t size)
{
	const struct admission_file file = {.client = http_connection_client(c),
		.is_kernel = is_kernel(h, name),
		.size = size,
		.name = name,
		.of = c};
	int64_t now_ms = clock_mono_ms();
	struct admission_answer a;

	if (is_free(c, size))
		return true;
	admission_ask(h->admission, file.client, now_ms, &a);
	if (a.may_go) {
		begin(h, c, &file);
		return true;
	}
	run_tick(h);
	if (a.is_new)
		tell_of_wait(h, file.client, name, &a);
	if (a.is_waiting)
		hold(h, c, now_ms);
	else
		tell_later(h, c, &a);
	return false;
}

bool hall_lets_in(struct hall *h, struct http_connection *c, const char *name, uint64_t size)
{
	const struct admission_file file = {.client = http_connection_client(c),
		.is_unasked = true,
		.size = size,
		.name = name,
		.of = c};

	if (!is_free(c, size))
		begin(h, c, &file);
	return true;
}

int64_t hall_http_ended(struct hall *h, void *tag, uint64_t bytes)
{
	if (!tag)
		return 0;
	look_soon(h);
	return admission_end(h->admission, tag, bytes, clock_mono_ms());
}

void *hall_tftp_begins(
	struct hall *h, struct tftp_session *s, uint32_t client, const char *name, uint64_t size)
{
	const struct admission_file file = {.client = client,
		.is_tftp = true,
		.is_unasked = true,
		.size = size,
		.name = name,
		.of = s};

	if (size < ADMISSION_SMALL_BYTES)
		return NULL;
	run_tick(h);
	return admission_begin(h->admission, &file, clock_mono_ms());
}

void hall_tftp_ended(struct hall *h, void *tag, uint64_t bytes)
{
	look_soon(h);
	(void)admission_end(h->admission, tag, bytes, clock_mono_ms());
}

struct hall_figures hall_figures(const struct hall *h)
{
	return (struct hall_figures){.queue = admission_figures(h->admission), .told = h->told};
}

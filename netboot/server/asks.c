#include "netboot/server/asks.h"

#include <assert.h>
#include <event2/event.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/random.h>

#include "netboot/http/connection.h"
#include "provisioner/base/clock.h"
#include "provisioner/base/ipc.h"
#include "provisioner/base/mem.h"

struct ask {
	TAILQ_ENTRY(ask) by_age;
	uint64_t id;
	int64_t deadline_ms;
	struct http_connection *connection;
};

TAILQ_HEAD(ask_list, ask);

struct asks {
	struct ask_list waiting; /* oldest first: all have the same limit */
	struct event *timer;     /* of the oldest */
	uint64_t last_id;
	struct asks_counters counters;
};

static void set_timer(struct asks *a)
{
	const struct ask *oldest = TAILQ_FIRST(&a->waiting);

	if (!oldest) {
		(void)event_del(a->timer);
		return;
	}
	int64_t wait_ms = oldest->deadline_ms - clock_mono_ms();
	if (wait_ms < 1)
		wait_ms = 1;
	struct timeval tv = {.tv_sec = wait_ms / 1000, .tv_usec = wait_ms % 1000 * 1000};
	(void)event_add(a->timer, &tv);
}

/* Takes the question off the list; gives the connection that waited. */
static struct http_connection *end(struct asks *a, struct ask *ask)
{
	struct http_connection *c = ask->connection;

	http_connection_set_tag(c, NULL);
	TAILQ_REMOVE(&a->waiting, ask, by_age);
	free(ask);
	return c;
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct asks *a = arg;
	struct ask *oldest;
	int64_t now_ms = clock_mono_ms();

	(void)fd, (void)what;
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): end() has taken the freed one off the list */
	while ((oldest = TAILQ_FIRST(&a->waiting)) && oldest->deadline_ms <= now_ms) {
		a->counters.timed_out++;
		http_reply_status(
			end(a, oldest), 503, ASK_RETRY_AFTER_S, "the provisioner is busy");
	}
	set_timer(a);
}

struct asks *asks_new(struct event_base *base)
{
	struct asks *a = xcalloc(1, sizeof(*a));

	TAILQ_INIT(&a->waiting);
	/* Late answers to a worker that was killed must not fit the questions of the next one. */
	if (getrandom(&a->last_id, sizeof(a->last_id), 0) != (ssize_t)sizeof(a->last_id))
		a->last_id = (uint64_t)clock_wall_ms() << 20;
	a->timer = evtimer_new(base, on_timer, a);
	assert(a->timer);
	return a;
}

void asks_free(struct asks *a)
{
	if (!a)
		return;
	while (!TAILQ_EMPTY(&a->waiting))
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the same */
		(void)end(a, TAILQ_FIRST(&a->waiting)); /* its connection is freed by its server */
	event_free(a->timer);
	free(a);
}

/* Copies text into a field of a message; what is too long is cut. */
static void put(char *field, size_t size, const char *text)
{
	size_t len = strlen(text);
	size_t n = len < size ? len : size - 1;

	memcpy(field, text, n);
	field[n] = '\0';
}

static struct message_ask question(uint64_t id, const struct http_connection *c)
{
	const struct http_head *head = http_connection_head(c);
	struct message_ask m = {
		.id = id,
		.client = http_connection_client(c),
		.protocol = PROTOCOL_HTTP,
	};

	put(m.method, sizeof(m.method), head->method == HTTP_HEAD ? "HEAD" : "GET");
	put(m.path, sizeof(m.path), head->path);
	put(m.query, sizeof(m.query), head->query);
	put(m.accept, sizeof(m.accept), head->accept);
	return m;
}

void asks_send(struct asks *a, struct ipc *to, struct http_connection *c)
{
	struct message_ask m = question(++a->last_id, c);

	a->counters.asked++;
	if (ipc_send(to, MESSAGE_ASK, &m, sizeof(m), -1) < 0) {
		a->counters.unsent++;
		http_reply_status(c, 503, ASK_RETRY_AFTER_S, "the provisioner is not there");
		return;
	}
	struct ask *ask = xcalloc(1, sizeof(*ask));
	ask->id = m.id;
	ask->deadline_ms = clock_mono_ms() + ASK_TIMEOUT_MS;
	ask->connection = c;
	http_connection_set_tag(c, ask);
	TAILQ_INSERT_TAIL(&a->waiting, ask, by_age);
	if (TAILQ_FIRST(&a->waiting) == ask)
		set_timer(a);
}

/* Answers come mostly in the order of the questions. */
static struct ask *find(struct asks *a, uint64_t id)
{
	struct ask *i;

	TAILQ_FOREACH(i, &a->waiting, by_age)
	{
		if (i->id == id)
			return i;
	}
	return NULL;
}

void asks_answered(struct asks *a, const struct message_answer *m, int fd)
{
	struct ask *ask = find(a, m->id);

	if (!ask) {
		close_p(&fd);
		return;
	}
	struct http_connection *c = end(a, ask);
	if (m->status == 200 && fd >= 0) {
		http_reply_file(c, fd, m->content_type[0] ? m->content_type : "text/plain", true);
		return;
	}
	close_p(&fd);
	http_reply_status(c, m->status == 200 ? 500 : m->status, m->retry_after_s, m->reason);
}

void asks_forget(struct asks *a, struct http_connection *c)
{
	struct ask *ask = http_connection_tag(c);

	if (ask)
		(void)end(a, ask);
}

struct asks_counters asks_counters(const struct asks *a)
{
	return a->counters;
}

#include "netboot/server/asks.h"

#include <assert.h>
#include <event2/event.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/random.h>

#include "provisioner/base/clock.h"
#include "provisioner/base/ipc.h"
#include "provisioner/base/mem.h"

struct ask {
	TAILQ_ENTRY(ask) by_age;
	uint64_t id;
	int64_t deadline_ms;
	ask_answered *tell;
	void *waiting;
};

TAILQ_HEAD(ask_list, ask);

struct asks {
	struct ipc *provisioner;
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

static const struct ask_body no_body = {.fd = -1};

/* Takes the question off the list, and tells who waits. */
static void end(struct asks *a, struct ask *ask, const struct message_answer *m,
	const struct ask_body *body)
{
	ask_answered *tell = ask->tell;
	void *waiting = ask->waiting;

	TAILQ_REMOVE(&a->waiting, ask, by_age);
	free(ask);
	tell(waiting, m, body);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	static const struct message_answer busy = {.status = 503,
		.retry_after_s = ASK_RETRY_AFTER_S,
		.reason = "the provisioner is busy"};
	struct asks *a = arg;
	struct ask *oldest;
	int64_t now_ms = clock_mono_ms();

	(void)fd, (void)what;
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): end() has taken the freed one off the list */
	while ((oldest = TAILQ_FIRST(&a->waiting)) && oldest->deadline_ms <= now_ms) {
		a->counters.timed_out++;
		end(a, oldest, &busy, &no_body);
	}
	set_timer(a);
}

struct asks *asks_new(struct event_base *base, struct ipc *provisioner)
{
	struct asks *a = xcalloc(1, sizeof(*a));

	a->provisioner = provisioner;
	TAILQ_INIT(&a->waiting);
	/* Late answers to a worker that was killed must not fit the questions of the next one. */
	if (getrandom(&a->last_id, sizeof(a->last_id), 0) != (ssize_t)sizeof(a->last_id))
		a->last_id = (uint64_t)clock_wall_ms() << 20;
	a->timer = evtimer_new(base, on_timer, a);
	assert(a->timer);
	return a;
}

void asks_forget(struct asks *a, struct ask *ask)
{
	if (!ask)
		return;
	TAILQ_REMOVE(&a->waiting, ask, by_age);
	free(ask);
}

void asks_free(struct asks *a)
{
	struct ask *ask;

	if (!a)
		return;
	while ((ask = TAILQ_FIRST(&a->waiting)))
		asks_forget(a, ask); /* who waits is freed by its server */
	event_free(a->timer);
	free(a);
}

struct ask *asks_send(
	struct asks *a, const struct message_ask *m, ask_answered *tell, void *waiting)
{
	struct message_ask numbered = *m;

	numbered.id = ++a->last_id;
	a->counters.asked++;
	if (ipc_send(a->provisioner, MESSAGE_ASK, &numbered, sizeof(numbered), -1) < 0) {
		a->counters.unsent++;
		return NULL;
	}
	struct ask *ask = xcalloc(1, sizeof(*ask));
	ask->id = numbered.id;
	ask->deadline_ms = clock_mono_ms() + ASK_TIMEOUT_MS;
	ask->tell = tell;
	ask->waiting = waiting;
	TAILQ_INSERT_TAIL(&a->waiting, ask, by_age);
	if (TAILQ_FIRST(&a->waiting) == ask)
		set_timer(a);
	return ask;
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

void asks_answered(struct asks *a, const struct message_answer *m, const struct ask_body *body)
{
	struct ask *ask = find(a, m->id);
	int unused = !ask || m->status != 200 ? body->fd : -1;

	close_p(&unused);
	if (ask)
		end(a, ask, m, m->status == 200 ? body : &no_body);
}

struct asks_counters asks_counters(const struct asks *a)
{
	return a->counters;
}

#include "provisioner/etcd/seed.h"

#include <event2/event.h>
#include <string.h>

#include "provisioner/base/mem.h"
#include "provisioner/etcd/client.h"
#include "provisioner/etcd/plan.h"

struct key {
	char *key, *value;
	char *said; /* the reason of its last failure, so that it is told once */
};

struct etcd_seed {
	struct etcd_client *client;
	struct etcd_request *request; /* under way, or NULL */
	struct event *timer;
	struct plan plan;
	bool *stored;
	struct key *keys;
	size_t n;
	char *said; /* why we wait, so that it is told once; NULL: we do not */
	bool done, told_healthy;
	void (*fn)(const struct etcd_seed_report *r, void *arg);
	void *arg;
};

static void feed(struct etcd_seed *s, enum plan_input input, const struct etcd_reply *r);

static void tell(struct etcd_seed *s, struct etcd_seed_report report)
{
	s->fn(&report, s->arg);
}

/* True when `reason` is news; it is remembered in *said. */
static bool is_news(char **said, const char *reason)
{
	if (*said && strcmp(*said, reason) == 0)
		return false;
	free(*said);
	*said = xstrdup(reason);
	return true;
}

static void on_health(const struct etcd_reply *r, void *arg)
{
	struct etcd_seed *s = arg;

	s->request = NULL;
	feed(s, r->rc == 0 ? PLAN_HEALTHY : PLAN_UNREACHABLE, r);
}

static void on_created(const struct etcd_reply *r, void *arg)
{
	struct etcd_seed *s = arg;

	s->request = NULL;
	feed(s, r->rc == 0 ? PLAN_STORED : r->refused ? PLAN_REFUSED : PLAN_UNREACHABLE, r);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	feed(arg, PLAN_START, NULL);
}

static void act(struct etcd_seed *s, enum plan_act act)
{
	const struct key *k = &s->keys[s->plan.at];
	struct timeval tv = {
		.tv_sec = s->plan.wait_ms / 1000, .tv_usec = s->plan.wait_ms % 1000 * 1000};

	switch (act) {
	case PLAN_ASK_HEALTH:
		s->request = etcd_health(s->client, on_health, s);
		break;
	case PLAN_CREATE:
		s->request =
			etcd_create(s->client, k->key, k->value, strlen(k->value), on_created, s);
		break;
	case PLAN_WAIT:
		(void)event_add(s->timer, &tv);
		break;
	case PLAN_FINISH:
		s->done = true;
		tell(s, (struct etcd_seed_report){.what = ETCD_SEED_DONE});
		break;
	}
}

static void tell_stored(struct etcd_seed *s, const struct key *k, const struct etcd_reply *r)
{
	bool differs =
		!r->created && (r->kvs[0].value_len != strlen(k->value) ||
				       memcmp(r->kvs[0].value, k->value, r->kvs[0].value_len) != 0);

	tell(s, (struct etcd_seed_report){
			.what = r->created ? ETCD_SEED_CREATED : ETCD_SEED_EXISTED,
			.key = k->key,
			.endpoint = r->endpoint,
			.differs = differs});
}

static void tell_healthy(struct etcd_seed *s, const struct etcd_reply *r)
{
	free(TAKE(s->said));
	if (s->told_healthy)
		return;
	s->told_healthy = true;
	tell(s, (struct etcd_seed_report){.what = ETCD_SEED_HEALTHY, .endpoint = r->endpoint});
}

/* `at`: the key that the input is about. */
static void tell_input(
	struct etcd_seed *s, enum plan_input input, size_t at, const struct etcd_reply *r)
{
	struct key *k = &s->keys[at];

	switch (input) {
	case PLAN_START:
		break;
	case PLAN_HEALTHY:
		tell_healthy(s, r);
		break;
	case PLAN_STORED:
		tell_stored(s, k, r);
		break;
	case PLAN_UNREACHABLE:
		s->told_healthy = false;
		if (is_news(&s->said, r->error))
			tell(s, (struct etcd_seed_report){.what = ETCD_SEED_WAITING,
					.reason = r->error,
					.retry_ms = s->plan.wait_ms});
		break;
	case PLAN_REFUSED:
		if (is_news(&k->said, r->error))
			tell(s, (struct etcd_seed_report){.what = ETCD_SEED_FAILED,
					.key = k->key,
					.reason = r->error,
					.retry_ms = s->plan.next_wait_ms});
		break;
	}
}

/* `r` is the answer that `input` was judged from; NULL for PLAN_START. */
static void feed(struct etcd_seed *s, enum plan_input input, const struct etcd_reply *r)
{
	size_t at = s->plan.at;
	enum plan_act next = plan_step(&s->plan, input);

	tell_input(s, input, at, r);
	act(s, next);
}

struct etcd_seed *etcd_seed_new(struct event_base *base, struct etcd_client *client,
	const struct etcd_seed_key *keys, size_t n,
	void (*fn)(const struct etcd_seed_report *r, void *arg), void *arg)
{
	struct etcd_seed *s = xcalloc(1, sizeof(*s));

	*s = (struct etcd_seed){.client = client,
		.stored = xcalloc(n + 1, sizeof(*s->stored)),
		.keys = xcalloc(n + 1, sizeof(*s->keys)), /* plan.at may stand behind the last */
		.n = n,
		.fn = fn,
		.arg = arg};
	for (size_t i = 0; i < n; i++) {
		s->keys[i].key = xstrdup(keys[i].key);
		s->keys[i].value = xstrdup(keys[i].value);
	}
	s->plan = plan_init(s->stored, n);
	s->timer = evtimer_new(base, on_timer, s);
	if (!s->timer)
		abort(); /* only for lack of memory */
	event_active(s->timer, EV_TIMEOUT, 1);
	return s;
}

void etcd_seed_free(struct etcd_seed *s)
{
	if (!s)
		return;
	if (s->request)
		etcd_cancel(s->request);
	event_free(s->timer);
	for (size_t i = 0; i < s->n; i++) {
		free(s->keys[i].key);
		free(s->keys[i].value);
		free(s->keys[i].said);
	}
	free(s->keys);
	free(s->stored);
	free(s->said);
	free(s);
}

void etcd_seed_poke(struct etcd_seed *s)
{
	if (!event_pending(s->timer, EV_TIMEOUT, NULL))
		return;
	(void)event_del(s->timer);
	event_active(s->timer, EV_TIMEOUT, 1);
}

bool etcd_seed_is_done(const struct etcd_seed *s)
{
	return s->done;
}

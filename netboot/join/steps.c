#include "netboot/join/steps.h"

#define BACKOFF_MS 1000
#define BACKOFF_MAX_MS 30000
#define SLOW_MS 60000

void steps_register_again(struct steps *s, int64_t now_ms)
{
	s->registered = false;
	s->task[STEPS_REGISTER].at_ms = now_ms;
}

void steps_renew(struct steps *s, int64_t now_ms)
{
	if (!s->must_renew)
		s->task[STEPS_RENEW].at_ms = now_ms;
	s->must_renew = true;
}

void steps_fetch(struct steps *s, int64_t now_ms)
{
	if (!s->must_fetch)
		s->task[STEPS_SECRETS].at_ms = now_ms;
	s->must_fetch = true;
}

enum steps_result steps_result_of(int status)
{
	if (status >= 200 && status < 300)
		return STEPS_OK;
	if (status == 401 || status == 403)
		return STEPS_UNAUTHORIZED;
	/* RFC 9110: 408 Request Timeout; RFC 6585: 429 Too Many Requests. Both mean "later". */
	if (status < 100 || status >= 500 || status == 408 || status == 429)
		return STEPS_RETRY;
	return STEPS_REFUSED;
}

static bool is_wanted(const struct steps *s, enum steps_task task)
{
	switch (task) {
	case STEPS_JOIN:
		return s->has_token && (!s->has_certificate || s->rejected);
	case STEPS_RENEW:
		return s->must_renew && s->has_certificate && !s->rejected;
	case STEPS_SECRETS:
		return s->must_fetch && s->has_certificate && !s->rejected;
	case STEPS_BEAT:
		return s->has_certificate && !s->rejected;
	case STEPS_REGISTER:
		return s->has_certificate && s->has_etcd && !s->etcd_locked && !s->registered;
	case STEPS_TASKS:
		break;
	}
	return false;
}

/* The connection to the provisioner is in use: only the end of that task frees it. */
static bool is_line_taken(const struct steps *s, enum steps_task task)
{
	bool taken = false;

	if (task == STEPS_REGISTER)
		return false; /* etcd's is another */
	for (enum steps_task t = 0; t < STEPS_REGISTER; t++)
		taken = taken || s->task[t].running;
	return taken;
}

enum steps_next steps_next(
	struct steps *s, int64_t now_ms, enum steps_task *ret_task, int64_t *ret_wait_ms)
{
	int64_t wait = -1;

	if (s->ended)
		return STEPS_END;
	for (enum steps_task t = 0; t < STEPS_TASKS; t++) {
		if (s->task[t].running || is_line_taken(s, t) || !is_wanted(s, t))
			continue;
		int64_t left = s->task[t].at_ms - now_ms;
		if (left <= 0) {
			s->task[t].running = true;
			*ret_task = t;
			return STEPS_DO;
		}
		wait = wait < 0 || left < wait ? left : wait;
	}
	*ret_wait_ms = wait;
	return STEPS_WAIT;
}

/* Three quarters to five quarters of `ms`. */
static int64_t spread(int64_t ms, uint32_t random)
{
	return ms * 3 / 4 + ms / 2 * (int64_t)(random & 0xffff) / 0xffff;
}

static int64_t backoff_ms(unsigned failures)
{
	int64_t ms = BACKOFF_MS;

	while (--failures > 0 && ms < BACKOFF_MAX_MS)
		ms *= 2;
	return ms < BACKOFF_MAX_MS ? ms : BACKOFF_MAX_MS;
}

static void succeed(struct steps *s, enum steps_task task, bool stale, int64_t now_ms)
{
	switch (task) {
	case STEPS_JOIN:
		s->has_certificate = true;
		s->rejected = false;
		s->unproven = true;
		s->registered = false; /* perhaps under another name now */
		s->task[STEPS_BEAT].at_ms = now_ms;
		s->task[STEPS_REGISTER].at_ms = now_ms;
		return;
	case STEPS_RENEW:
		s->must_renew = false;
		s->unproven = true;
		return;
	case STEPS_SECRETS:
		s->must_fetch = false;
		return;
	case STEPS_BEAT:
		s->task[STEPS_BEAT].at_ms = stale ? now_ms : now_ms + s->heartbeat_ms;
		s->unproven = false;
		s->ended = s->once && !stale && !s->must_fetch &&
			   (s->registered || !s->has_etcd || s->etcd_locked);
		return;
	case STEPS_REGISTER:
		s->registered = true;
		s->stale = s->task[STEPS_BEAT].running;
		s->task[STEPS_BEAT].at_ms = now_ms; /* the provisioner is waiting to hear it */
		return;
	case STEPS_TASKS:
		return;
	}
}

void steps_done(struct steps *s, enum steps_task task, enum steps_result result, int64_t now_ms,
	uint32_t random)
{
	bool stale = task == STEPS_BEAT && s->stale;

	s->task[task].running = false;
	s->stale = s->stale && !stale;
	if (result == STEPS_OK) {
		s->task[task].failures = 0;
		succeed(s, task, stale, now_ms);
		return;
	}
	s->task[task].failures++;

	/* etcd may come up long after this node: there is nothing it could refuse for good. */
	bool slow = result != STEPS_RETRY && task != STEPS_REGISTER;
	s->task[task].at_ms =
		now_ms + spread(slow ? SLOW_MS : backoff_ms(s->task[task].failures), random);

	if (task == STEPS_BEAT && result == STEPS_UNAUTHORIZED && s->has_token) {
		s->rejected = true;
		/* A new certificate that is refused at once would be refused again and again. */
		s->task[STEPS_JOIN].at_ms = s->unproven ? s->task[STEPS_BEAT].at_ms : now_ms;
	}
	/* The token is no better than the certificate: try that again, too, but as slowly. */
	if (task == STEPS_JOIN && slow && s->has_certificate) {
		s->rejected = false;
		s->task[STEPS_BEAT].at_ms = s->task[STEPS_JOIN].at_ms;
	}
}

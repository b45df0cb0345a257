#include "provisioner/etcd/plan.h"

struct plan plan_init(bool *stored, size_t n)
{
	return (struct plan){.stored = stored, .n = n, .next_wait_ms = PLAN_WAIT_MIN_MS};
}

/* The first key from `at` on that is not stored; p->n when there is none. */
static size_t pending_from(const struct plan *p, size_t at)
{
	while (at < p->n && p->stored[at])
		at++;
	return at;
}

static enum plan_act wait_longer(struct plan *p)
{
	p->wait_ms = p->next_wait_ms;
	p->next_wait_ms *= 2;
	if (p->next_wait_ms > PLAN_WAIT_MAX_MS)
		p->next_wait_ms = PLAN_WAIT_MAX_MS;
	return PLAN_WAIT;
}

/* Goes on with the round at key `from`; behind the last key, with the next round. */
static enum plan_act create_from(struct plan *p, size_t from)
{
	p->at = pending_from(p, from);
	if (p->at < p->n)
		return PLAN_CREATE;
	return pending_from(p, 0) == p->n ? PLAN_FINISH : wait_longer(p);
}

enum plan_act plan_step(struct plan *p, enum plan_input input)
{
	switch (input) {
	case PLAN_START:
		return pending_from(p, 0) == p->n ? PLAN_FINISH : PLAN_ASK_HEALTH;
	case PLAN_HEALTHY:
		p->healthy = true;
		return create_from(p, 0);
	case PLAN_UNREACHABLE:
		if (p->healthy)
			p->next_wait_ms = PLAN_WAIT_MIN_MS;
		p->healthy = false;
		return wait_longer(p);
	case PLAN_STORED:
		p->stored[p->at] = true;
		p->next_wait_ms = PLAN_WAIT_MIN_MS;
		return create_from(p, p->at + 1);
	case PLAN_REFUSED:
		return create_from(p, p->at + 1);
	}
	return PLAN_FINISH; /* not reached: the switch names every input */
}

#include "provisioner/daemon/enrolling.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <string.h>

#include "provisioner/base/clock.h"
#include "provisioner/base/log.h"
#include "provisioner/cluster/cluster.h"
#include "provisioner/messages/messages.h"
#include "provisioner/nodes/enroll.h"
#include "provisioner/nodes/nodes.h"

#define COLLECT_MS 1000  /* a hall that powers on comes in batches */
#define HELD_UP_MS 10000 /* until it is tried again, when nothing was published meanwhile */
#define REFUSED_MS 60000 /* likewise, of one machine */
#define REASON_SIZE 200

static const char in_time[] = "It is being taken into the cluster.";

struct enrolling {
	struct enrolling_setup setup;
	struct event *timer;
	const struct cluster *cluster;
	struct mac wanted[ENROLL_BATCH_MAX];
	size_t n_wanted;
	struct enroll_candidate sent[ENROLL_BATCH_MAX]; /* to the builder */
	size_t n_sent;
	char held_up[REASON_SIZE];
	int64_t not_before_ms; /* monotonic */
};

static void wake_in(struct enrolling *e, int64_t ms)
{
	const struct timeval t = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};

	if (!evtimer_pending(e->timer, NULL))
		(void)evtimer_add(e->timer, &t);
}

/* --- who waits for us ----------------------------------------------------------------------------- */

static bool is_wanted(const struct enrolling *e, const struct mac *mac)
{
	for (size_t i = 0; i < e->n_wanted; i++)
		if (mac_is_equal(&e->wanted[i], mac))
			return true;
	for (size_t i = 0; i < e->n_sent; i++)
		if (mac_is_equal(&e->sent[i].mac, mac))
			return true;
	return false;
}

const char *enrolling_ask(struct enrolling *e, struct machine *m, const struct mac *mac)
{
	int64_t now = clock_mono_ms();

	if (!e->cluster || e->cluster->enroll != ENROLL_OPEN)
		return NULL;
	if (m->waits_for && now < m->waits_ms)
		return m->waits_for;
	/* Who finds no place in this batch asks again in time for the next. */
	if (!is_wanted(e, mac) && e->n_wanted < ENROLL_BATCH_MAX)
		e->wanted[e->n_wanted++] = *mac;
	wake_in(e, e->not_before_ms - now > COLLECT_MS ? e->not_before_ms - now : COLLECT_MS);
	return e->held_up[0] ? e->held_up : in_time;
}

const char *enrolling_held_up(const struct enrolling *e)
{
	return e->held_up;
}

/* Nobody is enrolled for now. Told once, and to each machine that this concerns. */
static void hold_up(struct enrolling *e, const char *why)
{
	int64_t now_ms = clock_wall_ms();
	char text[REASON_SIZE];

	(void)snprintf(text, sizeof(text), "It is not taken in now: %s.", why); /* cut to fit */
	if (strcmp(text, e->held_up) != 0) {
		memcpy(e->held_up, text, sizeof(text));
		nodes_event(e->setup.nodes, NULL, now_ms, "enroll", STORE_WARN,
			"unknown machines wait: %s", why);
	}
	for (size_t i = 0; i < e->n_sent; i++) {
		struct machine *m = nodes_by_mac(e->setup.nodes, &e->sent[i].mac);

		if (m && !m->node)
			nodes_trouble(e->setup.nodes, m, now_ms, "enroll", "waits: %s", why);
	}
	e->not_before_ms = clock_mono_ms() + HELD_UP_MS;
}

/* --- what becomes of them ------------------------------------------------------------------------- */

static void tell_node(struct enrolling *e, struct machine *m, const struct mac *mac,
	const struct enroll_verdict *v)
{
	char address[IPV4_TEXT_SIZE], text[MAC_TEXT_SIZE];

	if (v->kind == ENROLL_NEW)
		nodes_event(e->setup.nodes, m, clock_wall_ms(), "enrolled", STORE_INFO,
			"%s is a node now, because of enroll: open: %s, %s (enrolled/%s.yaml)",
			mac_text(mac, text), m->node->role_name,
			ipv4_text(m->node->address, address), v->node);
	else
		nodes_event(e->setup.nodes, m, clock_wall_ms(), "enrolled", STORE_INFO,
			"%s is another network card of it, by its UUID (enrolled/%s.yaml)",
			mac_text(mac, text), v->node);
}

static void take_verdict(
	struct enrolling *e, const struct enroll_candidate *c, const struct enroll_verdict *v)
{
	struct machine *m = nodes_by_mac(e->setup.nodes, &c->mac);
	char text[REASON_SIZE];

	if (!m)
		return; /* so many others came that it was forgotten */
	if (v->kind != ENROLL_REFUSED) {
		/* What was committed may wait for a restart of the server, and is no node of ours yet. */
		if (m->node && strcmp(m->key, v->node) == 0)
			tell_node(e, m, &c->mac, v);
		return;
	}
	(void)snprintf(text, sizeof(text), "It is not taken in: %s.", v->why); /* cut to fit */
	nodes_set_waits_for(m, text, clock_mono_ms() + REFUSED_MS);
	nodes_trouble(e->setup.nodes, m, clock_wall_ms(), "enroll", "not taken in: %s", v->why);
}

static void on_done(void *arg, const struct publish_outcome *o)
{
	struct enrolling *e = arg;

	e->setup.done(e->setup.arg, o);
	if (o->rc < 0) {
		hold_up(e, o->errors.n ? o->errors.list[0].msg : strerror(-o->rc));
	} else {
		e->held_up[0] = '\0';
		for (size_t i = 0; i < e->n_sent; i++)
			take_verdict(e, &e->sent[i], &o->verdicts[i]);
	}
	e->n_sent = 0;
}

/* --- sending them on ------------------------------------------------------------------------------ */

static void describe(const struct machine *m, const struct mac *mac, struct enroll_candidate *ret)
{
	struct uuid uuid;

	*ret = (struct enroll_candidate){.mac = *mac, .address = m->address};
	if (m->uuid[0] && uuid_parse(m->uuid, &uuid) == 0)
		ret->uuid = uuid_folded(&uuid);
	(void)snprintf(ret->serial, sizeof(ret->serial), "%s", m->serial);
}

/* All that still wait. */
static void collect(struct enrolling *e)
{
	e->n_sent = 0;
	for (size_t i = 0; i < e->n_wanted; i++) {
		const struct machine *m = nodes_by_mac(e->setup.nodes, &e->wanted[i]);

		if (m && (!m->node || !cluster_node_has_mac(m->node, &e->wanted[i])))
			describe(m, &e->wanted[i], &e->sent[e->n_sent++]);
	}
}

static void on_time(evutil_socket_t fd, short what, void *arg)
{
	struct enrolling *e = arg;

	(void)fd, (void)what;
	if (e->n_sent > 0) { /* they come back, and then these go */
		wake_in(e, COLLECT_MS);
		return;
	}
	if (e->cluster->enroll == ENROLL_OPEN)
		collect(e);
	/* Files that are still to get their names are no difference: the builder begins with them. */
	if (e->n_sent > 0 && publishing_is_settled(e->setup.publishing) &&
		e->setup.differs(e->setup.arg)) {
		hold_up(e, "cluster.yaml on disk is not what is published; slipway apply publishes "
			   "it");
		e->n_sent = 0;
	}
	int rc = e->n_sent > 0
			 ? publishing_enroll(e->setup.publishing, e->sent, e->n_sent, on_done, e)
			 : 0;
	if (rc == -EALREADY) { /* something else is being published */
		e->n_sent = 0;
		wake_in(e, COLLECT_MS);
		return;
	}
	if (rc < 0) {
		hold_up(e, strerror(-rc));
		e->n_sent = 0;
	}
	e->n_wanted = 0;
}

void enrolling_configure(struct enrolling *e, const struct cluster *c)
{
	e->cluster = c;
	e->held_up[0] = '\0';
	e->not_before_ms = 0;
	(void)evtimer_del(e->timer);
	if (e->n_wanted > 0)
		wake_in(e, COLLECT_MS);
	for (size_t i = 0; i < nodes_count(e->setup.nodes); i++)
		nodes_set_waits_for(nodes_at(e->setup.nodes, i), NULL, 0);
}

struct enrolling *enrolling_new(struct event_base *base, const struct enrolling_setup *setup)
{
	struct enrolling *e = xcalloc(1, sizeof(*e));

	e->setup = *setup;
	e->timer = evtimer_new(base, on_time, e);
	assert(e->timer);
	return e;
}

void enrolling_free(struct enrolling *e)
{
	if (!e)
		return;
	event_free(e->timer);
	free(e);
}

#include "provisioner/nodes/nodes.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "provisioner/base/clock.h"
#include "provisioner/base/log.h"
#include "provisioner/base/str.h"
#include "provisioner/cluster/cluster.h"
#include "provisioner/messages/messages.h"
#include "provisioner/nodes/batch.h"
#include "provisioner/nodes/index.h"
#include "provisioner/nodes/record.h"
#include "provisioner/nodes/taken.h"

#define EVENT_TEXT_MAX 1024
#define SEEN_STORED_MS 60000 /* a sign of life alone is written so often */

struct nodes {
	struct batch batch;
	const struct cluster *cluster;
	struct machine **list; /* nodes of cluster.yaml first */
	size_t n, cap;
	struct index index;
	struct taken taken;
	struct log_rate strangers;
	nodes_event_fn *on_event;
	void *on_event_arg;
};

static bool is_proxy(const struct nodes *t)
{
	return t->cluster && t->cluster->dhcp.mode == DHCP_MODE_PROXY;
}

static struct machine *append(struct nodes *t)
{
	if (t->n == t->cap) {
		t->cap = t->cap ? t->cap * 2 : 64;
		t->list = xreallocarray(t->list, t->cap, sizeof(struct machine *));
	}
	t->list[t->n] = xcalloc(1, sizeof(struct machine));
	return t->list[t->n++];
}

static void machine_free(struct machine *m)
{
	free(m->facts);
	free(m->waits_for);
	free(m);
}

static int read_back(const struct store_node *n, void *arg)
{
	struct nodes *t = arg;
	struct machine *m = append(t);

	record_read(n, m);
	index_add(&t->index, m);
	return 0;
}

int nodes_open(struct store *store, int64_t now_ms, struct nodes **ret, struct err *e)
{
	struct nodes *t = xcalloc(1, sizeof(*t));

	t->batch.store = store;
	int rc = store_nodes_each(store, read_back, t);
	if (rc < 0) {
		nodes_free(t);
		return err_msg(e, rc, "state.db: %s", store_reason(store));
	}
	/* Nobody is to blame for the time we were away. */
	for (size_t i = 0; i < t->n; i++)
		t->list[i]->life.step_ms = now_ms;
	*ret = t;
	return 0;
}

void nodes_free(struct nodes *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->n; i++)
		machine_free(t->list[i]);
	free(t->list);
	index_done(&t->index);
	taken_done(&t->taken);
	free(t);
}

void nodes_on_event(struct nodes *t, nodes_event_fn *fn, void *arg)
{
	t->on_event = fn;
	t->on_event_arg = arg;
}

size_t nodes_count(const struct nodes *t)
{
	return t->n;
}

struct machine *nodes_at(const struct nodes *t, size_t i)
{
	return t->list[i];
}

struct machine *nodes_by_key(const struct nodes *t, const char *key)
{
	return index_by_key(&t->index, key);
}

struct machine *nodes_by_mac(const struct nodes *t, const struct mac *mac)
{
	return index_by_mac(&t->index, mac);
}

struct machine *nodes_by_address(const struct nodes *t, uint32_t address)
{
	return index_by_address(&t->index, address);
}

struct machine *nodes_at_address(const struct nodes *t, uint32_t address)
{
	struct machine *m = nodes_by_address(t, address);

	for (size_t i = 0; !m && i < nodes_count(t) && nodes_at(t, i)->node; i++)
		if (nodes_at(t, i)->node->address == address)
			m = nodes_at(t, i);
	return m;
}

static void remove_at(struct nodes *t, size_t i)
{
	batch_delete(&t->batch, t->list[i]->key);
	index_drop(&t->index, t->list[i]);
	machine_free(t->list[i]);
	for (; i + 1 < t->n; i++)
		t->list[i] = t->list[i + 1];
	t->n--;
}

/* A machine that was a node and is not in cluster.yaml any more waits like any stranger. */
static void become_stranger(struct nodes *t, size_t i, int64_t now_ms)
{
	struct machine *m = t->list[i];

	m->node = NULL;
	if (m->life.state == NODE_WAITING)
		return;
	if (m->n_macs == 0 || m->last_seen_ms == 0) {
		remove_at(t, i);
		return;
	}
	char mac[MAC_TEXT_SIZE];
	batch_delete(&t->batch, m->key);
	index_drop(&t->index, m);
	str_copy(m->key, sizeof(m->key), mac_text(&m->macs[0], mac));
	index_add(&t->index, m);
	m->life = life_begin(false, now_ms);
	m->dirty = true;
}

static struct machine *find_for(struct nodes *t, const struct cluster_node *n)
{
	struct machine *m = nodes_by_key(t, n->name);

	for (uint32_t i = 0; !m && i < n->macs.n; i++) {
		struct machine *other = nodes_by_mac(t, &n->macs.items[i]);

		if (other && other->life.state == NODE_WAITING)
			m = other;
	}
	return m;
}

/* It was this node already, and all that cluster.yaml says of it is in the store. */
static bool is_as_before(
	const struct nodes *t, const struct machine *m, const struct cluster_node *n)
{
	bool is = m->node && strcmp(m->key, n->name) == 0 &&
		  strcmp(m->node->role_name, n->role_name) == 0 && m->n_macs == n->macs.n &&
		  (is_proxy(t) || m->address == n->address);

	for (uint32_t i = 0; is && i < n->macs.n; i++)
		is = mac_is_equal(&m->macs[i], &n->macs.items[i]);
	return is;
}

/* The machine is node `n` from now on. */
static void become_node(
	struct nodes *t, struct machine *m, const struct cluster_node *n, int64_t now_ms)
{
	bool was_stranger = m->life.state == NODE_WAITING || m->key[0] == '\0';
	bool is_news = was_stranger || !is_as_before(t, m, n);

	if (m->key[0] && strcmp(m->key, n->name) != 0)
		batch_delete(&t->batch, m->key);
	index_drop(&t->index, m);
	str_copy(m->key, sizeof(m->key), n->name);
	m->node = n;
	if (was_stranger)
		m->life = life_begin(true, now_ms);
	nodes_set_waits_for(m, NULL, 0);
	m->n_macs = 0;
	for (uint32_t i = 0; i < n->macs.n; i++)
		record_add_mac(m, &n->macs.items[i]);
	/* Beside another DHCP server a node holds what it was seen to take there, and nothing before. */
	if (!is_proxy(t))
		m->address = n->address;
	m->dirty |= is_news;
	index_add(&t->index, m);
}

static int nodes_first(const void *a, const void *b)
{
	const struct machine *const *x = a, *const *y = b;

	if (!(*x)->node || !(*y)->node)
		return ((*x)->node == NULL) - ((*y)->node == NULL);
	return (*x)->node < (*y)->node ? -1 : (*x)->node > (*y)->node;
}

/* A stranger that holds a MAC which now belongs to another machine's node was that machine; two
 * strangers with one MAC are one, whose old row could not be deleted when it changed its key. */
static void drop_doubles(struct nodes *t)
{
	for (size_t i = t->n; i-- > 0;) {
		struct machine *m = t->list[i];
		struct machine *owner =
			m->node || m->n_macs == 0 ? m : nodes_by_mac(t, &m->macs[0]);

		if (owner == m)
			continue;
		remove_at(t, i);
		owner->dirty = true; /* its row had the same key, perhaps */
	}
}

void nodes_configure(struct nodes *t, const struct cluster *c, int64_t now_ms)
{
	t->cluster = c;
	for (size_t i = t->n; i-- > 0;)
		if (!cluster_node_find(c, t->list[i]->key))
			become_stranger(t, i, now_ms);
	for (uint32_t i = 0; i < c->n_nodes; i++) {
		struct machine *m = find_for(t, &c->nodes[i]);

		become_node(t, m ? m : append(t), &c->nodes[i], now_ms);
	}
	if (t->n > 0)
		qsort(t->list, t->n, sizeof(struct machine *), nodes_first);
	index_reset(&t->index); /* nodes first here too */
	for (size_t i = 0; i < t->n; i++)
		index_add(&t->index, t->list[i]);
	drop_doubles(t);
}

/* Makes room for one more stranger: the one that was not seen for the longest time goes. */
static void forget_oldest_stranger(struct nodes *t)
{
	size_t oldest = t->n, strangers = 0;

	for (size_t i = 0; i < t->n; i++) {
		if (t->list[i]->node)
			continue;
		strangers++;
		if (oldest == t->n || t->list[i]->last_seen_ms < t->list[oldest]->last_seen_ms)
			oldest = i;
	}
	if (strangers >= MACHINE_STRANGERS_MAX)
		remove_at(t, oldest);
}

/* That it was seen is news for the store once a minute: 10,000 heartbeats would write 2,000 rows a
 * second otherwise. */
static void seen(struct machine *m, int64_t now_ms)
{
	m->last_seen_ms = now_ms;
	if (now_ms - m->stored_seen_ms >= SEEN_STORED_MS || now_ms < m->stored_seen_ms)
		m->dirty = true;
}

static struct machine *met(struct machine *m, int64_t now_ms)
{
	if (m->first_seen_ms == 0)
		m->first_seen_ms = now_ms;
	seen(m, now_ms);
	return m;
}

struct machine *nodes_meet(struct nodes *t, const struct mac *mac, int64_t now_ms)
{
	struct machine *m = nodes_by_mac(t, mac);
	char text[MAC_TEXT_SIZE];

	if (!m) {
		forget_oldest_stranger(t);
		m = append(t);
		str_copy(m->key, sizeof(m->key), mac_text(mac, text));
		record_add_mac(m, mac);
		index_add(&t->index, m);
		m->life = life_begin(false, now_ms);
		m->dirty = true;
		nodes_event(t, m, now_ms, "waiting", STORE_WARN,
			"a machine that is not in cluster.yaml: add it under nodes: to give it a "
			"role");
	}
	return met(m, now_ms);
}

static size_t place_of(const struct nodes *t, const struct machine *m)
{
	size_t i = 0;

	while (t->list[i] != m)
		i++;
	return i;
}

struct machine *nodes_meet_node(
	struct nodes *t, const char *name, const struct mac *mac, int64_t now_ms)
{
	struct machine *m = nodes_by_key(t, name), *other = nodes_by_mac(t, mac);

	if (!m || !m->node || m == other || !mac_is_unicast(mac) || (other && other->node))
		return nodes_meet(t, mac, now_ms);
	if (other)
		remove_at(t, place_of(t, other));
	index_drop(&t->index, m);
	if (m->n_macs >
		m->node->macs.n) /* one is learned at a time, for who knows how many there are */
		m->n_macs--;
	record_add_mac(m, mac);
	index_add(&t->index, m);
	m->dirty = true;
	return met(m, now_ms);
}

void nodes_set_address(struct nodes *t, struct machine *m, uint32_t address)
{
	struct machine *before = nodes_by_address(t, address);

	if (before == m)
		return;
	if (before && (!before->node || is_proxy(t))) {
		index_drop(&t->index, before);
		before->address = 0;
		before->dirty = true;
		index_add(&t->index, before);
	}
	index_drop(&t->index, m);
	m->address = address;
	m->dirty = true;
	index_add(&t->index, m);
}

void nodes_take_address(struct nodes *t, struct machine *m, const struct mac *mac, uint32_t address)
{
	struct machine *before = nodes_by_address(t, address);

	if (before && before != m)
		nodes_set_address(t, before, 0);
	if (!m) {
		taken_drop(&t->taken, address);
		return;
	}
	taken_put(&t->taken, mac, address);
	nodes_set_address(t, m, address);
}

bool nodes_holds(const struct nodes *t, const struct machine *m, uint32_t address)
{
	if (address == 0 || m->address == address)
		return address != 0;
	for (uint32_t i = 0; is_proxy(t) && i < m->n_macs; i++)
		if (taken_has(&t->taken, &m->macs[i], address))
			return true;
	return false;
}

void nodes_event(struct nodes *t, const struct machine *m, int64_t now_ms, const char *kind,
	enum store_severity severity, const char *fmt, ...)
{
	char text[EVENT_TEXT_MAX];
	unsigned held;
	struct store_event e = {.wall_ms = now_ms,
		.node = m ? m->key : "",
		.kind = kind,
		.severity = severity,
		.text = text,
		.data = ""};
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap); /* a longer line is cut */
	va_end(ap);
	batch_event(&t->batch, &e);
	/* Strangers can be made up by the thousand; the log would be theirs. */
	if (!m || m->node || log_rate_allows(&t->strangers, clock_mono_ms(), &held))
		log_line(severity == STORE_INFO ? LOG_LEVEL_INFO : LOG_LEVEL_WARN, "node=%s %s: %s",
			m ? m->key : "-", kind, text);
	if (t->on_event)
		t->on_event(t->on_event_arg, &e);
}

void nodes_trouble(
	struct nodes *t, struct machine *m, int64_t now_ms, const char *kind, const char *fmt, ...)
{
	char text[sizeof(m->trouble)];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap); /* a longer one is cut */
	va_end(ap);
	if (strcmp(text, m->trouble) == 0)
		return;
	memcpy(m->trouble, text, sizeof(text));
	nodes_event(t, m, now_ms, kind, STORE_WARN, "%s", text);
}

bool nodes_step(struct nodes *t, struct machine *m, enum step s, bool begins_boot, int64_t now_ms)
{
	struct life_change change = life_step(&m->life, s, begins_boot, now_ms);

	seen(m, now_ms);
	m->dirty = m->dirty || change.new_boot || change.new_step || change.new_state;
	if (change.new_boot) {
		m->initrds_sent = 0;
		m->trouble[0] = '\0';
		m->told_https = false;
		m->registered = false;
		m->health[0] = '\0';
		nodes_event(t, m, now_ms, "boot", STORE_INFO, "a boot begins");
	}
	return change.new_step;
}

void nodes_fall(struct machine *m, enum step s, int64_t now_ms)
{
	if (life_fall(&m->life, s, now_ms))
		m->dirty = true;
}

void nodes_clock_set(struct nodes *t, int64_t by_ms)
{
	for (size_t i = 0; i < t->n; i++) {
		t->list[i]->life.step_ms += by_ms;
		t->list[i]->life.held_ms = 0; /* said again in a second, if it still waits */
	}
}

void nodes_check_overdue(struct nodes *t, int64_t now_ms)
{
	for (size_t i = 0; i < t->n; i++) {
		struct machine *m = t->list[i];
		enum step last = m->life.step;
		const char *why;

		if (!life_check(&m->life, now_ms, &why))
			continue;
		m->dirty = true;
		nodes_event(t, m, now_ms, "stalled", STORE_ERROR, "after \"%s\": %s",
			step_name(last), why);
	}
}

void nodes_set_waits_for(struct machine *m, const char *text, int64_t until_ms)
{
	char *copy = text ? xstrdup(text) : NULL;

	free(m->waits_for);
	m->waits_for = copy;
	m->waits_ms = until_ms;
}

void nodes_set_facts(struct machine *m, const char *json)
{
	free(m->facts);
	m->facts = json ? xstrdup(json) : NULL;
	m->dirty = true;
}

int nodes_flush(struct nodes *t)
{
	for (size_t i = 0; i < t->n; i++) {
		struct machine *m = t->list[i];

		if (!m->dirty || !batch_put(&t->batch, m))
			continue;
		m->dirty = false;
		m->stored_seen_ms = m->last_seen_ms;
	}
	int rc = batch_end(&t->batch);
	for (size_t i = 0; rc < 0 && i < t->n; i++)
		t->list[i]->dirty = true; /* whatever this batch held is tried again */
	return rc;
}

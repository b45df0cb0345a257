#include "dhcpd/lease.h"

#include <assert.h>
#include <string.h>

#define BUCKETS_FIRST 256

/* The heap holds every lease, the one that runs out first on top; it doubles as the list of all. */
struct lease_table {
	struct hash_key key;
	uint32_t pool_first, pool_last;
	uint32_t unused_from; /* no address of the pool before this one is without a lease */
	struct lease **by_address, **by_client;
	size_t n_buckets;
	struct lease **heap;
	size_t n;
};

static size_t bucket_of_address(const struct lease_table *t, uint32_t address)
{
	return hash_bytes(&t->key, &address, sizeof(address)) & (t->n_buckets - 1);
}

static size_t bucket_of_client(const struct lease_table *t, const struct client *c)
{
	uint64_t h = c->hlen > 0 ? hash_bytes(&t->key, c->hw, c->hlen)
				 : hash_bytes(&t->key, c->id, c->id_len);

	return h & (t->n_buckets - 1);
}

bool client_is_equal(const struct client *a, const struct client *b)
{
	if (a->hlen != b->hlen)
		return false;
	if (a->hlen > 0)
		return a->htype == b->htype && memcmp(a->hw, b->hw, a->hlen) == 0;
	return a->id_len == b->id_len && a->id_len > 0 && memcmp(a->id, b->id, a->id_len) == 0;
}

static bool client_is_set(const struct client *c)
{
	return c->hlen > 0 || c->id_len > 0;
}

static void heap_put(struct lease_table *t, size_t i, struct lease *l)
{
	t->heap[i] = l;
	l->heap_at = i;
}

static void heap_up(struct lease_table *t, struct lease *l)
{
	size_t i = l->heap_at;

	while (i > 0 && t->heap[(i - 1) / 2]->until_ms > l->until_ms) {
		heap_put(t, i, t->heap[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	heap_put(t, i, l);
}

static void heap_down(struct lease_table *t, struct lease *l)
{
	size_t i = l->heap_at;

	for (size_t child = 2 * i + 1; child < t->n; child = 2 * i + 1) {
		if (child + 1 < t->n && t->heap[child + 1]->until_ms < t->heap[child]->until_ms)
			child++;
		if (t->heap[child]->until_ms >= l->until_ms)
			break;
		heap_put(t, i, t->heap[child]);
		i = child;
	}
	heap_put(t, i, l);
}

static void link_address(struct lease_table *t, struct lease *l)
{
	struct lease **head = &t->by_address[bucket_of_address(t, l->address)];

	l->next_by_address = *head;
	*head = l;
}

static void link_client(struct lease_table *t, struct lease *l)
{
	if (!client_is_set(&l->client))
		return;
	struct lease **head = &t->by_client[bucket_of_client(t, &l->client)];
	l->next_by_client = *head;
	*head = l;
}

static void unlink_client(struct lease_table *t, struct lease *l)
{
	if (!client_is_set(&l->client))
		return;
	struct lease **at = &t->by_client[bucket_of_client(t, &l->client)];
	while (*at != l)
		at = &(*at)->next_by_client;
	*at = l->next_by_client;
}

static void forget_client(struct lease_table *t, struct lease *l)
{
	unlink_client(t, l);
	free((void *)(uintptr_t)l->client.id);
	l->client = (struct client){0};
	l->stored = false;
}

static void remember_client(struct lease_table *t, struct lease *l, const struct client *c)
{
	uint8_t *id = NULL;

	if (c->id_len > 0) {
		id = xcalloc(1, c->id_len);
		memcpy(id, c->id, c->id_len);
	}
	forget_client(t, l);
	l->client = *c;
	l->client.id = id;
	link_client(t, l);
}

struct lease_table *lease_table_new(const struct hash_key *key)
{
	struct lease_table *t = xcalloc(1, sizeof(*t));

	t->key = *key;
	t->n_buckets = BUCKETS_FIRST;
	t->by_address = xcalloc(t->n_buckets, sizeof(struct lease *));
	t->by_client = xcalloc(t->n_buckets, sizeof(struct lease *));
	t->heap = xcalloc(t->n_buckets, sizeof(struct lease *));
	return t;
}

void lease_table_free(struct lease_table *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->n; i++) {
		free((void *)(uintptr_t)t->heap[i]->client.id);
		free(t->heap[i]);
	}
	free(t->by_address);
	free(t->by_client);
	free(t->heap);
	free(t);
}

/* As many buckets as leases, so that chains stay short. */
static void grow(struct lease_table *t)
{
	free(t->by_address);
	free(t->by_client);
	t->n_buckets *= 2;
	t->by_address = xcalloc(t->n_buckets, sizeof(struct lease *));
	t->by_client = xcalloc(t->n_buckets, sizeof(struct lease *));
	t->heap = xreallocarray(t->heap, t->n_buckets, sizeof(struct lease *));
	for (size_t i = 0; i < t->n; i++) {
		link_address(t, t->heap[i]);
		link_client(t, t->heap[i]);
	}
}

static struct lease *add(struct lease_table *t, uint32_t address)
{
	if (t->n == LEASES_MAX)
		return NULL;
	if (t->n == t->n_buckets)
		grow(t);
	struct lease *l = xcalloc(1, sizeof(*l));
	l->address = address;
	l->until_ms = LEASE_NEVER;
	heap_put(t, t->n++, l);
	link_address(t, l);
	return l;
}

void lease_table_set_pool(struct lease_table *t, uint32_t first, uint32_t last)
{
	t->pool_first = t->unused_from = first;
	t->pool_last = last;
}

bool lease_is_in_pool(const struct lease_table *t, uint32_t address)
{
	return address != 0 && address >= t->pool_first && address <= t->pool_last;
}

struct lease *lease_by_address(const struct lease_table *t, uint32_t address)
{
	struct lease *l = t->by_address[bucket_of_address(t, address)];

	while (l && l->address != address)
		l = l->next_by_address;
	return l;
}

struct lease *lease_by_client(const struct lease_table *t, const struct client *c)
{
	struct lease *best = NULL;

	for (struct lease *l = t->by_client[bucket_of_client(t, c)]; l; l = l->next_by_client) {
		if (l->state == LEASE_DECLINED || !lease_is_in_pool(t, l->address) ||
			!client_is_equal(&l->client, c))
			continue;
		if (!best || l->until_ms > best->until_ms)
			best = l;
	}
	return best;
}

bool lease_is_over(const struct lease *l, int64_t now_ms)
{
	return l->until_ms <= now_ms;
}

bool lease_is_of(const struct lease *l, const struct client *c)
{
	return l->state != LEASE_DECLINED && client_is_equal(&l->client, c);
}

static uint32_t pick_unused(struct lease_table *t, lease_refuse *is_refused, const void *arg)
{
	while (lease_is_in_pool(t, t->unused_from)) {
		uint32_t address = t->unused_from;

		if (!lease_by_address(t, address) && !is_refused(arg, address))
			return address; /* stays the first unused one until somebody takes it */
		if (address == UINT32_MAX)
			break;
		t->unused_from++;
	}
	return 0;
}

static bool is_available(const struct lease_table *t, const struct lease *l, int64_t now_ms,
	lease_refuse *is_refused, const void *arg)
{
	return lease_is_over(l, now_ms) && lease_is_in_pool(t, l->address) &&
	       !is_refused(arg, l->address);
}

/* The top of the heap has been free for longest. Only when it lies outside the pool (the pool was
 * changed) must all be looked at. */
static uint32_t pick_oldest(
	struct lease_table *t, int64_t now_ms, lease_refuse *is_refused, const void *arg)
{
	const struct lease *best = NULL;

	if (t->n == 0 || !lease_is_over(t->heap[0], now_ms))
		return 0;
	if (is_available(t, t->heap[0], now_ms, is_refused, arg))
		return t->heap[0]->address;
	for (size_t i = 0; i < t->n; i++) {
		const struct lease *l = t->heap[i];

		if (is_available(t, l, now_ms, is_refused, arg) &&
			(!best || l->until_ms < best->until_ms))
			best = l;
	}
	return best ? best->address : 0;
}

uint32_t lease_pick(
	struct lease_table *t, int64_t now_ms, lease_refuse *is_refused, const void *arg)
{
	uint32_t address = pick_unused(t, is_refused, arg);

	return address ? address : pick_oldest(t, now_ms, is_refused, arg);
}

void lease_change(struct lease_table *t, struct lease *l, enum lease_state state, int64_t until_ms)
{
	l->state = state;
	l->until_ms = until_ms;
	heap_up(t, l);
	heap_down(t, l);
}

struct lease *lease_set(struct lease_table *t, uint32_t address, const struct client *c,
	enum lease_state state, int64_t now_ms, int64_t until_ms)
{
	struct lease *old = lease_by_client(t, c), *l = lease_by_address(t, address);

	assert(address != 0);
	if (!l)
		l = add(t, address);
	if (!l)
		return NULL;
	if (old && old != l && lease_is_over(old, now_ms))
		forget_client(t, old);
	if (!client_is_equal(&l->client, c) || l->client.id_len != c->id_len ||
		(c->id_len > 0 && memcmp(l->client.id, c->id, c->id_len) != 0)) {
		bool same = client_is_equal(&l->client, c) && l->stored;

		remember_client(t, l, c);
		l->stored = same;
	}
	lease_change(t, l, state, until_ms);
	return l;
}

size_t lease_count_declined(const struct lease_table *t, const struct client *c)
{
	size_t n = 0;

	for (struct lease *l = t->by_client[bucket_of_client(t, c)]; l; l = l->next_by_client)
		n += l->state == LEASE_DECLINED && client_is_equal(&l->client, c);
	return n;
}

struct lease *lease_at(const struct lease_table *t, size_t i)
{
	return i < t->n ? t->heap[i] : NULL;
}

size_t lease_count(const struct lease_table *t)
{
	return t->n;
}

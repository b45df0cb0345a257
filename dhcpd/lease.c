#include "dhcpd/lease.h"

#include <assert.h>
#include <string.h>

#define BUCKETS_FIRST 256
#define HEAP_FIRST 64

/* The leases of one pool, the one that runs out first on top. */
struct heap {
	struct lease **items;
	size_t n, max;
	struct lease_pool range;
	uint32_t unused_from; /* no address of the pool before this one is without a lease */
};

/* The heaps hold every lease; the last one those whose address is in no pool. */
struct lease_table {
	struct hash_key key;
	struct lease **by_address, **by_client;
	size_t n_buckets;
	struct heap heaps[LEASE_POOLS_MAX + 1];
	size_t n_pools;
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

static struct heap *heap_of(struct lease_table *t, const struct lease *l)
{
	return &t->heaps[l->pool == LEASE_NO_POOL ? LEASE_POOLS_MAX : l->pool];
}

static void heap_put(struct heap *h, size_t i, struct lease *l)
{
	h->items[i] = l;
	l->heap_at = i;
}

static void heap_up(struct heap *h, struct lease *l)
{
	size_t i = l->heap_at;

	while (i > 0 && h->items[(i - 1) / 2]->until_ms > l->until_ms) {
		heap_put(h, i, h->items[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	heap_put(h, i, l);
}

static void heap_down(struct heap *h, struct lease *l)
{
	size_t i = l->heap_at;

	for (size_t child = 2 * i + 1; child < h->n; child = 2 * i + 1) {
		if (child + 1 < h->n && h->items[child + 1]->until_ms < h->items[child]->until_ms)
			child++;
		if (h->items[child]->until_ms >= l->until_ms)
			break;
		heap_put(h, i, h->items[child]);
		i = child;
	}
	heap_put(h, i, l);
}

static uint8_t pool_of(const struct lease_table *t, uint32_t address)
{
	for (size_t i = 0; i < t->n_pools; i++)
		if (lease_is_in_pool(t, i, address))
			return (uint8_t)i;
	return LEASE_NO_POOL;
}

static void heap_add(struct lease_table *t, struct lease *l)
{
	l->pool = pool_of(t, l->address);
	struct heap *h = heap_of(t, l);
	if (h->n == h->max) {
		h->max = h->max ? 2 * h->max : HEAP_FIRST;
		h->items = xreallocarray(h->items, h->max, sizeof(struct lease *));
	}
	heap_put(h, h->n++, l);
	heap_up(h, l);
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
	return t;
}

void lease_table_free(struct lease_table *t)
{
	if (!t)
		return;
	for (size_t k = 0; k < ARRAY_LEN(t->heaps); k++) {
		struct heap *h = &t->heaps[k];

		for (size_t i = 0; i < h->n; i++) {
			free((void *)(uintptr_t)h->items[i]->client.id);
			free(h->items[i]);
		}
		free(h->items);
	}
	free(t->by_address);
	free(t->by_client);
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
	for (size_t k = 0; k < ARRAY_LEN(t->heaps); k++) {
		for (size_t i = 0; i < t->heaps[k].n; i++) {
			link_address(t, t->heaps[k].items[i]);
			link_client(t, t->heaps[k].items[i]);
		}
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
	heap_add(t, l);
	t->n++;
	link_address(t, l);
	return l;
}

void lease_table_set_pools(struct lease_table *t, const struct lease_pool *pools, size_t n)
{
	struct lease **all = xcalloc(t->n ? t->n : 1, sizeof(*all));
	size_t n_all = 0;

	assert(n <= LEASE_POOLS_MAX);
	for (size_t k = 0; k < ARRAY_LEN(t->heaps); k++) {
		struct heap *h = &t->heaps[k];

		if (h->n > 0)
			memcpy(all + n_all, h->items, h->n * sizeof(*all));
		n_all += h->n;
		free(h->items);
		*h = (struct heap){.range = k < n ? pools[k] : (struct lease_pool){1, 0}};
	}
	t->n_pools = n;
	for (size_t i = 0; i < n_all; i++)
		heap_add(t, all[i]);
	free(all);
	lease_table_rewind(t);
}

void lease_table_rewind(struct lease_table *t)
{
	for (size_t i = 0; i < t->n_pools; i++)
		t->heaps[i].unused_from = t->heaps[i].range.first;
}

bool lease_is_in_pool(const struct lease_table *t, size_t pool, uint32_t address)
{
	return pool < t->n_pools && address != 0 && address >= t->heaps[pool].range.first &&
	       address <= t->heaps[pool].range.last;
}

struct lease *lease_by_address(const struct lease_table *t, uint32_t address)
{
	struct lease *l = t->by_address[bucket_of_address(t, address)];

	while (l && l->address != address)
		l = l->next_by_address;
	return l;
}

struct lease *lease_by_client(const struct lease_table *t, size_t pool, const struct client *c)
{
	struct lease *best = NULL;

	for (struct lease *l = t->by_client[bucket_of_client(t, c)]; l; l = l->next_by_client) {
		if (l->state == LEASE_DECLINED || l->pool != pool ||
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

static uint32_t pick_unused(
	struct lease_table *t, size_t pool, lease_refuse *is_refused, const void *arg)
{
	uint32_t *from = &t->heaps[pool].unused_from;

	while (lease_is_in_pool(t, pool, *from)) {
		if (!lease_by_address(t, *from) && !is_refused(arg, *from))
			return *from; /* stays the first unused one until somebody takes it */
		if (*from == UINT32_MAX)
			break;
		(*from)++;
	}
	return 0;
}

/* The top of the heap has been free for longest. Only when it is refused, for the network's own addresses
 * have changed, must all be looked at. */
static uint32_t pick_oldest(
	const struct heap *h, int64_t now_ms, lease_refuse *is_refused, const void *arg)
{
	const struct lease *best = NULL;

	if (h->n == 0 || !lease_is_over(h->items[0], now_ms))
		return 0;
	if (!is_refused(arg, h->items[0]->address))
		return h->items[0]->address;
	for (size_t i = 0; i < h->n; i++) {
		const struct lease *l = h->items[i];

		if (lease_is_over(l, now_ms) && !is_refused(arg, l->address) &&
			(!best || l->until_ms < best->until_ms))
			best = l;
	}
	return best ? best->address : 0;
}

uint32_t lease_pick(struct lease_table *t, size_t pool, int64_t now_ms, lease_refuse *is_refused,
	const void *arg)
{
	uint32_t address = pick_unused(t, pool, is_refused, arg);

	return address ? address : pick_oldest(&t->heaps[pool], now_ms, is_refused, arg);
}

void lease_change(struct lease_table *t, struct lease *l, enum lease_state state, int64_t until_ms)
{
	l->state = state;
	l->until_ms = until_ms;
	heap_up(heap_of(t, l), l);
	heap_down(heap_of(t, l), l);
}

struct lease *lease_set(struct lease_table *t, uint32_t address, const struct client *c,
	enum lease_state state, int64_t now_ms, int64_t until_ms)
{
	struct lease *l = lease_by_address(t, address);

	assert(address != 0);
	if (!l)
		l = add(t, address);
	if (!l)
		return NULL;
	struct lease *old = l->pool == LEASE_NO_POOL ? NULL : lease_by_client(t, l->pool, c);
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
	for (size_t k = 0; k < ARRAY_LEN(t->heaps); k++) {
		if (i < t->heaps[k].n)
			return t->heaps[k].items[i];
		i -= t->heaps[k].n;
	}
	return NULL;
}

size_t lease_count(const struct lease_table *t)
{
	return t->n;
}

#include "dhcpd/lease.h"

#include <assert.h>
#include <string.h>

#include "dhcpd/holder.h"

#define BUCKETS_FIRST 256
#define HEAP_FIRST 64
#define CHUNK 2048 /* leases that are allocated at a time; they never move */
#define NOBODY 0   /* the end of a chain: a lease is named by its place + 1 */
#define DEPTH_MAX 64

_Static_assert(sizeof(struct lease) == 64, "a lease is one cache line");
_Static_assert(LEASES_MAX % CHUNK == 0, "the last chunk is whole");

/* The leases of one pool by number, the one that runs out first on top. */
struct heap {
	uint32_t *items;
	uint32_t n, max;
	struct lease_pool range;
	uint32_t unused_from; /* no address of the pool before this one is without a lease */
};

/* The heaps hold every lease; the last one those whose address is in no pool. */
struct lease_table {
	struct hash_key key;
	struct lease *chunks[LEASES_MAX / CHUNK];
	uint32_t n_slots; /* of the chunks, in use or free */
	uint32_t free;    /* chained by next_by_address */
	uint32_t *by_address, *by_client;
	uint32_t n_buckets;
	struct heap heaps[LEASE_POOLS_MAX + 1];
	size_t n_pools;
	uint32_t n;
};

static struct lease *lease_of(const struct lease_table *t, uint32_t number)
{
	assert(number != NOBODY && number <= t->n_slots);
	return &t->chunks[(number - 1) / CHUNK][(number - 1) % CHUNK];
}

/* The lease that a chain goes on with, or NULL at its end. */
static struct lease *chained(const struct lease_table *t, uint32_t number)
{
	return number == NOBODY ? NULL : lease_of(t, number);
}

/* --- clients --- */

struct client lease_client(const struct lease *l)
{
	const uint8_t *bytes = holder_key(l);
	struct client c = {.htype = l->htype,
		.hlen = l->hlen,
		.id_len = l->id_len,
		.id = l->id_len > 0 ? bytes + l->hlen : NULL};

	memcpy(c.hw, bytes, l->hlen);
	return c;
}

/* --- heaps --- */

static struct heap *heap_of(struct lease_table *t, const struct lease *l)
{
	return &t->heaps[l->pool == LEASE_NO_POOL ? LEASE_POOLS_MAX : l->pool];
}

static uint32_t number_of(struct lease_table *t, const struct lease *l)
{
	return heap_of(t, l)->items[l->heap_at];
}

static void heap_put(const struct lease_table *t, struct heap *h, uint32_t i, uint32_t number)
{
	h->items[i] = number;
	lease_of(t, number)->heap_at = i;
}

static int64_t until_of(const struct lease_table *t, const struct heap *h, uint32_t i)
{
	return lease_of(t, h->items[i])->until_ms;
}

static void heap_up(const struct lease_table *t, struct heap *h, uint32_t i)
{
	uint32_t number = h->items[i];
	int64_t until_ms = lease_of(t, number)->until_ms;

	while (i > 0 && until_of(t, h, (i - 1) / 2) > until_ms) {
		heap_put(t, h, i, h->items[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	heap_put(t, h, i, number);
}

static void heap_down(const struct lease_table *t, struct heap *h, uint32_t i)
{
	uint32_t number = h->items[i];
	int64_t until_ms = lease_of(t, number)->until_ms;

	for (uint32_t child = 2 * i + 1; child < h->n; child = 2 * i + 1) {
		if (child + 1 < h->n && until_of(t, h, child + 1) < until_of(t, h, child))
			child++;
		if (until_of(t, h, child) >= until_ms)
			break;
		heap_put(t, h, i, h->items[child]);
		i = child;
	}
	heap_put(t, h, i, number);
}

static uint8_t pool_of(const struct lease_table *t, uint32_t address)
{
	for (size_t i = 0; i < t->n_pools; i++)
		if (lease_is_in_pool(t, i, address))
			return (uint8_t)i;
	return LEASE_NO_POOL;
}

static void heap_add(struct lease_table *t, uint32_t number)
{
	struct lease *l = lease_of(t, number);

	l->pool = pool_of(t, l->address);
	struct heap *h = heap_of(t, l);
	if (h->n == h->max) {
		h->max = h->max ? 2 * h->max : HEAP_FIRST;
		h->items = xreallocarray(h->items, h->max, sizeof(*h->items));
	}
	heap_put(t, h, h->n++, number);
	heap_up(t, h, h->n - 1);
}

static void heap_remove(struct lease_table *t, const struct lease *l)
{
	struct heap *h = heap_of(t, l);
	uint32_t i = l->heap_at, last = h->items[--h->n];

	if (i == h->n)
		return;
	heap_put(t, h, i, last);
	heap_up(t, h, i);
	heap_down(t, h, lease_of(t, last)->heap_at);
}

/* --- chains --- */

static uint32_t *bucket_of_address(const struct lease_table *t, uint32_t address)
{
	uint64_t h = hash_bytes(&t->key, &address, sizeof(address));

	return &t->by_address[h & (t->n_buckets - 1)];
}

static uint32_t *bucket_of_bytes(const struct lease_table *t, const void *bytes, size_t len)
{
	return &t->by_client[hash_bytes(&t->key, bytes, len) & (t->n_buckets - 1)];
}

static uint32_t *bucket_of_client(const struct lease_table *t, const struct client *c)
{
	return c->hlen > 0 ? bucket_of_bytes(t, c->hw, c->hlen)
			   : bucket_of_bytes(t, c->id, c->id_len);
}

static uint32_t *bucket_of_holder(const struct lease_table *t, const struct lease *l)
{
	return bucket_of_bytes(t, holder_key(l), l->hlen > 0 ? l->hlen : l->id_len);
}

static void link_address(struct lease_table *t, uint32_t number)
{
	struct lease *l = lease_of(t, number);
	uint32_t *head = bucket_of_address(t, l->address);

	l->next_by_address = *head;
	*head = number;
}

static void unlink_address(struct lease_table *t, const struct lease *l)
{
	uint32_t *at = bucket_of_address(t, l->address);

	while (lease_of(t, *at) != l)
		at = &lease_of(t, *at)->next_by_address;
	*at = l->next_by_address;
}

static void link_client(struct lease_table *t, uint32_t number)
{
	struct lease *l = lease_of(t, number);

	if (!holder_is_set(l))
		return;
	uint32_t *head = bucket_of_holder(t, l);
	l->next_by_client = *head;
	*head = number;
}

static void forget_client(struct lease_table *t, struct lease *l)
{
	l->stored = false;
	if (!holder_is_set(l))
		return;
	uint32_t *at = bucket_of_holder(t, l);
	while (lease_of(t, *at) != l)
		at = &lease_of(t, *at)->next_by_client;
	*at = l->next_by_client;
	holder_clear(l);
}

/* --- the table --- */

struct lease_table *lease_table_new(const struct hash_key *key)
{
	struct lease_table *t = xcalloc(1, sizeof(*t));

	t->key = *key;
	t->n_buckets = BUCKETS_FIRST;
	t->by_address = xcalloc(t->n_buckets, sizeof(*t->by_address));
	t->by_client = xcalloc(t->n_buckets, sizeof(*t->by_client));
	return t;
}

void lease_table_free(struct lease_table *t)
{
	if (!t)
		return;
	for (uint32_t number = 1; number <= t->n_slots; number++)
		holder_clear(lease_of(t, number));
	for (size_t i = 0; i < ARRAY_LEN(t->chunks); i++)
		free(t->chunks[i]);
	for (size_t k = 0; k < ARRAY_LEN(t->heaps); k++)
		free(t->heaps[k].items);
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
	t->by_address = xcalloc(t->n_buckets, sizeof(*t->by_address));
	t->by_client = xcalloc(t->n_buckets, sizeof(*t->by_client));
	for (size_t k = 0; k < ARRAY_LEN(t->heaps); k++) {
		for (uint32_t i = 0; i < t->heaps[k].n; i++) {
			link_address(t, t->heaps[k].items[i]);
			link_client(t, t->heaps[k].items[i]);
		}
	}
}

static uint32_t take_slot(struct lease_table *t)
{
	uint32_t number = t->free;

	if (number != NOBODY) {
		t->free = lease_of(t, number)->next_by_address;
		return number;
	}
	if (t->n_slots % CHUNK == 0)
		t->chunks[t->n_slots / CHUNK] = xcalloc(CHUNK, sizeof(struct lease));
	return ++t->n_slots;
}

static struct lease *add(struct lease_table *t, uint32_t address)
{
	if (t->n == LEASES_MAX)
		return NULL;
	if (t->n == t->n_buckets)
		grow(t);
	uint32_t number = take_slot(t);
	struct lease *l = lease_of(t, number);
	*l = (struct lease){.address = address, .until_ms = LEASE_NEVER};
	heap_add(t, number);
	link_address(t, number);
	t->n++;
	return l;
}

static void drop(struct lease_table *t, struct lease *l)
{
	uint32_t number = number_of(t, l);

	forget_client(t, l);
	unlink_address(t, l);
	heap_remove(t, l);
	l->next_by_address = t->free;
	t->free = number;
	t->n--;
}

void lease_table_set_pools(struct lease_table *t, const struct lease_pool *pools, size_t n)
{
	uint32_t *all = xcalloc(t->n ? t->n : 1, sizeof(*all)), n_all = 0;

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
	for (uint32_t i = 0; i < n_all; i++)
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
	struct lease *l = chained(t, *bucket_of_address(t, address));

	while (l && l->address != address)
		l = chained(t, l->next_by_address);
	return l;
}

struct lease *lease_by_client(const struct lease_table *t, size_t pool, const struct client *c)
{
	struct lease *best = NULL, *l = chained(t, *bucket_of_client(t, c));

	for (; l; l = chained(t, l->next_by_client))
		if (l->pool == pool && lease_is_of(l, c) && (!best || l->until_ms > best->until_ms))
			best = l;
	return best;
}

bool lease_is_over(const struct lease *l, int64_t now_ms)
{
	return l->until_ms <= now_ms;
}

bool lease_is_of(const struct lease *l, const struct client *c)
{
	return l->state != LEASE_DECLINED && holder_is(l, c);
}

int64_t lease_begun_ms(const struct lease *l)
{
	return l->until_ms - (int64_t)l->lease_s * 1000;
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

/* The top of the heap has been free for longest. Below a lease that may be given there is only a worse one,
 * so no more is looked at than what is refused, and its children. */
static uint32_t pick_oldest(const struct lease_table *t, size_t pool, int64_t now_ms,
	lease_refuse *is_refused, const void *arg)
{
	const struct heap *h = &t->heaps[pool];
	uint32_t todo[DEPTH_MAX] = {
		0}; /* places in the heap; one path down, and what lies beside it */
	size_t n_todo = h->n > 0;
	const struct lease *best = NULL;

	while (n_todo > 0) {
		uint32_t i = todo[--n_todo];
		const struct lease *l = lease_of(t, h->items[i]);

		if (!lease_is_over(l, now_ms) || (best && l->until_ms >= best->until_ms))
			continue;
		if (!is_refused(arg, l->address)) {
			best = l;
			continue;
		}
		for (uint32_t child = 2 * i + 1; child <= 2 * i + 2 && child < h->n; child++)
			todo[n_todo++] = child;
	}
	return best ? best->address : 0;
}

uint32_t lease_pick(struct lease_table *t, size_t pool, int64_t now_ms, lease_refuse *is_refused,
	const void *arg)
{
	uint32_t address = pick_unused(t, pool, is_refused, arg);

	return address ? address : pick_oldest(t, pool, now_ms, is_refused, arg);
}

void lease_change(struct lease_table *t, struct lease *l, enum lease_state state, int64_t until_ms)
{
	struct heap *h = heap_of(t, l);

	l->state = (uint8_t)state;
	l->until_ms = until_ms;
	heap_up(t, h, l->heap_at);
	heap_down(t, h, l->heap_at);
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
	bool is_same = holder_is(l, c);
	if (!is_same || !holder_has_id(l, c)) {
		bool stored = is_same && l->stored;

		forget_client(t, l);
		holder_set(l, c);
		link_client(t, number_of(t, l));
		l->stored = stored;
	}
	lease_change(t, l, state, until_ms);
	return l;
}

uint32_t lease_drop_strayed(struct lease_table *t, int64_t before_ms)
{
	const struct heap *h = &t->heaps[LEASE_POOLS_MAX];
	struct lease *l = t->n_pools > 0 && h->n > 0 ? lease_of(t, h->items[0]) : NULL;

	if (!l || l->until_ms > before_ms)
		return 0;
	uint32_t address = l->address;
	drop(t, l);
	return address;
}

size_t lease_count_declined(const struct lease_table *t, const struct client *c)
{
	const struct lease *l = chained(t, *bucket_of_client(t, c));
	size_t n = 0;

	for (; l; l = chained(t, l->next_by_client))
		n += l->state == LEASE_DECLINED && holder_is(l, c);
	return n;
}

struct lease *lease_at(const struct lease_table *t, size_t i)
{
	for (size_t k = 0; k < ARRAY_LEN(t->heaps); k++) {
		if (i < t->heaps[k].n)
			return lease_of(t, t->heaps[k].items[i]);
		i -= t->heaps[k].n;
	}
	return NULL;
}

size_t lease_count(const struct lease_table *t)
{
	return t->n;
}

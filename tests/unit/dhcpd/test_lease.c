#include "tests/unit/test.h"

#include <stdlib.h>

#include "dhcpd/lease.h"
#include "provisioner/base/mem.h"

#define POOL 0x0a4d0064 /* 10.77.0.100 */

static const struct hash_key key = {1, 2};

static struct client mac(uint32_t n)
{
	struct client c = {.htype = MSG_HTYPE_ETHERNET, .hlen = 6, .hw = {2}};

	c.hw[3] = (uint8_t)(n >> 16);
	c.hw[4] = (uint8_t)(n >> 8);
	c.hw[5] = (uint8_t)n;
	return c;
}

static bool refuse_none(const void *arg, uint32_t address)
{
	(void)arg, (void)address;
	return false;
}

static bool refuse_one(const void *arg, uint32_t address)
{
	const uint32_t *refused = arg;

	return address == *refused;
}

static struct lease_table *table(uint32_t n_pool)
{
	struct lease_table *t = lease_table_new(&key);

	lease_table_set_pools(t, &(struct lease_pool){POOL, POOL + n_pool - 1}, 1);
	return t;
}

TEST(lease_is_found_by_address_and_by_client)
{
	struct lease_table *t = table(10);
	struct client a = mac(1), b = mac(2);
	struct lease *l = lease_set(t, POOL, &a, LEASE_BOUND, 0, 1000);

	assert_ptr_equal(lease_by_address(t, POOL), l);
	assert_ptr_equal(lease_by_client(t, 0, &a), l);
	assert_null(lease_by_client(t, 0, &b));
	assert_null(lease_by_address(t, POOL + 1));
	assert_true(lease_is_of(l, &a));
	assert_false(lease_is_over(l, 999));
	assert_true(lease_is_over(l, 1000));
	lease_table_free(t);
}

TEST(client_without_hardware_is_found_by_its_identifier)
{
	struct lease_table *t = table(10);
	struct client a = {.id = (const uint8_t *)"\xff\x01\x02", .id_len = 3};
	struct client b = {.id = (const uint8_t *)"\xff\x01\x03", .id_len = 3};
	struct client none = {0};
	struct lease *l = lease_set(t, POOL, &a, LEASE_BOUND, 0, 1000);

	assert_ptr_equal(lease_by_client(t, 0, &a), l);
	assert_null(lease_by_client(t, 0, &b));
	assert_null(lease_by_client(t, 0, &none));
	lease_table_free(t);
}

TEST(unused_addresses_come_before_used_ones)
{
	struct lease_table *t = table(3);
	struct client a = mac(1), b = mac(2);

	assert_int_equal(lease_pick(t, 0, 0, refuse_none, NULL), POOL);
	lease_set(t, POOL, &a, LEASE_FREE, 0, 0);
	assert_int_equal(lease_pick(t, 0, 10, refuse_none, NULL), POOL + 1);
	assert_int_equal(lease_pick(t, 0, 10, refuse_none, NULL), POOL + 1);
	lease_set(t, POOL + 1, &b, LEASE_BOUND, 10, 1000);
	assert_int_equal(lease_pick(t, 0, 10, refuse_none, NULL), POOL + 2);
	lease_table_free(t);
}

TEST(address_free_for_longest_is_given_first)
{
	static const int64_t ends[] = {500, 100, 900, 300};
	struct lease_table *t = table(4);

	for (uint32_t i = 0; i < 4; i++) {
		struct client c = mac(i);

		lease_set(t, POOL + i, &c, LEASE_BOUND, 0, ends[i]);
	}
	assert_int_equal(lease_pick(t, 0, 99, refuse_none, NULL), 0);
	assert_int_equal(lease_pick(t, 0, 1000, refuse_none, NULL), POOL + 1);
	struct client again = mac(1);
	lease_set(t, POOL + 1, &again, LEASE_BOUND, 1000, 2000);
	assert_int_equal(lease_pick(t, 0, 1000, refuse_none, NULL), POOL + 3);
	lease_table_free(t);
}

TEST(refused_addresses_are_never_given)
{
	struct lease_table *t = table(2);
	uint32_t refused = POOL;
	struct client a = mac(1);

	assert_int_equal(lease_pick(t, 0, 0, refuse_one, &refused), POOL + 1);
	lease_set(t, POOL, &a, LEASE_BOUND, 0, 1);
	lease_set(t, POOL + 1, &a, LEASE_BOUND, 5, 6);
	assert_int_equal(lease_pick(t, 0, 100, refuse_one, &refused), POOL + 1);
	lease_table_free(t);
}

TEST(leases_outside_a_changed_pool_are_not_given)
{
	struct lease_table *t = table(2);
	struct client a = mac(1), b = mac(2);

	lease_set(t, POOL, &a, LEASE_BOUND, 0, 1);
	lease_table_set_pools(t, &(struct lease_pool){POOL + 50, POOL + 50}, 1);
	lease_set(t, POOL + 50, &b, LEASE_BOUND, 0, 50);
	assert_null(lease_by_client(t, 0, &a));
	assert_int_equal(lease_pick(t, 0, 20, refuse_none, NULL), 0);
	assert_int_equal(lease_pick(t, 0, 60, refuse_none, NULL), POOL + 50);
	lease_table_free(t);
}

TEST(address_that_a_node_gave_back_is_found_after_a_rewind)
{
	struct lease_table *t = table(2);
	uint32_t refused = POOL;

	assert_int_equal(lease_pick(t, 0, 0, refuse_one, &refused), POOL + 1);
	lease_table_rewind(t);
	assert_int_equal(lease_pick(t, 0, 0, refuse_none, NULL), POOL);
	lease_table_free(t);
}

TEST(client_that_moves_leaves_its_old_address_without_a_client)
{
	struct lease_table *t = table(3);
	struct client a = mac(1);
	struct lease *old = lease_set(t, POOL, &a, LEASE_BOUND, 0, 100);
	struct lease *now = lease_set(t, POOL + 1, &a, LEASE_BOUND, 200, 300);

	assert_ptr_equal(lease_by_client(t, 0, &a), now);
	assert_false(lease_is_of(old, &a));
	lease_table_free(t);
}

TEST(declined_address_is_nobodys_but_counted)
{
	struct lease_table *t = table(3);
	struct client a = mac(1);
	struct lease *l = lease_set(t, POOL, &a, LEASE_BOUND, 0, 100);

	lease_change(t, l, LEASE_DECLINED, 1000);
	assert_null(lease_by_client(t, 0, &a));
	assert_false(lease_is_of(l, &a));
	assert_int_equal(lease_count_declined(t, &a), 1);
	lease_table_free(t);
}

TEST(another_client_on_the_address_makes_the_stored_lease_stale)
{
	struct lease_table *t = table(3);
	struct client a = mac(1), b = mac(2);
	struct lease *l = lease_set(t, POOL, &a, LEASE_BOUND, 0, 100);

	l->stored = true;
	lease_set(t, POOL, &a, LEASE_BOUND, 0, 200);
	assert_true(l->stored);
	a.id = (const uint8_t *)"\x01"
				"abc";
	a.id_len = 4;
	lease_set(t, POOL, &a, LEASE_BOUND, 0, 200);
	assert_true(l->stored);
	lease_set(t, POOL, &b, LEASE_BOUND, 300, 400);
	assert_false(l->stored);
	lease_table_free(t);
}

TEST(ten_thousand_leases_keep_the_order_of_their_ends)
{
	enum { N = 10000 };
	struct lease_table *t = table(N);
	uint32_t seed = 1;

	for (uint32_t i = 0; i < N; i++) {
		struct client c = mac(i);

		seed = seed * 1103515245 + 12345;
		lease_set(t, POOL + i, &c, LEASE_BOUND, 0, 1 + seed % 100000);
	}
	assert_int_equal(lease_count(t), N);
	int64_t before = 0;
	for (uint32_t i = 0; i < N; i++) {
		uint32_t address = lease_pick(t, 0, 200000, refuse_none, NULL);
		struct lease *l = lease_by_address(t, address);

		assert_non_null(l);
		assert_true(l->until_ms >= before);
		before = l->until_ms;
		lease_change(t, l, LEASE_BOUND, LEASE_NEVER);
	}
	assert_int_equal(lease_pick(t, 0, 200000, refuse_none, NULL), 0);
	for (uint32_t i = 0; i < N; i++) {
		struct client c = mac(i);

		assert_int_equal(lease_by_client(t, 0, &c)->address, POOL + i);
	}
	lease_table_free(t);
}

TEST(pool_that_ends_at_the_last_address_ends)
{
	struct lease_table *t = lease_table_new(&key);
	struct client a = mac(1);

	lease_table_set_pools(t, &(struct lease_pool){UINT32_MAX, UINT32_MAX}, 1);
	lease_set(t, UINT32_MAX, &a, LEASE_BOUND, 0, 10);
	assert_int_equal(lease_pick(t, 0, 0, refuse_none, NULL), 0);
	lease_table_free(t);
}

TEST(client_has_one_lease_in_each_pool)
{
	static const struct lease_pool pools[] = {{POOL, POOL + 1}, {POOL + 256, POOL + 257}};
	struct lease_table *t = lease_table_new(&key);
	struct client a = mac(1), b = mac(2);

	lease_table_set_pools(t, pools, ARRAY_LEN(pools));
	lease_set(t, POOL, &a, LEASE_BOUND, 0, 10);
	lease_set(t, POOL + 256, &a, LEASE_BOUND, 20, 500);
	assert_int_equal(lease_by_client(t, 0, &a)->address, POOL);
	assert_int_equal(lease_by_client(t, 1, &a)->address, POOL + 256);
	assert_int_equal(lease_pick(t, 0, 20, refuse_none, NULL), POOL + 1);
	assert_int_equal(lease_pick(t, 1, 20, refuse_none, NULL), POOL + 257);
	lease_set(t, POOL + 1, &b, LEASE_BOUND, 20, 500);
	lease_set(t, POOL + 257, &b, LEASE_BOUND, 20, 500);
	assert_int_equal(lease_pick(t, 0, 20, refuse_none, NULL), POOL);
	assert_int_equal(lease_pick(t, 1, 20, refuse_none, NULL), 0);
	assert_true(lease_is_in_pool(t, 1, POOL + 256));
	assert_false(lease_is_in_pool(t, 0, POOL + 256));
	assert_false(lease_is_in_pool(t, LEASE_NO_POOL, POOL));
	lease_table_free(t);
}

/* Leases are read from disk before the settings come. */
TEST(leases_are_sorted_into_pools_that_come_later)
{
	static const struct lease_pool pools[] = {{POOL, POOL + 9}, {1, 0}, {POOL + 20, POOL + 29}};
	struct lease_table *t = lease_table_new(&key);
	size_t seen = 0;

	for (uint32_t i = 0; i < 40; i++) {
		struct client c = mac(i);

		lease_set(t, POOL + i, &c, LEASE_BOUND, 0, 1000 - i);
	}
	lease_table_set_pools(t, pools, ARRAY_LEN(pools));
	assert_int_equal(lease_pick(t, 0, 2000, refuse_none, NULL), POOL + 9);
	assert_int_equal(lease_pick(t, 1, 2000, refuse_none, NULL), 0);
	assert_int_equal(lease_pick(t, 2, 2000, refuse_none, NULL), POOL + 29);
	while (seen < 41 && lease_at(t, seen))
		seen++;
	assert_int_equal(seen, 40);
	lease_table_free(t);
}

TEST(machine_that_names_itself_otherwise_keeps_its_stored_lease)
{
	struct lease_table *t = table(2);
	struct client a = mac(1);
	uint8_t id[200];

	memset(id, 7, sizeof(id));
	struct lease *l = lease_set(t, POOL, &a, LEASE_BOUND, 0, 1000);
	l->stored = true;
	a.id = id;
	a.id_len = sizeof(id);
	assert_ptr_equal(lease_set(t, POOL, &a, LEASE_BOUND, 0, 1000), l);
	assert_true(l->stored);
	assert_int_equal(lease_client(l).id_len, sizeof(id));
	id[199] = 8;
	assert_ptr_equal(lease_set(t, POOL, &a, LEASE_BOUND, 0, 1000), l);
	assert_int_equal(lease_client(l).id[199], 8);
	assert_ptr_equal(lease_by_client(t, 0, &a), l);
	lease_table_free(t);
}

static bool refuse_even(const void *arg, uint32_t address)
{
	(void)arg;
	return address % 2 == 0;
}

TEST(best_of_those_that_are_not_refused_is_given)
{
	enum { N = 1000 };
	struct lease_table *t = table(N);
	uint32_t seed = 7;

	for (uint32_t i = 0; i < N; i++) {
		struct client c = mac(i);

		seed = seed * 1103515245 + 12345;
		lease_set(t, POOL + i, &c, LEASE_BOUND, 0, 1 + seed % 1000);
	}
	int64_t before = 0;
	for (uint32_t i = 0; i < N / 2; i++) {
		uint32_t address = lease_pick(t, 0, 2000, refuse_even, NULL);

		assert_int_equal(address % 2, 1);
		assert_true(lease_by_address(t, address)->until_ms >= before);
		before = lease_by_address(t, address)->until_ms;
		lease_change(t, lease_by_address(t, address), LEASE_BOUND, LEASE_NEVER);
	}
	assert_int_equal(lease_pick(t, 0, 2000, refuse_even, NULL), 0);
	lease_table_free(t);
}

/* --- the same table, as one would write it if it could be slow --- */

#define PLAIN_N 64
#define CLIENTS 24

struct plain {
	bool is_used;
	uint32_t client;
	enum lease_state state;
	int64_t until_ms;
};

struct both {
	struct lease_table *t;
	struct plain plain[PLAIN_N];
	struct lease_pool pools[2];
	int64_t now_ms;
	uint32_t seed;
};

static uint32_t dice(struct both *b, uint32_t sides)
{
	b->seed = b->seed * 1664525 + 1013904223;
	return (b->seed >> 8) % sides;
}

/* Of every kind: with and without hardware, identifiers that fit into a lease and others. */
static struct client nth_client(uint32_t n)
{
	static uint8_t ids[CLIENTS][255];
	static const uint8_t lengths[] = {0, 7, 19, 24, 25, 255};
	struct client c = {.id = ids[n], .id_len = lengths[n % ARRAY_LEN(lengths)]};

	memset(ids[n], (int)n + 1, sizeof(ids[n]));
	if (n % 4 == 3 && c.id_len > 0)
		return c;
	c.htype = (uint8_t)(1 + n % 3);
	c.hlen = n % 4 == 2 ? MSG_HW_MAX : 6;
	memset(c.hw, (int)n + 100, c.hlen);
	return c;
}

static int pool_of_plain(const struct both *b, uint32_t i)
{
	for (int k = 0; k < 2; k++)
		if (POOL + i >= b->pools[k].first && POOL + i <= b->pools[k].last)
			return k;
	return -1;
}

static void do_set(struct both *b)
{
	uint32_t i = dice(b, PLAIN_N), n = dice(b, CLIENTS);
	int64_t until_ms = b->now_ms + dice(b, 200);
	enum lease_state state = LEASE_FREE + dice(b, 4);
	struct client c = nth_client(n);
	int64_t best = -1;
	uint32_t old = PLAIN_N;

	for (uint32_t k = 0; k < PLAIN_N && pool_of_plain(b, i) >= 0; k++) {
		const struct plain *p = &b->plain[k];

		if (p->is_used && p->client == n && p->state != LEASE_DECLINED &&
			pool_of_plain(b, k) == pool_of_plain(b, i) && p->until_ms > best) {
			best = p->until_ms;
			old = k;
		}
	}
	/* Which of two that end together is forgotten is not promised. */
	for (uint32_t k = 0; old < PLAIN_N && k < PLAIN_N; k++)
		if (k != old && b->plain[k].is_used && b->plain[k].client == n &&
			b->plain[k].until_ms == best)
			return;
	if (old < PLAIN_N && old != i && best <= b->now_ms)
		b->plain[old].client = CLIENTS;
	b->plain[i] = (struct plain){true, n, state, until_ms};
	assert_non_null(lease_set(b->t, POOL + i, &c, state, b->now_ms, until_ms));
}

static void do_change(struct both *b)
{
	uint32_t i = dice(b, PLAIN_N);
	struct lease *l = lease_by_address(b->t, POOL + i);

	if (!l)
		return;
	b->plain[i].state = LEASE_FREE + dice(b, 4);
	b->plain[i].until_ms = b->now_ms + dice(b, 100) - 50;
	lease_change(b->t, l, b->plain[i].state, b->plain[i].until_ms);
}

static void do_drop(struct both *b)
{
	int64_t before_ms = b->now_ms - dice(b, 30);
	uint32_t address = lease_drop_strayed(b->t, before_ms);
	int64_t first = INT64_MAX;

	for (uint32_t i = 0; i < PLAIN_N; i++)
		if (b->plain[i].is_used && pool_of_plain(b, i) < 0 && b->plain[i].until_ms < first)
			first = b->plain[i].until_ms;
	assert_int_equal(address != 0, first <= before_ms);
	if (address == 0)
		return;
	assert_true(b->plain[address - POOL].until_ms == first);
	b->plain[address - POOL] = (struct plain){0};
}

static void do_pools(struct both *b)
{
	uint32_t first = POOL + dice(b, 16), middle = POOL + 20 + dice(b, 16);

	b->pools[0] = (struct lease_pool){first, middle};
	b->pools[1] = (struct lease_pool){middle + 1 + dice(b, 8), POOL + 48 + dice(b, 8)};
	lease_table_set_pools(b->t, b->pools, 2);
}

static void compare_pick(struct both *b, size_t pool)
{
	uint32_t address = lease_pick(b->t, pool, b->now_ms, refuse_even, NULL);
	int64_t first = INT64_MAX;

	for (uint32_t i = 0; i < PLAIN_N; i++) {
		const struct plain *p = &b->plain[i];

		if (pool_of_plain(b, i) != (int)pool || (POOL + i) % 2 == 0)
			continue;
		if (!p->is_used) { /* the first one without a lease */
			assert_int_equal(address, POOL + i);
			return;
		}
		if (p->until_ms <= b->now_ms && p->until_ms < first)
			first = p->until_ms;
	}
	assert_int_equal(address != 0, first != INT64_MAX);
	if (address != 0)
		assert_true(b->plain[address - POOL].until_ms == first);
}

static void compare(struct both *b)
{
	size_t n = 0;

	for (uint32_t i = 0; i < PLAIN_N; i++) {
		const struct plain *p = &b->plain[i];
		const struct lease *l = lease_by_address(b->t, POOL + i);

		n += p->is_used;
		assert_int_equal(l != NULL, p->is_used);
		if (!l)
			continue;
		assert_int_equal(l->state, p->state);
		assert_true(l->until_ms == p->until_ms);
		struct client has = lease_client(l), wanted = {0};
		if (p->client < CLIENTS)
			wanted = nth_client(p->client);
		assert_int_equal(has.hlen, wanted.hlen);
		assert_int_equal(has.id_len, wanted.id_len);
		assert_memory_equal(has.hw, wanted.hw, MSG_HW_MAX);
		if (has.id_len > 0)
			assert_memory_equal(has.id, wanted.id, has.id_len);
	}
	assert_int_equal(lease_count(b->t), n);
	for (uint32_t k = 0; k < CLIENTS; k++) {
		struct client c = nth_client(k);
		const struct lease *l = lease_by_client(b->t, 0, &c);
		int64_t best = -1;

		for (uint32_t i = 0; i < PLAIN_N; i++)
			if (b->plain[i].is_used && b->plain[i].client == k &&
				b->plain[i].state != LEASE_DECLINED && pool_of_plain(b, i) == 0 &&
				b->plain[i].until_ms > best)
				best = b->plain[i].until_ms;
		assert_true((l ? l->until_ms : -1) == best);
	}
}

TEST(table_knows_what_a_plain_list_would)
{
	static void (*const acts[])(struct both *) = {
		do_set, do_set, do_set, do_set, do_change, do_change, do_drop};
	struct both b = {.t = lease_table_new(&key), .seed = 42, .now_ms = 1000};

	do_pools(&b);
	for (int i = 0; i < 20000; i++) {
		acts[dice(&b, ARRAY_LEN(acts))](&b);
		if (dice(&b, 200) == 0)
			do_pools(&b);
		b.now_ms += dice(&b, 4);
		lease_table_rewind(b.t);
		compare(&b);
		compare_pick(&b, 0);
		compare_pick(&b, 1);
	}
	lease_table_free(b.t);
}

/* Leases are read before the settings come; until then all lie outside. */
TEST(nothing_strays_before_there_are_pools)
{
	struct lease_table *t = lease_table_new(&key);
	struct client a = mac(1);

	lease_set(t, POOL, &a, LEASE_BOUND, 0, 10);
	assert_int_equal(lease_drop_strayed(t, 1000), 0);
	lease_table_set_pools(t, &(struct lease_pool){POOL + 1, POOL + 2}, 1);
	assert_int_equal(lease_drop_strayed(t, 9), 0);
	assert_int_equal(lease_drop_strayed(t, 10), POOL);
	lease_table_free(t);
}

TEST(place_of_a_lease_that_was_dropped_is_used_again)
{
	struct lease_table *t = table(1);
	struct client a = mac(1);

	for (uint32_t i = 0; i < LEASES_MAX + 10; i++) {
		assert_non_null(lease_set(t, POOL + 10 + i, &a, LEASE_BOUND, i, i + 5));
		assert_int_equal(lease_drop_strayed(t, i + 4), 0);
		assert_int_equal(lease_drop_strayed(t, i + 5), POOL + 10 + i);
	}
	assert_int_equal(lease_count(t), 0);
	for (uint32_t i = 0; i < LEASES_MAX; i++)
		assert_non_null(lease_set(t, POOL + i, &a, LEASE_BOUND, 0, LEASE_NEVER));
	assert_null(lease_set(t, POOL + LEASES_MAX, &a, LEASE_BOUND, 0, 10));
	lease_table_free(t);
}

RUN(t(lease_is_found_by_address_and_by_client),
	t(client_without_hardware_is_found_by_its_identifier),
	t(unused_addresses_come_before_used_ones), t(address_free_for_longest_is_given_first),
	t(refused_addresses_are_never_given), t(leases_outside_a_changed_pool_are_not_given),
	t(address_that_a_node_gave_back_is_found_after_a_rewind),
	t(client_that_moves_leaves_its_old_address_without_a_client),
	t(declined_address_is_nobodys_but_counted),
	t(another_client_on_the_address_makes_the_stored_lease_stale),
	t(ten_thousand_leases_keep_the_order_of_their_ends),
	t(pool_that_ends_at_the_last_address_ends), t(client_has_one_lease_in_each_pool),
	t(leases_are_sorted_into_pools_that_come_later),
	t(machine_that_names_itself_otherwise_keeps_its_stored_lease),
	t(best_of_those_that_are_not_refused_is_given), t(table_knows_what_a_plain_list_would),
	t(nothing_strays_before_there_are_pools),
	t(place_of_a_lease_that_was_dropped_is_used_again))

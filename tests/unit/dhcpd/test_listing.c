#include "tests/unit/test.h"

#include "dhcpd/listing.h"

#define EVERYTHING (1U << USE_FREE | 1U << USE_OFFERED | 1U << USE_BOUND | 1U << USE_DECLINED)
#define NET 0x0a000000U
#define NOW 1000000

static const struct message_leases_ask everything = {
	.id = 7, .uses = EVERYTHING, .last = UINT32_MAX};

static struct client client_of(uint32_t i)
{
	return (struct client){.htype = 1,
		.hlen = 6,
		.hw = {2, 0, (uint8_t)(i >> 24), (uint8_t)(i >> 16), (uint8_t)(i >> 8),
			(uint8_t)i}};
}

static struct lease_table *table_of(uint32_t n)
{
	static const struct hash_key key = {0};
	struct lease_table *t = lease_table_new(&key);

	lease_table_set_pools(t, &(struct lease_pool){NET + 1, NET + 0xffffff}, 1);
	/* 7919 is a prime: they come in no order that a sort could take for granted. */
	for (uint32_t i = 0; i < n; i++) {
		struct client c = client_of(i);

		assert_non_null(lease_set(
			t, NET + 1 + i * 7919 % (n * 256), &c, LEASE_BOUND, NOW, NOW + 60000));
	}
	return t;
}

/* The number of leases listed; each address is above the one before. */
static size_t list(struct listing *l, const struct lease_table *t, uint32_t *ret_last)
{
	struct message_leases m = {0};
	size_t n = 0;

	*ret_last = 0;
	while (!m.is_end) {
		listing_next(l, t, NULL, NOW, &m);
		assert_int_equal(m.id, 7);
		assert_true(m.n_rows <= MESSAGE_LEASES_ROWS);
		for (uint32_t i = 0; i < m.n_rows; i++) {
			assert_true(m.rows[i].address > *ret_last);
			*ret_last = m.rows[i].address;
		}
		n += m.n_rows;
	}
	assert_null(l->addresses);
	return n;
}

TEST(all_leases_come_in_the_order_of_their_addresses)
{
	struct lease_table *t = table_of(10000);
	struct listing l = {0};
	uint32_t last;

	listing_begin(&l, &everything, t);
	assert_int_equal(list(&l, t, &last), 10000);
	lease_table_free(t);
}

TEST(a_table_without_leases_is_a_list_of_one_empty_piece)
{
	struct lease_table *t = table_of(0);
	struct listing l = {0};
	struct message_leases m;

	listing_begin(&l, &everything, t);
	listing_next(&l, t, NULL, NOW, &m);
	assert_true(m.is_end);
	assert_int_equal(m.n_rows, 0);
	lease_table_free(t);
}

TEST(what_changes_between_two_pieces_is_told_as_it_then_is)
{
	struct lease_table *t = table_of(2000);
	struct listing l = {0};
	struct message_leases m;
	uint32_t last;

	listing_begin(&l, &everything, t);
	listing_next(&l, t, NULL, NOW, &m);
	assert_int_equal(m.n_rows, MESSAGE_LEASES_ROWS);
	/* The heap turns over, and the table grows beyond its buckets. */
	for (uint32_t i = 0; i < lease_count(t); i++)
		lease_change(t, lease_at(t, i), LEASE_BOUND, NOW + 1 + i * 31 % 997);
	for (uint32_t i = 5000; i < 9000; i++) {
		struct client c = client_of(i);

		assert_non_null(lease_set(t, NET + 0x800000 + i, &c, LEASE_BOUND, NOW, NOW + 1));
	}
	assert_int_equal(list(&l, t, &last) + MESSAGE_LEASES_ROWS, 2000);
	lease_table_free(t);
}

TEST(no_piece_looks_at_more_than_a_few_leases)
{
	struct lease_table *t = table_of(3000);
	struct message_leases_ask none = everything;
	struct listing l = {0};
	struct message_leases m = {0};
	size_t pieces = 0;

	none.uses = 1U << USE_DECLINED;
	listing_begin(&l, &none, t);
	for (; !m.is_end; pieces++) {
		size_t at = l.at;

		listing_next(&l, t, NULL, NOW, &m);
		assert_int_equal(m.n_rows, 0);
		assert_true(m.is_end || l.at - at <= LISTING_STEP);
	}
	assert_int_equal(pieces, 3000 / LISTING_STEP + 1);
	lease_table_free(t);
}

TEST(each_state_is_told_by_its_name_and_what_is_over_is_free)
{
	static const struct {
		enum lease_state state;
		int64_t until_ms;
		enum lease_use use;
	} rows[] = {
		{LEASE_BOUND, NOW + 1, USE_BOUND},
		{LEASE_BOUND, NOW, USE_FREE},
		{LEASE_OFFERED, NOW + 1, USE_OFFERED},
		{LEASE_DECLINED, NOW + 1, USE_DECLINED},
		{LEASE_DECLINED, NOW - 1, USE_FREE},
		{LEASE_FREE, NOW, USE_FREE},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct lease_table *t = table_of(1);
		struct listing l = {0};
		struct message_leases m;

		lease_change(t, lease_at(t, 0), rows[i].state, rows[i].until_ms);
		listing_begin(&l, &everything, t);
		listing_next(&l, t, NULL, NOW, &m);
		assert_int_equal(m.n_rows, 1);
		assert_int_equal(m.rows[0].use, rows[i].use);
		assert_int_equal(m.rows[0].left_ms, rows[i].until_ms - NOW);
		lease_table_free(t);
	}
}

TEST(only_the_states_addresses_and_times_asked_for_come)
{
	struct lease_table *t = table_of(100);
	struct message_leases_ask ask = everything;
	struct listing l = {0};
	uint32_t last;

	ask.first = ask.last = lease_at(t, 17)->address;
	listing_begin(&l, &ask, t);
	assert_int_equal(list(&l, t, &last), 1);
	assert_int_equal(last, ask.first);

	ask = everything;
	lease_change(t, lease_at(t, 0), LEASE_BOUND, NOW + 5000);
	ask.within_ms = 5000;
	listing_begin(&l, &ask, t);
	assert_int_equal(list(&l, t, &last), 1);

	ask = everything;
	ask.uses = 1U << USE_OFFERED;
	listing_begin(&l, &ask, t);
	assert_int_equal(list(&l, t, &last), 0);
	lease_table_free(t);
}

TEST(a_node_is_named_by_its_mac_or_by_the_address_that_is_fixed_for_it)
{
	struct message_node node = {.name = "m1", .address = NET + 5, .n_macs = 1};
	struct node_table *nodes = node_table_new(1);
	struct lease_table *t = table_of(0);
	struct client by_mac = client_of(1), by_id = {.id_len = 3, .id = (const uint8_t *)"abc"};
	struct listing l = {0};
	struct message_leases m;

	memcpy(node.macs[0].b, by_mac.hw, 6);
	assert_int_equal(node_table_add(nodes, &node), 0);
	assert_non_null(lease_set(t, NET + 9, &by_mac, LEASE_BOUND, NOW, NOW + 1));
	assert_non_null(lease_set(t, NET + 5, &by_id, LEASE_BOUND, NOW, NOW + 1));
	listing_begin(&l, &everything, t);
	listing_next(&l, t, nodes, NOW, &m);
	assert_int_equal(m.n_rows, 2);
	assert_string_equal(m.rows[0].node, "m1");
	assert_int_equal(m.rows[0].id_len, 3);
	assert_memory_equal(m.rows[0].client_id, "abc", 3);
	assert_string_equal(m.rows[1].node, "m1");
	lease_table_free(t);
	node_table_free(nodes);
}

TEST(a_new_list_takes_the_place_of_one_that_was_not_read)
{
	struct lease_table *t = table_of(500);
	struct listing l = {0};
	struct message_leases m;
	uint32_t last;

	listing_begin(&l, &everything, t);
	listing_next(&l, t, NULL, NOW, &m);
	listing_begin(&l, &everything, t);
	assert_int_equal(list(&l, t, &last), 500);
	listing_begin(&l, &everything, t);
	listing_done(&l);
	assert_null(l.addresses);
	lease_table_free(t);
}

RUN(t(all_leases_come_in_the_order_of_their_addresses),
	t(a_table_without_leases_is_a_list_of_one_empty_piece),
	t(what_changes_between_two_pieces_is_told_as_it_then_is),
	t(no_piece_looks_at_more_than_a_few_leases),
	t(each_state_is_told_by_its_name_and_what_is_over_is_free),
	t(only_the_states_addresses_and_times_asked_for_come),
	t(a_node_is_named_by_its_mac_or_by_the_address_that_is_fixed_for_it),
	t(a_new_list_takes_the_place_of_one_that_was_not_read))

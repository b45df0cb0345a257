#include "tests/unit/test.h"

#include "dhcpd/limit.h"

#define PER_S 20
#define BURST (5 * PER_S)
#define RELAY 0x0a4e0001

static struct limits *limits;
static struct msg message;
static struct arrival from;
static struct limit_ask ask;
static bool tell;

static int up(void **state)
{
	static const struct hash_key key = {1, 2};

	(void)state;
	limits = limits_new(&key);
	message = (struct msg){.htype = 1, .hlen = 6, .chaddr = {2, 0, 0, 0, 0, 9}};
	from = (struct arrival){.src_mac = {{2, 0, 0, 0, 0, 9}}};
	ask = (struct limit_ask){.m = &message, .from = &from, .per_s = PER_S, .now_ms = 1000000};
	return 0;
}

static int down(void **state)
{
	(void)state;
	limits_free(limits);
	return 0;
}

static enum counter judge(void)
{
	return limits_judge(limits, &ask, &tell);
}

/* How many of `n` messages are answered. */
static unsigned answered(unsigned n)
{
	unsigned good = 0;

	for (unsigned i = 0; i < n; i++)
		good += judge() == COUNT_NONE;
	return good;
}

static void be_client(uint32_t n)
{
	message.chaddr[2] = (uint8_t)(n >> 16);
	message.chaddr[3] = (uint8_t)(n >> 8);
	message.chaddr[4] = (uint8_t)n;
}

TEST(client_may_say_much_at_once_and_then_so_much_in_a_second)
{
	assert_int_equal(answered(3 * BURST), BURST);
	assert_int_equal(judge(), COUNT_LIMIT_CLIENT);
	ask.now_ms += 50; /* a twentieth of a second is one message */
	assert_int_equal(answered(10), 1);
	ask.now_ms += 1000;
	assert_int_equal(answered(100), PER_S);
	ask.now_ms += 3600 * 1000;
	assert_int_equal(answered(3 * BURST), BURST);
}

TEST(time_is_counted_in_parts_of_a_message_too)
{
	unsigned good = 0;

	(void)answered(2 * BURST);
	for (unsigned i = 0; i < 1000; i++) {
		ask.now_ms++;
		good += judge() == COUNT_NONE;
	}
	assert_int_equal(good, PER_S);
}

TEST(source_is_told_of_once_in_a_minute)
{
	(void)answered(BURST);
	assert_false(tell);
	(void)judge();
	assert_true(tell);
	(void)judge();
	assert_false(tell);
	ask.now_ms += LIMIT_TOLD_MS - 1;
	(void)answered(2 * BURST);
	assert_false(tell);
	ask.now_ms += 1;
	(void)judge();
	assert_true(tell);
}

TEST(one_client_takes_nothing_away_from_another)
{
	(void)answered(3 * BURST);
	be_client(7);
	from.src_mac.b[4] = 7;
	assert_int_equal(answered(3 * BURST), BURST);
}

TEST(who_speaks_for_many_from_one_nic_has_a_limit_of_its_own)
{
	unsigned good = 0;

	for (uint32_t i = 1; i <= 2000; i++) {
		be_client(i);
		good += judge() == COUNT_NONE;
	}
	assert_int_equal(good, 20 * PER_S);
	assert_int_equal(judge(), COUNT_LIMIT_SENDER);
}

TEST(who_borrows_a_nodes_mac_takes_nothing_away_from_it)
{
	ask.is_node = true;
	from.src_mac.b[5] = 66;
	(void)answered(10 * BURST);
	assert_int_not_equal(judge(), COUNT_NONE);
	from.src_mac.b[5] = 9;
	assert_int_equal(answered(3 * BURST), BURST);
}

TEST(node_behind_a_busy_relay_counts_for_itself_alone)
{
	message.giaddr = RELAY;
	for (uint32_t i = 1; i <= 500 * PER_S; i++) {
		be_client(i);
		(void)judge();
	}
	assert_int_equal(judge(), COUNT_LIMIT_RELAY);
	ask.is_node = true;
	assert_int_equal(judge(), COUNT_NONE);
}

TEST(relay_with_a_thousand_clients_is_not_one_client)
{
	unsigned good = 0;

	message.giaddr = RELAY;
	opts_put(&message.opts, OPT_RELAY,
		"\x01\x04"
		"eth1",
		6);
	for (uint32_t i = 1; i <= 1000; i++) {
		be_client(i);
		good += answered(2);
	}
	assert_int_equal(good, 2000);
}

TEST(circuit_and_relay_have_an_end_too)
{
	unsigned good = 0;

	message.giaddr = RELAY;
	opts_put(&message.opts, OPT_RELAY,
		"\x01\x01"
		"a",
		3);
	for (uint32_t i = 1; i <= 500 * PER_S; i++) {
		be_client(i);
		good += judge() == COUNT_NONE;
	}
	assert_int_equal(good, 200 * PER_S);
	opts_put(&message.opts, OPT_RELAY,
		"\x02\x01"
		"a",
		3); /* names no circuit */
	be_client(0);
	assert_int_equal(
		judge(), COUNT_LIMIT_RELAY); /* what its circuit was refused counted as well */
}

TEST(what_came_through_a_socket_names_no_sender)
{
	from.src_mac = (struct mac){0};
	for (uint32_t i = 1; i <= 2000; i++) {
		be_client(i);
		assert_int_equal(judge(), COUNT_NONE);
	}
}

TEST(client_without_hardware_goes_by_its_identifier)
{
	message.hlen = 0;
	message.giaddr = RELAY;
	opts_put(&message.opts, OPT_CLIENT_ID, "\x01one", 4);
	assert_int_equal(answered(3 * BURST), BURST);
	opts_put(&message.opts, OPT_CLIENT_ID, "\x01two", 4);
	assert_int_equal(answered(3 * BURST), BURST);
}

TEST(flood_of_made_up_clients_does_not_lift_the_limit_of_its_sender)
{
	unsigned good = 0;

	for (uint32_t i = 1; i <= 100000; i++) {
		be_client(i);
		good += judge() == COUNT_NONE;
	}
	assert_int_equal(good, 20 * PER_S);
}

TEST(zero_is_no_limit)
{
	ask.per_s = 0;
	assert_int_equal(answered(1000 * BURST), 1000 * BURST);
}

#define T(sentence) cmocka_unit_test_setup_teardown(sentence, up, down)

RUN(T(client_may_say_much_at_once_and_then_so_much_in_a_second),
	T(time_is_counted_in_parts_of_a_message_too), T(source_is_told_of_once_in_a_minute),
	T(one_client_takes_nothing_away_from_another),
	T(who_speaks_for_many_from_one_nic_has_a_limit_of_its_own),
	T(who_borrows_a_nodes_mac_takes_nothing_away_from_it),
	T(node_behind_a_busy_relay_counts_for_itself_alone),
	T(relay_with_a_thousand_clients_is_not_one_client), T(circuit_and_relay_have_an_end_too),
	T(what_came_through_a_socket_names_no_sender),
	T(client_without_hardware_goes_by_its_identifier),
	T(flood_of_made_up_clients_does_not_lift_the_limit_of_its_sender), T(zero_is_no_limit))

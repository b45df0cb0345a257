#include "tests/unit/test.h"

#include <errno.h>

#include "dhcpd/relay.h"

#define GIADDR 0x0a4e0001

static const struct arrival from = {GIADDR, 1067, 67, 0x0a4d0001, {{0}}};

static int read_relay(uint32_t giaddr, const char *value, size_t len, struct relay_info *ret)
{
	struct msg m = {.giaddr = giaddr};

	if (len > 0)
		opts_put(&m.opts, OPT_RELAY, value, len);
	return relay_read(&m, &from, ret);
}

TEST(giaddr_names_the_network_unless_a_link_is_selected)
{
	struct relay_info r;

	assert_int_equal(read_relay(GIADDR, "", 0, &r), 0);
	assert_int_equal(r.link, GIADDR);
	assert_int_equal(read_relay(GIADDR, "\x01\x02xy\x05\x04\x0a\x4d\x00\x00", 10, &r), 0);
	assert_int_equal(r.link, 0x0a4d0000);
	assert_int_equal(r.server_id, 0);
	assert_int_equal(r.port, 0);
}

TEST(server_id_override_and_source_port_are_read)
{
	struct relay_info r;

	assert_int_equal(read_relay(GIADDR, "\x0b\x04\x0a\x4e\x00\x02\x13\x00", 8, &r), 0);
	assert_int_equal(r.server_id, 0x0a4e0002);
	assert_int_equal(r.port, 1067);
}

TEST(without_a_relay_the_option_counts_for_nothing)
{
	struct relay_info r;

	assert_int_equal(
		read_relay(0, "\x05\x04\x0a\x4d\x00\x00\x0b\x04\x01\x02\x03\x04", 12, &r), 0);
	assert_int_equal(r.link, 0);
	assert_int_equal(r.server_id, 0);
}

TEST(sub_option_longer_than_the_option_is_refused)
{
	struct relay_info r;

	assert_int_equal(read_relay(GIADDR, "\x01\x05xy", 4, &r), -EBADMSG);
	assert_int_equal(read_relay(GIADDR, "\x01\x02xy\x02", 5, &r), -EBADMSG);
	assert_int_equal(read_relay(0, "\x01\x05xy", 4, &r), -EBADMSG);
}

TEST(sub_option_of_the_wrong_length_counts_for_nothing)
{
	struct relay_info r;

	assert_int_equal(read_relay(GIADDR, "\x05\x03\x0a\x4d\x00\x0b\x00\x13\x01x", 10, &r), 0);
	assert_int_equal(r.link, GIADDR);
	assert_int_equal(r.server_id, 0);
	assert_int_equal(r.port, 0);
}

TEST(subnet_selection_counts_behind_a_relay_that_selects_no_link)
{
	struct msg m = {.giaddr = GIADDR};
	struct relay_info r;

	opts_put_u32(&m.opts, OPT_SUBNET_SELECTION, 0x0a4f0000);
	assert_int_equal(relay_read(&m, &from, &r), 0);
	assert_int_equal(r.link, 0x0a4f0000);
	assert_true(r.is_selected);
	opts_put(&m.opts, OPT_RELAY, "\x05\x04\x0a\x4d\x00\x00", 6);
	assert_int_equal(relay_read(&m, &from, &r), 0);
	assert_int_equal(r.link, 0x0a4d0000);
	assert_false(r.is_selected);
	m = (struct msg){0};
	opts_put_u32(&m.opts, OPT_SUBNET_SELECTION, 0x0a4f0000);
	assert_int_equal(relay_read(&m, &from, &r), 0);
	assert_int_equal(r.link, 0);
}

TEST(relay_says_how_it_saw_the_message)
{
	struct relay_info r;

	assert_int_equal(read_relay(GIADDR, "\x0a\x01\x80", 3, &r), 0);
	assert_true(r.is_unicast);
	assert_int_equal(read_relay(GIADDR, "\x0a\x01\x7f", 3, &r), 0);
	assert_false(r.is_unicast);
}

TEST(strange_relays_are_new_once_and_there_is_an_end_to_them)
{
	struct relay_strangers s = {0};

	for (uint32_t i = 1; i <= RELAY_STRANGERS_MAX; i++) {
		assert_true(relay_is_new(&s, i));
		assert_false(relay_is_new(&s, i));
	}
	assert_false(relay_is_new(&s, 1000));
}

RUN(t(subnet_selection_counts_behind_a_relay_that_selects_no_link),
	t(relay_says_how_it_saw_the_message),
	t(strange_relays_are_new_once_and_there_is_an_end_to_them),
	t(giaddr_names_the_network_unless_a_link_is_selected),
	t(server_id_override_and_source_port_are_read),
	t(without_a_relay_the_option_counts_for_nothing),
	t(sub_option_longer_than_the_option_is_refused),
	t(sub_option_of_the_wrong_length_counts_for_nothing))

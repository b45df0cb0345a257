#include "tests/unit/dhcpd/lab.h"

TEST(node_gets_its_address_for_each_of_its_macs_even_at_once)
{
	LAB;

	assert_int_equal(discover(lab, 1)->reply.yiaddr, FIXED);
	assert_int_equal(discover(lab, 2)->reply.yiaddr, FIXED);
	assert_int_equal(select_offer(lab, 2, FIXED)->what, COUNT_ACK);
	assert_int_equal(select_offer(lab, 1, FIXED)->what, COUNT_ACK);
	assert_int_equal(renew(lab, 2, FIXED)->what, COUNT_ACK);
}

TEST(node_without_an_address_shares_one_of_the_pool_between_its_macs)
{
	LAB;
	uint32_t address = get_address(lab, 4);

	assert_int_equal(discover(lab, 3)->reply.yiaddr, address);
	assert_int_equal(get_address(lab, 3), address);
	assert_int_equal(renew(lab, 4, address)->what, COUNT_ACK);
}

TEST(machine_that_became_a_node_keeps_its_lease)
{
	LAB;
	struct node_table *nodes = (struct node_table *)(uintptr_t)lab->state.nodes;
	uint32_t address;

	lab->state.nodes = NULL; /* not known yet */
	address = get_address(lab, 4);
	lab->state.nodes = nodes;
	assert_int_equal(renew(lab, 4, address)->what, COUNT_ACK);
	assert_int_equal(discover(lab, 3)->reply.yiaddr, address);
}

TEST(each_stage_of_a_boot_gets_the_same_address_whatever_identifier_it_sends)
{
	LAB;
	static const char *const ids[] = {"",
		"\x00"
		"uuid-of-the-rom",
		"\x01\x02\x00\x00\x00\x00\x0a",
		"\xff"
		"duid"};

	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		struct msg m = message(DHCP_DISCOVER, 10);

		opts_put(&m.opts, OPT_CLIENT_ID, ids[i], i == 0 ? 0 : 5);
		assert_int_equal(hear(lab, &m)->reply.yiaddr, POOL);
	}
}

TEST(two_machines_with_the_same_identifier_get_two_addresses)
{
	LAB;
	struct msg a = message(DHCP_DISCOVER, 10), b = message(DHCP_DISCOVER, 11);

	opts_put(&a.opts, OPT_CLIENT_ID,
		"\xff"
		"cloned",
		7);
	opts_put(&b.opts, OPT_CLIENT_ID,
		"\xff"
		"cloned",
		7);
	assert_int_equal(hear(lab, &a)->reply.yiaddr, POOL);
	assert_int_equal(hear(lab, &b)->reply.yiaddr, POOL + 1);
}

TEST(infiniband_clients_are_told_apart_by_identifier)
{
	LAB;
	struct msg a = message(DHCP_DISCOVER, 10), b = message(DHCP_DISCOVER, 10);

	a.htype = b.htype = MSG_HTYPE_INFINIBAND;
	a.hlen = b.hlen = 0;
	opts_put(&a.opts, OPT_CLIENT_ID,
		"\xff"
		"1",
		2);
	opts_put(&b.opts, OPT_CLIENT_ID,
		"\xff"
		"2",
		2);
	assert_int_equal(hear(lab, &a)->reply.yiaddr, POOL);
	assert_int_equal(hear(lab, &b)->reply.yiaddr, POOL + 1);
	assert_int_equal(hear(lab, &a)->reply.yiaddr, POOL);
	assert_int_equal(lab->d.route.dst, UINT32_MAX);
}

TEST(group_mac_without_identifier_is_nobody)
{
	LAB;
	struct msg m = message(DHCP_DISCOVER, 10);

	m.chaddr[0] = 1;
	assert_int_equal(hear(lab, &m)->what, COUNT_BAD_HARDWARE);
	assert_false(lab->d.has_reply);
}

TEST(node_is_told_its_name_and_strangers_none)
{
	LAB;

	assert_true(opts_begins(&discover(lab, 1)->reply.opts, OPT_HOSTNAME, "master1"));
	assert_false(opts_has(&discover(lab, 10)->reply.opts, OPT_HOSTNAME));
}

TEST(closed_network_serves_nodes_only)
{
	LAB;

	lab->settings.enroll = ENROLL_CLOSED;
	assert_int_equal(discover(lab, 10)->what, COUNT_UNKNOWN_MACHINE);
	assert_true(lab->d.is_tellable);
	assert_int_equal(reboot(lab, 10, POOL)->what, COUNT_UNKNOWN_MACHINE);
	assert_int_equal(discover(lab, 1)->what, COUNT_OFFER);
}

TEST(fixed_address_that_a_stranger_still_leases_is_not_given_twice)
{
	LAB;
	struct node_table *nodes = (struct node_table *)(uintptr_t)lab->state.nodes;
	struct message_node late = {
		.name = "late", .address = POOL, .n_macs = 1, .macs = {mac_of(20)}};
	struct node_table *more = node_table_new(1);

	assert_int_equal(get_address(lab, 10), POOL);
	assert_int_equal(node_table_add(more, &late), 0);
	lab->state.nodes = more;
	assert_int_equal(discover(lab, 20)->what, COUNT_ADDRESS_IN_USE);
	assert_int_equal(renew(lab, 10, POOL)->what, COUNT_NAK);
	/* Who asks anew no longer uses it, and gets another one: again and again the same. */
	assert_int_equal(discover(lab, 10)->reply.yiaddr, POOL + 1);
	assert_int_equal(discover(lab, 10)->reply.yiaddr, POOL + 1);
	assert_int_equal(discover(lab, 20)->reply.yiaddr, POOL);
	lab->state.nodes = nodes;
	node_table_free(more);
}

RUN(with_lab(node_gets_its_address_for_each_of_its_macs_even_at_once),
	with_lab(node_without_an_address_shares_one_of_the_pool_between_its_macs),
	with_lab(machine_that_became_a_node_keeps_its_lease),
	with_lab(each_stage_of_a_boot_gets_the_same_address_whatever_identifier_it_sends),
	with_lab(two_machines_with_the_same_identifier_get_two_addresses),
	with_lab(infiniband_clients_are_told_apart_by_identifier),
	with_lab(group_mac_without_identifier_is_nobody),
	with_lab(node_is_told_its_name_and_strangers_none),
	with_lab(closed_network_serves_nodes_only),
	with_lab(fixed_address_that_a_stranger_still_leases_is_not_given_twice))

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

static struct msg with_id(struct msg m, const char *id, size_t len)
{
	opts_put(&m.opts, OPT_CLIENT_ID, id, len);
	return m;
}

/* `is_smbios`: its first three fields the other way round. */
static struct msg with_uuid(struct msg m, uint8_t n, bool is_smbios)
{
	static const uint8_t turned[UUID_LEN] = {
		3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
	struct uuid u = lab_uuid(n);
	uint8_t wire[1 + UUID_LEN] = {0};

	for (size_t i = 0; i < UUID_LEN; i++)
		wire[1 + i] = u.b[is_smbios ? turned[i] : i];
	opts_put(&m.opts, OPT_UUID, wire, sizeof(wire));
	return m;
}

TEST(node_is_known_by_its_client_identifier)
{
	LAB;
	struct msg m = with_id(message(DHCP_DISCOVER, 20), "box-7", 5);
	struct msg typed = with_id(message(DHCP_DISCOVER, 21), "\0box-7", 6);
	struct msg other = with_id(message(DHCP_DISCOVER, 22), "box-77", 6);

	assert_int_equal(hear(lab, &m)->reply.yiaddr, FIXED + 1);
	assert_string_equal(lab->d.exchange.node, "by-id");
	assert_int_equal(hear(lab, &typed)->reply.yiaddr, FIXED + 1);
	assert_int_equal(hear(lab, &other)->reply.yiaddr, POOL);
	assert_string_equal(lab->d.exchange.node, "");
}

TEST(node_is_known_by_its_uuid_in_either_byte_order_and_keeps_one_address)
{
	LAB;
	struct msg rom = with_uuid(message(DHCP_DISCOVER, 20), 7, true);
	struct msg ipxe = with_uuid(message(DHCP_DISCOVER, 20), 7, false);
	struct msg other_nic = with_uuid(message(DHCP_DISCOVER, 21), 7, false);

	assert_int_equal(hear(lab, &rom)->reply.yiaddr, POOL);
	assert_string_equal(lab->d.exchange.node, "by-uuid");
	assert_int_equal(hear(lab, &ipxe)->reply.yiaddr, POOL);
	assert_int_equal(hear(lab, &other_nic)->reply.yiaddr, POOL);
	assert_int_equal(lease_count(lab->state.leases), 1);
}

TEST(uuid_that_many_boards_share_is_nobodys)
{
	LAB;
	static const uint8_t wire[1 + UUID_LEN] = {0};
	struct node_table *old = (void *)(uintptr_t)lab->state.nodes, *nodes = node_table_new(1);
	struct message_node n = {.name = "zeros", .n_macs = 1, .macs = {mac_of(30)}};
	struct msg m = message(DHCP_DISCOVER, 20);

	assert_int_equal(node_table_add(nodes, &n), 0);
	lab->state.nodes = nodes;
	opts_put(&m.opts, OPT_UUID, wire, sizeof(wire));
	assert_int_equal(hear(lab, &m)->what, COUNT_OFFER);
	assert_string_equal(lab->d.exchange.node, "");
	lab->state.nodes = old;
	node_table_free(nodes);
}

TEST(mac_says_more_than_identifier_and_identifier_more_than_uuid)
{
	LAB;
	struct msg mac = with_uuid(with_id(message(DHCP_DISCOVER, 1), "box-7", 5), 8, false);
	struct msg id = with_uuid(with_id(message(DHCP_DISCOVER, 20), "box-7", 5), 8, false);
	struct msg uuid = with_uuid(with_id(message(DHCP_DISCOVER, 20), "box-?", 5), 8, false);

	(void)hear(lab, &mac);
	assert_string_equal(lab->d.exchange.node, "master1");
	(void)hear(lab, &id);
	assert_string_equal(lab->d.exchange.node, "by-id");
	(void)hear(lab, &uuid);
	assert_string_equal(lab->d.exchange.node, "by-all");
}

/* Its NIC was replaced; or its firmware says another identifier than its system. */
TEST(node_has_one_address_by_whatever_it_is_known)
{
	LAB;
	struct msg discovers[] = {message(DHCP_DISCOVER, 5),
		with_id(message(DHCP_DISCOVER, 20), "box-8", 5),
		with_uuid(message(DHCP_DISCOVER, 21), 8, true)};
	struct msg requests[] = {message(DHCP_REQUEST, 5),
		with_id(message(DHCP_REQUEST, 20), "box-8", 5),
		with_uuid(message(DHCP_REQUEST, 21), 8, true)};

	for (size_t i = 0; i < ARRAY_LEN(discovers); i++)
		assert_int_equal(hear(lab, &discovers[i])->reply.yiaddr, POOL);
	for (size_t i = 0; i < ARRAY_LEN(requests); i++) {
		opts_put_u32(&requests[i].opts, OPT_ADDRESS, POOL);
		opts_put_u32(&requests[i].opts, OPT_SERVER, SERVER);
		assert_int_equal(hear(lab, &requests[i])->what, COUNT_ACK);
		/* Without the mark it is a stranger, and has nothing to do with that address. */
		if (i > 0)
			assert_int_equal(reboot(lab, (uint8_t)(19 + i), POOL)->what, COUNT_NAK);
	}
	assert_int_equal(lease_count(lab->state.leases), 1);
}

TEST(stranger_that_turns_out_to_be_a_node_keeps_its_address)
{
	LAB;
	uint32_t address = get_address(lab, 20);
	struct msg m = with_uuid(message(DHCP_DISCOVER, 20), 7, false);
	struct msg elsewhere = with_uuid(message(DHCP_DISCOVER, 21), 7, false);

	assert_int_equal(hear(lab, &m)->reply.yiaddr, address);
	m = with_uuid(message(DHCP_REQUEST, 20), 7, false);
	opts_put_u32(&m.opts, OPT_ADDRESS, address);
	assert_int_equal(hear(lab, &m)->what, COUNT_ACK);
	assert_int_equal(hear(lab, &elsewhere)->reply.yiaddr, address);
}

/* Both members of a bond ask at once: DISCOVER and REQUEST of each in every order that can be. */
TEST(members_that_ask_at_once_get_one_address_in_every_order)
{
	LAB;
	static const char *const orders[] = {"abAB", "abBA", "baAB", "baBA", "aAbB", "bBaA"};
	static const struct {
		uint8_t first, second;
	} nodes[] = {{1, 2}, {3, 4}, {4, 3}};

	for (size_t k = 0; k < ARRAY_LEN(nodes); k++) {
		for (size_t i = 0; i < ARRAY_LEN(orders); i++) {
			uint32_t address = 0;

			for (const char *c = orders[i]; *c; c++) {
				uint8_t mac = (*c | 0x20) == 'a' ? nodes[k].first : nodes[k].second;
				const struct decision *d =
					*c & 0x20 ? discover(lab, mac)
						  : select_offer(lab, mac, address);

				assert_int_equal(d->what, *c & 0x20 ? COUNT_OFFER : COUNT_ACK);
				assert_true(address == 0 || d->reply.yiaddr == address);
				address = d->reply.yiaddr;
			}
			/* One member takes another server's offer: the other's promise stands. */
			assert_int_equal(renew(lab, nodes[k].second, address)->what, COUNT_ACK);
			lab->now_ms += (int64_t)2 * LEASE_S * 1000;
		}
	}
}

static struct msg bootp(uint8_t mac)
{
	return (struct msg){.op = BOOTP_REQUEST,
		.htype = 1,
		.hlen = 6,
		.xid = mac,
		.chaddr = {2, 0, 0, 0, 0, mac}};
}

TEST(bootp_is_answered_for_nodes_that_are_said_to_speak_it)
{
	LAB;
	struct node_table *old = (void *)(uintptr_t)lab->state.nodes, *nodes = node_table_new(3);
	struct message_node speaks = {.name = "old",
		.address = FIXED,
		.bootp = 1,
		.n_macs = 1,
		.macs = {mac_of(1)},
		.boot_file = "old.img"};
	struct message_node pooled = {
		.name = "pooled", .bootp = 1, .n_macs = 1, .macs = {mac_of(2)}};
	struct message_node silent = {
		.name = "new", .address = FIXED + 1, .n_macs = 1, .macs = {mac_of(3)}};
	uint8_t bytes[MSG_SIZE_MAX];
	struct wr w = wr_init(bytes, sizeof(bytes));
	struct msg m = bootp(1), back;

	assert_int_equal(node_table_add(nodes, &speaks), 0);
	assert_int_equal(node_table_add(nodes, &pooled), 0);
	assert_int_equal(node_table_add(nodes, &silent), 0);
	lab->state.nodes = nodes;
	const struct decision *d = hear(lab, &m);
	assert_int_equal(d->what, COUNT_ACK);
	assert_non_null(d->commit);
	assert_int_equal(d->reply.yiaddr, FIXED);
	assert_string_equal(d->reply.file, "old.img");
	assert_int_equal(d->reply.siaddr, SERVER);
	assert_int_equal(d->route.via, ROUTE_FRAME);
	assert_false(opts_has(&d->reply.opts, OPT_TYPE) || opts_has(&d->reply.opts, OPT_SERVER) ||
		     opts_has(&d->reply.opts, OPT_LEASE) || opts_has(&d->reply.opts, OPT_T1));
	assert_true(opts_has(&d->reply.opts, OPT_MASK));
	msg_encode(&d->reply, rd_init("", 0), msg_size_limit(&m), &w);
	assert_int_equal(w.len, MSG_SIZE_MIN);
	bytes[0] = BOOTP_REQUEST;
	assert_int_equal(msg_decode(bytes, w.len, &back), MSG_BOOTP);
	/* It goes on to speak DHCP, and has the same address. */
	assert_int_equal(get_address(lab, 1), FIXED);
	for (uint8_t mac = 2; mac < 5; mac++) {
		m = bootp(mac);
		assert_int_equal(hear(lab, &m)->what, COUNT_BOOTP);
		assert_false(lab->d.has_reply);
	}
	lab->state.nodes = old;
	node_table_free(nodes);
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
	with_lab(fixed_address_that_a_stranger_still_leases_is_not_given_twice),
	with_lab(node_is_known_by_its_client_identifier),
	with_lab(node_is_known_by_its_uuid_in_either_byte_order_and_keeps_one_address),
	with_lab(uuid_that_many_boards_share_is_nobodys),
	with_lab(mac_says_more_than_identifier_and_identifier_more_than_uuid),
	with_lab(node_has_one_address_by_whatever_it_is_known),
	with_lab(stranger_that_turns_out_to_be_a_node_keeps_its_address),
	with_lab(members_that_ask_at_once_get_one_address_in_every_order),
	with_lab(bootp_is_answered_for_nodes_that_are_said_to_speak_it))

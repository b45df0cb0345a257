#include "tests/unit/dhcpd/lab.h"

/* Several networks: the one of the internal interface, and one behind a relay. */

#define FAR_SERVER_ID (RELAY + 1)

static struct msg relayed(enum dhcp_type type, uint8_t mac)
{
	struct msg m = message(type, mac);

	m.giaddr = RELAY;
	return m;
}

static uint32_t get_far_address(struct lab *lab, uint8_t mac)
{
	struct msg m = relayed(DHCP_DISCOVER, mac), r = relayed(DHCP_REQUEST, mac);
	uint32_t offered = hear(lab, &m)->reply.yiaddr;

	opts_put_u32(&r.opts, OPT_SERVER, SERVER);
	opts_put_u32(&r.opts, OPT_ADDRESS, offered);
	assert_int_equal(hear(lab, &r)->what, COUNT_ACK);
	assert_int_equal(lab->d.reply.yiaddr, offered);
	return offered;
}

TEST(client_behind_a_relay_gets_an_address_of_its_own_network)
{
	LAB;

	assert_int_equal(get_far_address(lab, 10), FAR_POOL);
	const struct decision *d = &lab->d;
	assert_int_equal(opts_u32(&d->reply.opts, OPT_ROUTERS), RELAY);
	assert_int_equal(opts_u32(&d->reply.opts, OPT_BROADCAST), RELAY | 0xff);
	assert_int_equal(opts_u32(&d->reply.opts, OPT_LEASE), 2 * LEASE_S);
	assert_int_equal(opts_u32(&d->reply.opts, OPT_SERVER), SERVER);
	assert_int_equal(d->route.dst, RELAY);
	assert_int_equal(d->route.dst_port, DHCP_SERVER_PORT);
	assert_int_equal(get_address(lab, 11), POOL);
	assert_int_equal(get_far_address(lab, 12), FAR_POOL + 1);
}

TEST(network_is_chosen_by_link_selection_then_subnet_selection_then_relay)
{
	LAB;
	static const struct {
		const char *what;
		uint32_t giaddr;
		const char *relay_info; /* sub-option 5, or "" */
		uint32_t selection, want;
	} cases[] = {
		{"the relay's address", RELAY, "", 0, FAR_POOL},
		{"selected subnet before it", RELAY, "", SERVER, POOL},
		{"selected link before both", RELAY, "\x05\x04\x0a\x4e\x00\x00", SERVER, FAR_POOL},
		{"link, for a relay of elsewhere", FOREIGN, "\x05\x04\x0a\x4e\x00\x00", 0,
			FAR_POOL},
		{"subnet, for a relay of elsewhere", FOREIGN, "", RELAY, FAR_POOL},
		{"a relay of elsewhere", FOREIGN, "", 0, 0},
		{"a link of elsewhere", RELAY, "\x05\x04\xc0\xa8\x01\x00", 0, 0},
		{"a subnet of elsewhere", RELAY, "", FOREIGN, 0},
		{"a relay that is a whole network", RELAY | 0xff, "", 0, 0},
		{"a relay that is a network's name", RELAY & 0xffffff00, "", 0, 0},
		{"a relay that is everybody", UINT32_MAX, "\x05\x04\x0a\x4e\x00\x00", 0, 0},
		{"a relay that is a group", 0xe0000001, "\x05\x04\x0a\x4e\x00\x00", 0, 0},
		{"no relay", 0, "", 0, POOL},
		{"no relay: the client's own words", 0, "\x05\x04\x0a\x4e\x00\x00", RELAY, POOL},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct msg m = message(DHCP_DISCOVER, 10);
		bool is_echoed = cases[i].giaddr != 0 && cases[i].selection != 0 &&
				 cases[i].relay_info[0] == '\0' && cases[i].want != 0;

		print_message("# %s\n", cases[i].what);
		m.giaddr = cases[i].giaddr;
		if (cases[i].relay_info[0])
			opts_put(&m.opts, OPT_RELAY, cases[i].relay_info, 6);
		if (cases[i].selection)
			opts_put_u32(&m.opts, OPT_SUBNET_SELECTION, cases[i].selection);
		assert_int_equal(hear(lab, &m)->reply.yiaddr, cases[i].want);
		assert_int_equal(lab->d.what, cases[i].want ? COUNT_OFFER : COUNT_UNKNOWN_SUBNET);
		assert_int_equal(opts_has(&lab->d.reply.opts, OPT_SUBNET_SELECTION), is_echoed);
		assert_int_equal(lab->d.has_reply && opts_has(&lab->d.reply.opts, OPT_RELAY),
			cases[i].relay_info[0] && cases[i].want != 0);
	}
}

TEST(relay_of_a_network_that_is_not_served_is_told_of_once)
{
	LAB;
	struct msg m = message(DHCP_DISCOVER, 10);

	m.giaddr = FOREIGN;
	assert_int_equal(hear(lab, &m)->what, COUNT_UNKNOWN_SUBNET);
	assert_true(lab->d.is_tellable);
	assert_non_null(strstr(lab->d.exchange.note, "relay 192.168.1.5 "));
	assert_int_equal(hear(lab, &m)->what, COUNT_UNKNOWN_SUBNET);
	assert_false(lab->d.is_tellable);
	for (uint32_t i = 0; i < 2 * RELAY_STRANGERS_MAX; i++) {
		m.giaddr = FOREIGN + 1 + i;
		assert_int_equal(hear(lab, &m)->what, COUNT_UNKNOWN_SUBNET);
	}
	assert_false(lab->d.is_tellable); /* strangers do not fill the log */
}

TEST(renewal_that_bypasses_its_relay_finds_its_network_by_its_address)
{
	LAB;
	uint32_t address = get_far_address(lab, 10);
	const struct decision *d = renew(lab, 10, address);

	assert_int_equal(d->what, COUNT_ACK);
	assert_int_equal(d->reply.yiaddr, address);
	assert_int_equal(opts_u32(&d->reply.opts, OPT_ROUTERS), RELAY);
	assert_int_equal(opts_u32(&d->reply.opts, OPT_LEASE), 2 * LEASE_S);
	assert_int_equal(d->route.via, ROUTE_SOCKET);
	assert_int_equal(d->route.dst, address);
	assert_int_equal(renew(lab, 10, 0x0a4f0005)->what, COUNT_NAK); /* of no network of ours */
}

/* REBINDING is broadcast: what arrives that way without a relay is on our own network. */
TEST(machine_that_moved_and_rebinds_is_refused_at_once)
{
	LAB;
	struct arrival all = {0, 68, DHCP_SERVER_PORT, UINT32_MAX, {{0}}};
	struct arrival directed = {0, 68, DHCP_SERVER_PORT, 0x0a4d00ff, {{0}}};
	uint32_t address = get_far_address(lab, 10);
	struct msg m = message(DHCP_REQUEST, 10);

	m.ciaddr = address;
	decide(&lab->state, &m, &all, lab->now_ms, &lab->d);
	assert_int_equal(lab->d.what, COUNT_NAK);
	decide(&lab->state, &m, &directed, lab->now_ms, &lab->d);
	assert_int_equal(lab->d.what, COUNT_NAK);
}

TEST(machine_that_moved_hears_nak_then_gets_an_address_where_it_is)
{
	LAB;
	uint32_t far = get_far_address(lab, 10);
	struct msg m = relayed(DHCP_REQUEST, 11);

	assert_int_equal(reboot(lab, 10, far)->what, COUNT_NAK);
	assert_int_equal(lab->d.route.dst, UINT32_MAX);
	assert_int_equal(get_address(lab, 10), POOL);
	/* And the other way round, behind the relay. */
	assert_int_equal(get_address(lab, 11), POOL + 1);
	opts_put_u32(&m.opts, OPT_ADDRESS, POOL + 1);
	assert_int_equal(hear(lab, &m)->what, COUNT_NAK);
	assert_int_equal(lab->d.route.dst, RELAY);
	assert_true(lab->d.reply.flags & BOOTP_BROADCAST);
	assert_int_equal(get_far_address(lab, 11), FAR_POOL + 1);
	/* Back again, each finds its old address. */
	assert_int_equal(get_far_address(lab, 10), far);
	assert_int_equal(get_address(lab, 11), POOL + 1);
}

TEST(client_has_one_lease_in_each_network)
{
	LAB;

	assert_int_equal(get_address(lab, 10), POOL);
	assert_int_equal(get_far_address(lab, 10), FAR_POOL);
	assert_int_equal(renew(lab, 10, POOL)->what, COUNT_ACK);
	assert_int_equal(renew(lab, 10, FAR_POOL)->what, COUNT_ACK);
	assert_int_equal(tell(lab, DHCP_RELEASE, 10, FAR_POOL)->what, COUNT_RELEASED);
	assert_int_equal(lease_by_address(lab->state.leases, POOL)->state, LEASE_BOUND);
}

TEST(node_that_was_carried_to_another_network_gets_an_address_of_its_pool)
{
	LAB;
	struct msg m = relayed(DHCP_REQUEST, 1);

	assert_int_equal(get_address(lab, 1), FIXED);
	opts_put_u32(&m.opts, OPT_ADDRESS, FIXED);
	assert_int_equal(hear(lab, &m)->what, COUNT_NAK);
	assert_int_equal(get_far_address(lab, 2), FAR_POOL);
	assert_int_equal(get_far_address(lab, 1), FAR_POOL);
	assert_int_equal(get_address(lab, 1), FIXED);
}

TEST(node_of_a_far_network_gets_its_address_there)
{
	LAB;
	struct node_table *nodes = node_table_new(1), *old = (void *)(uintptr_t)lab->state.nodes;
	struct message_node n = {
		.name = "far", .address = RELAY + 9, .n_macs = 2, .macs = {mac_of(5), mac_of(6)}};

	assert_int_equal(node_table_add(nodes, &n), 0);
	lab->state.nodes = nodes;
	assert_int_equal(get_far_address(lab, 6), RELAY + 9);
	assert_int_equal(renew(lab, 5, RELAY + 9)->what, COUNT_ACK);
	assert_int_equal(get_address(lab, 5), POOL);
	lab->state.nodes = old;
	node_table_free(nodes);
}

TEST(full_network_takes_nothing_from_another)
{
	LAB;

	for (uint8_t i = 0; i < POOL_SIZE; i++)
		(void)get_far_address(lab, (uint8_t)(10 + i));
	struct msg m = relayed(DHCP_DISCOVER, 30);
	assert_int_equal(hear(lab, &m)->what, COUNT_POOL_EXHAUSTED);
	opts_put_u32(&m.opts, OPT_ADDRESS, POOL);
	assert_int_equal(hear(lab, &m)->what, COUNT_POOL_EXHAUSTED);
	assert_int_equal(get_address(lab, 30), POOL);
}

TEST(network_without_a_pool_serves_its_nodes_only)
{
	LAB;
	struct msg m = relayed(DHCP_DISCOVER, 10), r = relayed(DHCP_REQUEST, 10);

	lab->remote.pool_first = 1, lab->remote.pool_last = 0;
	lab_set_networks(lab);
	assert_int_equal(hear(lab, &m)->what, COUNT_POOL_EXHAUSTED);
	opts_put_u32(&r.opts, OPT_ADDRESS, RELAY + 40);
	assert_int_equal(hear(lab, &r)->what, COUNT_NAK);
}

TEST(address_of_the_relay_is_never_given)
{
	LAB;
	struct msg m = relayed(DHCP_DISCOVER, 10);

	lab->remote.router = 0;
	lab_set_networks(lab);
	m.giaddr = FAR_POOL;
	assert_int_equal(hear(lab, &m)->reply.yiaddr, FAR_POOL + 1);
}

TEST(inform_from_behind_a_relay_gets_the_parameters_of_its_network)
{
	LAB;
	struct msg m = message(DHCP_INFORM, 10);

	m.ciaddr = RELAY + 40;
	assert_int_equal(opts_u32(&hear(lab, &m)->reply.opts, OPT_ROUTERS), RELAY);
	assert_int_equal(lab->d.route.dst, RELAY + 40);
	/* It may leave ciaddr out: the packet has its address. */
	struct arrival from = {.src = RELAY + 40, .src_port = 68, .dst_port = 67, .dst = SERVER};
	m.ciaddr = 0;
	decide(&lab->state, &m, &from, 0, &lab->d);
	assert_int_equal(opts_u32(&lab->d.reply.opts, OPT_ROUTERS), RELAY);
	assert_int_equal(lab->d.route.dst, RELAY + 40);
	m.giaddr = RELAY;
	from.src = FOREIGN; /* the relay's way out */
	decide(&lab->state, &m, &from, 0, &lab->d);
	assert_int_equal(opts_u32(&lab->d.reply.opts, OPT_ROUTERS), RELAY);
}

TEST(inform_from_elsewhere_gets_nothing)
{
	LAB;
	struct msg m = message(DHCP_INFORM, 10);
	struct arrival all = {.src = RELAY + 40, .src_port = 68, .dst_port = 67, .dst = UINT32_MAX};

	m.ciaddr = FOREIGN;
	assert_int_equal(hear(lab, &m)->what, COUNT_UNKNOWN_SUBNET);
	assert_false(lab->d.has_reply);
	m.ciaddr = RELAY + 40; /* which it can not have here */
	decide(&lab->state, &m, &all, 0, &lab->d);
	assert_int_equal(lab->d.what, COUNT_UNKNOWN_SUBNET);
}

TEST(relay_that_lends_us_its_name_gets_it_back_everywhere)
{
	LAB;
	static const char info[] = "\x0b\x04\x0a\x4e\x00\x02\x0a\x01\x80";
	struct msg m = relayed(DHCP_DISCOVER, 10), r = relayed(DHCP_REQUEST, 10);

	opts_put(&m.opts, OPT_RELAY, info, 9);
	opts_put(&r.opts, OPT_RELAY, info, 9);
	assert_int_equal(opts_u32(&hear(lab, &m)->reply.opts, OPT_SERVER), FAR_SERVER_ID);
	opts_put_u32(&r.opts, OPT_SERVER, FAR_SERVER_ID);
	opts_put_u32(&r.opts, OPT_ADDRESS, FAR_POOL);
	assert_int_equal(hear(lab, &r)->what, COUNT_ACK);
	assert_int_equal(opts_u32(&lab->d.reply.opts, OPT_SERVER), FAR_SERVER_ID);
	assert_int_equal(opts_value(&lab->d.reply.opts, OPT_RELAY).left, 9);
	opts_put_u32(&r.opts, OPT_ADDRESS, POOL);
	assert_int_equal(hear(lab, &r)->what, COUNT_NAK);
	assert_int_equal(opts_u32(&lab->d.reply.opts, OPT_SERVER), FAR_SERVER_ID);
	assert_int_equal(opts_value(&lab->d.reply.opts, OPT_RELAY).left, 9);
}

/* What the machine boots lies with us, wherever it is. */
TEST(boot_file_of_a_far_machine_names_our_own_address)
{
	LAB;
	struct msg m = relayed(DHCP_DISCOVER, 10);

	opts_put(&m.opts, OPT_ARCH, "\x00\x10", 2);
	opts_put_text(&m.opts, OPT_CLASS, "HTTPClient:Arch:00016");
	assert_string_equal(
		hear(lab, &m)->exchange.boot_file, "http://10.77.0.1/firmware/snponly.efi");
	assert_int_equal(lab->d.reply.siaddr, SERVER);
}

RUN(with_lab(client_behind_a_relay_gets_an_address_of_its_own_network),
	with_lab(network_is_chosen_by_link_selection_then_subnet_selection_then_relay),
	with_lab(relay_of_a_network_that_is_not_served_is_told_of_once),
	with_lab(renewal_that_bypasses_its_relay_finds_its_network_by_its_address),
	with_lab(machine_that_moved_and_rebinds_is_refused_at_once),
	with_lab(machine_that_moved_hears_nak_then_gets_an_address_where_it_is),
	with_lab(client_has_one_lease_in_each_network),
	with_lab(node_that_was_carried_to_another_network_gets_an_address_of_its_pool),
	with_lab(node_of_a_far_network_gets_its_address_there),
	with_lab(full_network_takes_nothing_from_another),
	with_lab(network_without_a_pool_serves_its_nodes_only),
	with_lab(address_of_the_relay_is_never_given),
	with_lab(inform_from_behind_a_relay_gets_the_parameters_of_its_network),
	with_lab(inform_from_elsewhere_gets_nothing),
	with_lab(relay_that_lends_us_its_name_gets_it_back_everywhere),
	with_lab(boot_file_of_a_far_machine_names_our_own_address))

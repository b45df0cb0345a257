#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>

#include "dhcpd/decide.h"

#define SERVER 0x0a4d0001 /* 10.77.0.1/24 */
#define POOL 0x0a4d0064
#define POOL_SIZE 4
#define FIXED 0x0a4d000a
#define FOREIGN 0xc0a80105
#define LEASE_S 3600
#define NETBOOT_S 90
#define MINUTE 60000

/* A network with one node of two MACs and a fixed address (1, 2), one node with an address from the
 * pool and two MACs (3, 4), and strangers (from 10). */
struct lab {
	struct message_dhcp_settings settings;
	struct pxe_loops loops;
	struct decide_state state;
	int64_t now_ms;
	struct decision d;
};

static struct mac mac_of(uint8_t n)
{
	return (struct mac){{2, 0, 0, 0, 0, n}};
}

static int lab_up(void **state)
{
	static const struct hash_key key = {1, 2};
	struct lab *lab = calloc(1, sizeof(*lab));
	struct message_node fixed = {
		.name = "master1", .address = FIXED, .n_macs = 2, .macs = {mac_of(1), mac_of(2)}};
	struct message_node pooled = {
		.name = "worker1", .n_macs = 2, .macs = {mac_of(3), mac_of(4)}};
	struct node_table *nodes = node_table_new(2);

	lab->settings = (struct message_dhcp_settings){.server = {SERVER, 24},
		.pool_first = POOL,
		.pool_last = POOL + POOL_SIZE - 1,
		.lease_s = LEASE_S,
		.netboot_lease_s = NETBOOT_S,
		.http_port = 80,
		.enroll = ENROLL_ASK};
	assert_int_equal(node_table_add(nodes, &fixed), 0);
	assert_int_equal(node_table_add(nodes, &pooled), 0);
	lab->state =
		(struct decide_state){&lab->settings, nodes, lease_table_new(&key), &lab->loops};
	lease_table_set_pools(
		lab->state.leases, &(struct lease_pool){POOL, POOL + POOL_SIZE - 1}, 1);
	lab->now_ms = 1000;
	*state = lab;
	return 0;
}

static int lab_down(void **state)
{
	struct lab *lab = *state;

	lease_table_free(lab->state.leases);
	node_table_free((struct node_table *)(uintptr_t)lab->state.nodes);
	free(lab);
	return 0;
}

static struct msg message(enum dhcp_type type, uint8_t mac)
{
	struct msg m = {.op = BOOTP_REQUEST,
		.htype = 1,
		.hlen = 6,
		.xid = mac,
		.chaddr = {2, 0, 0, 0, 0, mac}};

	opts_put_u8(&m.opts, OPT_TYPE, (uint8_t)type);
	return m;
}

static const struct decision *hear(struct lab *lab, const struct msg *m)
{
	struct arrival from = {m->ciaddr, 68, DHCP_SERVER_PORT};

	decide(&lab->state, m, &from, lab->now_ms, &lab->d);
	if (lab->d.commit)
		lab->d.commit->stored = true; /* as the store does */
	return &lab->d;
}

static const struct decision *discover(struct lab *lab, uint8_t mac)
{
	struct msg m = message(DHCP_DISCOVER, mac);

	return hear(lab, &m);
}

/* The three kinds of REQUEST. */
static const struct decision *select_offer(struct lab *lab, uint8_t mac, uint32_t address)
{
	struct msg m = message(DHCP_REQUEST, mac);

	opts_put_u32(&m.opts, OPT_SERVER, SERVER);
	opts_put_u32(&m.opts, OPT_ADDRESS, address);
	return hear(lab, &m);
}

static const struct decision *reboot(struct lab *lab, uint8_t mac, uint32_t address)
{
	struct msg m = message(DHCP_REQUEST, mac);

	opts_put_u32(&m.opts, OPT_ADDRESS, address);
	return hear(lab, &m);
}

static const struct decision *renew(struct lab *lab, uint8_t mac, uint32_t address)
{
	struct msg m = message(DHCP_REQUEST, mac);

	m.ciaddr = address;
	return hear(lab, &m);
}

/* DISCOVER to ACK. The address. */
static uint32_t get_address(struct lab *lab, uint8_t mac)
{
	uint32_t offered = discover(lab, mac)->reply.yiaddr;
	const struct decision *d = select_offer(lab, mac, offered);

	assert_int_equal(d->what, COUNT_ACK);
	assert_int_equal(d->reply.yiaddr, offered);
	assert_non_null(d->commit);
	return offered;
}

static const struct decision *tell(
	struct lab *lab, enum dhcp_type type, uint8_t mac, uint32_t address)
{
	struct msg m = message(type, mac);

	opts_put_u32(&m.opts, OPT_SERVER, SERVER);
	if (type == DHCP_DECLINE)
		opts_put_u32(&m.opts, OPT_ADDRESS, address);
	else
		m.ciaddr = address;
	return hear(lab, &m);
}

#define LAB struct lab *lab = *test_state

/* --- DISCOVER --- */

TEST(offer_holds_the_address_but_needs_no_disk)
{
	LAB;
	const struct decision *d = discover(lab, 10);

	assert_int_equal(d->what, COUNT_OFFER);
	assert_int_equal(d->reply.yiaddr, POOL);
	assert_null(d->commit);
	assert_int_equal(opts_u32(&d->reply.opts, OPT_SERVER), SERVER);
	assert_int_equal(discover(lab, 11)->reply.yiaddr, POOL + 1);
}

TEST(repeated_discover_gets_the_same_address)
{
	LAB;
	uint32_t first = discover(lab, 10)->reply.yiaddr;
	struct msg again = message(DHCP_DISCOVER, 10);

	again.xid = 99;
	assert_int_equal(hear(lab, &again)->reply.yiaddr, first);
	lab->now_ms += 10 * MINUTE;
	assert_int_equal(discover(lab, 10)->reply.yiaddr, first);
}

TEST(offer_that_nobody_takes_goes_to_another_in_the_end)
{
	LAB;

	for (uint8_t i = 0; i < POOL_SIZE; i++)
		assert_int_equal(discover(lab, (uint8_t)(10 + i))->reply.yiaddr, POOL + i);
	assert_int_equal(discover(lab, 30)->what, COUNT_POOL_EXHAUSTED);
	lab->now_ms += 2 * MINUTE;
	assert_int_equal(discover(lab, 30)->reply.yiaddr, POOL);
}

TEST(machine_finds_its_expired_lease_again)
{
	LAB;
	uint32_t first = get_address(lab, 10);

	lab->now_ms += (int64_t)LEASE_S * 1000 + 1;
	assert_int_equal(discover(lab, 11)->reply.yiaddr, POOL + 1);
	assert_int_equal(discover(lab, 10)->reply.yiaddr, first);
}

TEST(wished_address_is_given_when_it_is_free)
{
	LAB;
	struct msg m = message(DHCP_DISCOVER, 10);

	opts_put_u32(&m.opts, OPT_ADDRESS, POOL + 2);
	assert_int_equal(hear(lab, &m)->reply.yiaddr, POOL + 2);
}

TEST(wished_address_that_is_not_to_be_had_is_passed_over)
{
	LAB;
	uint32_t wishes[] = {
		FIXED, SERVER, FOREIGN, POOL + POOL_SIZE, 0x0a4d0000, 0x0a4d00ff, UINT32_MAX};

	for (size_t i = 0; i < ARRAY_LEN(wishes); i++) {
		struct msg m = message(DHCP_DISCOVER, 10);

		opts_put_u32(&m.opts, OPT_ADDRESS, wishes[i]);
		assert_int_equal(hear(lab, &m)->reply.yiaddr, POOL);
	}
}

TEST(ciaddr_in_a_discover_means_nothing)
{
	LAB;
	struct msg m = message(DHCP_DISCOVER, 10);

	m.ciaddr = POOL + 3;
	const struct decision *d = hear(lab, &m);
	assert_int_equal(d->reply.yiaddr, POOL);
	assert_int_equal(d->reply.ciaddr, 0);
}

TEST(addresses_of_the_network_itself_are_never_given)
{
	LAB;

	lab->settings.router = POOL;
	lab->settings.dns[0] = POOL + 1;
	assert_int_equal(discover(lab, 10)->reply.yiaddr, POOL + 2);
	/* 10.77.0.98/29 ends with the broadcast address 10.77.0.103, the last one of the pool. */
	lab->settings.server = (struct ipv4_net){0x0a4d0062, 29};
	lab->settings.router = lab->settings.dns[0] = 0;
	lease_table_set_pools(lab->state.leases, &(struct lease_pool){POOL, POOL + 3}, 1);
	assert_int_equal(discover(lab, 11)->reply.yiaddr, POOL);
	assert_int_equal(discover(lab, 12)->reply.yiaddr, POOL + 1);
	assert_int_equal(discover(lab, 13)->what, COUNT_POOL_EXHAUSTED);
}

/* --- nodes --- */

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

/* --- REQUEST --- */

TEST(ack_waits_for_the_disk_and_echoes_ciaddr)
{
	LAB;
	uint32_t address = get_address(lab, 10);

	assert_false(lab->d.was_known);
	const struct decision *d = renew(lab, 10, address);
	assert_int_equal(d->what, COUNT_ACK);
	assert_int_equal(d->reply.ciaddr, address);
	assert_int_equal(d->commit->state, LEASE_BOUND);
	assert_true(d->was_known);
	assert_int_equal(d->route.via, ROUTE_SOCKET);
}

TEST(renewal_extends_the_lease)
{
	LAB;
	uint32_t address = get_address(lab, 10);

	lab->now_ms += 1000 * LEASE_S / 2;
	int64_t until = renew(lab, 10, address)->commit->until_ms;
	assert_true(until == lab->now_ms + (int64_t)LEASE_S * 1000);
}

TEST(choosing_another_server_frees_the_offer_and_is_told)
{
	LAB;
	struct msg m = message(DHCP_REQUEST, 10);

	assert_int_equal(discover(lab, 10)->reply.yiaddr, POOL);
	opts_put_u32(&m.opts, OPT_SERVER, 0x0a4d0009);
	opts_put_u32(&m.opts, OPT_ADDRESS, POOL);
	assert_int_equal(hear(lab, &m)->what, COUNT_OTHER_SERVER);
	assert_false(lab->d.has_reply);
	assert_non_null(strstr(lab->d.exchange.note, "10.77.0.9"));
	for (uint8_t i = 1; i < POOL_SIZE; i++)
		assert_int_equal(discover(lab, (uint8_t)(10 + i))->reply.yiaddr, POOL + i);
	assert_int_equal(discover(lab, 30)->reply.yiaddr, POOL);
}

TEST(choosing_another_server_does_not_end_a_lease)
{
	LAB;
	struct msg m = message(DHCP_REQUEST, 10);

	assert_int_equal(get_address(lab, 10), POOL);
	opts_put_u32(&m.opts, OPT_SERVER, 0x0a4d0009);
	(void)hear(lab, &m);
	assert_int_equal(discover(lab, 11)->reply.yiaddr, POOL + 1);
}

TEST(offer_lost_in_a_restart_is_granted_all_the_same)
{
	LAB;

	assert_int_equal(select_offer(lab, 10, POOL + 1)->what, COUNT_ACK);
	assert_int_equal(discover(lab, 10)->reply.yiaddr, POOL + 1);
}

TEST(lost_lease_whose_address_is_free_is_granted_again)
{
	LAB;

	assert_int_equal(renew(lab, 10, POOL + 2)->what, COUNT_ACK);
	assert_int_equal(reboot(lab, 11, POOL + 3)->what, COUNT_ACK);
}

TEST(request_for_what_the_machine_cannot_have_is_refused_at_once)
{
	LAB;
	static const struct {
		const char *what;
		uint8_t mac;
		uint32_t address;
	} cases[] = {
		{"another network", 11, FOREIGN},
		{"a node's address", 11, FIXED},
		{"the server's address", 11, SERVER},
		{"an address outside the pool", 11, POOL + POOL_SIZE},
		{"another machine's lease", 11, POOL},
		{"a pool address for a node with a fixed one", 1, POOL + 2},
		{"not the address it holds", 10, POOL + 1},
		{"the network's own address", 11, 0x0a4d0000},
	};

	assert_int_equal(get_address(lab, 10), POOL);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		print_message("# %s\n", cases[i].what);
		for (int kind = 0; kind < 3; kind++) {
			const struct decision *d =
				kind == 0   ? select_offer(lab, cases[i].mac, cases[i].address)
				: kind == 1 ? reboot(lab, cases[i].mac, cases[i].address)
					    : renew(lab, cases[i].mac, cases[i].address);

			assert_int_equal(d->what, COUNT_NAK);
			assert_null(d->commit);
		}
	}
	assert_int_equal(renew(lab, 10, POOL)->what, COUNT_ACK);
}

TEST(nak_carries_nothing_but_the_refusal)
{
	LAB;
	struct msg m = message(DHCP_REQUEST, 10);

	opts_put_u32(&m.opts, OPT_ADDRESS, FOREIGN);
	opts_put(&m.opts, OPT_ARCH, "\x00\x07", 2);
	const struct msg *r = &hear(lab, &m)->reply;
	assert_int_equal(r->yiaddr | r->siaddr | r->ciaddr, 0);
	assert_string_equal(r->file, "");
	for (unsigned code = 1; code < 255; code++)
		if (code != OPT_TYPE && code != OPT_SERVER && code != OPT_MESSAGE)
			assert_false(opts_has(&r->opts, (uint8_t)code));
	assert_int_equal(lab->d.route.dst, UINT32_MAX);
}

TEST(request_that_names_no_address_is_dropped)
{
	LAB;
	struct msg m = message(DHCP_REQUEST, 10);

	assert_int_equal(hear(lab, &m)->what, COUNT_INCOMPLETE);
	assert_false(lab->d.has_reply);
}

TEST(length_of_a_lease_follows_the_stage_and_the_wish)
{
	LAB;
	static const struct {
		bool is_firmware;
		uint32_t wish, want; /* wish 0: none */
	} cases[] = {{false, 0, LEASE_S}, {false, 600, 600}, {false, UINT32_MAX, LEASE_S},
		{false, 1, 60}, {true, 0, NETBOOT_S}, {true, 600, NETBOOT_S}};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct msg m = message(DHCP_DISCOVER, 10);

		if (cases[i].is_firmware)
			opts_put(&m.opts, OPT_ARCH, "\x00\x07", 2);
		if (cases[i].wish)
			opts_put_u32(&m.opts, OPT_LEASE, cases[i].wish);
		assert_int_equal(opts_u32(&hear(lab, &m)->reply.opts, OPT_LEASE), cases[i].want);
	}
}

/* --- DECLINE, RELEASE, INFORM --- */

TEST(declined_address_is_given_to_nobody_for_a_while)
{
	LAB;

	assert_int_equal(get_address(lab, 10), POOL);
	const struct decision *d = tell(lab, DHCP_DECLINE, 10, POOL);
	assert_int_equal(d->what, COUNT_DECLINED);
	assert_false(d->has_reply);
	assert_non_null(d->commit);
	assert_true(d->is_tellable);
	assert_int_equal(discover(lab, 10)->reply.yiaddr, POOL + 1);
	assert_int_equal(reboot(lab, 11, POOL)->what, COUNT_NAK);
	lab->now_ms += 11 * MINUTE;
	assert_int_equal(reboot(lab, 11, POOL)->what, COUNT_ACK);
}

TEST(nobody_declines_or_releases_for_another)
{
	LAB;

	assert_int_equal(get_address(lab, 10), POOL);
	assert_int_equal(tell(lab, DHCP_DECLINE, 11, POOL)->what, COUNT_NOT_THE_HOLDER);
	assert_int_equal(tell(lab, DHCP_RELEASE, 11, POOL)->what, COUNT_NOT_THE_HOLDER);
	assert_int_equal(tell(lab, DHCP_DECLINE, 10, POOL + 1)->what, COUNT_NOT_THE_HOLDER);
	assert_int_equal(tell(lab, DHCP_DECLINE, 10, 0)->what, COUNT_NOT_THE_HOLDER);
	assert_int_equal(renew(lab, 10, POOL)->what, COUNT_ACK);
}

TEST(one_machine_cannot_decline_the_whole_pool)
{
	LAB;

	lab->settings.pool_last = POOL + 49;
	lease_table_set_pools(lab->state.leases, &(struct lease_pool){POOL, POOL + 49}, 1);
	for (int i = 0; i < 4; i++)
		assert_int_equal(
			tell(lab, DHCP_DECLINE, 10, get_address(lab, 10))->what, COUNT_DECLINED);
	assert_int_equal(
		tell(lab, DHCP_DECLINE, 10, get_address(lab, 10))->what, COUNT_TOO_MANY_DECLINES);
}

TEST(fixed_address_is_never_put_in_quarantine)
{
	LAB;

	assert_int_equal(get_address(lab, 1), FIXED);
	assert_int_equal(tell(lab, DHCP_DECLINE, 1, FIXED)->what, COUNT_DECLINED);
	assert_non_null(strstr(lab->d.exchange.note, "10.77.0.10"));
	assert_int_equal(discover(lab, 1)->reply.yiaddr, FIXED);
}

TEST(released_address_is_free_but_remembered)
{
	LAB;

	assert_int_equal(get_address(lab, 10), POOL);
	const struct decision *d = tell(lab, DHCP_RELEASE, 10, POOL);
	assert_int_equal(d->what, COUNT_RELEASED);
	assert_false(d->has_reply);
	assert_non_null(d->commit);
	assert_int_equal(discover(lab, 11)->reply.yiaddr, POOL + 1);
	assert_int_equal(discover(lab, 10)->reply.yiaddr, POOL);
	assert_int_equal(tell(lab, DHCP_RELEASE, 10, POOL)->what, COUNT_NOT_THE_HOLDER);
}

TEST(inform_gets_parameters_without_a_lease)
{
	LAB;
	struct msg m = message(DHCP_INFORM, 10);

	m.ciaddr = 0x0a4d0032;
	const struct decision *d = hear(lab, &m);
	assert_int_equal(d->what, COUNT_ACK);
	assert_null(d->commit);
	assert_int_equal(d->reply.yiaddr, 0);
	assert_int_equal(d->reply.ciaddr, m.ciaddr);
	assert_true(opts_has(&d->reply.opts, OPT_MASK));
	assert_false(opts_has(&d->reply.opts, OPT_LEASE));
	assert_false(opts_has(&d->reply.opts, OPT_T1));
	assert_int_equal(lease_count(lab->state.leases), 0);
}

/* --- relays, port 4011, and what is nobody's business --- */

TEST(relay_of_a_network_that_is_not_served_gets_nothing)
{
	LAB;
	struct msg m = message(DHCP_DISCOVER, 10);

	m.giaddr = FOREIGN;
	assert_int_equal(hear(lab, &m)->what, COUNT_UNKNOWN_SUBNET);
	opts_put(
		&m.opts, OPT_RELAY, "\x05\x04\x0a\x4d\x00\x00", 6); /* the client is in 10.77.0.0 */
	assert_int_equal(hear(lab, &m)->what, COUNT_OFFER);
	assert_int_equal(lab->d.route.dst, FOREIGN);
}

TEST(relay_may_lend_us_a_name)
{
	LAB;
	struct msg m = message(DHCP_DISCOVER, 10), r = message(DHCP_REQUEST, 10);

	m.giaddr = r.giaddr = 0x0a4d0002;
	opts_put(&m.opts, OPT_RELAY, "\x0b\x04\x0a\x4d\x00\x02", 6);
	assert_int_equal(opts_u32(&hear(lab, &m)->reply.opts, OPT_SERVER), 0x0a4d0002);
	opts_put(&r.opts, OPT_RELAY, "\x0b\x04\x0a\x4d\x00\x02", 6);
	opts_put_u32(&r.opts, OPT_SERVER, 0x0a4d0002);
	opts_put_u32(&r.opts, OPT_ADDRESS, POOL);
	assert_int_equal(hear(lab, &r)->what, COUNT_ACK);
}

TEST(loops_and_broken_relays_are_dropped)
{
	LAB;
	struct msg far = message(DHCP_DISCOVER, 10), own = far, broken = far;

	far.hops = 16;
	own.giaddr = SERVER;
	opts_put(&broken.opts, OPT_RELAY, "\x01\x09x", 3);
	assert_int_equal(hear(lab, &far)->what, COUNT_TOO_MANY_HOPS);
	assert_int_equal(hear(lab, &own)->what, COUNT_LOOPED);
	assert_int_equal(hear(lab, &broken)->what, COUNT_BAD_RELAY_INFO);
	assert_int_equal(lease_count(lab->state.leases), 0);
}

TEST(messages_that_no_client_sends_are_dropped)
{
	LAB;
	static const uint8_t types[] = {0, DHCP_OFFER, DHCP_ACK, DHCP_NAK, 9, 10, 13, 255};

	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		struct msg m = message(types[i], 10);

		assert_int_equal(hear(lab, &m)->what, COUNT_UNKNOWN_TYPE);
		assert_false(lab->d.has_reply);
	}
}

TEST(port_4011_answers_pxe_clients_only_and_leases_nothing)
{
	LAB;
	struct arrival from = {POOL, 4011, PXE_PORT};
	struct msg m = message(DHCP_REQUEST, 10), os = m, offer = message(DHCP_DISCOVER, 10);

	m.ciaddr = offer.ciaddr = POOL;
	opts_put(&m.opts, OPT_ARCH, "\x00\x07", 2);
	opts_put(&offer.opts, OPT_ARCH, "\x00\x07", 2);
	decide(&lab->state, &m, &from, 0, &lab->d);
	assert_int_equal(lab->d.what, COUNT_PXE_ACK);
	assert_string_equal(lab->d.reply.file, "snponly.efi");
	assert_int_equal(lab->d.reply.yiaddr, 0);
	assert_int_equal(lab->d.reply.ciaddr, POOL);
	assert_true(opts_begins(&lab->d.reply.opts, OPT_CLASS, "PXEClient"));
	assert_int_equal(lab->d.route.via, ROUTE_PXE_SOCKET);
	assert_int_equal(lab->d.route.dst, POOL);
	assert_int_equal(lab->d.route.dst_port, 4011);
	decide(&lab->state, &os, &from, 0, &lab->d);
	assert_int_equal(lab->d.what, COUNT_NOT_PXE);
	decide(&lab->state, &offer, &from, 0, &lab->d);
	assert_int_equal(lab->d.what, COUNT_NOT_PXE);
	assert_int_equal(lease_count(lab->state.leases), 0);
}

TEST(machine_that_loops_on_its_loader_is_given_the_script)
{
	LAB;
	struct msg m = message(DHCP_REQUEST, 10);

	opts_put_u32(&m.opts, OPT_ADDRESS, POOL);
	opts_put(&m.opts, OPT_ARCH, "\x00\x00", 2);
	for (int i = 0; i < 3; i++) {
		assert_string_equal(hear(lab, &m)->reply.file, "undionly.kpxe");
		lab->now_ms += 5000;
	}
	assert_string_equal(hear(lab, &m)->reply.file, "http://10.77.0.1/boot.ipxe");
	assert_true(lab->d.exchange.note[0] != '\0');
}

TEST(exchange_tells_what_happened)
{
	LAB;
	struct msg m = message(DHCP_DISCOVER, 1);
	struct mac first = mac_of(1);

	opts_put(&m.opts, OPT_ARCH, "\x00\x10", 2);
	opts_put_text(&m.opts, OPT_CLASS, "HTTPClient:Arch:00016");
	opts_put_text(&m.opts, OPT_HOSTNAME,
		"a-name-that-is-much-longer-than-the-sixty-four-bytes-that-there-are-for-it");
	const struct message_exchange *x = &hear(lab, &m)->exchange;
	assert_true(mac_is_equal(&x->mac, &first));
	assert_int_equal(x->stage, STAGE_FIRMWARE);
	assert_int_equal(x->request, DHCP_DISCOVER);
	assert_int_equal(x->reply, DHCP_OFFER);
	assert_int_equal(x->arch, 16);
	assert_int_equal(x->address, FIXED);
	assert_int_equal(x->lease_s, NETBOOT_S);
	assert_string_equal(x->boot_file, "http://10.77.0.1/firmware/snponly.efi");
	assert_int_equal(strlen(x->hostname), sizeof(x->hostname) - 1);
}

TEST(grant_that_did_not_reach_the_disk_is_taken_back)
{
	LAB;
	uint32_t offered = discover(lab, 10)->reply.yiaddr;
	struct msg m = message(DHCP_REQUEST, 10);
	struct arrival from = {0, 68, DHCP_SERVER_PORT};

	opts_put_u32(&m.opts, OPT_ADDRESS, offered);
	decide(&lab->state, &m, &from, lab->now_ms, &lab->d);
	assert_false(lab->d.was_known);
	decide_undo(&lab->state, lab->d.commit, lab->now_ms);
	assert_int_equal(lab->d.commit->state, LEASE_OFFERED);
	decide(&lab->state, &m, &from, lab->now_ms, &lab->d);
	assert_false(lab->d.was_known);
}

TEST(lease_is_known_only_once_it_is_on_disk_for_this_machine)
{
	LAB;
	struct msg m = message(DHCP_REQUEST, 10);
	struct arrival from = {0, 68, DHCP_SERVER_PORT};

	/* Twice in one batch: nothing is on disk at the second one either. */
	opts_put_u32(&m.opts, OPT_ADDRESS, POOL);
	decide(&lab->state, &m, &from, lab->now_ms, &lab->d);
	decide(&lab->state, &m, &from, lab->now_ms, &lab->d);
	assert_int_equal(lab->d.what, COUNT_ACK);
	assert_false(lab->d.was_known);
	lab->d.commit->stored = true;
	assert_true(reboot(lab, 10, POOL)->was_known);
	/* What is on disk then says that another machine has it. */
	lab->now_ms += (int64_t)LEASE_S * 1000 + 1;
	assert_int_equal(reboot(lab, 11, POOL)->what, COUNT_ACK);
	assert_false(lab->d.was_known);
}

#define with_lab(sentence)                                                        \
	{                                                                         \
		.name = #sentence, .test_func = (sentence), .setup_func = lab_up, \
		.teardown_func = lab_down                                         \
	}

RUN(with_lab(offer_holds_the_address_but_needs_no_disk),
	with_lab(repeated_discover_gets_the_same_address),
	with_lab(offer_that_nobody_takes_goes_to_another_in_the_end),
	with_lab(machine_finds_its_expired_lease_again),
	with_lab(wished_address_is_given_when_it_is_free),
	with_lab(wished_address_that_is_not_to_be_had_is_passed_over),
	with_lab(ciaddr_in_a_discover_means_nothing),
	with_lab(addresses_of_the_network_itself_are_never_given),
	with_lab(node_gets_its_address_for_each_of_its_macs_even_at_once),
	with_lab(node_without_an_address_shares_one_of_the_pool_between_its_macs),
	with_lab(machine_that_became_a_node_keeps_its_lease),
	with_lab(each_stage_of_a_boot_gets_the_same_address_whatever_identifier_it_sends),
	with_lab(two_machines_with_the_same_identifier_get_two_addresses),
	with_lab(infiniband_clients_are_told_apart_by_identifier),
	with_lab(group_mac_without_identifier_is_nobody),
	with_lab(node_is_told_its_name_and_strangers_none),
	with_lab(closed_network_serves_nodes_only),
	with_lab(fixed_address_that_a_stranger_still_leases_is_not_given_twice),
	with_lab(ack_waits_for_the_disk_and_echoes_ciaddr), with_lab(renewal_extends_the_lease),
	with_lab(choosing_another_server_frees_the_offer_and_is_told),
	with_lab(choosing_another_server_does_not_end_a_lease),
	with_lab(offer_lost_in_a_restart_is_granted_all_the_same),
	with_lab(lost_lease_whose_address_is_free_is_granted_again),
	with_lab(request_for_what_the_machine_cannot_have_is_refused_at_once),
	with_lab(nak_carries_nothing_but_the_refusal),
	with_lab(request_that_names_no_address_is_dropped),
	with_lab(length_of_a_lease_follows_the_stage_and_the_wish),
	with_lab(declined_address_is_given_to_nobody_for_a_while),
	with_lab(nobody_declines_or_releases_for_another),
	with_lab(one_machine_cannot_decline_the_whole_pool),
	with_lab(fixed_address_is_never_put_in_quarantine),
	with_lab(released_address_is_free_but_remembered),
	with_lab(inform_gets_parameters_without_a_lease),
	with_lab(relay_of_a_network_that_is_not_served_gets_nothing),
	with_lab(relay_may_lend_us_a_name), with_lab(loops_and_broken_relays_are_dropped),
	with_lab(messages_that_no_client_sends_are_dropped),
	with_lab(port_4011_answers_pxe_clients_only_and_leases_nothing),
	with_lab(machine_that_loops_on_its_loader_is_given_the_script),
	with_lab(exchange_tells_what_happened),
	with_lab(grant_that_did_not_reach_the_disk_is_taken_back),
	with_lab(lease_is_known_only_once_it_is_on_disk_for_this_machine))

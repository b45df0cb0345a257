/* lab.h - what the tests of decide have in common: a network, its machines, and what these say. */
#ifndef SLIPWAY_TESTS_UNIT_DHCPD_LAB_H
#define SLIPWAY_TESTS_UNIT_DHCPD_LAB_H

#include "tests/unit/test.h"

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
#define RELAY 0x0a4e0001 /* 10.78.0.1/24 */
#define FAR_POOL 0x0a4e0064

/* A network with one node of two MACs and a fixed address (1, 2), one node with an address from the
 * pool and two MACs (3, 4), and strangers (from 10). Behind the relay RELAY there is a second network.
 * Two nodes have no MAC: one has the client identifier "box-7", one a UUID; a third has all three (5). */
struct lab {
	struct message_dhcp_settings settings;
	struct message_network network, remote;
	struct networks *networks;
	struct pxe_loops loops;
	struct relay_strangers strangers;
	struct decide_state state;
	int64_t now_ms;
	struct decision d;
};

static inline struct mac mac_of(uint8_t n)
{
	return (struct mac){{2, 0, 0, 0, 0, n}};
}

/* As a node has it; the wire has it with a leading 0, and perhaps in the other byte order. */
static inline struct uuid lab_uuid(uint8_t n)
{
	struct uuid u = {{0x10, n, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}};

	return uuid_folded(&u);
}

/* Makes what was changed in `network` and `remote` count. */
static inline void lab_set_networks(struct lab *lab)
{
	networks_free(lab->networks);
	lab->networks = networks_new(2);
	assert_int_equal(networks_add(lab->networks, &lab->network), 0);
	assert_int_equal(networks_add(lab->networks, &lab->remote), 0);
	lab->state.networks = lab->networks;
	networks_set_pools(lab->networks, lab->state.leases);
}

static inline int lab_up(void **state)
{
	static const struct hash_key key = {1, 2};
	struct lab *lab = calloc(1, sizeof(*lab));
	struct message_node fixed = {
		.name = "master1", .address = FIXED, .n_macs = 2, .macs = {mac_of(1), mac_of(2)}};
	struct message_node pooled = {
		.name = "worker1", .n_macs = 2, .macs = {mac_of(3), mac_of(4)}};
	struct message_node by_id = {
		.name = "by-id", .client_id_len = 5, .client_id = "box-7", .address = FIXED + 1};
	struct message_node by_uuid = {.name = "by-uuid", .uuid = lab_uuid(7)};
	struct message_node by_all = {.name = "by-all",
		.n_macs = 1,
		.macs = {mac_of(5)},
		.client_id_len = 5,
		.client_id = "box-8",
		.uuid = lab_uuid(8)};
	struct node_table *nodes = node_table_new(5);

	lab->settings = (struct message_dhcp_settings){
		.server = {SERVER, 24}, .http_port = 80, .enroll = ENROLL_ASK, .is_authoritative = 1};
	lab->network = (struct message_network){.net = {SERVER, 24},
		.pool_first = POOL,
		.pool_last = POOL + POOL_SIZE - 1,
		.lease_s = LEASE_S,
		.netboot_lease_s = NETBOOT_S};
	lab->remote = (struct message_network){.net = {RELAY & 0xffffff00, 24},
		.pool_first = FAR_POOL,
		.pool_last = FAR_POOL + POOL_SIZE - 1,
		.router = RELAY,
		.lease_s = 2 * LEASE_S,
		.netboot_lease_s = NETBOOT_S};
	assert_int_equal(node_table_add(nodes, &fixed), 0);
	assert_int_equal(node_table_add(nodes, &pooled), 0);
	assert_int_equal(node_table_add(nodes, &by_id), 0);
	assert_int_equal(node_table_add(nodes, &by_uuid), 0);
	assert_int_equal(node_table_add(nodes, &by_all), 0);
	lab->state = (struct decide_state){.settings = &lab->settings,
		.nodes = nodes,
		.leases = lease_table_new(&key),
		.loops = &lab->loops,
		.strangers = &lab->strangers};
	lab_set_networks(lab);
	lab->now_ms = 1000;
	*state = lab;
	return 0;
}

static inline int lab_down(void **state)
{
	struct lab *lab = *state;

	lease_table_free(lab->state.leases);
	node_table_free((struct node_table *)(uintptr_t)lab->state.nodes);
	networks_free(lab->networks);
	free(lab);
	return 0;
}

static inline struct msg message(enum dhcp_type type, uint8_t mac)
{
	struct msg m = {.op = BOOTP_REQUEST,
		.htype = 1,
		.hlen = 6,
		.xid = mac,
		.chaddr = {2, 0, 0, 0, 0, mac}};

	opts_put_u8(&m.opts, OPT_TYPE, (uint8_t)type);
	return m;
}

/* A client with an address sends to the server, one without to all. */
static inline const struct decision *hear(struct lab *lab, const struct msg *m)
{
	struct arrival from = {m->ciaddr, 68, DHCP_SERVER_PORT, m->ciaddr ? SERVER : UINT32_MAX, {{0}}};

	decide(&lab->state, m, &from, lab->now_ms, &lab->d);
	if (lab->d.commit)
		lab->d.commit->stored = true; /* as the store does */
	return &lab->d;
}

static inline const struct decision *discover(struct lab *lab, uint8_t mac)
{
	struct msg m = message(DHCP_DISCOVER, mac);

	return hear(lab, &m);
}

/* The three kinds of REQUEST. */
static inline const struct decision *select_offer(struct lab *lab, uint8_t mac, uint32_t address)
{
	struct msg m = message(DHCP_REQUEST, mac);

	opts_put_u32(&m.opts, OPT_SERVER, SERVER);
	opts_put_u32(&m.opts, OPT_ADDRESS, address);
	return hear(lab, &m);
}

static inline const struct decision *reboot(struct lab *lab, uint8_t mac, uint32_t address)
{
	struct msg m = message(DHCP_REQUEST, mac);

	opts_put_u32(&m.opts, OPT_ADDRESS, address);
	return hear(lab, &m);
}

static inline const struct decision *renew(struct lab *lab, uint8_t mac, uint32_t address)
{
	struct msg m = message(DHCP_REQUEST, mac);

	m.ciaddr = address;
	return hear(lab, &m);
}

/* DISCOVER to ACK. The address. */
static inline uint32_t get_address(struct lab *lab, uint8_t mac)
{
	uint32_t offered = discover(lab, mac)->reply.yiaddr;
	const struct decision *d = select_offer(lab, mac, offered);

	assert_int_equal(d->what, COUNT_ACK);
	assert_int_equal(d->reply.yiaddr, offered);
	assert_non_null(d->commit);
	return offered;
}

static inline const struct decision *tell(
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

#define with_lab(sentence)                                                        \
	{                                                                         \
		.name = #sentence, .test_func = (sentence), .setup_func = lab_up, \
		.teardown_func = lab_down                                         \
	}

#endif

/* Machines that ask for addresses while neighbours answer for them. Each 4 bytes of input:
 *
 *   0 what: low bits 0 DISCOVER, 1 REQUEST, 2 a neighbour answers for an address, 3 an answer from behind a
 *     relay; high half: tenths of a second that pass before it
 *   1 who: one of 8 machines (0 and 1 are a node's) that asks or answers, or another from 8
 *   2 which address, 3 unused
 *
 * Whatever happens: no address is offered while it is being probed, none that a stranger answered for in the
 * last ten minutes but to the node whose own it is, and no probe is left over. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "dhcpd/conflict.h"

#define SERVER 0x0a4d0001
#define POOL 0x0a4d0064
#define POOL_SIZE 6
#define FIXED 0x0a4d000a
#define MACHINES 8
#define RECORD 4
#define PROBE_MS 300
#define QUARANTINE_MS INT64_C(600000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct world {
	struct message_dhcp_settings settings;
	struct message_network network;
	struct networks *networks;
	struct pxe_loops loops;
	struct relay_strangers strangers;
	struct node_table *nodes;
	struct probe_table *probes;
	struct decide_state state;
	int64_t taken_ms[POOL_SIZE]; /* when a stranger answered and was believed; 0: never */
	int64_t now_ms;
	struct decision d;
};

static struct mac mac_of(uint8_t who)
{
	return (struct mac){{2, 0, 0, 0, 0, who}};
}

static void world_init(struct world *w)
{
	static const struct hash_key key = {1, 2};
	struct message_node fixed = {
		.name = "a", .address = FIXED, .n_macs = 2, .macs = {mac_of(0), mac_of(1)}};

	w->settings = (struct message_dhcp_settings){.server = {SERVER, 24},
		.enroll = ENROLL_ASK,
		.guard = {.probe_ms = PROBE_MS, .quarantine_s = QUARANTINE_MS / 1000}};
	w->network = (struct message_network){.net = {SERVER, 24},
		.pool_first = POOL,
		.pool_last = POOL + POOL_SIZE - 1,
		.lease_s = 600,
		.netboot_lease_s = 60};
	w->networks = networks_new(1);
	if (networks_add(w->networks, &w->network) < 0)
		abort();
	w->nodes = node_table_new(1);
	if (node_table_add(w->nodes, &fixed) < 0)
		abort();
	w->probes = probe_table_new();
	w->state = (struct decide_state){.settings = &w->settings,
		.networks = w->networks,
		.nodes = w->nodes,
		.leases = lease_table_new(&key),
		.loops = &w->loops,
		.strangers = &w->strangers,
		.probes = w->probes};
	networks_set_pools(w->networks, w->state.leases);
	w->now_ms = 1000;
}

static bool is_in_pool(uint32_t address)
{
	return address >= POOL && address < POOL + POOL_SIZE;
}

static void ask(struct world *w, enum dhcp_type type, uint8_t who, uint32_t wish)
{
	struct arrival from = {.src_port = 68, .dst_port = DHCP_SERVER_PORT, .dst = UINT32_MAX};
	struct msg m = {.op = BOOTP_REQUEST, .htype = MSG_HTYPE_ETHERNET, .hlen = MAC_LEN};
	struct mac mac = mac_of(who);

	memcpy(m.chaddr, mac.b, MAC_LEN);
	opts_put_u8(&m.opts, OPT_TYPE, (uint8_t)type);
	opts_put_u32(&m.opts, OPT_ADDRESS, wish);
	decide(&w->state, &m, &from, w->now_ms, &w->d);
	if (w->d.probe != 0) {
		assert(w->d.what == COUNT_PROBING && !w->d.has_reply && !w->d.commit);
		if (!probe_by_address(w->probes, w->d.probe))
			probe_begin(w->probes, w->d.probe, w->now_ms + PROBE_MS)->asker = mac;
	}
	if (w->d.what != COUNT_OFFER)
		return;
	uint32_t address = w->d.reply.yiaddr;
	assert(!probe_by_address(w->probes, address));
	assert(address == FIXED ? who < 2 : is_in_pool(address));
	if (is_in_pool(address))
		assert(w->taken_ms[address - POOL] == 0 ||
			w->now_ms - w->taken_ms[address - POOL] >= QUARANTINE_MS);
}

static void answer(struct world *w, const struct mac *holder, uint32_t address)
{
	struct probe *p = probe_by_address(w->probes, address);
	struct conflict c = {.address = address, .holder = holder};

	if (!p)
		return;
	c.asker = p->asker;
	if (!conflict_found(&w->state, &c, w->now_ms, &w->d))
		return;
	assert(w->d.is_tellable && !w->d.has_reply);
	if (is_in_pool(address)) {
		assert(w->d.commit && w->d.commit->address == address);
		w->taken_ms[address - POOL] = w->now_ms;
	}
	probe_free(probe_take(w->probes, p));
}

static void hear(struct world *w, const uint8_t r[static RECORD])
{
	uint32_t address =
		r[2] % 8 < POOL_SIZE ? POOL + r[2] % 8 : (r[2] % 8 == POOL_SIZE ? FIXED : SERVER);
	struct mac holder = mac_of(r[1] % (2 * MACHINES));
	struct probe *p;

	w->now_ms += (int64_t)(r[0] >> 4) * (r[0] & 8 ? 60000 : 100);
	while ((p = probe_due(w->probes, w->now_ms)))
		probe_free(probe_take(w->probes, p));
	if ((r[0] & 3) == 0)
		ask(w, DHCP_DISCOVER, r[1] % MACHINES, address);
	else if ((r[0] & 3) == 1)
		ask(w, DHCP_REQUEST, r[1] % MACHINES, address);
	else
		answer(w, (r[0] & 3) == 2 ? &holder : NULL, address);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct world *w = calloc(1, sizeof(*w));

	if (!w)
		return 0;
	world_init(w);
	for (size_t at = 0; at + RECORD <= size; at += RECORD)
		hear(w, data + at);
	w->now_ms += PROBE_MS;
	for (struct probe *p; (p = probe_due(w->probes, w->now_ms));)
		probe_free(probe_take(w->probes, p));
	assert(probe_next_ms(w->probes) == PROBE_NEVER);
	probe_table_free(w->probes);
	lease_table_free(w->state.leases);
	node_table_free(w->nodes);
	networks_free(w->networks);
	free(w);
	return 0;
}

/* A conversation of many machines with one server, over a lease table that lives on. Each 8 bytes of
 * input are one message:
 *
 *   0 who: one of 16 machines (0 to 3 are the MACs of two nodes)
 *   1 low half: message type; high half: bits for "our server id", "another's", "relayed", "has identifier"
 *   2 option 50, 3 ciaddr: chosen from a list
 *   4 seconds that pass before it, times 15
 *   5 what boots: option 93, or none
 *   6 1: the disk is full; 2: this one is heard in mode proxy
 *   7 option 51
 *
 * In mode proxy nothing is leased. Whatever is said, these hold: no address is promised to two machines, none outside the pool but to
 * the node it belongs to, none of the network's own, no machine has two of the pool, and each reply is
 * a sound message. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "dhcpd/decide.h"

#define SERVER 0x0a4d0001
#define POOL 0x0a4d0064
#define POOL_SIZE 6
#define FIXED 0x0a4d000a
#define MACHINES 16
#define NODE_MACS 4
#define RECORD 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint32_t addresses[] = {0, POOL, POOL + 1, POOL + 2, POOL + 3, POOL + 4, POOL + 5,
	POOL + 6, FIXED, SERVER, 0x0a4d0000, 0x0a4d00ff, 0xc0a80101, UINT32_MAX};

/* What was promised, kept apart from the server's own table. */
struct promise {
	int machine; /* -1: nobody */
	int64_t until_ms;
};

struct world {
	struct message_dhcp_settings settings;
	struct message_network network;
	struct pxe_loops loops;
	struct relay_strangers strangers;
	struct node_table *nodes;
	struct networks *networks;
	struct decide_state state;
	struct promise bound[ARRAY_LEN(addresses)], offered[ARRAY_LEN(addresses)];
	int64_t now_ms;
	struct decision d;
};

static struct mac mac_of(uint8_t who)
{
	return (struct mac){{2, 0, 0, 0, 0, who}};
}

/* Both MACs of a node are one machine. */
static int machine_of(uint8_t who)
{
	return who < NODE_MACS ? who / 2 : who;
}

static void world_init(struct world *w)
{
	static const struct hash_key key = {1, 2};
	struct message_node fixed = {
		.name = "a", .address = FIXED, .n_macs = 2, .macs = {mac_of(0), mac_of(1)}};
	struct message_node pooled = {.name = "b", .n_macs = 2, .macs = {mac_of(2), mac_of(3)}};

	w->settings = (struct message_dhcp_settings){
		.server = {SERVER, 24}, .http_port = 80, .enroll = ENROLL_ASK, .is_authoritative = 1};
	w->network = (struct message_network){.net = {SERVER, 24},
		.pool_first = POOL,
		.pool_last = POOL + POOL_SIZE - 1,
		.router = POOL + 5, /* inside the pool, to be passed over */
		.lease_s = 600,
		.netboot_lease_s = 60};
	w->networks = networks_new(1);
	w->nodes = node_table_new(2);
	if (node_table_add(w->nodes, &fixed) < 0 || node_table_add(w->nodes, &pooled) < 0)
		abort();
	if (networks_add(w->networks, &w->network) < 0)
		abort();
	w->state = (struct decide_state){.settings = &w->settings,
		.networks = w->networks,
		.nodes = w->nodes,
		.leases = lease_table_new(&key),
		.loops = &w->loops,
		.strangers = &w->strangers};
	networks_set_pools(w->networks, w->state.leases);
	for (size_t i = 0; i < ARRAY_LEN(addresses); i++)
		w->bound[i].machine = w->offered[i].machine = -1;
}

static struct msg message_of(const uint8_t r[static RECORD])
{
	struct msg m = {.op = BOOTP_REQUEST,
		.htype = MSG_HTYPE_ETHERNET,
		.hlen = 6,
		.ciaddr = addresses[r[3] % ARRAY_LEN(addresses)],
		.giaddr = r[1] & 0x40 ? 0x0a4d0005 : 0,
		.chaddr = {2, 0, 0, 0, 0, r[0] % MACHINES}};
	uint32_t wish = addresses[r[2] % ARRAY_LEN(addresses)];

	opts_put_u8(&m.opts, OPT_TYPE, r[1] & 0x0f);
	if (r[1] & 0x30)
		opts_put_u32(&m.opts, OPT_SERVER, r[1] & 0x10 ? SERVER : 0x0a4d0009);
	if (r[1] & 0x80)
		opts_put(&m.opts, OPT_CLIENT_ID, r, RECORD);
	if (wish != 0)
		opts_put_u32(&m.opts, OPT_ADDRESS, wish);
	if (r[5] & 0x80) {
		uint8_t arch[2] = {0, r[5] & 0x7f};

		opts_put(&m.opts, OPT_ARCH, arch, sizeof(arch));
	}
	if (r[7] != 0)
		opts_put_u32(&m.opts, OPT_LEASE, (uint32_t)r[7] * 16843009u);
	return m;
}

static size_t index_of(uint32_t address)
{
	for (size_t i = 0; i < ARRAY_LEN(addresses); i++)
		if (addresses[i] == address)
			return i;
	abort(); /* an address that nobody may ever be given */
}

static bool is_held(const struct promise *p, int64_t now_ms)
{
	return p->machine >= 0 && p->until_ms > now_ms;
}

static void check_given(const struct world *w, int machine, uint32_t address)
{
	size_t i = index_of(address);

	if (machine == 0)
		assert(address == FIXED);
	else
		assert(address >= POOL && address < POOL + POOL_SIZE &&
			address != w->network.router);
	assert(!is_held(&w->bound[i], w->now_ms) || w->bound[i].machine == machine);
	assert(!is_held(&w->offered[i], w->now_ms) || w->offered[i].machine == machine);
}

static void forget_offers(struct world *w, int machine)
{
	for (size_t i = 0; i < ARRAY_LEN(addresses); i++)
		if (w->offered[i].machine == machine)
			w->offered[i].machine = -1;
}

static void check_reply(const struct world *w, const struct msg *request)
{
	uint8_t bytes[MSG_SIZE_MAX];
	struct wr out = wr_init(bytes, sizeof(bytes));
	struct msg back;

	msg_encode(&w->d.reply, rd_init("", 0), msg_size_limit(request), &out);
	assert(wr_ok(&out) && out.len >= MSG_SIZE_MIN && out.len <= 548);
	assert(bytes[0] == BOOTP_REPLY && bytes[240] == OPT_TYPE && bytes[243] == OPT_SERVER);
	bytes[0] = BOOTP_REQUEST;
	assert(msg_decode(bytes, out.len, &back) == MSG_OK);
	assert(back.yiaddr == w->d.reply.yiaddr && back.xid == request->xid);
	assert(w->d.route.via != ROUTE_NONE);
	if (opts_u8(&back.opts, OPT_TYPE) == DHCP_NAK)
		assert(back.yiaddr == 0 && back.siaddr == 0 && !opts_has(&back.opts, OPT_LEASE));
}

static void note_promise(struct world *w, int machine)
{
	uint32_t address = w->d.reply.yiaddr, lease_s = opts_u32(&w->d.reply.opts, OPT_LEASE);
	size_t i = index_of(address), held = 0;

	check_given(w, machine, address);
	if (w->d.what == COUNT_OFFER) {
		assert(!w->d.commit);
		w->offered[i] = (struct promise){machine, w->now_ms + 60000};
		return;
	}
	assert(w->d.commit && w->d.commit->address == address && lease_s > 0);
	w->offered[i].machine = -1;
	w->bound[i] = (struct promise){machine, w->now_ms + (int64_t)lease_s * 1000};
	for (size_t k = 0; k < ARRAY_LEN(addresses); k++)
		held += is_held(&w->bound[k], w->now_ms) && w->bound[k].machine == machine;
	assert(held == 1);
}

static void hear(struct world *w, const uint8_t r[static RECORD])
{
	struct arrival from = {.src_port = 68, .dst_port = DHCP_SERVER_PORT, .dst = UINT32_MAX};
	struct msg m = message_of(r);
	int machine = machine_of(r[0] % MACHINES);

	w->now_ms += (int64_t)r[4] * 15000;
	w->settings.mode = r[6] == 2 ? DHCP_MODE_PROXY : DHCP_MODE_FULL;
	memcpy(from.src_mac.b, m.chaddr, MAC_LEN);
	decide(&w->state, &m, &from, w->now_ms, &w->d);
	assert(w->d.what > COUNT_NONE && w->d.what < N_COUNTERS);
	if (w->d.has_reply)
		check_reply(w, &m);
	if (r[6] == 2) {
		assert(!w->d.commit && w->d.reply.yiaddr == 0);
		return;
	}
	if (w->d.commit && w->d.has_reply && r[6] == 1 && !w->d.was_known) {
		decide_undo(&w->state, w->d.commit, w->now_ms); /* the ACK does not leave */
		return;
	}
	if (w->d.commit && r[6] != 1)
		w->d.commit->stored = true;
	if (w->d.has_reply && w->d.reply.yiaddr != 0)
		note_promise(w, machine);
	if (w->d.what == COUNT_OTHER_SERVER)
		forget_offers(w, machine);
	if (w->d.commit && !w->d.has_reply) /* RELEASE or DECLINE, by the holder only */
		w->bound[index_of(w->d.commit->address)].machine =
			w->offered[index_of(w->d.commit->address)].machine = -1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct world *w = calloc(1, sizeof(*w));

	if (!w)
		return 0;
	world_init(w);
	for (size_t at = 0; at + RECORD <= size; at += RECORD)
		hear(w, data + at);
	lease_table_free(w->state.leases);
	node_table_free(w->nodes);
	networks_free(w->networks);
	free(w);
	return 0;
}

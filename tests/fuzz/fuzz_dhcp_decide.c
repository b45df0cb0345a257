/* A conversation of many machines with one server, over a lease table that lives on. Each 8 bytes of
 * input are one message:
 *
 *   0 who: low half, one of 16 MACs (0 to 5 are nodes'); 0x10: says a node's identifier, 0x20: a node's UUID
 *   1 low half: message type; high half: bits for "our server id", "another's", "relayed", "has identifier"
 *   2 option 50, 3 ciaddr: chosen from a list
 *   4 seconds that pass before it, times 15
 *   5 what boots: option 93, or none
 *   6 0x01: the disk is full; 0x06: which relay; 0x08: sent to us alone; 0x10: wants rapid commit; 0x20: plain
 *     BOOTP; 0x40: we are not authoritative
 *   7 option 51
 *
 * Whatever is said, these hold: no address is promised to two machines; each lies in the pool of the network that
 * the machine is in, and is not the network's own, or it is the node's to which it belongs; no machine has two
 * in one network; and each reply is a sound message that repeats what names its request. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "dhcpd/decide.h"

#define SERVER 0x0a4d0001
#define POOL 0x0a4d0064
#define POOL_SIZE 6
#define FIXED 0x0a4d000a
#define FAR_RELAY 0x0a4e0001
#define FAR_POOL 0x0a4e0064
#define FAR_POOL_SIZE 3
#define FAR_FIXED 0x0a4e000a
#define ELSEWHERE 0xc0a80101
#define MACS 16
#define RECORD 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint32_t addresses[] = {0, POOL, POOL + 1, POOL + 2, POOL + 3, POOL + 4, POOL + 5,
	POOL + 6, FIXED, SERVER, 0x0a4d0000, 0x0a4d00ff, ELSEWHERE, UINT32_MAX, FAR_POOL,
	FAR_POOL + 1, FAR_POOL + 2, FAR_POOL + 3, FAR_FIXED, FAR_RELAY, FIXED + 1, FIXED + 2};

/* Whose a message is: a node by whatever it is known, else the MAC. */
enum machine {
	NODE_FIXED = 100, /* MACs 0 and 1 */
	NODE_POOLED,      /* MACs 2 and 3 */
	NODE_FAR,         /* MAC 4, an address in the far network */
	NODE_BOOTP,       /* MAC 5 */
	NODE_ID,          /* has an identifier only */
	NODE_UUID         /* has a UUID only, and no address of its own */
};

static const uint8_t box[] = {'b', 'o', 'x'};
static const uint8_t wire_uuid[1 + UUID_LEN] = {
	0, 0x10, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

/* What was promised, kept apart from the server's own table. */
struct promise {
	int machine, mac; /* -1: nobody */
	int64_t until_ms;
};

struct world {
	struct message_dhcp_settings settings;
	struct pxe_loops loops;
	struct relay_strangers strangers;
	struct node_table *nodes;
	struct networks *networks;
	struct decide_state state;
	struct promise bound[ARRAY_LEN(addresses)], offered[ARRAY_LEN(addresses)];
	int64_t now_ms;
	struct decision d;
};

struct said {
	struct msg m;
	struct arrival from;
	int machine, mac;
	bool is_far;        /* the network that it is in */
	uint32_t server_id; /* what we are called by its relay */
};

static struct mac mac_of(uint8_t who)
{
	return (struct mac){{2, 0, 0, 0, 0, who}};
}

static void add_nodes(struct world *w)
{
	struct message_node nodes[] = {
		{.name = "fixed", .address = FIXED, .n_macs = 2, .macs = {mac_of(0), mac_of(1)}},
		{.name = "pooled", .n_macs = 2, .macs = {mac_of(2), mac_of(3)}},
		{.name = "far", .address = FAR_FIXED, .n_macs = 1, .macs = {mac_of(4)}},
		{.name = "bootp",
			.address = FIXED + 1,
			.bootp = 1,
			.n_macs = 1,
			.macs = {mac_of(5)}},
		{.name = "id", .address = FIXED + 2, .client_id_len = sizeof(box)},
		{.name = "uuid"},
	};
	struct uuid uuid;

	memcpy(nodes[4].client_id, box, sizeof(box));
	memcpy(uuid.b, wire_uuid + 1, UUID_LEN);
	nodes[5].uuid = uuid_folded(&uuid);
	w->nodes = node_table_new(ARRAY_LEN(nodes));
	for (size_t i = 0; i < ARRAY_LEN(nodes); i++)
		if (node_table_add(w->nodes, &nodes[i]) < 0)
			abort();
}

static void add_networks(struct world *w)
{
	struct message_network near = {.net = {SERVER, 24},
		.pool_first = POOL,
		.pool_last = POOL + POOL_SIZE - 1,
		.router = POOL + 5, /* inside the pool, to be passed over */
		.lease_s = 600,
		.netboot_lease_s = 60};
	struct message_network far = {.net = {FAR_RELAY, 24},
		.pool_first = FAR_POOL,
		.pool_last = FAR_POOL + FAR_POOL_SIZE - 1,
		.router = FAR_RELAY,
		.lease_s = 900,
		.netboot_lease_s = 30};

	w->networks = networks_new(2);
	if (networks_add(w->networks, &near) < 0 || networks_add(w->networks, &far) < 0)
		abort();
}

static void world_init(struct world *w)
{
	static const struct hash_key key = {1, 2};

	w->settings = (struct message_dhcp_settings){
		.server = {SERVER, 24}, .http_port = 80, .enroll = ENROLL_ASK, .rapid_commit = 1};
	add_nodes(w);
	add_networks(w);
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

static void add_options(const uint8_t r[static RECORD], struct msg *m)
{
	uint32_t wish = addresses[r[2] % ARRAY_LEN(addresses)];
	uint8_t arch[2] = {0, r[5] & 0x7f};

	if (!(r[6] & 0x20))
		opts_put_u8(&m->opts, OPT_TYPE, r[1] & 0x0f);
	if (r[1] & 0x30)
		opts_put_u32(&m->opts, OPT_SERVER, r[1] & 0x10 ? SERVER : 0x0a4d0009);
	if (r[0] & 0x10)
		opts_put(&m->opts, OPT_CLIENT_ID, box, sizeof(box));
	else if (r[1] & 0x80)
		opts_put(&m->opts, OPT_CLIENT_ID, r, RECORD);
	if (r[0] & 0x20)
		opts_put(&m->opts, OPT_UUID, wire_uuid, sizeof(wire_uuid));
	if (wish != 0)
		opts_put_u32(&m->opts, OPT_ADDRESS, wish);
	if (r[5] & 0x80)
		opts_put(&m->opts, OPT_ARCH, arch, sizeof(arch));
	if (r[6] & 0x10)
		opts_put(&m->opts, OPT_RAPID_COMMIT, "", 0);
	if (r[7] != 0)
		opts_put_u32(&m->opts, OPT_LEASE, (uint32_t)r[7] * 16843009u);
}

/* Which relay it came by: of our own network; of the far one, lending us its name; of nowhere, selecting the
 * far link; of the far one, selecting our subnet. */
static void add_relay(unsigned which, struct said *s)
{
	static const uint32_t relays[] = {0x0a4d0005, FAR_RELAY, ELSEWHERE, FAR_RELAY};

	s->m.giaddr = relays[which];
	s->is_far = which == 1 || which == 2;
	if (which == 1) {
		opts_put(&s->m.opts, OPT_RELAY, "\x0b\x04\x0a\x4e\x00\x02", 6);
		s->server_id = FAR_RELAY + 1;
	} else if (which == 2) {
		opts_put(&s->m.opts, OPT_RELAY, "\x05\x04\x0a\x4e\x00\x00", 6);
	} else if (which == 3) {
		opts_put_u32(&s->m.opts, OPT_SUBNET_SELECTION, 0x0a4d0000);
	}
}

static int machine_of(const uint8_t r[static RECORD])
{
	static const int nodes[] = {
		NODE_FIXED, NODE_FIXED, NODE_POOLED, NODE_POOLED, NODE_FAR, NODE_BOOTP};
	uint8_t mac = r[0] % MACS;

	if (mac < ARRAY_LEN(nodes))
		return nodes[mac];
	return r[0] & 0x10 ? NODE_ID : r[0] & 0x20 ? NODE_UUID : mac;
}

static struct said understand(const uint8_t r[static RECORD])
{
	struct said s = {.m = {.op = BOOTP_REQUEST,
				 .htype = MSG_HTYPE_ETHERNET,
				 .hlen = 6,
				 .xid = (uint32_t)r[4] << 8 | r[2],
				 .ciaddr = addresses[r[3] % ARRAY_LEN(addresses)],
				 .chaddr = {2, 0, 0, 0, 0, r[0] % MACS}},
		.from = {.src_port = 68, .dst_port = DHCP_SERVER_PORT, .dst = UINT32_MAX},
		.machine = machine_of(r),
		.mac = r[0] % MACS,
		.server_id = SERVER};

	add_options(r, &s.m);
	if (r[6] & 0x08)
		s.from.dst = SERVER;
	if (r[1] & 0x40)
		add_relay(r[6] >> 1 & 3, &s);
	else if (s.from.dst == SERVER && opts_u8(&s.m.opts, OPT_TYPE) != DHCP_DISCOVER)
		s.is_far = (s.m.ciaddr & 0xffffff00) == (FAR_RELAY & 0xffffff00);
	return s;
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

/* The address that is nobody else's in this network, or 0. */
static uint32_t own_address(const struct said *s)
{
	if (s->is_far)
		return s->machine == NODE_FAR ? FAR_FIXED : 0;
	return s->machine == NODE_FIXED   ? FIXED
	       : s->machine == NODE_BOOTP ? FIXED + 1
	       : s->machine == NODE_ID    ? FIXED + 2
					  : 0;
}

/* A machine that is a stranger until it says who it is keeps what it has. */
static bool is_its(const struct promise *p, const struct said *s, int64_t now_ms)
{
	return !is_held(p, now_ms) || p->machine == s->machine || p->mac == s->mac;
}

static void check_given(const struct world *w, const struct said *s, uint32_t address)
{
	size_t i = index_of(address);
	uint32_t first = s->is_far ? FAR_POOL : POOL;
	uint32_t size = s->is_far ? FAR_POOL_SIZE : POOL_SIZE;

	if (own_address(s) != 0)
		assert(address == own_address(s));
	else
		assert(address >= first && address < first + size && address != POOL + 5);
	assert(is_its(&w->bound[i], s, w->now_ms));
	assert(is_its(&w->offered[i], s, w->now_ms));
}

static void forget_offers(struct world *w, const struct said *s)
{
	for (size_t i = 0; i < ARRAY_LEN(addresses); i++)
		if (w->offered[i].machine == s->machine || w->offered[i].mac == s->mac)
			w->offered[i].machine = -1;
}

static void check_echo(const struct msg *reply, const struct said *s)
{
	const struct msg *m = &s->m;
	struct rd id = opts_value(&m->opts, OPT_CLIENT_ID),
		  back = opts_value(&reply->opts, OPT_CLIENT_ID);
	struct rd info = opts_value(&m->opts, OPT_RELAY),
		  info_back = opts_value(&reply->opts, OPT_RELAY);

	assert(reply->xid == m->xid && reply->giaddr == m->giaddr && reply->hops == 0);
	assert(reply->htype == m->htype && reply->hlen == m->hlen);
	assert(memcmp(reply->chaddr, m->chaddr, sizeof(m->chaddr)) == 0);
	assert(info.left == info_back.left && memcmp(info.p, info_back.p, info.left) == 0);
	if (!opts_has(&reply->opts, OPT_TYPE))
		return; /* BOOTP */
	assert(opts_u32(&reply->opts, OPT_SERVER) == s->server_id);
	assert(id.left == back.left && memcmp(id.p, back.p, id.left) == 0);
}

static void check_reply(const struct world *w, const struct said *s)
{
	const struct msg *request = &s->m;
	uint8_t bytes[MSG_SIZE_MAX];
	struct wr out = wr_init(bytes, sizeof(bytes));
	struct msg back;

	msg_encode(&w->d.reply, rd_init("", 0), msg_size_limit(request), &out);
	assert(wr_ok(&out) && out.len >= MSG_SIZE_MIN && out.len <= 548);
	assert(bytes[0] == BOOTP_REPLY);
	bytes[0] = BOOTP_REQUEST;
	enum msg_result result = msg_decode(bytes, out.len, &back);
	assert(result == (opts_has(&request->opts, OPT_TYPE) ? MSG_OK : MSG_BOOTP));
	if (result == MSG_OK)
		assert(bytes[240] == OPT_TYPE && bytes[243] == OPT_SERVER);
	else
		assert(!opts_has(&back.opts, OPT_SERVER) && !opts_has(&back.opts, OPT_LEASE));
	assert(back.yiaddr == w->d.reply.yiaddr);
	check_echo(&back, s);
	assert(w->d.route.via != ROUTE_NONE);
	if (request->giaddr != 0)
		assert(w->d.route.dst == request->giaddr &&
			w->d.route.dst_port == DHCP_SERVER_PORT);
	if (opts_u8(&back.opts, OPT_TYPE) == DHCP_NAK)
		assert(back.yiaddr == 0 && back.siaddr == 0 && back.ciaddr == 0 &&
			!opts_has(&back.opts, OPT_LEASE) && !w->d.commit);
}

static void note_promise(struct world *w, const struct said *s)
{
	uint32_t address = w->d.reply.yiaddr, lease_s = opts_u32(&w->d.reply.opts, OPT_LEASE);
	size_t i = index_of(address), held = 0;

	check_given(w, s, address);
	if (w->d.what == COUNT_OFFER) {
		assert(!w->d.commit);
		w->offered[i] = (struct promise){s->machine, s->mac, w->now_ms + 60000};
		return;
	}
	if (!opts_has(&s->m.opts, OPT_TYPE))
		lease_s = 600;
	assert(w->d.commit && w->d.commit->address == address && lease_s > 0);
	w->offered[i].machine = -1;
	w->bound[i] = (struct promise){s->machine, s->mac, w->now_ms + (int64_t)lease_s * 1000};
	for (size_t k = 0; k < ARRAY_LEN(addresses); k++)
		held += is_held(&w->bound[k], w->now_ms) && w->bound[k].machine == s->machine &&
			(addresses[k] & 0xffffff00) == (address & 0xffffff00);
	assert(held == 1);
}

static void hear(struct world *w, const uint8_t r[static RECORD])
{
	struct said s = understand(r);
	bool is_disk_full = r[6] & 0x01;

	w->now_ms += (int64_t)r[4] * 15000;
	w->settings.is_authoritative = !(r[6] & 0x40);
	decide(&w->state, &s.m, &s.from, w->now_ms, &w->d);
	assert(w->d.what > COUNT_NONE && w->d.what < N_COUNTERS);
	if (w->d.has_reply)
		check_reply(w, &s);
	if (w->d.commit && w->d.has_reply && is_disk_full && !w->d.was_known) {
		decide_undo(&w->state, w->d.commit, w->now_ms); /* the ACK does not leave */
		return;
	}
	if (w->d.commit && !is_disk_full)
		w->d.commit->stored = true;
	if (w->d.has_reply && w->d.reply.yiaddr != 0)
		note_promise(w, &s);
	if (w->d.what == COUNT_OTHER_SERVER)
		forget_offers(w, &s);
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

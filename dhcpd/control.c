#include "dhcpd/control.h"

#include <assert.h>
#include <event2/event.h>
#include <string.h>
#include <unistd.h>

#include "dhcpd/msg.h"
#include "provisioner/base/clock.h"
#include "provisioner/base/log.h"

#define LINES_PER_S 100
#define QUEUE_BYTES_MAX ((size_t)4 << 20)
#define LEASES_WAITING_MAX ((size_t)1 << 20)
#define LEASES_AGAIN_US 20000
#define LEASES_A_TURN 8 /* messages of up to LISTING_STEP leases */

static const char *stage_name(uint8_t stage)
{
	static const char *const names[] = {
		[STAGE_FIRMWARE] = "firmware", [STAGE_IPXE] = "ipxe", [STAGE_OS] = "os"};

	return stage < ARRAY_LEN(names) && names[stage] ? names[stage] : "?";
}

/* Strangers cause these lines, so there is an end to them: past it they are counted. */
static bool may_log(struct control *c)
{
	int64_t now_ms = clock_mono_ms();

	if (now_ms - c->second_ms >= 1000) {
		if (c->lines > LINES_PER_S)
			log_info("%u more exchanges were not logged", c->lines - LINES_PER_S);
		c->second_ms = now_ms;
		c->lines = 0;
	}
	return ++c->lines <= LINES_PER_S;
}

static void log_exchange(struct control *c, const struct message_exchange *x)
{
	char mac[MAC_TEXT_SIZE], address[IPV4_TEXT_SIZE];
	bool is_notable = x->reply == DHCP_ACK || x->reply == DHCP_NAK || x->note[0];
	enum log_level level = is_notable ? LOG_LEVEL_INFO : LOG_LEVEL_DEBUG;

	if (level > log_level() || !may_log(c))
		return;
	log_line(level, "%s -> %s mac=%s address=%s stage=%s%s%s%s%s%s%s%s",
		dhcp_type_name(x->request), x->reply ? dhcp_type_name(x->reply) : "-",
		mac_text(&x->mac, mac), ipv4_text(x->address, address), stage_name(x->stage),
		x->boot_file[0] ? " file=" : "", x->boot_file, x->quirks[0] ? " quirks=\"" : "",
		x->quirks, x->quirks[0] ? "\"" : "", x->note[0] ? " note=" : "", x->note);
}

/* They come into force with the last of their networks. */
static void on_settings(void *arg, const void *payload, int fd)
{
	struct control *c = arg;

	(void)fd;
	memcpy(&c->settings_coming, payload, sizeof(c->settings_coming));
	IPC_TEXT(c->settings_coming.pxelinux_config);
	IPC_TEXT(c->settings_coming.pxelinux_prefix);
	networks_free(TAKE(c->networks_coming));
	if (c->settings_coming.n_networks < 1 ||
		c->settings_coming.n_networks > MESSAGE_NETWORKS_MAX)
		log_warn("the provisioner sent settings for %u networks, ignoring them",
			c->settings_coming.n_networks);
	else
		c->networks_coming = networks_new(c->settings_coming.n_networks);
}

static void log_networks(const struct control *c)
{
	if (c->settings.mode == DHCP_MODE_PROXY)
		log_info("ProxyDHCP: another server leases the addresses");
	for (size_t i = 0; i < networks_count(c->networks); i++) {
		const struct message_network *n = networks_at(c->networks, i);
		char first[IPV4_TEXT_SIZE], last[IPV4_TEXT_SIZE], net[IPV4_NET_TEXT_SIZE];

		(void)ipv4_net_text(n->net, net);
		if (n->pool_first > n->pool_last)
			log_info("serving %s, nodes only", net);
		else
			log_info("serving %s, pool %s to %s", net, ipv4_text(n->pool_first, first),
				ipv4_text(n->pool_last, last));
	}
}

static void on_network(void *arg, const void *payload, int fd)
{
	struct control *c = arg;
	struct message_network m;

	(void)fd;
	memcpy(&m, payload, sizeof(m));
	IPC_TEXT(m.domain);
	if (!c->networks_coming || networks_add(c->networks_coming, &m) < 0) {
		log_warn("the provisioner sent a network that does not fit, keeping the old ones");
		networks_free(TAKE(c->networks_coming));
		return;
	}
	if (networks_count(c->networks_coming) < c->settings_coming.n_networks)
		return;
	networks_free(c->networks);
	c->networks = TAKE(c->networks_coming);
	c->settings = c->settings_coming;
	networks_set_pools(c->networks, c->leases);
	c->reserve = (struct reserve){0};
	c->is_ready = true;
	log_networks(c);
}

static void on_nodes_begin(void *arg, const void *payload, int fd)
{
	struct control *c = arg;
	struct message_nodes m;

	(void)fd;
	memcpy(&m, payload, sizeof(m));
	node_table_free(c->nodes_coming);
	c->nodes_coming = node_table_new(m.n_nodes < NODES_MAX ? m.n_nodes : NODES_MAX);
}

static void on_node(void *arg, const void *payload, int fd)
{
	struct control *c = arg;
	struct message_node m;

	(void)fd;
	memcpy(&m, payload, sizeof(m));
	IPC_TEXT(m.name);
	IPC_TEXT(m.boot_file);
	if (!c->nodes_coming || node_table_add(c->nodes_coming, &m) < 0)
		log_warn("the provisioner sent a node that does not fit, ignoring it");
}

/* The new table takes the place of the old one, but only whole. */
static void on_nodes_end(void *arg, const void *payload, int fd)
{
	struct control *c = arg;
	struct message_nodes m;

	(void)fd;
	memcpy(&m, payload, sizeof(m));
	if (!c->nodes_coming || node_table_count(c->nodes_coming) != m.n_nodes) {
		log_warn("the node table came with holes, keeping the old one");
		node_table_free(TAKE(c->nodes_coming));
		return;
	}
	node_table_free(c->nodes);
	c->nodes = TAKE(c->nodes_coming);
	lease_table_rewind(c->leases);
	c->reserve = (struct reserve){0};
	log_info("%zu nodes are known", node_table_count(c->nodes));
}

/* As much as one turn of the loop may take: requests come first. A provisioner that is still busy with what
 * was told before gets it later: a piece that the channel drops would be missing in the list. */
static void send_leases(struct control *c)
{
	static const struct timeval soon = {.tv_usec = LEASES_AGAIN_US};
	int64_t now_ms = clock_mono_ms();
	struct message_leases m = {0};

	if (ipc_waiting(c->provisioner) > LEASES_WAITING_MAX) {
		(void)evtimer_add(c->list, &soon);
		return;
	}
	for (int i = 0; i < LEASES_A_TURN && !m.is_end; i++) {
		listing_next(&c->listing, c->leases, c->nodes, now_ms, &m);
		m.is_paused = i + 1 == LEASES_A_TURN;
		(void)ipc_send(c->provisioner, MESSAGE_LEASES, &m, sizeof(m),
			-1); /* whoever waits for it has a timeout */
	}
}

static void on_list(evutil_socket_t fd, short what, void *arg)
{
	struct control *c = arg;

	(void)fd, (void)what;
	if (c->listing.addresses)
		send_leases(c);
}

static void on_leases_ask(void *arg, const void *payload, int fd)
{
	struct control *c = arg;
	struct message_leases_ask m;

	(void)fd;
	memcpy(&m, payload, sizeof(m));
	listing_begin(&c->listing, &m, c->leases);
	send_leases(c);
}

static void on_leases_more(void *arg, const void *payload, int fd)
{
	struct control *c = arg;
	struct message_leases_more m;

	(void)fd;
	memcpy(&m, payload, sizeof(m));
	if (c->listing.addresses && c->listing.ask.id == m.id)
		send_leases(c);
}

static void on_lease_clear(void *arg, const void *payload, int fd)
{
	struct control *c = arg;
	struct message_lease_clear m;

	(void)fd;
	memcpy(&m, payload, sizeof(m));
	struct message_lease_cleared answer = {.id = m.id};
	answer.result = c->clear(c->arg, m.address, &answer.mac);
	(void)ipc_send(c->provisioner, MESSAGE_LEASE_CLEARED, &answer, sizeof(answer),
		-1); /* whoever waits for it has a timeout */
}

static void on_trace(void *arg, const void *payload, int fd)
{
	struct control *c = arg;
	struct message_trace m;

	(void)fd;
	memcpy(&m, payload, sizeof(m));
	trace_set(&c->trace, &m);
}

static const struct ipc_kind kinds[] = {
	{.type = MESSAGE_DHCP_SETTINGS,
		.size = sizeof(struct message_dhcp_settings),
		.handle = on_settings},
	{.type = MESSAGE_NETWORK, .size = sizeof(struct message_network), .handle = on_network},
	{.type = MESSAGE_NODES_BEGIN,
		.size = sizeof(struct message_nodes),
		.handle = on_nodes_begin},
	{.type = MESSAGE_NODE,
		.size = sizeof(struct message_node),
		.handle = on_node,
		.is_list = true},
	{.type = MESSAGE_NODES_END, .size = sizeof(struct message_nodes), .handle = on_nodes_end},
	{.type = MESSAGE_LEASES_ASK,
		.size = sizeof(struct message_leases_ask),
		.handle = on_leases_ask},
	{.type = MESSAGE_LEASES_MORE,
		.size = sizeof(struct message_leases_more),
		.handle = on_leases_more},
	{.type = MESSAGE_LEASE_CLEAR,
		.size = sizeof(struct message_lease_clear),
		.handle = on_lease_clear},
	{.type = MESSAGE_TRACE, .size = sizeof(struct message_trace), .handle = on_trace},
};

/* A message costs the same with one exchange in it as with many. */
static void send_told(struct control *c)
{
	if (c->n_told > 0)
		(void)ipc_send(c->provisioner, MESSAGE_EXCHANGE, c->told,
			c->n_told * sizeof(c->told[0]), -1); /* serving goes on without */
	c->n_told = 0;
}

static void on_tell(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	send_told(arg);
}

void control_open(struct control *c, struct event_base *base, int fd, struct lease_table *leases,
	control_clear *clear, void *arg)
{
	struct message_hello hello = {.pid = (uint32_t)getpid()};

	*c = (struct control){.leases = leases, .clear = clear, .arg = arg};
	c->provisioner = ipc_new(base, fd, "provisioner", kinds, ARRAY_LEN(kinds), c);
	ipc_limit_queue(c->provisioner, QUEUE_BYTES_MAX);
	c->tell = event_new(base, -1, 0, on_tell, c);
	c->list = evtimer_new(base, on_list, c);
	assert(c->tell && c->list);
	(void)ipc_send(c->provisioner, MESSAGE_HELLO, &hello, sizeof(hello),
		-1); /* it finds out by itself */
}

void control_close(struct control *c)
{
	if (c->tell)
		event_free(TAKE(c->tell));
	if (c->list)
		event_free(TAKE(c->list));
	ipc_free(TAKE(c->provisioner));
	networks_free(TAKE(c->networks));
	networks_free(TAKE(c->networks_coming));
	node_table_free(TAKE(c->nodes));
	node_table_free(TAKE(c->nodes_coming));
	listing_done(&c->listing);
}

void control_tell(struct control *c, const struct message_exchange *x)
{
	log_exchange(c, x);
	if (c->n_told == 0) /* runs when all else that happened in this wake-up is dealt with */
		event_active(c->tell, EV_TIMEOUT, 1);
	c->told[c->n_told++] = *x;
	if (c->n_told == ARRAY_LEN(c->told))
		send_told(c);
}

void control_tell_rival(struct control *c, const struct message_rival *m)
{
	char mac[MAC_TEXT_SIZE], address[IPV4_TEXT_SIZE], offered[IPV4_TEXT_SIZE],
		client[MAC_TEXT_SIZE];

	log_warn("another DHCP server is on this network: address=%s mac=%s offered=%s client=%s",
		ipv4_text(m->address, address),
		mac_is_unicast(&m->mac) ? mac_text(&m->mac, mac) : "?",
		ipv4_text(m->offered, offered), mac_text(&m->client, client));
	(void)ipc_send(c->provisioner, MESSAGE_RIVAL, m, sizeof(*m), -1);
}

void control_tell_counters(struct control *c, struct counters *counters)
{
	enum counter which = COUNT_NONE;

	send_told(c);
	while ((which = counters_next_changed(counters, which)) != COUNT_NONE) {
		struct message_counter m = {.value = counters->value[which]};

		(void)stpncpy(m.name, counter_name(which), sizeof(m.name) - 1);
		(void)ipc_send(c->provisioner, MESSAGE_COUNTER, &m, sizeof(m), -1);
	}
}

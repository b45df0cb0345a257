#include "dhcpd/ask.h"

#include <string.h>

#define FIRST_MULTICAST 0xe0000000

/* A group or zero MAC, or an InfiniBand client's address that does not fit (RFC 4390), names nobody. */
static bool has_usable_hardware(const struct ask *a)
{
	const struct msg *m = a->m;

	if (m->htype == MSG_HTYPE_INFINIBAND || m->hlen == 0)
		return false;
	return m->htype != MSG_HTYPE_ETHERNET || m->hlen != MAC_LEN || mac_is_unicast(&a->mac);
}

static struct client client_of_mac(const struct mac *mac)
{
	struct client c = {.htype = MSG_HTYPE_ETHERNET, .hlen = MAC_LEN};

	memcpy(c.hw, mac->b, MAC_LEN);
	return c;
}

/* No message has such hardware (msg_decode() refuses a length without a type), so nobody can claim it. */
static struct client client_of_uuid(const struct uuid *uuid)
{
	struct client c = {.hlen = UUID_LEN};

	_Static_assert(UUID_LEN <= sizeof(c.hw), "a UUID fits");
	memcpy(c.hw, uuid->b, UUID_LEN);
	return c;
}

static struct client client_of_id(const struct message_node *n)
{
	return (struct client){.id = n->client_id, .id_len = n->client_id_len};
}

/* What one machine may have leased under; the first of a node's names is its key. `i` counts from 0; false
 * past the last. */
static bool name_at(const struct ask *a, size_t i, struct client *ret)
{
	const struct message_node *n = a->node;

	if (!n) {
		*ret = a->client;
		return i == 0;
	}
	if (i < n->n_macs) {
		*ret = client_of_mac(&n->macs[i]);
		return true;
	}
	i -= n->n_macs;
	if (n->client_id_len > 0 && i-- == 0) {
		*ret = client_of_id(n);
		return true;
	}
	if (uuid_is_useful(&n->uuid) && i-- == 0) {
		*ret = client_of_uuid(&n->uuid);
		return true;
	}
	*ret = a->sender; /* it may have been a stranger */
	return i == 0;
}

const struct message_node *ask_node_of(const struct node_table *nodes, const struct client *c)
{
	struct uuid uuid;
	struct mac mac;

	if (c->htype == MSG_HTYPE_ETHERNET && c->hlen == MAC_LEN) {
		memcpy(mac.b, c->hw, MAC_LEN);
		return node_table_by_mac(nodes, &mac);
	}
	if (c->htype == 0 && c->hlen == UUID_LEN) {
		memcpy(uuid.b, c->hw, UUID_LEN);
		return node_table_by_uuid(nodes, &uuid);
	}
	return c->hlen == 0 ? node_table_by_client_id(nodes, rd_init(c->id, c->id_len)) : NULL;
}

static const struct message_node *find_node(const struct ask *a)
{
	const struct message_node *n = NULL;
	const struct node_table *all = a->s->nodes;
	struct uuid uuid;

	if (a->client.htype == MSG_HTYPE_ETHERNET && a->client.hlen == MAC_LEN)
		n = node_table_by_mac(all, &a->mac);
	if (!n)
		n = node_table_by_client_id(all, opts_value(&a->m->opts, OPT_CLIENT_ID));
	if (!n && a->pxe.has_uuid) {
		memcpy(uuid.b, a->pxe.uuid, UUID_LEN);
		n = node_table_by_uuid(all, &uuid);
	}
	return n;
}

bool ask_identify(struct ask *a)
{
	struct rd id = opts_value(&a->m->opts, OPT_CLIENT_ID);

	memcpy(a->mac.b, a->m->chaddr, MAC_LEN);
	a->client = (struct client){.id = id.p, .id_len = (uint8_t)id.left};
	if (has_usable_hardware(a)) {
		a->client.htype = a->m->htype;
		a->client.hlen = a->m->hlen;
		memcpy(a->client.hw, a->m->chaddr, a->m->hlen);
	}
	if (a->client.htype != MSG_HTYPE_ETHERNET || a->client.hlen != MAC_LEN)
		a->mac = (struct mac){0}; /* a UUID's first bytes are nobody's MAC */
	a->sender = a->client;
	a->node = find_node(a);
	if (a->node && name_at(a, 0, &a->client) && a->client.hlen > 0) {
		a->client.id = id.p; /* as it was said last */
		a->client.id_len = (uint8_t)id.left;
	}
	return a->client.hlen > 0 || a->client.id_len > 0;
}

bool ask_is_unicast(const struct ask *a)
{
	const struct message_network *ours = networks_at(a->s->networks, 0);

	if (a->m->giaddr != 0)
		return a->relay.is_unicast;
	return a->from->dst != UINT32_MAX && a->from->dst != ipv4_net_broadcast(ours->net);
}

uint32_t ask_own_address(const struct ask *a)
{
	uint8_t type = opts_u8(&a->m->opts, OPT_TYPE);

	if (type == DHCP_DISCOVER)
		return 0;
	return type == DHCP_INFORM && a->m->ciaddr == 0 && a->m->giaddr == 0 ? a->from->src
									     : a->m->ciaddr;
}

/* RFC 2131 section 4.3.2: in RENEWING a client sends to the server itself, past its relay. What it has
 * broadcast comes from our own network, whatever address it believes to have. */
static bool bypassed_its_relay(const struct ask *a)
{
	return a->m->giaddr == 0 && ask_own_address(a) != 0 && ask_is_unicast(a);
}

/* A reply to a relay that is no host would go to a whole network. */
static bool is_host(const struct networks *all, uint32_t address)
{
	const struct message_network *n = networks_find(all, address, NULL);

	if (address >= FIRST_MULTICAST)
		return false;
	return !n || (address != ipv4_net_first(n->net) && address != ipv4_net_broadcast(n->net));
}

bool ask_locate(struct ask *a)
{
	const struct networks *all = a->s->networks;

	if (a->m->giaddr != 0 && !is_host(all, a->m->giaddr))
		return false;
	if (a->m->giaddr != 0)
		a->network = networks_find(all, a->relay.link, &a->pool);
	else if (bypassed_its_relay(a))
		a->network = networks_find(all, ask_own_address(a), &a->pool);
	/* An address that is of no network of ours: the machine comes from elsewhere, and is told so. */
	if (!a->network && a->m->giaddr == 0)
		a->network = networks_at(all, a->pool = 0);
	return a->network != NULL;
}

bool ask_owns(const struct ask *a, const struct lease *l)
{
	struct client name;

	for (size_t i = 0; name_at(a, i, &name); i++)
		if (lease_is_of(l, &name))
			return true;
	return false;
}

struct lease *ask_lease(const struct ask *a)
{
	struct lease *l = NULL;
	struct client name;

	for (size_t i = 0; !l && name_at(a, i, &name); i++)
		l = lease_by_client(a->s->leases, a->pool, &name);
	return l;
}

bool ask_is_known(const struct ask *a)
{
	struct client name;

	if (a->node)
		return true;
	for (size_t pool = 0; pool < networks_count(a->s->networks); pool++)
		for (size_t i = 0; name_at(a, i, &name); i++)
			if (lease_by_client(a->s->leases, pool, &name))
				return true;
	return false;
}

bool ask_names_other_server(const struct ask *a)
{
	uint32_t server = opts_u32(&a->m->opts, OPT_SERVER);

	return opts_has(&a->m->opts, OPT_SERVER) && server != a->server_id &&
	       server != a->settings->server.addr;
}

bool ask_has_fixed_address(const struct ask *a)
{
	return a->node && ipv4_net_has(a->network->net, a->node->address);
}

#include "dhcpd/ask.h"

#include <string.h>

/* A group or zero MAC, or an InfiniBand client's address that does not fit (RFC 4390), names nobody. */
static bool has_usable_hardware(const struct ask *a)
{
	const struct msg *m = a->m;

	if (m->htype == MSG_HTYPE_INFINIBAND || m->hlen == 0)
		return false;
	return m->htype != MSG_HTYPE_ETHERNET || m->hlen != MAC_LEN || mac_is_unicast(&a->mac);
}

bool ask_identify(struct ask *a)
{
	struct rd id = opts_value(&a->m->opts, OPT_CLIENT_ID);

	memcpy(a->mac.b, a->m->chaddr, MAC_LEN);
	a->client = (struct client){.id = id.p, .id_len = (uint8_t)id.left};
	if (!has_usable_hardware(a)) {
		a->mac = (struct mac){0};
		return id.left > 0;
	}
	a->client.htype = a->m->htype;
	a->client.hlen = a->m->hlen;
	memcpy(a->client.hw, a->m->chaddr, a->m->hlen);
	if (a->m->htype != MSG_HTYPE_ETHERNET || a->m->hlen != MAC_LEN) {
		a->mac = (struct mac){0}; /* a UUID's first bytes are nobody's MAC */
		return true;
	}
	a->node = node_table_by_mac(a->s->nodes, &a->mac);
	if (a->node)
		memcpy(a->client.hw, a->node->macs[0].b, MAC_LEN);
	return true;
}

/* RFC 2131 section 4.3.2: in RENEWING a client sends to the server itself, past its relay. What it has
 * broadcast comes from our own network, whatever address it believes to have. */
static bool bypassed_its_relay(const struct ask *a)
{
	const struct message_network *ours = networks_at(a->s->networks, 0);

	return a->m->giaddr == 0 && a->m->ciaddr != 0 &&
	       opts_u8(&a->m->opts, OPT_TYPE) != DHCP_DISCOVER && a->from->dst != UINT32_MAX &&
	       a->from->dst != ipv4_net_broadcast(ours->net);
}

bool ask_locate(struct ask *a)
{
	const struct networks *all = a->s->networks;

	if (a->m->giaddr != 0)
		a->network = networks_find(all, a->relay.link, &a->pool);
	else if (bypassed_its_relay(a))
		a->network = networks_find(all, a->m->ciaddr, &a->pool);
	/* An address that is of no network of ours: the machine comes from elsewhere, and is told so. */
	if (!a->network && a->m->giaddr == 0)
		a->network = networks_at(all, a->pool = 0);
	return a->network != NULL;
}

static struct client client_of_mac(const struct mac *mac)
{
	struct client c = {.htype = MSG_HTYPE_ETHERNET, .hlen = MAC_LEN};

	memcpy(c.hw, mac->b, MAC_LEN);
	return c;
}

bool ask_owns(const struct ask *a, const struct lease *l)
{
	if (lease_is_of(l, &a->client))
		return true;
	for (size_t i = 0; a->node && i < a->node->n_macs; i++) {
		struct client c = client_of_mac(&a->node->macs[i]);

		if (lease_is_of(l, &c))
			return true;
	}
	return false;
}

struct lease *ask_lease(const struct ask *a)
{
	struct lease *l = lease_by_client(a->s->leases, a->pool, &a->client);

	for (size_t i = 0; !l && a->node && i < a->node->n_macs; i++) {
		struct client c = client_of_mac(&a->node->macs[i]);

		l = lease_by_client(a->s->leases, a->pool, &c);
	}
	return l;
}

bool ask_has_fixed_address(const struct ask *a)
{
	return a->node && ipv4_net_has(a->network->net, a->node->address);
}

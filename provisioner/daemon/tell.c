#include "provisioner/daemon/tell.h"

#include <stdio.h>
#include <string.h>

#include "provisioner/cluster/cluster.h"
#include "provisioner/cluster/options.h"

_Static_assert(CLUSTER_SUBNETS_MAX + 1 <= MESSAGE_NETWORKS_MAX, "all networks can be told");
_Static_assert(CLUSTER_CLIENT_ID_MAX <= MESSAGE_CLIENT_ID_MAX, "an identifier fits the message");
_Static_assert(CLUSTER_NODE_MACS_MAX <= MESSAGE_NODE_MACS_MAX, "a node's MACs fit the message");

static void tell_pxelinux(const struct cluster_pxelinux *p, struct message_dhcp_settings *ret)
{
	(void)snprintf(ret->pxelinux_config, sizeof(ret->pxelinux_config), "%s",
		p->config_file ? p->config_file : "");
	(void)snprintf(ret->pxelinux_prefix, sizeof(ret->pxelinux_prefix), "%s",
		p->path_prefix ? p->path_prefix : "");
	ret->pxelinux_reboot_s = (uint32_t)(p->reboot_ms / 1000);
}

void tell_settings(const struct cluster *c, struct message_dhcp_settings *ret)
{
	*ret = (struct message_dhcp_settings){
		.server = c->network.internal.address,
		.n_networks = 1 + c->dhcp.n_subnets,
		.http_port = (uint16_t)c->ports.http,
		.https_port = cluster_https_boot_port(c),
		.mode = (uint8_t)c->dhcp.mode,
		.enroll = (uint8_t)c->enroll,
		.is_authoritative = c->dhcp.authoritative,
		.rapid_commit = c->dhcp.rapid_commit,
		.router_advertisements = c->dhcp.router_advertisements,
		.guard = {.probe_ms = (uint32_t)c->dhcp.conflict_probe_ms,
			.limit_per_s = c->dhcp.client_limit,
			.watch_others = c->dhcp.watch_others,
			.quarantine_s = (uint32_t)(c->dhcp.quarantine_ms / 1000)},
	};
	if (c->dhcp.pxelinux)
		tell_pxelinux(c->dhcp.pxelinux, ret);
}

void tell_network(const struct cluster *c, uint32_t i, struct message_network *ret)
{
	const struct cluster_subnet *s = i == 0 ? &c->dhcp.local : &c->dhcp.subnets[i - 1];

	*ret = (struct message_network){
		.net = s->net,
		.pool_first = s->pool.first ? s->pool.first : 1,
		.pool_last = s->pool.last,
		.router = s->router,
		.lease_s = s->lease_ms == CLUSTER_LEASE_INFINITE_MS
				   ? UINT32_MAX
				   : (uint32_t)(s->lease_ms / 1000),
		.netboot_lease_s = (uint32_t)(s->netboot_lease_ms / 1000),
	};
	for (uint32_t k = 0; k < s->dns.n && k < MESSAGE_DNS_MAX; k++)
		ret->dns[k] = s->dns.items[k];
	(void)snprintf(ret->domain, sizeof(ret->domain), "%s", s->domain); /* checked: 253 bytes */
	struct wr w = wr_init(ret->options, sizeof(ret->options));
	options_encode(s, &w); /* checked: they fit */
	ret->options_len = (uint16_t)w.len;
}

void tell_node(const struct cluster_node *n, struct message_node *ret)
{
	*ret = (struct message_node){.address = n->address,
		.n_macs = n->macs.n,
		.uuid = n->uuid,
		.client_id_len = (uint8_t)n->client_id.n,
		.bootp = n->bootp,
		.quirks = n->quirks};
	if (n->client_id.n > 0)
		memcpy(ret->client_id, n->client_id.bytes, n->client_id.n);
	for (uint32_t i = 0; i < n->macs.n; i++)
		ret->macs[i] = n->macs.items[i];
	(void)snprintf(ret->name, sizeof(ret->name), "%s", n->name);
	(void)snprintf(
		ret->boot_file, sizeof(ret->boot_file), "%s", n->boot_file ? n->boot_file : "");
}

#include "provisioner/daemon/tell.h"

#include <stdio.h>

#include "provisioner/cluster/cluster.h"

_Static_assert(CLUSTER_NODE_MACS_MAX <= MESSAGE_NODE_MACS_MAX, "a node's MACs fit the message");

void tell_settings(const struct cluster *c, struct message_dhcp_settings *ret)
{
	*ret = (struct message_dhcp_settings){
		.server = c->network.internal.address,
		.pool_first = c->dhcp.pool.first,
		.pool_last = c->dhcp.pool.last,
		.router = c->dhcp.router,
		.lease_s = (uint32_t)(c->dhcp.lease_ms / 1000),
		.netboot_lease_s = (uint32_t)(c->dhcp.netboot_lease_ms / 1000),
		.http_port = (uint16_t)c->ports.http,
		.enroll = (uint8_t)c->enroll,
		.router_advertisements = c->dhcp.router_advertisements,
	};
	for (uint32_t i = 0; i < c->dhcp.dns.n && i < MESSAGE_DNS_MAX; i++)
		ret->dns[i] = c->dhcp.dns.items[i];
	(void)snprintf(ret->domain, sizeof(ret->domain), "%s", c->domain); /* checked: 253 bytes */
}

void tell_node(const struct cluster_node *n, struct message_node *ret)
{
	*ret = (struct message_node){.address = n->address, .n_macs = n->macs.n};
	for (uint32_t i = 0; i < n->macs.n; i++)
		ret->macs[i] = n->macs.items[i];
	(void)snprintf(ret->name, sizeof(ret->name), "%s", n->name);
	(void)snprintf(
		ret->boot_file, sizeof(ret->boot_file), "%s", n->boot_file ? n->boot_file : "");
}

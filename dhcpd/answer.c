#include "dhcpd/answer.h"

#include <string.h>

#include "dhcpd/network.h"

void answer_bootp(const struct msg *request, struct msg *ret)
{
	*ret = (struct msg){
		.op = BOOTP_REPLY,
		.htype = request->htype,
		.hlen = request->hlen,
		.xid = request->xid,
		.flags = request->flags,
		.giaddr = request->giaddr,
	};
	memcpy(ret->chaddr, request->chaddr, sizeof(ret->chaddr));
	/* With giaddr 0 a snooping switch has put it in, and drops a reply that lacks it. */
	opts_copy(&ret->opts, OPT_RELAY, &request->opts);
}

void answer_begin(
	const struct msg *request, enum dhcp_type type, uint32_t server_id, struct msg *ret)
{
	answer_bootp(request, ret);
	opts_put_u8(&ret->opts, OPT_TYPE, (uint8_t)type);
	opts_put_u32(&ret->opts, OPT_SERVER, server_id);
	opts_copy(&ret->opts, OPT_CLIENT_ID, &request->opts);
	/* RFC 2131 4.3.2: the relay shall broadcast a NAK, the client may have a wrong address. */
	if (type == DHCP_NAK && request->giaddr != 0)
		ret->flags |= BOOTP_BROADCAST;
}

void answer_lease(struct msg *reply, uint32_t address, uint32_t lease_s)
{
	reply->yiaddr = address;
	opts_put_u32(&reply->opts, OPT_LEASE, lease_s);
	if (lease_s == LEASE_INFINITE_S)
		return; /* there is nothing to renew */
	opts_put_u32(&reply->opts, OPT_T1, lease_s / 2);
	opts_put_u32(&reply->opts, OPT_T2, (uint32_t)((uint64_t)lease_s * 7 / 8));
}

static bool is_named(const struct msg *request, uint8_t code)
{
	struct rd wanted = opts_value(&request->opts, OPT_WANTED);

	return wanted.left > 0 && memchr(wanted.p, code, wanted.left);
}

/* Who names nothing is sent the few that every client can use. */
static bool is_wanted(const struct msg *request, uint8_t code)
{
	return !opts_has(&request->opts, OPT_WANTED) || is_named(request, code);
}

static void put_dns(struct opts *o, const uint32_t dns[static MESSAGE_DNS_MAX])
{
	uint8_t wire[4 * MESSAGE_DNS_MAX];
	struct wr w = wr_init(wire, sizeof(wire));

	for (size_t i = 0; i < MESSAGE_DNS_MAX && dns[i] != 0; i++)
		wr_be32(&w, dns[i]);
	if (w.len > 0)
		opts_put(o, OPT_DNS, wire, w.len);
}

void answer_parameters(const struct msg *request, const struct message_network *network,
	const struct message_node *node, struct msg *reply)
{
	struct opts *o = &reply->opts;

	/* The mask and the router whether asked for or not: without them an address is of no use. */
	opts_put_u32(o, OPT_MASK, ipv4_net_mask(network->net));
	if (network->router != 0)
		opts_put_u32(o, OPT_ROUTERS, network->router);
	if (is_wanted(request, OPT_DNS))
		put_dns(o, network->dns);
	if (node && is_wanted(request, OPT_HOSTNAME))
		opts_put_text(o, OPT_HOSTNAME, node->name);
	if (network->domain[0] && is_wanted(request, OPT_DOMAIN))
		opts_put_text(o, OPT_DOMAIN, network->domain);
	if (is_wanted(request, OPT_BROADCAST))
		opts_put_u32(o, OPT_BROADCAST, ipv4_net_broadcast(network->net));
}

void answer_listed(
	const struct msg *request, const struct message_network *network, struct msg *reply)
{
	struct rd listed = network_options(network);
	struct network_option o;

	while (network_next_option(&listed, &o))
		if (!opts_has(&reply->opts, o.code) && (o.is_always || is_named(request, o.code)))
			opts_put(&reply->opts, o.code, o.value.p, o.value.left);
}

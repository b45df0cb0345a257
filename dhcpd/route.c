#include "dhcpd/route.h"

#include <string.h>

#define BROADCAST_ADDRESS 0xffffffff

static struct route by_broadcast(void)
{
	return (struct route){.via = ROUTE_FRAME,
		.dst = BROADCAST_ADDRESS,
		.dst_port = DHCP_CLIENT_PORT,
		.dst_mac = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}}};
}

static struct route by_socket(uint32_t dst, uint16_t port)
{
	return (struct route){.via = ROUTE_SOCKET, .dst = dst, .dst_port = port};
}

/* A reply can be unicast only to what an Ethernet header can name. */
static bool has_mac(const struct msg *m, struct mac *ret)
{
	memcpy(ret->b, m->chaddr, MAC_LEN);
	return m->htype == MSG_HTYPE_ETHERNET && m->hlen == MAC_LEN && mac_is_unicast(ret);
}

struct route route_choose(const struct msg *request, const struct msg *reply,
	const struct arrival *from, uint16_t relay_port)
{
	struct mac mac;

	/* PXE 2.1 section 2.2.5: what came to 4011 is answered to where it came from. */
	if (from->dst_port == PXE_PORT)
		return (struct route){
			.via = ROUTE_PXE_SOCKET, .dst = from->src, .dst_port = from->src_port};

	/* "If the 'giaddr' field in a DHCP message from a client is non-zero, the server sends any return
	 * messages to the 'DHCP server' port on the BOOTP relay agent." */
	if (request->giaddr != 0)
		return by_socket(request->giaddr, relay_port ? relay_port : DHCP_SERVER_PORT);

	/* "In all cases, when 'giaddr' is zero, the server broadcasts any DHCPNAK messages." */
	if (opts_u8(&reply->opts, OPT_TYPE) == DHCP_NAK)
		return by_broadcast();

	/* "If the 'giaddr' field is zero and the 'ciaddr' field is nonzero, then the server unicasts
	 * DHCPOFFER and DHCPACK messages to the address in 'ciaddr'." Not to a DISCOVER: who has no
	 * address yet but fills the field in is mistaken. */
	if (request->ciaddr != 0 && opts_u8(&reply->opts, OPT_TYPE) == DHCP_ACK &&
		opts_u8(&request->opts, OPT_TYPE) != DHCP_DISCOVER)
		return by_socket(request->ciaddr, DHCP_CLIENT_PORT);

	/* An OFFER without an address stands beside another server's: its client has none yet. */
	if (reply->yiaddr == 0 && opts_u8(&reply->opts, OPT_TYPE) == DHCP_OFFER)
		return by_broadcast();

	/* RFC 2131 says nothing of an INFORM without 'ciaddr'; its sender has an address all the same. */
	if (reply->yiaddr == 0)
		return from->src != 0 ? by_socket(from->src, DHCP_CLIENT_PORT) : by_broadcast();

	/* "If 'giaddr' and 'ciaddr' are zero, and the broadcast bit is set, then the server broadcasts" */
	if ((reply->flags & BOOTP_BROADCAST) || !has_mac(request, &mac))
		return by_broadcast();

	/* "If the broadcast bit is not set ... the server unicasts ... to the client's hardware address
	 * and 'yiaddr' address." */
	return (struct route){.via = ROUTE_FRAME,
		.dst = reply->yiaddr,
		.dst_port = DHCP_CLIENT_PORT,
		.dst_mac = mac};
}

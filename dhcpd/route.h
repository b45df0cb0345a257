/* route.h - where a reply goes (RFC 2131 section 4.1). Pure: a few early returns, each under its sentence. */
#ifndef SLIPWAY_DHCPD_ROUTE_H
#define SLIPWAY_DHCPD_ROUTE_H

#include <stdint.h>

#include "dhcpd/msg.h"
#include "provisioner/base/addr.h"

/* How a request came. */
struct arrival {
	uint32_t src;
	uint16_t src_port, dst_port; /* dst_port: DHCP_SERVER_PORT or PXE_PORT */
	uint32_t dst;                /* ours, or a broadcast address */
	struct mac src_mac;          /* of the frame; zero when it came through a socket */
};

enum route_via {
	ROUTE_NONE = 0,
	ROUTE_FRAME, /* a frame of our own making: the client has no address yet, nobody answers ARP */
	ROUTE_SOCKET, /* the kernel finds the way, from port 67 */
	ROUTE_PXE_SOCKET
};

struct route {
	enum route_via via;
	uint32_t dst;
	uint16_t dst_port;
	struct mac dst_mac; /* ROUTE_FRAME */
};

/* `relay_port`: the relay's own port (RFC 8357), or 0. */
struct route route_choose(const struct msg *request, const struct msg *reply,
	const struct arrival *from, uint16_t relay_port);

#endif

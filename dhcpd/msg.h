/* msg.h - one BOOTP/DHCP message as a plain struct (RFC 2131 section 2, RFC 951).
 *
 * msg_decode() takes a UDP payload apart and refuses what this server must not act on; msg_encode()
 * writes a reply that old ROMs and switches accept: never under 300 bytes, the message type first.
 * Addresses in the struct are in host order. Plain data, owns no memory. */
#ifndef SLIPWAY_DHCPD_MSG_H
#define SLIPWAY_DHCPD_MSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dhcpd/option.h"
#include "provisioner/base/mem.h"
#include "provisioner/base/wr.h"

#define DHCP_SERVER_PORT 67
#define DHCP_CLIENT_PORT 68
#define PXE_PORT 4011

#define BOOTP_REQUEST 1
#define BOOTP_REPLY 2
#define BOOTP_BROADCAST 0x8000

#define MSG_HW_MAX 16
#define MSG_HTYPE_ETHERNET 1
#define MSG_HTYPE_IEEE1394 24
#define MSG_HTYPE_INFINIBAND 32
#define MSG_SIZE_MIN 300  /* RFC 1542 section 2.1 */
#define MSG_SIZE_MAX 1472 /* an Ethernet frame without IP and UDP headers */

enum dhcp_type {
	DHCP_DISCOVER = 1,
	DHCP_OFFER,
	DHCP_REQUEST,
	DHCP_DECLINE,
	DHCP_ACK,
	DHCP_NAK,
	DHCP_RELEASE,
	DHCP_INFORM,
};

struct msg {
	uint8_t op, htype, hlen, hops;
	uint32_t xid;
	uint16_t secs, flags;
	uint32_t ciaddr, yiaddr, siaddr, giaddr;
	uint8_t chaddr[MSG_HW_MAX];
	char sname[64 + 1],
		file[128 + 1]; /* on the wire they may lack the NUL, here they never do */
	struct opts opts;
};

enum msg_result {
	MSG_OK = 1,
	MSG_MALFORMED,    /* too short, or its options lie */
	MSG_NOT_REQUEST,  /* op is not BOOTREQUEST: another server's words */
	MSG_BAD_HARDWARE, /* hlen, htype and client identifier name no client */
	MSG_BOOTP         /* no magic cookie or no message type: as sound as MSG_OK otherwise */
};

enum msg_result msg_decode(const void *data, size_t len, struct msg *ret) MUST_USE;

/* How many bytes the sender of `request` can take (option 57), 576 bytes of IP at the least. */
size_t msg_size_limit(const struct msg *request);

/* Writes `m`, its options in the order in which `wanted` (an option 55, may be empty) names them, at
 * most `limit` bytes and padded to MSG_SIZE_MIN. */
void msg_encode(const struct msg *m, struct rd wanted, size_t limit, struct wr *w);

/* "DISCOVER"; "?" for what is no type. */
const char *dhcp_type_name(unsigned type);

#endif

/* frame.h - Ethernet, IPv4 and UDP around a DHCP message, read and written by us.
 *
 * Requests come from a capture handle, so nobody has looked at them yet: every length field may lie
 * (RFC 791, 768). Checksums are verified, but the unfinished ones of a sender on the same host,
 * whose NIC would have completed them, are accepted. A tagged frame belongs to another network. */
#ifndef SLIPWAY_DHCPD_FRAME_H
#define SLIPWAY_DHCPD_FRAME_H

#include <stdint.h>

#include "provisioner/base/addr.h"
#include "provisioner/base/mem.h"
#include "provisioner/base/rd.h"
#include "provisioner/base/wr.h"

#define FRAME_SIZE_MAX 1514

enum frame_result {
	FRAME_UDP = 1,
	FRAME_IPV6,
	FRAME_ARP,
	FRAME_OTHER, /* none of these: not ours */
	FRAME_MALFORMED,
	FRAME_FRAGMENT,
	FRAME_BAD_CHECKSUM,
	FRAME_VLAN
};

struct frame {
	struct mac src_mac, dst_mac;
	uint32_t src, dst;           /* FRAME_UDP */
	uint16_t src_port, dst_port; /* FRAME_UDP */
	struct rd
		payload; /* UDP's data, or what follows Ethernet's header; borrowed from the bytes */
};

enum frame_result frame_parse(const void *data, size_t len, struct frame *ret) MUST_USE;

/* Writes one whole frame around `len` bytes of payload: TTL 64, not to be fragmented. */
void frame_build(const struct frame *f, const void *payload, size_t len, struct wr *w);

/* The Internet checksum (RFC 1071) as a running sum: add all parts (only the last may have an odd
 * length), then finish. Bytes that contain their own checksum finish as 0. */
uint32_t checksum_add(uint32_t sum, const void *data, size_t len);
uint16_t checksum_finish(uint32_t sum);

/* True when `stored`, a checksum field, fits a packet whose bytes (field included) and pseudo header
 * sum up to `sum` and whose pseudo header alone sums up to `pseudo`; or when it was left for a NIC
 * to finish, holding just the pseudo header's sum. */
bool checksum_is_plausible(uint32_t sum, uint32_t pseudo, uint16_t stored);

#endif

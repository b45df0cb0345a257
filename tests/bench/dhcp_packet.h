/* dhcp_packet.h - the frames of a DHCP client without an address, written and read apart from the server's own
 * message codec, so that a mistake there is not made twice. */
#ifndef SLIPWAY_BENCH_DHCP_PACKET_H
#define SLIPWAY_BENCH_DHCP_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "provisioner/base/addr.h"
#include "provisioner/base/wr.h"

struct dhcp_question {
	uint8_t type; /* DHCP_DISCOVER or DHCP_REQUEST */
	struct mac mac;
	uint32_t xid;
	uint16_t secs;
	uint32_t address, server; /* of DHCP_REQUEST: as offered */
};

struct dhcp_answer {
	uint32_t xid, yiaddr, server, lease_s;
	uint8_t type;
	struct mac chaddr, to;
};

/* Writes the whole frame, broadcast. */
void dhcp_ask(const struct dhcp_question *q, struct wr *frame);

/* False for what is no DHCP reply with right checksums and options that end. */
bool dhcp_read_answer(const uint8_t *frame, size_t len, struct dhcp_answer *ret);

#endif

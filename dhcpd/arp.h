/* arp.h - ARP probes and the answers to them (RFC 826, RFC 5227).
 *
 * A probe asks for an address in the name of no address, so that no neighbour learns anything from it, and
 * whoever has the address answers to no address too. That alone tells an answer to a probe from all other
 * ARP: the capture's filter lets nothing else through. Pure. */
#ifndef SLIPWAY_DHCPD_ARP_H
#define SLIPWAY_DHCPD_ARP_H

#include <stdbool.h>
#include <stdint.h>

#include "provisioner/base/addr.h"
#include "provisioner/base/rd.h"
#include "provisioner/base/wr.h"

#define ARP_FRAME_SIZE 60 /* the shortest frame that Ethernet carries */

/* For a capture: an answer to no address. */
#define ARP_FILTER "(arp[6:2] == 2 and arp[24:4] == 0)"

/* Who says that it has which address. */
struct arp_answer {
	struct mac mac;
	uint32_t address;
};

/* Writes one whole frame, padded: who has `address`? */
void arp_build_probe(const struct mac *from, uint32_t address, struct wr *w);

/* Reads what stands behind the Ethernet header. False when it answers no probe. */
bool arp_read_answer(struct rd packet, struct arp_answer *ret);

#endif

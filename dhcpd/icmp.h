/* icmp.h - echo requests and the answers to them (RFC 792): is anybody at this address behind a relay?
 *
 * A raw socket hands over whole IPv4 packets that nobody has checked but for the IP header; `id` is
 * ours alone, so that the pings of others on this host count for nothing. Pure. */
#ifndef SLIPWAY_DHCPD_ICMP_H
#define SLIPWAY_DHCPD_ICMP_H

#include <stdbool.h>
#include <stdint.h>

#include "provisioner/base/wr.h"

#define ICMP_ECHO_SIZE 16

/* Writes the ICMP message; the kernel puts the IP header in front. */
void icmp_build_echo(uint16_t id, uint16_t sequence, struct wr *w);

/* True for an answer to an echo request with this `id`; who sent it is in *ret_from. */
bool icmp_read_answer(const void *packet, size_t len, uint16_t id, uint32_t *ret_from);

#endif

/* ra.h - the answer "there is no IPv6 router here" (RFC 4861).
 *
 * iPXE waits some 15 seconds for a Router Advertisement before it fetches its first script over IPv4. An
 * empty one (lifetime 0, no prefix, neither M nor O) ends that wait and configures nothing. Pure. */
#ifndef SLIPWAY_DHCPD_RA_H
#define SLIPWAY_DHCPD_RA_H

#include <stdbool.h>
#include <stdint.h>

#include "provisioner/base/addr.h"
#include "provisioner/base/rd.h"
#include "provisioner/base/wr.h"

#define IPV6_LEN 16

struct ipv6 {
	uint8_t b[IPV6_LEN];
};

/* True for a valid Router Solicitation (RFC 4861 section 6.1.1); `packet` begins with the IPv6 header.
 * *ret_src is all zero for a host that has no address yet. */
bool ra_is_solicitation(struct rd packet, struct ipv6 *ret_src);

/* The link-local address that a NIC gives itself (RFC 4291, appendix A). */
struct ipv6 ra_link_local(const struct mac *mac);

/* Writes a frame from `mac` with the address `from` that answers a solicitation from `to_mac`, `to`. */
void ra_build(const struct mac *mac, const struct ipv6 *from, const struct mac *to_mac,
	const struct ipv6 *to, struct wr *w);

#endif

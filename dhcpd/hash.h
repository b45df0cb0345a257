/* hash.h - SipHash-2-4 under a secret key: strangers choose MACs and client identifiers, and must not
 * be able to choose ones that all fall into the same bucket. */
#ifndef SLIPWAY_DHCPD_HASH_H
#define SLIPWAY_DHCPD_HASH_H

#include <stddef.h>
#include <stdint.h>

struct hash_key {
	uint64_t k0, k1;
};

uint64_t hash_bytes(const struct hash_key *key, const void *data, size_t len);

#endif

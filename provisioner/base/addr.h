/* addr.h - MAC and IPv4 addresses: read, written, compared.
 *
 * An IPv4 address in a variable is a uint32_t in host order, so that ranges compare and add up;
 * wire order exists only inside rd/wr and struct sockaddr_in. 0 is "no address". */
#ifndef SLIPWAY_BASE_ADDR_H
#define SLIPWAY_BASE_ADDR_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "provisioner/base/mem.h"

#define MAC_LEN 6
#define MAC_TEXT_SIZE 18
#define IPV4_TEXT_SIZE 16
#define IPV4_NET_TEXT_SIZE 19

struct mac {
	uint8_t b[MAC_LEN];
};

/* An address with the length of its network's prefix: 10.10.0.1/24. */
struct ipv4_net {
	uint32_t addr;
	uint8_t len;
};

/* Six hex pairs parted by ':' or '-' (one kind), any case. 0 or -EINVAL. */
int mac_parse(const char *text, struct mac *ret) MUST_USE;
const char *mac_text(const struct mac *m, char buf[static MAC_TEXT_SIZE]);
bool mac_is_equal(const struct mac *a, const struct mac *b);

/* False for zero, broadcast and group addresses: no NIC has such a one. */
bool mac_is_unicast(const struct mac *m);

/* Dotted quad, no leading zeros, nothing behind it. 0 or -EINVAL. */
int ipv4_parse(const char *text, uint32_t *ret) MUST_USE;
const char *ipv4_text(uint32_t addr, char buf[static IPV4_TEXT_SIZE]);

/* "10.10.0.1/24", prefix length 1 to 32. 0 or -EINVAL. */
int ipv4_net_parse(const char *text, struct ipv4_net *ret) MUST_USE;
const char *ipv4_net_text(struct ipv4_net n, char buf[static IPV4_NET_TEXT_SIZE]);
uint32_t ipv4_net_mask(struct ipv4_net n);
uint32_t ipv4_net_first(struct ipv4_net n); /* the network's own address */
uint32_t ipv4_net_broadcast(struct ipv4_net n);
bool ipv4_net_has(struct ipv4_net n, uint32_t addr);

struct sockaddr_in ipv4_sockaddr(uint32_t addr, uint16_t port);

#endif

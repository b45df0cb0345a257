/* proxy.h - ProxyDHCP: what to boot, beside another server that leases the addresses (PXE 2.1 section 2).
 *
 * Then this server leases nothing and answers nobody but boot firmware. It offers a boot file without an
 * address, answers port 4011, and listens to what its machines ask the other server for: the only
 * word there is of which address belongs to whom. Pure. */
#ifndef SLIPWAY_DHCPD_PROXY_H
#define SLIPWAY_DHCPD_PROXY_H

#include <stdint.h>

struct ask;

enum proxy_verdict {
	PROXY_OFFER = 1, /* boot firmware looks for servers */
	PROXY_NOTICE,    /* a machine takes an address of the other server */
	PROXY_IGNORE     /* not ours */
};

/* For a message to port 67. */
enum proxy_verdict proxy_judge(const struct ask *a);

/* The address that a REQUEST takes of the other server; 0 when the word of it is not to be trusted. A
 * boot script goes to whoever has this address, so it counts only from a client that broadcasts with its
 * own MAC and without an address: nobody does that by accident, or without the rights to send raw frames. */
uint32_t proxy_address_taken(const struct ask *a);

#endif

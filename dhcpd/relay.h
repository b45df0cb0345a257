/* relay.h - what a relay agent says about the client behind it (option 82: RFC 3046, 3527, 5010, 5107, 8357;
 * option 118: RFC 3011). */
#ifndef SLIPWAY_DHCPD_RELAY_H
#define SLIPWAY_DHCPD_RELAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dhcpd/route.h"
#include "provisioner/base/mem.h"

struct relay_info {
	uint32_t link;      /* an address of the client's network; 0 without relay */
	bool is_selected;   /* option 118 said so: it is echoed */
	bool is_unicast;    /* the relay saw the client's message as unicast */
	uint32_t server_id; /* what we are to call ourselves, or 0 */
	uint16_t port;      /* the relay's own port, or 0 */
};

/* All this counts only behind a relay (giaddr set): a client could have written it itself. Lengths of
 * sub-options are checked either way, for the option is echoed. 0 or -EBADMSG. */
int relay_read(const struct msg *m, const struct arrival *from, struct relay_info *ret) MUST_USE;

/* Relays of networks that are not served. Each is told of once, and only so many: strangers could make
 * them up. */
#define RELAY_STRANGERS_MAX 32

struct relay_strangers {
	uint32_t seen[RELAY_STRANGERS_MAX];
	size_t n;
};

/* True the first time. */
bool relay_is_new(struct relay_strangers *s, uint32_t giaddr);

#endif

/* relay.h - what a relay agent says about the client behind it (option 82: RFC 3046, 3527, 5107, 8357). */
#ifndef SLIPWAY_DHCPD_RELAY_H
#define SLIPWAY_DHCPD_RELAY_H

#include <stdint.h>

#include "dhcpd/route.h"
#include "provisioner/base/mem.h"

struct relay_info {
	uint32_t
		link; /* the network the client is in: link selection, else giaddr; 0 without relay */
	uint32_t server_id; /* what we are to call ourselves, or 0 */
	uint16_t port;      /* the relay's own port, or 0 */
};

/* Sub-options count only behind a relay (giaddr set): a client could have written them itself. Their
 * lengths are checked either way, for the option is echoed. 0 or -EBADMSG. */
int relay_read(const struct msg *m, const struct arrival *from, struct relay_info *ret) MUST_USE;

#endif

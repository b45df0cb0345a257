/* facts.h - what a node can say about itself, as JSON for the provisioner (docs/reference/join-protocol.md).
 *
 * Everything but addresses is read below a root folder, so that tests show it machines that are not
 * there. A fact that can't be read is left out or null: never a reason not to join. */
#ifndef SLIPWAY_JOIN_FACTS_H
#define SLIPWAY_JOIN_FACTS_H

#include <net/if.h>
#include <netinet/in.h>
#include <stdint.h>

#include "provisioner/base/json.h"

#define FACTS_ID_SIZE 40
#define FACTS_ADDRESSES_MAX 64

struct facts_address {
	char interface[IF_NAMESIZE];
	char text[INET6_ADDRSTRLEN + 4]; /* "10.10.0.11/24" */
};

struct facts_addresses {
	struct facts_address list[FACTS_ADDRESSES_MAX];
	size_t n;
};

struct facts_vitals {
	int64_t uptime_s, memory_free_kib;
	char load[16]; /* the one-minute average as the kernel writes it: a JSON number */
};

/* The addresses of this machine, loopback and link-local ones left out. */
void facts_addresses(struct facts_addresses *ret);

/* Our own address on the way to `server`, or 0. Sends nothing. */
uint32_t facts_address_towards(uint32_t server);

/* One object: host, OS, CPU, memory, firmware, NICs, disks. */
void facts_write(int root, const struct facts_addresses *addresses, struct json *out);

void facts_vitals(int root, struct facts_vitals *ret);

/* "" when unknown. */
void facts_machine_id(int root, char ret[static FACTS_ID_SIZE]);
void facts_boot_id(int root, char ret[static FACTS_ID_SIZE]);

#endif

/* rival.h - other DHCP servers on our network: what gives them away, and which were told of already.
 *
 * One betrays itself by an OFFER, ACK or NAK to all (RFC 2131 section 4.1), by a client's REQUEST that
 * takes its offer, or by answering a DISCOVER that we send in our own name and whose offers we never
 * take. Each server is told once in an hour, and of no more than RIVALS_MAX of them: made-up servers cannot fill the
 * timeline. Pure. */
#ifndef SLIPWAY_DHCPD_RIVAL_H
#define SLIPWAY_DHCPD_RIVAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dhcpd/frame.h"
#include "provisioner/messages/messages.h"

#define RIVALS_MAX 16
#define RIVAL_AGAIN_MS INT64_C(3600000)

/* Who we are: what we say ourselves betrays nobody. */
struct rival_self {
	struct mac mac;
	uint32_t address;
};

/* Reads a server's message to a client's port. False when it is none, or our own come back. */
bool rival_read(const struct frame *f, const struct rival_self *self, struct message_rival *ret);

/* The DISCOVER that other servers are asked with, as machine `mac`: firmware, so that servers that only tell
 * what to boot answer as well. At most MSG_SIZE_MAX bytes. */
void rival_question(const struct mac *mac, uint32_t xid, struct wr *w);

struct rivals {
	struct {
		uint32_t address;
		bool has_mac;
		int64_t told_ms;
	} rows[RIVALS_MAX];
	size_t n;
};

/* Is this server worth telling of? It counts as told then. */
bool rivals_notice(struct rivals *r, const struct message_rival *m, int64_t now_ms);

#endif

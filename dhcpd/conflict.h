/* conflict.h - is an address that we are about to offer really nobody's (RFC 2131 sections 2.2 and 3.1)?
 *
 * The network is asked before a machine is offered an address that it has not held before. An address that
 * somebody answers for goes into quarantine, on disk, in the name of who answered; a node's fixed
 * address is offered nevertheless, for the node has no other, and said to be taken. Pure; only the
 * lease table changes. */
#ifndef SLIPWAY_DHCPD_CONFLICT_H
#define SLIPWAY_DHCPD_CONFLICT_H

#include <stdbool.h>
#include <stdint.h>

#include "dhcpd/ask.h"

#define CONFLICT_TRIES_MAX 3 /* addresses probed for one request, one after the other */

/* The address has been this machine's, so the machine itself may well answer for it. To be asked before the
 * lease is changed. */
bool conflict_is_trusted(const struct ask *a, uint32_t address);

/* The request has to wait until the network was asked about its address. */
bool conflict_must_probe(struct ask *a, uint32_t address, bool is_trusted);

/* Somebody answered for an address that is being probed. */
struct conflict {
	uint32_t address;
	struct mac asker;         /* whose request waits; zero when it has no MAC */
	const struct mac *holder; /* who answered, or NULL when only a relay knows it */
};

/* True when the probe is over: ret->commit, ret->exchange and the like say what is to be done, and the request
 * is to be decided again. False when the answer changes nothing; ret->what may still want to be
 * counted. */
bool conflict_found(const struct decide_state *s, const struct conflict *c, int64_t now_ms,
	struct decision *ret);

/* How long an address that another machine uses is kept from everybody. */
int64_t conflict_quarantine_ms(const struct message_dhcp_settings *s);

#endif

/* describe.h - a packet in words, for the operator who traces: what it is, and what was made of it.
 *
 * Each fills texts of a message_frame in printable ASCII: what came from the network is escaped. Pure. */
#ifndef SLIPWAY_DHCPD_DESCRIBE_H
#define SLIPWAY_DHCPD_DESCRIBE_H

#include <stddef.h>
#include <stdint.h>

#include "dhcpd/counters.h"
#include "dhcpd/decide.h"
#include "dhcpd/msg.h"

/* `ends`: "0.0.0.0.68 > 255.255.255.255.67". */
void describe_ends(uint32_t src, uint16_t src_port, uint32_t dst, uint16_t dst_port,
	struct message_frame *ret);

/* `text` and `address` of a request that could be decoded, `text` of one that could not. */
void describe_request(const struct msg *m, struct message_frame *ret);
void describe_garbage(size_t len, struct message_frame *ret);

/* `verdict`: the answer decided on, or why there is none. */
void describe_decision(const struct decision *d, struct message_frame *ret);
void describe_drop(enum counter why, struct message_frame *ret);

/* `text` and `address` of a reply as it was encoded, `verdict` with what it grants. */
void describe_reply(
	const struct message_exchange *x, const void *bytes, size_t len, struct message_frame *ret);

#endif

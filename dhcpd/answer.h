/* answer.h - builds the reply that was decided on: header fields (RFC 2131 table 3) and options. Pure. */
#ifndef SLIPWAY_DHCPD_ANSWER_H
#define SLIPWAY_DHCPD_ANSWER_H

#include <stdint.h>

#include "dhcpd/msg.h"
#include "provisioner/messages/messages.h"

#define LEASE_INFINITE_S UINT32_MAX /* RFC 2131 section 3.3 */

/* What OFFER, ACK and NAK have in common: the fields copied from the request, who we are, and the
 * client identifier and relay information as they came (RFC 6842, RFC 3046). */
void answer_begin(
	const struct msg *request, enum dhcp_type type, uint32_t server_id, struct msg *ret);

/* The same for a plain BOOTP request: no option says what it is or who we are (RFC 1534 section 2). */
void answer_bootp(const struct msg *request, struct msg *ret);

/* The address and how long it is leased. */
void answer_lease(struct msg *reply, uint32_t address, uint32_t lease_s);

/* The network's parameters as far as the client wants them. `node` may be NULL. */
void answer_parameters(const struct msg *request, const struct message_network *network,
	const struct message_node *node, struct msg *reply);

/* The options that the operator lists for the network, as far as the client wants them. To be called last: they
 * take the place of nothing. */
void answer_listed(
	const struct msg *request, const struct message_network *network, struct msg *reply);

#endif

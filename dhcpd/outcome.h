/* outcome.h - what becomes of a request: it is dropped, refused, offered an address, or granted one.
 *
 * Each fills in the decision: reply, route, what must be on disk first, and what the provisioner is told. */
#ifndef SLIPWAY_DHCPD_OUTCOME_H
#define SLIPWAY_DHCPD_OUTCOME_H

#include <stdbool.h>
#include <stdint.h>

#include "dhcpd/ask.h"

/* What a person who looks at this machine should know; the last one stands. */
void outcome_note(struct ask *a, const char *text);
void outcome_note_address(struct ask *a, const char *text_before, uint32_t address);

/* No answer; `is_tellable` when that is worth a line in the machine's timeline. */
void outcome_drop(struct ask *a, enum counter why, bool is_tellable);

/* RFC 2131 section 4.3.2: DHCPNAK, with the reason. */
void outcome_nak(struct ask *a, const char *why);

/* DHCPOFFER or DHCPACK of an address that the machine may have, with its lease, parameters and boot file. The ACK
 * waits until the lease is on disk; one to a DISCOVER says so (RFC 4039). */
void outcome_offer(struct ask *a, uint32_t address);
void outcome_ack(struct ask *a, uint32_t address);

/* Their parts, for answers of another kind. outcome_lease() binds the address to the machine; false, and dropped,
 * when there is no room. outcome_send() finishes a reply that is complete. */
bool outcome_lease(struct ask *a, uint32_t address, uint32_t lease_s);
void outcome_add_boot_file(struct ask *a, enum pxe_way way, bool is_counted);
void outcome_send(struct ask *a, enum counter what);

#endif

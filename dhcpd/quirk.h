/* quirk.h - firmware that does not behave as its kind does: rows of data, match -> behaviour.
 *
 * A row says by what a request is recognised and how its sender is to be treated. All rows that match
 * count; their names go into the machine's timeline, so that nobody has to guess why it was answered
 * in a way of its own. Pure. */
#ifndef SLIPWAY_DHCPD_QUIRK_H
#define SLIPWAY_DHCPD_QUIRK_H

#include <stddef.h>
#include <stdint.h>

#include "dhcpd/arch.h"
#include "dhcpd/msg.h"
#include "provisioner/messages/messages.h"
#include "provisioner/messages/quirks.h"

/* What is known of the sender before quirks are looked at. */
struct quirk_subject {
	const struct msg *m;
	enum boot_stage stage;
	enum arch_kind kind;
};

struct quirks {
	uint32_t flags; /* enum quirk_flag */
	uint32_t rows;  /* which rows matched: quirk_text() names them */
	uint16_t arch;  /* what it is, whatever it claims; ARCH_NONE: as it claims */
};

void quirk_find(const struct quirk_subject *s, struct quirks *ret);

/* For how many seconds the sender has been asking, in whichever byte order it says so. */
uint16_t quirk_secs(const struct msg *m);

/* "Raspberry Pi, no option 97", or "". */
const char *quirk_text(uint32_t rows, char *ret, size_t size);

#endif

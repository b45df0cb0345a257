/* pxe_loop.h - machines that ask for their boot loader again and again.
 *
 * One that does so more than three times within a minute is probably an iPXE that does not say what it
 * is, and would load itself for ever; it is given the boot script instead. A small table of the last
 * askers: equal slots push each other out, so it cannot be filled up. Plain data. */
#ifndef SLIPWAY_DHCPD_PXE_LOOP_H
#define SLIPWAY_DHCPD_PXE_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "provisioner/base/addr.h"

#define PXE_LOOP_SLOTS 256

struct pxe_loops {
	struct {
		struct mac mac;
		uint8_t n;
		int64_t since_ms;
	} slots[PXE_LOOP_SLOTS];
};

/* Counts one more loader given to `mac`; true when it has got too many. */
bool pxe_loops_count(struct pxe_loops *l, const struct mac *mac, int64_t now_ms);

/* The same without counting: an OFFER must say what the ACK after it will say. */
bool pxe_loops_would_be(const struct pxe_loops *l, const struct mac *mac, int64_t now_ms);

/* The machine has moved on. */
void pxe_loops_forget(struct pxe_loops *l, const struct mac *mac);

#endif

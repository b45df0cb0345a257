/* vendor.h - option 43 as PXE firmware reads it (PXE 2.1 section 2.2.3): a list of tags with an end of
 * its own, and nothing that pads it. Pure. */
#ifndef SLIPWAY_DHCPD_VENDOR_H
#define SLIPWAY_DHCPD_VENDOR_H

#include "dhcpd/msg.h"

/* Tag 6 with bit 3: take the boot file named, and look for no other server. */
void vendor_put_direct(struct msg *reply);

/* The menu with the one entry that a Raspberry Pi looks for. */
void vendor_put_raspberry(struct msg *reply);

/* Tag 71, the boot item that the client chose, given back as it came; nothing without one. */
void vendor_put_boot_item(const struct msg *request, struct msg *reply);

#endif

/* devices.h - a node's NICs and disks as sysfs shows them, as JSON lists.
 *
 * NICs are what has hardware below it, and bonds. A bond's member shows the bond's MAC: the one that
 * identifies the machine is its permanent one. Disks are whole drives, not partitions or maps. */
#ifndef SLIPWAY_JOIN_DEVICES_H
#define SLIPWAY_JOIN_DEVICES_H

#include "provisioner/base/json.h"

struct facts_addresses;

void devices_write_nics(int root, const struct facts_addresses *addresses, struct json *out);
void devices_write_disks(int root, struct json *out);

#endif

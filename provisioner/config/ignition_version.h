/* ignition_version.h - which version of Ignition's specification a configuration is written in, and
 * which one the node that asks for it understands.
 *
 * Ignition says so when it fetches: "Accept: application/vnd.coreos.ignition+json;version=3.4.0".
 * What we write means the same in every version since the one it was written in, so the node is
 * given the newest that both know: the lower of its and ours. */
#ifndef SLIPWAY_CONFIG_IGNITION_VERSION_H
#define SLIPWAY_CONFIG_IGNITION_VERSION_H

#include <stddef.h>

#include "provisioner/base/mem.h"

#define IGNITION_MINOR_FLOOR 3u /* 3.3.0: Flatcar since 3185, Fedora CoreOS since 2021, Debian 12 */
#define IGNITION_MINOR_SETUID 6u /* 3.6.0: modes above 0777 are no longer lost */
#define IGNITION_MINOR_NEWEST 6u

/* How a configuration begins. "%u" is the minor version: one digit. */
#define IGNITION_HEAD "{\"ignition\":{\"version\":\"3.%u.0\"}"

/* The minor version that a text of ours is written in; 0 when it is not Ignition. */
unsigned ignition_minor(const char *text, size_t len);

/* The minor version of specification 3 that an Accept header names, the highest if it names several;
 * 0 when it names older specifications alone; -1 when it says nothing of Ignition. */
int ignition_accepted(const char *accept);

/* Makes a text of ours one for who sent that Accept header, in place: the version keeps its length.
 * 0, or -ENOTSUP, with the text as it was, when all that it accepts is older than the text. */
int ignition_fit(char *text, size_t len, const char *accept) MUST_USE;

/* What HTTP calls it; constant. */
const char *ignition_media_type(unsigned minor);

#endif

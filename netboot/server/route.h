/* route.h - what a path on the boot network stands for: a file of one of three folders, or a
 * question for the provisioner.
 *
 *   HTTP  /images/NAME/VERSION/FILE     the image store
 *         /firmware/FILE                boot loaders
 *         /agent/FILE                   the join agent
 *         everything else               asked
 *   TFTP  FILE, firmware/FILE           boot loaders
 *         images/NAME/VERSION/FILE      the image store, for GRUBs without HTTP
 *         FILE for one machine          asked, when there is no such file
 *
 * Names that begin with a dot are never served: they are files that are still being written. */
#ifndef SLIPWAY_SERVER_ROUTE_H
#define SLIPWAY_SERVER_ROUTE_H

#include <stdbool.h>

enum route { ROUTE_IMAGES = 1, ROUTE_FIRMWARE, ROUTE_AGENT, ROUTE_ASK, ROUTE_NOWHERE };

/* Takes a decoded path that starts with '/'. *ret_rest is the part below the folder, borrowed from
 * `path`. */
enum route route_of_http(const char *path, const char **ret_rest);

/* Takes a cleaned name without a slash at its start. */
enum route route_of_tftp(const char *name, const char **ret_rest);

/* Firmware and loaders look for files of their own machine's by many names, most of which nobody has: they are
 * answered at once. A name that tells the machine (its MAC, or a Raspberry Pi's serial number) may be asked of the
 * provisioner, and so may grub.cfg, the last name that GRUB tries. */
bool route_names_node(const char *name);

#endif

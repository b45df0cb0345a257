/* route.h - what a path on the boot network stands for: a file of one of three folders, or a
 * question for the provisioner.
 *
 *   HTTP  /images/DISTRO/VERSION/FILE   the image store
 *         /firmware/FILE                boot loaders
 *         /agent/FILE                   the join agent
 *         everything else               asked
 *   TFTP  FILE, firmware/FILE           boot loaders
 *
 * Names that begin with a dot are never served: they are files that are still being written. */
#ifndef SLIPWAY_SERVER_ROUTE_H
#define SLIPWAY_SERVER_ROUTE_H

enum route { ROUTE_IMAGES = 1, ROUTE_FIRMWARE, ROUTE_AGENT, ROUTE_ASK, ROUTE_NOWHERE };

/* Takes a decoded path that starts with '/'. *ret_rest is the part below the folder, borrowed from
 * `path`. */
enum route route_of_http(const char *path, const char **ret_rest);

/* Takes a cleaned name without a slash at its start. */
enum route route_of_tftp(const char *name, const char **ret_rest);

#endif

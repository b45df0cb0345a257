/* sockets.h - the sockets a server listens on, opened as root before anyone reads from them.
 *
 * All are non-blocking and close-on-exec. DHCP's are bound to the internal interface, the others to
 * its address: nothing is ever answered on another one. */
#ifndef SLIPWAY_DAEMON_SOCKETS_H
#define SLIPWAY_DAEMON_SOCKETS_H

#include <stdint.h>
#include <sys/types.h>

#include "provisioner/base/err.h"

/* UDP on every address of one interface, with broadcast (67, 4011). */
int socket_dhcp(const char *interface, uint16_t port, struct err *e) MUST_USE;

/* UDP or listening TCP on one address. */
int socket_udp(uint32_t address, uint16_t port, struct err *e) MUST_USE;
int socket_tcp(uint32_t address, uint16_t port, struct err *e) MUST_USE;

/* A listening UNIX socket, mode 0660, owned by `gid`; a stale one at that path is replaced, a live
 * one is an error: another server runs. */
int socket_unix(const char *path, gid_t gid, struct err *e) MUST_USE;

#endif

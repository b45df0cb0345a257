/* server.h - the DHCP and PXE server process: sockets, events and life around dhcpd/service.h.
 *
 * dhcpd_open() does what needs root; dhcpd_run() is called after privileges were dropped. Requests come
 * from a capture on one interface, and from UDP port 4011; port 67's socket only holds the port and sends
 * to who has an address. All requests of one wake-up are decided, their leases written in one
 * transaction, and only then do the ACKs leave. */
#ifndef SLIPWAY_DHCPD_SERVER_H
#define SLIPWAY_DHCPD_SERVER_H

#include "provisioner/base/err.h"

struct dhcpd_options {
	const char *interface;
	int provisioner_fd; /* SOCK_SEQPACKET pair to the provisioner */
	int bootps_fd;      /* UDP 0.0.0.0:67, bound to the interface, SO_BROADCAST */
	int pxe_fd;         /* UDP 0.0.0.0:4011, bound to the interface */
	const char *lease_dir;
};

struct dhcpd;

/* Takes the descriptors (all non-blocking) and keeps the texts. NULL with *e filled; the descriptors are then
 * still the caller's. */
struct dhcpd *dhcpd_open(const struct dhcpd_options *o, struct err *e);

/* Serves until SIGTERM or SIGINT. Gives the process's exit status. */
int dhcpd_run(struct dhcpd *d);
void dhcpd_free(struct dhcpd *d);

#endif

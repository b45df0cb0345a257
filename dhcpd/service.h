/* service.h - answers packets: from the bytes that came to the reply that leaves, with all it takes on the way.
 *
 * It holds what lasts from one packet to the next: settings and nodes, leases, probes under way, counters.
 * What is to be answered is decided by decide.h; here the decision is carried out. An answer that rests
 * on a new lease waits for service_flush(), which writes the leases of a whole wake-up in one
 * transaction; whoever brings packets calls it when no more are at hand.
 *
 * service_open() needs root, nothing behind it does. The order is: open, load, start, packets, finish, free. */
#ifndef SLIPWAY_DHCPD_SERVICE_H
#define SLIPWAY_DHCPD_SERVICE_H

#include <stddef.h>
#include <stdint.h>

#include "provisioner/base/err.h"
#include "provisioner/base/mem.h"

struct capture;
struct event_base;
struct service;

/* All kept but `interface`, which is borrowed for the call. */
struct service_options {
	const char *interface, *lease_dir;
	struct capture *capture;
	int bootps_fd, pxe_fd; /* replies leave through them; nothing is read from them */
};

/* NULL with *e filled. */
struct service *service_open(const struct service_options *o, struct err *e);

/* Before the base and the capture are gone. */
void service_free(struct service *s);

/* Reads the leases from disk. 0, or a negative errno with *e filled. */
int service_load(struct service *s, struct err *e) MUST_USE;

/* Takes `provisioner_fd` and says HELLO on it. Requests are only counted until settings have come. */
void service_start(struct service *s, struct event_base *base, int provisioner_fd);

/* A frame from the capture: its capture_handler, with the service as `arg`. */
void service_take_frame(void *arg, const uint8_t *bytes, size_t len, int64_t wall_us);

/* A datagram that came to UDP port 4011 (PXE). */
void service_take_datagram(
	struct service *s, const uint8_t *bytes, size_t len, uint32_t src, uint16_t src_port);

/* No packet is in hand any more: stores the leases, sends what waits for them. */
void service_flush(struct service *s);

/* To be called every few seconds: tells the counters, looks out for other servers, tidies the store up. */
void service_report(struct service *s);

/* The last answers, the last counters; the loop has ended. */
void service_finish(struct service *s);

#endif

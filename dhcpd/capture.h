/* capture.h - reading and sending whole frames on the internal interface, by libpcap.
 *
 * A capture sees requests before the client has an address and sends replies to clients that cannot
 * answer ARP yet. The kernel hands over only what the filter lets through: DHCP to a server's port,
 * what other servers say to all, answers to ARP probes and IPv6 Router Solicitations. Opened as root; afterwards no privilege is needed. */
#ifndef SLIPWAY_DHCPD_CAPTURE_H
#define SLIPWAY_DHCPD_CAPTURE_H

#include <stddef.h>
#include <stdint.h>

#include "dhcpd/ra.h"
#include "provisioner/base/addr.h"
#include "provisioner/base/err.h"
#include "provisioner/base/mem.h"

struct capture;

/* NULL with *e saying what is wrong with the interface. */
struct capture *capture_open(const char *interface, struct err *e);
void capture_close(struct capture *c);

/* For the event loop; non-blocking, readable as long as frames wait. */
int capture_fd(const struct capture *c);

/* Hands at most `max` waiting frames to `handle`; `wall_us` is when the frame came. How many there were, or
 * -EIO (capture_error() says more). */
typedef void capture_handler(void *arg, const uint8_t *frame, size_t len, int64_t wall_us);
int capture_read(struct capture *c, int max, capture_handler *handle, void *arg) MUST_USE;

/* Calls `sent` for each frame that was sent. Keeps `arg`. */
typedef void capture_sent(void *arg, const uint8_t *frame, size_t len);
void capture_on_sent(struct capture *c, capture_sent *sent, void *arg);

/* 0 or -EIO. */
int capture_send(struct capture *c, const void *frame, size_t len) MUST_USE;

/* Frames lost since the last call because nobody read them in time. */
uint64_t capture_lost(struct capture *c);

/* Looks the interface's MAC up again (a bond may change its own); keeps the old one when that fails. */
void capture_refresh_mac(struct capture *c);
const struct mac *capture_mac(const struct capture *c);

/* The interface's own link-local address, or the one it would have. */
const struct ipv6 *capture_link_local(const struct capture *c);

const char *capture_error(const struct capture *c);

#endif

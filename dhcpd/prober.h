/* prober.h - asks the network who has an address: the shell around probe.h.
 *
 * By ARP on the network of our own interface, by ICMP echo behind relays. The raw socket for that is opened
 * as root and hears nothing but echo replies. Nobody waits: what comes of a probe is told by calls from the
 * event loop. */
#ifndef SLIPWAY_DHCPD_PROBER_H
#define SLIPWAY_DHCPD_PROBER_H

#include <stdbool.h>
#include <stdint.h>

#include "dhcpd/capture.h"
#include "dhcpd/probe.h"
#include "provisioner/base/err.h"

struct event_base;
struct prober;

struct prober_calls {
	/* Somebody answered; `holder` is its MAC, or NULL. Is the probe over? */
	bool (*is_taken)(void *arg, const struct probe *p, const struct mac *holder);

	/* The probe is over: its request is to be decided again. It is freed behind the call. */
	void (*over)(void *arg, const struct probe *p);

	/* After one or more of these, when the loop is about to wait again. */
	void (*flush)(void *arg);
};

struct probe_order {
	uint32_t address;
	bool is_local;
	uint32_t timeout_ms;
	unsigned tries;
	struct mac asker;
	const struct probe_request *request; /* copied; NULL: nobody waits for it */
};

/* Keeps `capture` (may be moved on by the caller), `calls` and `arg`. NULL with *e filled. */
struct prober *prober_open(const char *interface, struct capture *capture,
	const struct prober_calls *calls, void *arg, struct err *e);
void prober_free(struct prober *p);

/* From here on things may be asked; before the base is freed comes prober_free(). */
void prober_start(struct prober *p, struct event_base *base);

/* Asks; or joins the probe under way for that address, whose kept request this one replaces. 0, or -EIO when
 * nothing could be sent: the probe then ends like one that nobody answered. */
int prober_ask(struct prober *p, const struct probe_order *o) MUST_USE;

/* An ARP packet from the capture, behind its Ethernet header. */
void prober_hear(struct prober *p, struct rd packet);

const struct probe_table *prober_table(const struct prober *p);

#endif

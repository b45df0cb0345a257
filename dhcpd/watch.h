/* watch.h - the look-out for other DHCP servers: asks now and then, and tells the provisioner of each (rival.h). */
#ifndef SLIPWAY_DHCPD_WATCH_H
#define SLIPWAY_DHCPD_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "dhcpd/capture.h"
#include "dhcpd/control.h"
#include "dhcpd/frame.h"
#include "dhcpd/msg.h"
#include "dhcpd/rival.h"

struct watch {
	struct capture *capture; /* both borrowed */
	struct control *control;
	struct counters *counters;
	struct rivals rivals;
	uint32_t expected; /* in proxy mode: the server that leases the addresses, once heard of */
	int64_t next_ms;   /* when to ask */
	uint32_t xid;
};

/* To be called every few seconds: asks at the first call, and then once in an hour. */
void watch_tick(struct watch *w, int64_t now_ms);

/* A frame to a client's port. */
void watch_hear(struct watch *w, const struct frame *f, int64_t now_ms);

/* A client said that it takes the offer of `server`. */
void watch_named(struct watch *w, uint32_t server, const struct mac *client, int64_t now_ms);

/* This request is our own question, handed back to us by a relay. */
bool watch_is_ours(const struct watch *w, const struct msg *m);

#endif

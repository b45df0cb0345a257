/* tap.h - where the server lets an operator look on: each packet with what was made of it, to trace.h.
 *
 * The shell says which packet is in hand, then what became of it; a reply is told once it was sent. All of it
 * returns at once while nobody looks. */
#ifndef SLIPWAY_DHCPD_TAP_H
#define SLIPWAY_DHCPD_TAP_H

#include <stddef.h>
#include <stdint.h>

#include "dhcpd/control.h"
#include "dhcpd/decide.h"
#include "dhcpd/frame.h"
#include "dhcpd/sender.h"

struct tap {
	struct control *control;
	const struct sender *sender;

	/* the packet in hand, borrowed: a captured frame, or what came through a socket */
	const uint8_t *bytes; /* NULL: none */
	size_t len;
	int64_t wall_us;
	bool is_datagram;
	struct frame frame;
};

/* Keeps both. From here on the frames sent by the capture are seen, too. */
void tap_init(struct tap *t, struct control *control, const struct sender *sender);

void tap_take_frame(
	struct tap *t, const uint8_t *bytes, size_t len, int64_t wall_us, const struct frame *f);
void tap_take_datagram(struct tap *t, const uint8_t *bytes, size_t len, const struct arrival *from);
void tap_let_go(struct tap *t);

/* What became of it; `m` is NULL when it could not be decoded. */
void tap_dropped(struct tap *t, enum counter why, const struct msg *m);
void tap_decided(struct tap *t, const struct msg *m, const struct decision *d);
void tap_heard(struct tap *t, const char *verdict);

/* A reply that was sent, or why it was not: the negative errno `rc`. */
void tap_replied(struct tap *t, const struct message_exchange *x, const struct route *to,
	const void *payload, size_t len, int rc);

/* One that will not be sent. */
void tap_took_back(struct tap *t, const struct message_exchange *x);

#endif

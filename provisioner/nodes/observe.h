/* observe.h - what dhcpd and netboot saw, told as steps and events of a machine.
 *
 * The one place that knows which transfer means what: a boot loader, the kernel, the last RAM disk,
 * the join agent. Text from the wire becomes printable here, before it is kept. */
#ifndef SLIPWAY_NODES_OBSERVE_H
#define SLIPWAY_NODES_OBSERVE_H

#include <stdint.h>

struct nodes;
struct message_exchange;
struct message_hall;
struct message_refused;
struct message_transfer;
struct message_wait;

/* Which files of the image store are what. */
struct observe_image {
	const char *folder; /* "/images/flatcar/4081.2.1/" */
	const char *kernel;
	unsigned n_initrds;
};

void observe_exchange(struct nodes *t, const struct message_exchange *x, int64_t now_ms);
void observe_transfer(struct nodes *t, const struct message_transfer *x,
	const struct observe_image *image, int64_t now_ms);

/* It would not speak TLS with boot HTTP. */
void observe_refused(struct nodes *t, const struct message_refused *x, int64_t now_ms);

/* It has to wait for its turn to load an image. */
void observe_wait(struct nodes *t, const struct message_wait *x, int64_t now_ms);

/* Who loads or waits is not overdue: the delay is ours. */
void observe_hall(struct nodes *t, const struct message_hall *x, int64_t now_ms);

#endif

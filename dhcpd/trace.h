/* trace.h - packets as they came and went, for an operator who looks on.
 *
 * Nothing is done for it while nobody looks. Whoever looks cannot slow the server down: what the channel to
 * the provisioner does not take within TRACE_WAITING_MAX is left out and counted. A reply that left through
 * a socket is put into the frame that the kernel will have made of it. */
#ifndef SLIPWAY_DHCPD_TRACE_H
#define SLIPWAY_DHCPD_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "provisioner/messages/messages.h"

#define TRACE_WAITING_MAX ((size_t)1 << 20) /* leaves most of the queue to what is told anyway */

struct ipc;

struct trace {
	struct message_trace what;
	uint32_t n_lost;
	struct message_frame frame; /* being filled in */
};

/* Looks on from now, or no more. */
void trace_set(struct trace *t, const struct message_trace *what);
bool trace_is_on(const struct trace *t);

/* Does anybody want to see packets of this machine? */
bool trace_wants(const struct trace *t, const struct mac *mac, uint32_t address);

/* Sends t->frame with a copy of the `len` bytes of the packet, if it is wanted. */
void trace_send(struct trace *t, struct ipc *to, const void *bytes, size_t len);

/* For when nothing else is to be done: tells of what was left out since the last frame. */
void trace_tell_lost(struct trace *t, struct ipc *to);

#endif

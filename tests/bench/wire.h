/* wire.h - whole Ethernet frames by the thousand: a load generator must not be slower than what it measures.
 *
 * Sends by sendmmsg() past the queueing discipline, receives through a ring that is shared with the
 * kernel. Only UDP to port 68 is received, whoever it is addressed to: every simulated machine has a
 * MAC of its own. All calls end the program on failure: without its wire there is nothing to measure. */
#ifndef SLIPWAY_BENCH_WIRE_H
#define SLIPWAY_BENCH_WIRE_H

#include <stddef.h>
#include <stdint.h>

#include "provisioner/base/wr.h"

struct wire;

struct wire *wire_open(const char *interface);
void wire_close(struct wire *w);

/* Room for one frame, zeroed length; wire_put() sends what was written to it with the next flush. */
struct wr wire_frame(struct wire *w);
void wire_put(struct wire *w, const struct wr *frame);
void wire_flush(struct wire *w);

/* Hands all frames that wait to `handle`; how many there were. */
typedef void wire_handler(void *arg, const uint8_t *frame, size_t len);
size_t wire_read(struct wire *w, wire_handler *handle, void *arg);

/* Sleeps until a frame comes, at most `timeout_ms`. */
void wire_wait(struct wire *w, int timeout_ms);

/* Frames that we were too slow to take: a result with any is worth nothing. */
unsigned wire_lost(struct wire *w);

#endif

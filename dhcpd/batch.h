/* batch.h - answers that wait until their leases are on disk.
 *
 * All requests of one wake-up are decided first; batch_flush() writes their leases in one transaction and
 * only then hands the answers on to be sent. When the disk takes no more, whoever holds a lease on disk
 * already may go on with it; whoever does not gets no promise that would not survive a restart. */
#ifndef SLIPWAY_DHCPD_BATCH_H
#define SLIPWAY_DHCPD_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dhcpd/lease.h"
#include "dhcpd/route.h"
#include "provisioner/base/err.h"
#include "provisioner/base/mem.h"
#include "provisioner/messages/messages.h"

#define BATCH_MAX 256 /* requests decided before their leases are written */

struct pending {
	struct lease *lease;
	bool was_known; /* the client held it before, and the disk says so */
	bool has_reply;
	struct route route;
	struct message_exchange exchange;
	size_t len;
	uint8_t bytes[MSG_SIZE_MAX];
};

struct batch;

/* Called for each answer of a batch, in order. When `may_go` is false its lease could not be written. */
typedef void batch_release(void *arg, struct pending *p, bool may_go);

/* Keeps `lease_dir` and `leases`. NULL with *e filled when the machine's boot cannot be named. */
struct batch *batch_new(const char *lease_dir, struct lease_table *leases, batch_release *release,
	void *arg, struct err *e);
void batch_free(struct batch *b);

/* Opens the lease store and reads it into the table. 0, or a negative errno with *e filled. */
int batch_load(struct batch *b, struct err *e) MUST_USE;

/* Where the next answer is built. batch_add() makes it part of the batch, and flushes a full one. */
struct pending *batch_next(struct batch *b);
void batch_add(struct batch *b);
void batch_flush(struct batch *b);

/* Writes this one lease at once, for what no client waits for. 0, or a negative errno. */
int batch_write(struct batch *b, struct lease *l) MUST_USE;

/* For when nothing else is to be done: forgets what is of no use, tidies the store up. */
void batch_tidy(struct batch *b);

#endif

/* rivals.h - other DHCP servers that dhcpd noticed: told in the cluster's timeline, kept for `status`.
 *
 * dhcpd asks every hour, so one that is still there is heard of again; past two hours it is gone. */
#ifndef SLIPWAY_NODES_RIVALS_H
#define SLIPWAY_NODES_RIVALS_H

#include <stddef.h>
#include <stdint.h>

#include "provisioner/messages/messages.h"

#define RIVALS_KEPT_MAX 16

struct nodes;

struct rivals_seen {
	struct {
		struct message_rival said;
		int64_t seen_ms; /* wall clock */
	} rows[RIVALS_KEPT_MAX];
	size_t n;
};

void rivals_see(
	struct rivals_seen *r, struct nodes *t, const struct message_rival *m, int64_t now_ms);

/* The `i`th that was seen in the last two hours, and when; NULL past the last. */
const struct message_rival *rivals_at(
	const struct rivals_seen *r, size_t i, int64_t now_ms, int64_t *ret_seen_ms);

#endif

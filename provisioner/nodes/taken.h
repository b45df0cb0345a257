/* taken.h - which address each MAC was heard to take of another DHCP server (dhcp.mode: proxy).
 *
 * A machine with two network cards takes two, and may fetch with either. An address has one taker: the
 * last one heard. Lives in memory only; the takers heard longest ago make room. */
#ifndef SLIPWAY_NODES_TAKEN_H
#define SLIPWAY_NODES_TAKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "provisioner/base/addr.h"

#define TAKEN_MAX 65536

struct taken {
	struct taker {
		struct mac mac;
		uint32_t address; /* 0: it has lost it to another */
	} * list;
	size_t n, cap, oldest;
};

void taken_done(struct taken *t);

/* `mac` takes `address`, and nobody else has it any more. */
void taken_put(struct taken *t, const struct mac *mac, uint32_t address);

/* Nobody that is known has `address` any more. */
void taken_drop(struct taken *t, uint32_t address);

bool taken_has(const struct taken *t, const struct mac *mac, uint32_t address);

#endif

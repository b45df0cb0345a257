/* limit.h - how many messages of one source are answered in a second: token buckets in a table of fixed size.
 *
 * A source is a client's hardware address, the MAC that a frame came from when it is another, a relay, or
 * a circuit of one (option 82). A relay is not one client, and may say much more. A known node counts only
 * for itself: no stranger beside it, nor one that uses its MAC from another NIC, takes anything away from
 * it. The table is found under a secret key; a source that is pushed out of it by others begins anew
 * with a full bucket, which does it no harm. Pure. */
#ifndef SLIPWAY_DHCPD_LIMIT_H
#define SLIPWAY_DHCPD_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "dhcpd/counters.h"
#include "dhcpd/hash.h"
#include "dhcpd/msg.h"
#include "dhcpd/route.h"

#define LIMIT_TOLD_MS 60000 /* a source is told of no more often */

struct limits;

struct limits *limits_new(const struct hash_key *key);
void limits_free(struct limits *l);

struct limit_ask {
	const struct msg *m;
	const struct arrival *from;
	bool is_node;   /* the hardware address is a known node's */
	uint32_t per_s; /* for one client; 0: no limits at all */
	int64_t now_ms;
};

/* COUNT_NONE when the message may be answered, else which limit it meets; *ret_tell says whether the source
 * has not been told of for a while. */
enum counter limits_judge(struct limits *l, const struct limit_ask *a, bool *ret_tell);

#endif

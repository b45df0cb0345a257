/* counters.h - what this server counts: messages by kind, answers, and a reason for every packet that
 * got none. The reasons are also the words that `decide` speaks: each names a row of one table. */
#ifndef SLIPWAY_DHCPD_COUNTERS_H
#define SLIPWAY_DHCPD_COUNTERS_H

#include <stdint.h>

enum counter {
	COUNT_NONE = 0,
	/* what came */
	COUNT_DISCOVER,
	COUNT_REQUEST,
	COUNT_DECLINE,
	COUNT_RELEASE,
	COUNT_INFORM,
	COUNT_SOLICITATION,
	/* what was answered */
	COUNT_OFFER,
	COUNT_ACK,
	COUNT_NAK,
	COUNT_PXE_ACK,
	COUNT_ADVERTISEMENT,
	/* asked about before they were offered */
	COUNT_PROBING,
	COUNT_UNPROBED,
	COUNT_CONFLICT,
	COUNT_FIXED_CONFLICT,
	COUNT_TOO_MANY_CLAIMS,
	/* of other servers */
	COUNT_RIVAL,
	COUNT_OWN_QUESTION,
	/* more than their source may say */
	COUNT_LIMIT_CLIENT,
	COUNT_LIMIT_SENDER,
	COUNT_LIMIT_CIRCUIT,
	COUNT_LIMIT_RELAY,
	/* taken notice of, nothing to send */
	COUNT_DECLINED,
	COUNT_RELEASED,
	/* dropped */
	COUNT_MALFORMED,
	COUNT_BAD_CHECKSUM,
	COUNT_FRAGMENT,
	COUNT_VLAN,
	COUNT_NOT_FOR_US,
	COUNT_NOT_REQUEST,
	COUNT_BAD_HARDWARE,
	COUNT_BOOTP,
	COUNT_UNKNOWN_TYPE,
	COUNT_TOO_MANY_HOPS,
	COUNT_LOOPED,
	COUNT_BAD_RELAY_INFO,
	COUNT_UNKNOWN_SUBNET,
	COUNT_NOT_READY,
	COUNT_STALE,
	COUNT_UNKNOWN_MACHINE,
	COUNT_OTHER_SERVER,
	COUNT_INCOMPLETE,
	COUNT_UNKNOWN_LEASE,
	COUNT_POOL_EXHAUSTED,
	COUNT_KEPT_FOR_NODES,
	COUNT_ADDRESS_IN_USE,
	COUNT_NOT_THE_HOLDER,
	COUNT_TOO_MANY_DECLINES,
	COUNT_NOT_PXE,
	COUNT_NO_BOOT_FILE,
	COUNT_NOT_STORED,
	COUNT_NOT_SENT,
	COUNT_CAPTURE_OVERRUN,
	N_COUNTERS
};

/* "dhcp_malformed", as the provisioner and /metrics show it. */
const char *counter_name(enum counter c);

/* What it means, for a person, in a few words; "" for COUNT_NONE. */
const char *counter_text(enum counter c);

struct counters {
	uint64_t value[N_COUNTERS];
	uint64_t told[N_COUNTERS]; /* the value as the provisioner last heard it */
};

void counters_add(struct counters *c, enum counter which, uint64_t n);

/* The next counter after `from` (COUNT_NONE to begin) that changed since it was told, which it counts as
 * from now on; COUNT_NONE at the end. */
enum counter counters_next_changed(struct counters *c, enum counter from);

#endif

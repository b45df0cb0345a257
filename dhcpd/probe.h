/* probe.h - addresses that the network is being asked about before they are offered (RFC 2131 section 2.2).
 *
 * While a probe is under way, the request that caused it is kept here, so that nobody else has to
 * wait; when its time is over without an answer, the request is decided again. One probe per address: a
 * repeated request takes the place of the one kept. Bounded, in memory alone: a restart forgets
 * the probes, and clients ask again. Pure. */
#ifndef SLIPWAY_DHCPD_PROBE_H
#define SLIPWAY_DHCPD_PROBE_H

#include <stdbool.h>
#include <stdint.h>

#include "dhcpd/msg.h"
#include "dhcpd/route.h"
#include "provisioner/base/mem.h"

#define PROBES_MAX 4096
#define PROBE_NEVER INT64_MAX

/* A request as it came. */
struct probe_request {
	struct arrival from;
	struct rd payload; /* borrowed */
};

struct probe {
	uint32_t address;
	int64_t deadline_ms;
	struct mac asker;             /* zero: it has no MAC */
	unsigned tries;               /* addresses that were found taken for this request already */
	struct probe_request request; /* its payload is the probe's own; empty: nobody waits */

	/* the table's own */
	uint8_t *kept;
	struct probe *next_by_address, *earlier, *later;
};

struct probe_table;

struct probe_table *probe_table_new(void);
void probe_table_free(struct probe_table *t);

/* NULL when none is under way; `t` may be NULL: there are none. */
struct probe *probe_by_address(const struct probe_table *t, uint32_t address);
bool probe_table_is_full(const struct probe_table *t);

/* A probe of an address that has none. The table has room. It owns the probe until probe_take(). */
struct probe *probe_begin(struct probe_table *t, uint32_t address, int64_t deadline_ms);

/* Copies a request, in place of the one kept; NULL: nobody waits for this probe any more. A payload longer
 * than MSG_SIZE_MAX is not kept. */
void probe_keep(struct probe *p, const struct probe_request *request);

/* The probe whose time is over first, if it is over; or NULL. */
struct probe *probe_due(const struct probe_table *t, int64_t now_ms);

/* When that will be; PROBE_NEVER without probes. */
int64_t probe_next_ms(const struct probe_table *t);

/* Ends the probe; the caller frees it with probe_free(). */
struct probe *probe_take(struct probe_table *t, struct probe *p);
void probe_free(struct probe *p);

#endif

/* lease_filter.h - which leases an operator asked for: the query of GET /v1/leases, understood.
 *
 * What it says of machines is copied, so it outlives their table. Pure. */
#ifndef SLIPWAY_API_LEASE_FILTER_H
#define SLIPWAY_API_LEASE_FILTER_H

#include <stdbool.h>
#include <stdint.h>

#include "provisioner/base/addr.h"
#include "provisioner/base/err.h"
#include "provisioner/base/mem.h"
#include "provisioner/messages/messages.h"
#include "provisioner/nodes/nodes.h"

#define LEASE_TERMS_MAX 64

/* "bound"; "?" for what is none. */
const char *lease_use_name(unsigned use);

/* One of NODE, MAC, ADDRESS or NET/LENGTH. */
struct lease_term {
	struct ipv4_net net; /* len 0: no net, but a machine */
	char node[STORE_KEY_SIZE];
	struct mac macs[MACHINE_MACS_MAX];
	uint32_t n_macs;
	uint32_t address; /* of the machine; 0: none */
};

struct lease_filter {
	uint32_t uses;   /* 1 << enum lease_use */
	bool is_unknown; /* of no node */
	int64_t within_ms;
	struct lease_term terms[LEASE_TERMS_MAX]; /* any of these; none: all */
	uint32_t n_terms;
};

/* Adds terms, parted by commas. 0, -ENOENT for a machine that `nodes` does not have, -EINVAL. */
int lease_filter_add(struct lease_filter *f, const char *terms, const struct nodes *nodes,
	struct err *e) MUST_USE;

/* "bound,declined" takes the place of f->uses. 0 or -EINVAL. */
int lease_filter_uses(struct lease_filter *f, const char *names, struct err *e) MUST_USE;

/* What dhcpd can leave out already. */
void lease_filter_ask(const struct lease_filter *f, struct message_leases_ask *ret);

bool lease_filter_has(const struct lease_filter *f, const struct message_lease *l);

#endif

/* network.h - the networks in which this server leases addresses: its own, and those behind relays.
 *
 * Built once from the provisioner's messages and then only read; a new set replaces the old one whole.
 * A network goes by its place in the set, which is also the place of its pool in the lease table;
 * 0 is the one of the internal interface. */
#ifndef SLIPWAY_DHCPD_NETWORK_H
#define SLIPWAY_DHCPD_NETWORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "provisioner/base/mem.h"
#include "provisioner/base/rd.h"
#include "provisioner/messages/messages.h"

struct lease_table;
struct networks;

/* Room for exactly `n` (at most MESSAGE_NETWORKS_MAX). */
struct networks *networks_new(size_t n);
void networks_free(struct networks *s);

/* Copies `n`. 0; -EINVAL for one whose pool lies outside of it, whose options are not sound, or that overlaps
 * another; -ENOSPC. */
int networks_add(struct networks *s, const struct message_network *n) MUST_USE;

size_t networks_count(const struct networks *s);
const struct message_network *networks_at(const struct networks *s, size_t i);

/* The network that this address is of, or NULL; its place in *ret_i (which may be NULL). */
const struct message_network *networks_find(
	const struct networks *s, uint32_t address, size_t *ret_i);

/* The options that the operator lists for it, one after the other. */
struct network_option {
	uint8_t code;
	bool is_always; /* sent whether asked for or not */
	struct rd value;
};

struct rd network_options(const struct message_network *n);
bool network_next_option(struct rd *r, struct network_option *ret);

/* Gives the lease table one pool for each network. */
void networks_set_pools(const struct networks *s, struct lease_table *leases);

#endif

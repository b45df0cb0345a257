/* link.h - the network interfaces of this machine: found, described, set up.
 *
 * links_read() takes one consistent picture of all interfaces and their IPv4 addresses; questions
 * are asked of that picture and never fail. Acts go to the kernel and leave the picture as it was:
 * read again after acting. */
#ifndef SLIPWAY_NET_LINK_H
#define SLIPWAY_NET_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "provisioner/base/addr.h"
#include "provisioner/base/err.h"

#define LINK_NAME_SIZE 16 /* IFNAMSIZ */
#define LINK_ADDRESSES_MAX 16

struct netlink;

/* What the driver of a bond says of it (IFLA_BOND_*, in the kernel's numbers). */
struct link_bond {
	uint8_t mode, hash_policy, lacp_rate;
	uint32_t miimon_ms;
	int active_index; /* the member in use (active-backup), or 0 */

	/* 802.3ad: the aggregator in use, 0 without one, how many members it has, and who answers on
	 * the other side (all zero: nobody speaks LACP there) */
	uint16_t aggregator, n_ports;
	struct mac partner;
};

/* What it says of a member. */
struct link_member {
	bool is_active;      /* carries traffic */
	bool has_link;       /* by the bond's own monitoring */
	uint16_t aggregator; /* 802.3ad: 0 when it is in none */
	struct mac permanent_mac;
};

struct link {
	int index;
	int master; /* the index of the bond or bridge that it belongs to, or 0 */
	char name[LINK_NAME_SIZE];
	char kind[LINK_NAME_SIZE]; /* "bond", "bridge", "veth", ...; "" for hardware */
	struct mac mac;
	uint32_t mtu;
	bool is_ethernet, is_up, has_carrier;
	struct ipv4_net addresses[LINK_ADDRESSES_MAX];
	size_t n_addresses;
	struct link_bond bond;     /* kind "bond" */
	struct link_member member; /* of a bond */
};

struct links {
	struct link *list;
	size_t n;
};

/* The picture; links_done() frees it. 0, or a negative errno. */
int links_read(struct netlink *n, struct links *ret, struct err *e) MUST_USE;
void links_done(struct links *l);

const struct link *links_find(const struct links *l, const char *name);
const struct link *links_at(const struct links *l, int index);
bool link_has_address(const struct link *l, uint32_t addr);

/* The link of that name. -ENODEV names those that there are and the one that was perhaps meant. */
int links_need(
	const struct links *l, const char *name, const struct link **ret, struct err *e) MUST_USE;

/* Sets the interface up or down. */
int link_set_up(struct netlink *n, const struct link *l, bool up, struct err *e) MUST_USE;

/* Makes it a member of the bond or bridge `master`. */
int link_set_master(
	struct netlink *n, const struct link *l, const struct link *master, struct err *e) MUST_USE;

/* Adds an address with its network. That it is there already is no error. */
int link_add_address(
	struct netlink *n, const struct link *l, struct ipv4_net a, struct err *e) MUST_USE;

#endif

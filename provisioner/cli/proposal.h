/* proposal.h - a first cluster.yaml for this machine: what `slipway init` would answer itself.
 *
 * Given a picture of the interfaces, it says which look outward, which become the internal network
 * (several: as a bond), an address there, and a pool that leaves room for nodes. Pure: no I/O. */
#ifndef SLIPWAY_CLI_PROPOSAL_H
#define SLIPWAY_CLI_PROPOSAL_H

#include "provisioner/cluster/cluster.h"
#include "provisioner/net/link.h"

#define PROPOSAL_MEMBERS_MAX 8
#define PROPOSAL_TEXT_SIZE 256
#define PROPOSAL_KEY_SIZE 1024

struct str;

/* An interface with what beside links_read() is known of it. */
struct nic {
	const struct link *link;
	uint32_t speed_mbit; /* 0: not known */
	bool is_default;     /* the default route goes there */
};

struct proposal {
	char cluster[PROPOSAL_TEXT_SIZE], domain[PROPOSAL_TEXT_SIZE];
	char internal[LINK_NAME_SIZE];                      /* the bond's name, with members */
	char members[PROPOSAL_MEMBERS_MAX][LINK_NAME_SIZE]; /* none: `internal` as it is */
	size_t n_members;
	enum bond_mode mode;
	char external[LINK_NAME_SIZE]; /* "": none */
	bool has_no_external;          /* none is wanted, so none is proposed */
	struct ipv4_net address;
	struct ipv4_range pool;
	char image[PROPOSAL_TEXT_SIZE];
	char ssh_key[PROPOSAL_KEY_SIZE]; /* "": none */
};

/* Fills in what the interfaces tell: internal, external, address, pool. What `p` has already stays. -ENODEV
 * with *e when there is no interface for the internal network. */
int proposal_make(struct proposal *p, const struct nic *nics, size_t n, struct err *e) MUST_USE;

/* The middle of the network, or as much of it as does not hold `net.addr`; -ERANGE when it is too small. */
int proposal_pool(struct ipv4_net net, struct ipv4_range *ret) MUST_USE;

/* The file, with comments. */
void proposal_write(const struct proposal *p, struct str *out);

#endif

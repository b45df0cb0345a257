#include "provisioner/net/bring_up.h"

#include <errno.h>

#include "provisioner/cluster/cluster.h"
#include "provisioner/net/bond.h"
#include "provisioner/net/bond_plan.h"
#include "provisioner/net/link.h"
#include "provisioner/net/netlink.h"

static int make_bond(struct netlink *n, const struct cluster_internal *internal, struct err *e)
{
	const struct cluster_bond *b = internal->bond;
	const struct bond_settings s = {.name = internal->interface,
		.mode = (enum bond_mode)b->mode,
		.miimon_ms = (uint32_t)b->miimon_ms,
		.lacp_fast = b->lacp_fast,
		.hash_policy = b->hash_policy,
		.members = b->members.items,
		.n_members = b->members.n};
	int rc = bond_ensure(n, &s, e);

	return rc < 0 ? err_set(e, rc, b->at, "network.internal.bond: %s", e->msg) : 0;
}

static int need_address(struct netlink *n, const struct cluster_internal *internal,
	const struct link *l, struct err *e)
{
	char text[IPV4_NET_TEXT_SIZE];

	if (link_has_address(l, internal->address.addr))
		return 0;
	if (internal->bond)
		return link_add_address(n, l, internal->address, e);
	return err_msg(e, -EADDRNOTAVAIL,
		"%s does not have the address of network.internal.address, %s (ip address add %s "
		"dev %s)",
		l->name, ipv4_net_text(internal->address, text), text, l->name);
}

static int ready_link(struct netlink *n, const struct cluster_internal *internal, struct err *e)
{
	AUTO(links_done) struct links all = {0};
	const struct link *l = NULL;
	int rc = links_read(n, &all, e);

	if (rc == 0)
		rc = links_need(&all, internal->interface, &l, e);
	if (rc == 0)
		rc = need_address(n, internal, l, e);
	if (rc == 0 && !l->is_up)
		rc = link_set_up(n, l, /* up= */ true, e);
	return rc < 0 ? err_set(e, rc, internal->at, "network.internal.interface: %s", e->msg) : 0;
}

int net_bring_up(const struct cluster_internal *internal, struct err *e)
{
	AUTO(netlink_close_p) struct netlink *n = NULL;
	int rc = netlink_open(&n, e);

	if (rc == 0 && internal->bond)
		rc = make_bond(n, internal, e);
	return rc < 0 ? rc : ready_link(n, internal, e);
}

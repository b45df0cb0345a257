#include "provisioner/net/bring_up.h"

#include <errno.h>

#include "provisioner/cluster/cluster.h"
#include "provisioner/net/bond.h"
#include "provisioner/net/bond_plan.h"
#include "provisioner/net/link.h"
#include "provisioner/net/netlink.h"

static int make_bond(struct netlink *n, const struct cluster_bond *b, struct err *e)
{
	return bond_ensure(n, &(struct bond_settings){.name = b->name,
		.mode = (enum bond_mode)b->mode,
		.miimon_ms = (uint32_t)b->miimon_ms,
		.lacp_fast = b->lacp_fast,
		.hash_policy = b->hash_policy,
		.members = b->members.items,
		.n_members = b->members.n}, e);
}

static int no_address(const struct cluster_internal *internal, struct err *e)
{
	char text[IPV4_NET_TEXT_SIZE];

	(void)ipv4_net_text(internal->address, text);
	return err_msg(e, -EADDRNOTAVAIL,
		"interface \"%s\" does not have the address of network.internal.address, %s "
		"(ip address add %s dev %s)", internal->interface, text, text, internal->interface);
}

static int make_ready(struct netlink *n, const struct links *all, const struct cluster_internal *internal,
	struct err *e)
{
	const struct link *l;
	int rc = links_need(all, internal->interface, &l, e);

	if (rc < 0)
		return rc;
	if (!link_has_address(l, internal->address.addr)) {
		/* Only a bond of our own gets one: whoever made an interface also gave it its address. */
		if (!internal->bond)
			return no_address(internal, e);
		if ((rc = link_add_address(n, l, internal->address, e)) < 0)
			return rc;
	}
	return l->is_up ? 0 : link_set_up(n, l, true, e);
}

int net_bring_up(const struct cluster_internal *internal, struct err *e)
{
	struct netlink *n;
	struct links all;
	int rc = netlink_open(&n, e);

	if (rc < 0)
		return rc;
	if (internal->bond)
		rc = make_bond(n, internal->bond, e);
	if (rc == 0 && (rc = links_read(n, &all, e)) == 0) {
		rc = make_ready(n, &all, internal, e);
		links_done(&all);
	}
	netlink_close(n);
	return rc;
}

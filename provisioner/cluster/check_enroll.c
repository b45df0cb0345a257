#include "provisioner/cluster/check_enroll.h"

#include <string.h>

#include "provisioner/cluster/check_claims.h"
#include "provisioner/cluster/cluster.h"
#include "provisioner/messages/messages.h"

static struct mark place(const struct cluster_enroll_as *as, const char *key)
{
	const struct doc_node *value = doc_get(as->doc, key);

	return value ? value->at : as->at;
}

static bool has(struct ipv4_range range, uint32_t addr)
{
	return addr != 0 && addr >= range.first && addr <= range.last;
}

static bool overlaps(struct ipv4_range a, struct ipv4_range b)
{
	return b.first != 0 && a.first <= b.last && b.first <= a.last;
}

/* One network holds the whole range, none of it is leased to others, and no address is somebody's already that is no
 * node: nodes have theirs in it once they are enrolled. */
static void check_addresses(const struct cluster *c, uint32_t i, struct err_list *errors)
{
	const struct cluster_enroll_as *as = &c->enroll_as[i];
	const struct cluster_subnet *s = cluster_subnet_of(c, as->addresses.first);
	struct mark at = place(as, "addresses");
	char addr[IPV4_TEXT_SIZE], also[ALSO_TEXT_SIZE];
	uint32_t ours = c->network.internal.address.addr;

	if (!s || s != cluster_subnet_of(c, as->addresses.last) ||
		has(as->addresses, ipv4_net_first(s->net)) ||
		has(as->addresses, ipv4_net_broadcast(s->net))) {
		err_list_add(errors, at,
			"enroll-as[%u].addresses: not all of them are hosts' addresses in "
			"network.internal%s",
			i, c->dhcp.n_subnets > 0 ? ", nor in one subnet of dhcp" : "");
		return;
	}
	if (overlaps(as->addresses, s->pool))
		err_list_add(errors, at,
			"enroll-as[%u].addresses: overlap the pool of that network %s", i,
			check_also(s->at, also));
	if (has(as->addresses, ours))
		err_list_add(errors, at,
			"enroll-as[%u].addresses: hold the provisioner's own address %s", i,
			ipv4_text(ours, addr));
	if (has(as->addresses, s->router))
		err_list_add(errors, at, "enroll-as[%u].addresses: hold the router's address %s", i,
			ipv4_text(s->router, addr));
	for (uint32_t k = 0; k < i; k++)
		if (overlaps(as->addresses, c->enroll_as[k].addresses))
			err_list_add(errors, at,
				"enroll-as[%u].addresses: overlap those of enroll-as[%u] %s", i, k,
				check_also(place(&c->enroll_as[k], "addresses"), also));
}

static void check_role(const struct cluster_enroll_as *as, uint32_t i, struct err_list *errors)
{
	if (as->role->etcd_member)
		err_list_add(errors, place(as, "role"),
			"enroll-as[%u].role: \"%s\" has the add-on etcd, and members of the "
			"cluster's etcd are named under nodes: nobody becomes one by being there "
			"first",
			i, as->role_name);
	if (!as->prefix && strlen(as->role_name) > CLUSTER_ENROLL_PREFIX_MAX)
		err_list_add(errors, place(as, "role"),
			"enroll-as[%u].role: \"%s\" is too long to begin names with; give a "
			"prefix of at most %d characters",
			i, as->role_name, CLUSTER_ENROLL_PREFIX_MAX);
}

void check_enroll(const struct cluster *c, struct err_list *errors)
{
	const struct doc_node *enroll = doc_get(c->said.map, "enroll");
	uint64_t n = 0;

	if (c->enroll == ENROLL_OPEN && c->n_enroll_as == 0)
		err_list_add(errors, enroll ? enroll->at : c->at,
			"enroll: open needs enroll-as beside it: which role an unknown machine "
			"gets, and of which addresses one, as in enroll-as: [{role: worker, "
			"addresses: FIRST-LAST}]");
	for (uint32_t i = 0; i < c->n_enroll_as; i++) {
		const struct cluster_enroll_as *as = &c->enroll_as[i];

		check_role(as, i, errors);
		check_addresses(c, i, errors);
		n += (uint64_t)as->addresses.last - as->addresses.first + 1;
		if (n > CLUSTER_ENROLL_ADDRESSES_MAX) {
			err_list_add(errors, place(as, "addresses"),
				"enroll-as: more than %d addresses in all: what more there is, "
				"name under nodes",
				CLUSTER_ENROLL_ADDRESSES_MAX);
			return;
		}
	}
}

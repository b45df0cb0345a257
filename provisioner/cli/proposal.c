#include "provisioner/cli/proposal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define BOND_NAME "bond0"

/* Kinds that are there in place of hardware when there is none: in containers and virtual machines. */
static bool is_stand_in(const struct link *l)
{
	static const char *const kinds[] = {"veth", "bridge", "bond", "vlan", "dummy", "macvlan"};

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (strcmp(kinds[i], l->kind) == 0)
			return true;
	return false;
}

/* Bonds count as hardware: somebody made them of it. */
static bool is_hardware(const struct link *l)
{
	return l->kind[0] == '\0' || strcmp(l->kind, "bond") == 0;
}

static bool has_hardware(const struct nic *nics, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (nics[i].link->is_ethernet && is_hardware(nics[i].link))
			return true;
	return false;
}

static bool is_candidate(const struct proposal *p, const struct nic *nic, bool hardware_only)
{
	const struct link *l = nic->link;

	return l->is_ethernet && l->master == 0 && strcmp(l->name, p->external) != 0 &&
	       (hardware_only ? is_hardware(l) : is_stand_in(l));
}

/* A bond that stands already is meant for this; then what carries an address that is not the way out. */
static const struct nic *obvious(
	const struct proposal *p, const struct nic *nics, size_t n, bool hardware_only)
{
	for (size_t i = 0; i < n; i++)
		if (is_candidate(p, &nics[i], hardware_only) &&
			strcmp(nics[i].link->kind, "bond") == 0)
			return &nics[i];
	for (size_t i = 0; i < n; i++)
		if (is_candidate(p, &nics[i], hardware_only) && nics[i].link->n_addresses > 0)
			return &nics[i];
	return NULL;
}

/* Links with carrier before those without, fast before slow: what is alike makes a bond. */
static uint64_t worth(const struct nic *nic)
{
	return ((uint64_t)nic->link->has_carrier << 32) + nic->speed_mbit;
}

static void take_members(struct proposal *p, const struct nic *nics, size_t n, bool hardware_only)
{
	uint64_t best = 0;

	for (size_t i = 0; i < n; i++)
		if (is_candidate(p, &nics[i], hardware_only) && worth(&nics[i]) > best)
			best = worth(&nics[i]);
	for (size_t i = 0; i < n && p->n_members < PROPOSAL_MEMBERS_MAX; i++)
		if (is_candidate(p, &nics[i], hardware_only) && worth(&nics[i]) == best)
			(void)snprintf(p->members[p->n_members++], LINK_NAME_SIZE, "%s",
				nics[i].link->name);
	(void)snprintf(p->internal, sizeof(p->internal), "%s",
		p->n_members == 1 ? p->members[0] : BOND_NAME);
	if (p->n_members == 1)
		p->n_members = 0;
}

static int find_internal(struct proposal *p, const struct nic *nics, size_t n, struct err *e)
{
	bool hardware_only = has_hardware(nics, n);
	const struct nic *one = obvious(p, nics, n, hardware_only);

	if (one)
		(void)snprintf(p->internal, sizeof(p->internal), "%s", one->link->name);
	else
		take_members(p, nics, n, hardware_only);
	if (one || p->n_members > 0 || strcmp(p->internal, BOND_NAME) != 0)
		return 0;
	p->internal[0] = '\0';
	return err_msg(e, -ENODEV,
		"no interface is left for the internal network%s%s%s: --internal says which to "
		"take "
		"all the same",
		p->external[0] ? " beside " : "", p->external,
		p->external[0] ? ", which leads outward" : "");
}

static bool is_free(struct ipv4_net net, const struct nic *nics, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < nics[i].link->n_addresses; k++) {
			struct ipv4_net other = nics[i].link->addresses[k];

			if (ipv4_net_has(net, other.addr) || ipv4_net_has(other, net.addr))
				return false;
		}
	return true;
}

/* The address that the interface has, or the first of a private network that is none of ours. */
static void find_address(struct proposal *p, const struct nic *nics, size_t n)
{
	static const char *const nets[] = {
		"10.10.0.1/24", "10.20.0.1/24", "172.20.0.1/24", "192.168.77.1/24", "10.99.0.1/24"};

	for (size_t i = 0; i < n; i++) {
		const struct link *l = nics[i].link;

		if (strcmp(l->name, p->internal) == 0 && l->n_addresses > 0 &&
			l->addresses[0].len <= 29) {
			p->address = l->addresses[0];
			return;
		}
	}
	for (size_t i = 0; i < ARRAY_LEN(nets); i++)
		if (ipv4_net_parse(nets[i], &p->address) == 0 && is_free(p->address, nics, n))
			return;
}

int proposal_pool(struct ipv4_net net, struct ipv4_range *ret)
{
	uint32_t first = ipv4_net_first(net), size = net.len > 0 ? 1U << (32 - net.len) : 0;
	struct ipv4_range range = {first + 100, first + 199};

	if (net.len > 29)
		return -ERANGE;
	if (size < 256) /* the upper half, without the broadcast address */
		range = (struct ipv4_range){first + size / 2, first + size - 2};
	if (net.addr >= range.first && net.addr <= range.last)
		range = size < 256 ? (struct ipv4_range){first + 1, first + size / 2 - 1}
				   : (struct ipv4_range){first + 200, first + 250};
	*ret = range;
	return 0;
}

static bool is_internal(const struct proposal *p, const struct link *l)
{
	for (size_t i = 0; i < p->n_members; i++)
		if (strcmp(p->members[i], l->name) == 0)
			return true;
	return strcmp(p->internal, l->name) == 0;
}

int proposal_make(struct proposal *p, const struct nic *nics, size_t n, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; i < n && !p->external[0]; i++)
		if (nics[i].is_default && !p->has_no_external && !is_internal(p, nics[i].link))
			(void)snprintf(p->external, sizeof(p->external), "%s", nics[i].link->name);
	if (!p->internal[0])
		rc = find_internal(p, nics, n, e);
	if (rc == 0 && p->address.addr == 0)
		find_address(p, nics, n);
	if (rc == 0 && p->pool.first == 0 && proposal_pool(p->address, &p->pool) < 0) {
		char text[IPV4_NET_TEXT_SIZE];

		rc = err_msg(e, -ERANGE,
			"%s has no room for nodes and a pool: the prefix may be 29 at most",
			ipv4_net_text(p->address, text));
	}
	return rc;
}

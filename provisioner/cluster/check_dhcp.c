#include "provisioner/cluster/check_dhcp.h"

#include <stdio.h>

#include "provisioner/cluster/check_claims.h"
#include "provisioner/cluster/cluster.h"
#include "provisioner/cluster/options.h"
#include "provisioner/messages/messages.h"

#define PATH_TEXT_SIZE 32

static bool is_host_address(struct ipv4_net net, uint32_t addr)
{
	return ipv4_net_has(net, addr) &&
	       (net.len > 30 || (addr != ipv4_net_first(net) && addr != ipv4_net_broadcast(net)));
}

static bool is_in_range(struct ipv4_range range, uint32_t addr)
{
	return range.first != 0 && addr >= range.first && addr <= range.last;
}

/* What a subnet does not say is as in the local network. */
static void complete(struct cluster *c)
{
	struct cluster_subnet *local = &c->dhcp.local;

	local->at = c->dhcp.at;
	local->net = c->network.internal.address;
	local->domain = c->domain;
	for (uint32_t i = 0; i < c->dhcp.n_subnets; i++) {
		struct cluster_subnet *s = &c->dhcp.subnets[i];

		s->lease_ms = s->lease_ms ? s->lease_ms : local->lease_ms;
		s->netboot_lease_ms =
			s->netboot_lease_ms ? s->netboot_lease_ms : local->netboot_lease_ms;
		s->dns = s->dns.items ? s->dns : local->dns;
		s->domain = s->domain ? s->domain : local->domain;
		s->ntp = s->ntp.items ? s->ntp : local->ntp;
		s->search = s->search.items ? s->search : local->search;
		if (!s->options) {
			s->options = local->options;
			s->n_options = local->n_options;
		}
	}
}

static void check_routes(const struct cluster_subnet *s, const char *path, struct err_list *errors)
{
	char to[IPV4_NET_TEXT_SIZE], via[IPV4_TEXT_SIZE];

	for (uint32_t i = 0; i < s->n_routes; i++) {
		const struct cluster_route *r = &s->routes[i];

		if (r->to.addr != ipv4_net_first(r->to))
			err_list_add(errors, r->at,
				"%s.routes[%u].to: %s is an address in a network", path, i,
				ipv4_net_text(r->to, to));
		if (!is_host_address(s->net, r->via))
			err_list_add(errors, r->at,
				"%s.routes[%u].via: %s is not a host's address in that network",
				path, i, ipv4_text(r->via, via));
	}
}

static void check_options(const struct cluster_subnet *s, const char *path, struct err_list *errors)
{
	uint8_t bytes[MESSAGE_OPTIONS_MAX];
	struct wr w = wr_init(bytes, sizeof(bytes));
	char also[ALSO_TEXT_SIZE];

	if (s->search.n > CLUSTER_SEARCH_MAX)
		err_list_add(errors, s->at, "%s.search: %u domains; %d are allowed", path,
			s->search.n, CLUSTER_SEARCH_MAX);
	for (uint32_t i = 0; i < s->n_options; i++) {
		const struct cluster_option *o = &s->options[i];
		const char *owner = options_owner(o->code);

		if (owner)
			err_list_add(errors, o->at,
				"%s.options[%u].code: %u can not be set here: %s", path, i, o->code,
				owner);
		for (uint32_t k = 0; k < i; k++)
			if (s->options[k].code == o->code)
				err_list_add(errors, o->at,
					"%s.options[%u].code: %u was already given %s", path, i,
					o->code, check_also(s->options[k].at, also));
	}
	if (errors->n > 0)
		return;
	options_encode(s, &w);
	if (!wr_ok(&w))
		err_list_add(errors, s->at,
			"%s: its options are more than the %d bytes that there is room for", path,
			MESSAGE_OPTIONS_MAX);
}

/* `path` is "dhcp" or "dhcp.subnets[2]", `net` what its network is called. */
static void check_subnet(const struct cluster *c, const struct cluster_subnet *s, const char *path,
	const char *net, struct err_list *errors)
{
	char text[IPV4_NET_TEXT_SIZE], addr[IPV4_TEXT_SIZE];
	uint32_t ours = c->network.internal.address.addr;

	(void)ipv4_net_text(s->net, text);
	if (s->pool.first != 0 &&
		(!is_host_address(s->net, s->pool.first) || !is_host_address(s->net, s->pool.last)))
		err_list_add(errors, s->at, "%s.pool: not inside %s (%s)", path, net, text);
	else if (is_in_range(s->pool, ours))
		err_list_add(errors, s->at, "%s.pool: holds the provisioner's own address %s", path,
			ipv4_text(ours, addr));
	if (s->router != 0 && !is_host_address(s->net, s->router))
		err_list_add(errors, s->at, "%s.router: %s is not a host's address in %s (%s)",
			path, ipv4_text(s->router, addr), net, text);
	if (s->lease_ms != CLUSTER_LEASE_INFINITE_MS && s->netboot_lease_ms > s->lease_ms)
		err_list_add(errors, s->at, "%s.netboot-lease: longer than %s.lease", path, path);
	check_routes(s, path, errors);
	check_options(s, path, errors);
}

/* Who leases the addresses has a pool; who does not has nothing to do with one. */
static void check_mode(const struct cluster *c, struct err_list *errors)
{
	bool is_proxy = c->dhcp.mode == DHCP_MODE_PROXY;

	if (!is_proxy && c->dhcp.local.pool.first == 0)
		err_list_add(errors, c->dhcp.at,
			"dhcp.pool is missing: addresses for machines without one of their own");
	if (is_proxy && c->dhcp.local.pool.first != 0)
		err_list_add(errors, c->dhcp.at,
			"dhcp.pool: in mode proxy another server leases the addresses");
	for (uint32_t i = 0; is_proxy && i < c->dhcp.n_subnets; i++)
		if (c->dhcp.subnets[i].pool.first != 0)
			err_list_add(errors, c->dhcp.subnets[i].at,
				"dhcp.subnets[%u].pool: in mode proxy another server leases the "
				"addresses",
				i);
}

static bool is_overlapping(struct ipv4_net a, struct ipv4_net b)
{
	return ipv4_net_has(a, ipv4_net_first(b)) || ipv4_net_has(b, ipv4_net_first(a));
}

static void check_subnet_net(
	const struct cluster *c, uint32_t i, const char *path, struct err_list *errors)
{
	const struct cluster_subnet *s = &c->dhcp.subnets[i];
	char text[IPV4_NET_TEXT_SIZE], net[IPV4_NET_TEXT_SIZE];
	struct ipv4_net whole = {ipv4_net_first(s->net), s->net.len};
	char also[ALSO_TEXT_SIZE];

	(void)ipv4_net_text(s->net, text);
	if (s->net.addr != whole.addr)
		err_list_add(errors, s->at,
			"%s.subnet: %s is an address in a network; its network is %s", path, text,
			ipv4_net_text(whole, net));
	if (is_overlapping(s->net, c->network.internal.address))
		err_list_add(errors, s->at, "%s.subnet: %s overlaps network.internal (%s)", path,
			text, ipv4_net_text(c->network.internal.address, net));
	for (uint32_t k = 0; k < i; k++)
		if (is_overlapping(s->net, c->dhcp.subnets[k].net))
			err_list_add(errors, s->at, "%s.subnet: %s overlaps %s %s", path, text,
				ipv4_net_text(c->dhcp.subnets[k].net, net),
				check_also(c->dhcp.subnets[k].at, also));
}

static struct mark place_in(
	const struct cluster_subnet *s, const struct cluster *c, const char *key)
{
	const struct doc_node *map = s == &c->dhcp.local ? c->dhcp.doc : s->doc;
	const struct doc_node *value = map ? doc_get(map, key) : NULL;

	return value ? value->at : s->at;
}

static void check_node_address(
	const struct cluster *c, const struct cluster_node *n, struct err_list *errors)
{
	const struct cluster_subnet *s = cluster_subnet_of(c, n->address);
	char addr[IPV4_TEXT_SIZE], text[IPV4_NET_TEXT_SIZE], also[ALSO_TEXT_SIZE];
	struct mark at = check_place(n, "address");

	(void)ipv4_text(n->address, addr);
	if (!s || !is_host_address(s->net, n->address))
		err_list_add(errors, at,
			"nodes: %s: address %s is not a host's in network.internal (%s)%s %s",
			n->name, addr, ipv4_net_text(c->network.internal.address, text),
			c->dhcp.n_subnets > 0 ? " or a subnet of dhcp" : "",
			check_also(c->network.internal.at, also));
	else if (n->address == c->network.internal.address.addr)
		err_list_add(errors, at, "nodes: %s: address %s is the provisioner's own %s",
			n->name, addr, check_also(c->network.internal.at, also));
	else if (is_in_range(s->pool, n->address))
		err_list_add(errors, at, "nodes: %s: address %s is inside %s %s", n->name, addr,
			s == &c->dhcp.local ? "dhcp.pool" : "the pool of its subnet",
			check_also(place_in(s, c, "pool"), also));
	else if (n->address == s->router)
		err_list_add(errors, at, "nodes: %s: address %s is the router's %s", n->name, addr,
			check_also(place_in(s, c, "router"), also));
}

void check_dhcp(struct cluster *c, struct err_list *errors)
{
	struct ipv4_net net = c->network.internal.address;
	char text[IPV4_NET_TEXT_SIZE], path[PATH_TEXT_SIZE];

	complete(c);
	if (!is_host_address(net, net.addr))
		err_list_add(errors, c->network.internal.at,
			"network.internal.address: %s is the network's own or broadcast address",
			ipv4_net_text(net, text));
	check_mode(c, errors);
	check_subnet(c, &c->dhcp.local, "dhcp", "network.internal", errors);
	for (uint32_t i = 0; i < c->dhcp.n_subnets; i++) {
		(void)snprintf(path, sizeof(path), "dhcp.subnets[%u]", i);
		check_subnet_net(c, i, path, errors);
		check_subnet(c, &c->dhcp.subnets[i], path, "its subnet", errors);
	}
	for (uint32_t i = 0; i < c->n_nodes; i++)
		check_node_address(c, &c->nodes[i], errors);
}

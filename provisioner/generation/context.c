#include "provisioner/generation/context.h"

#include "provisioner/base/str.h"
#include "provisioner/cluster/cluster.h"
#include "provisioner/generation/slot.h"

#define ETCD_CLIENT_PORT 2379
#define ETCD_PEER_PORT 2380
#define TEXT_BYTES_MAX ((size_t)64 << 10)

static void set_text(struct arena *a, struct value map, const char *key, const char *text)
{
	value_map_set(map, key, value_text(a, text));
}

static void set_address(struct arena *a, struct value map, const char *key, uint32_t address)
{
	char text[IPV4_TEXT_SIZE];

	set_text(a, map, key, ipv4_text(address, text));
}

static struct value texts(struct arena *a, const struct text_list *l)
{
	struct value list = value_list(a);

	for (uint32_t i = 0; i < l->n; i++)
		value_list_add(list, value_text(a, l->items[i]));
	return list;
}

static struct value addresses(struct arena *a, const struct ipv4_list *l)
{
	struct value list = value_list(a);
	char text[IPV4_TEXT_SIZE];

	for (uint32_t i = 0; i < l->n; i++)
		value_list_add(list, value_text(a, ipv4_text(l->items[i], text)));
	return list;
}

static struct value macs(struct arena *a, const struct mac_list *l)
{
	struct value list = value_list(a);
	char text[MAC_TEXT_SIZE];

	for (uint32_t i = 0; i < l->n; i++)
		value_list_add(list, value_text(a, mac_text(&l->items[i], text)));
	return list;
}

static struct value url(
	struct arena *a, const char *scheme, uint32_t address, uint32_t port, uint32_t usual)
{
	AUTO(str_done) struct str text = str_init(128);
	char quad[IPV4_TEXT_SIZE];

	str_printf(&text, "%s://%s", scheme, ipv4_text(address, quad));
	if (port != usual)
		str_printf(&text, ":%u", port);
	return value_text(a, str_text(&text));
}

static struct value server(struct arena *a, const struct cluster *c, const struct context_facts *f)
{
	struct ipv4_net net = c->network.internal.address;
	struct ipv4_net network = {.addr = ipv4_net_first(net), .len = net.len};
	struct value map = value_map(a);
	char text[IPV4_NET_TEXT_SIZE];

	set_address(a, map, "address", net.addr);
	value_map_set(map, "prefix", value_int(net.len));
	set_address(a, map, "netmask", ipv4_net_mask(net));
	set_text(a, map, "network", ipv4_net_text(network, text));
	value_map_set(map, "url", url(a, "http", net.addr, c->ports.http, 80));
	value_map_set(map, "join_url", url(a, "https", net.addr, c->ports.join, 443));
	set_text(a, map, "ca_fingerprint", f->ca_fingerprint);
	return map;
}

static struct value agent(struct arena *a, const struct cluster *c, const struct context_facts *f)
{
	AUTO(str_done) struct str text = str_init(256);
	struct value base = url(a, "http", c->network.internal.address.addr, c->ports.http, 80);
	struct value map = value_map(a);

	str_printf(&text, "%.*s/agent/slipway-join", (int)base.len, base.text);
	set_text(a, map, "url", str_text(&text));
	set_text(a, map, "sha256", f->agent_sha256);
	return map;
}

static bool is_member(const struct cluster_node *n)
{
	return n->role->etcd_member;
}

static struct value node_list(struct arena *a, const struct cluster *c, bool members_only)
{
	struct value list = value_list(a);

	for (uint32_t i = 0; i < c->n_nodes; i++) {
		const struct cluster_node *n = &c->nodes[i];
		struct value map = value_map(a);

		if (members_only && !is_member(n))
			continue;
		set_text(a, map, "name", n->name);
		set_text(a, map, "role", n->role_name);
		set_address(a, map, "address", n->address);
		value_list_add(list, map);
	}
	return list;
}

static struct value etcd(struct arena *a, const struct cluster *c)
{
	AUTO(str_done) struct str initial = str_init(TEXT_BYTES_MAX);
	AUTO(str_done) struct str endpoint = str_init(128);
	struct value map = value_map(a), endpoints = value_list(a);
	char quad[IPV4_TEXT_SIZE];

	for (uint32_t i = 0; i < c->n_nodes; i++) {
		const struct cluster_node *n = &c->nodes[i];

		if (!is_member(n))
			continue;
		(void)ipv4_text(n->address, quad);
		str_printf(&initial, "%s%s=http://%s:%d", initial.len ? "," : "", n->name, quad,
			ETCD_PEER_PORT);
		str_reset(&endpoint);
		str_printf(&endpoint, "http://%s:%d", quad, ETCD_CLIENT_PORT);
		value_list_add(endpoints, value_text(a, str_text(&endpoint)));
	}
	set_text(a, map, "prefix", c->etcd.prefix);
	set_text(a, map, "token", c->name);
	set_text(a, map, "initial_cluster", str_text(&initial));
	value_map_set(map, "endpoints", endpoints);
	return map;
}

struct value context_cluster(
	struct arena *a, const struct cluster *c, const struct context_facts *f)
{
	struct value globals = value_map(a), cluster = value_map(a), boot = value_map(a);

	set_text(a, cluster, "name", c->name);
	set_text(a, cluster, "domain", c->domain);
	set_text(a, boot, "join_token", SLOT_JOIN_TOKEN);
	set_text(a, boot, "nonce", SLOT_BOOT_NONCE);
	value_map_set(globals, "cluster", cluster);
	value_map_set(globals, "server", server(a, c, f));
	value_map_set(globals, "agent", agent(a, c, f));
	value_map_set(globals, "nodes", node_list(a, c, /* members_only= */ false));
	value_map_set(globals, "masters", node_list(a, c, /* members_only= */ true));
	value_map_set(globals, "etcd", etcd(a, c));
	value_map_set(globals, "boot", boot);
	return globals;
}

static struct value bond(struct arena *a, const struct cluster *c, const struct cluster_node *n)
{
	const struct cluster_bond *b = c->node_bond;
	struct value map = value_map(a);

	/* One NIC makes no bond; such a node uses it as it is. */
	if (!b || n->macs.n < 2)
		return value_none();
	set_text(a, map, "name", b->name);
	set_text(a, map, "mode", bond_mode_name((enum bond_mode)b->mode));
	value_map_set(map, "miimon_ms", value_int(b->miimon_ms));
	set_text(a, map, "lacp_rate", b->lacp_fast ? "fast" : "slow");
	set_text(a, map, "hash_policy", b->hash_policy);
	return map;
}

static struct value external(struct arena *a, const struct cluster_node *n)
{
	struct value map = value_map(a);
	char text[MAC_TEXT_SIZE];

	if (n->external.n == 0)
		return value_none();
	set_text(a, map, "mac", mac_text(&n->external.items[0], text));
	return map;
}

struct value context_node(
	struct arena *a, struct value shared, const struct cluster *c, const struct cluster_node *n)
{
	static const char *const kept[] = {
		"cluster", "server", "agent", "nodes", "masters", "etcd", "boot"};
	struct value globals = value_map(a), node = value_map(a), role = value_map(a);
	const struct cluster_subnet *net = cluster_subnet_of(c, n->address);
	char text[IPV4_TEXT_SIZE];

	for (size_t i = 0; i < ARRAY_LEN(kept); i++)
		value_map_set(globals, kept[i], value_get(shared, kept[i]));
	set_text(a, node, "name", n->name);
	set_text(a, node, "role", n->role_name);
	set_address(a, node, "address", n->address);
	value_map_set(node, "prefix", value_int(net->net.len));
	value_map_set(node, "macs", macs(a, &n->macs));
	value_map_set(node, "bond", bond(a, c, n));
	value_map_set(node, "external", external(a, n));
	value_map_set(node, "ssh_authorized_keys", texts(a, &c->ssh_authorized_keys));
	value_map_set(node, "dns", addresses(a, &net->dns));
	value_map_set(node, "gateway",
		net->router ? value_text(a, ipv4_text(net->router, text)) : value_none());
	set_text(a, role, "name", n->role->name);
	set_text(a, role, "template", n->role->template);
	value_map_set(globals, "node", node);
	value_map_set(globals, "role", role);
	return globals;
}

#include "provisioner/generation/context.h"

#include "provisioner/base/str.h"
#include "provisioner/cluster/cluster.h"
#include "provisioner/generation/slot.h"

#define ETCD_CLIENT_PORT 2379
#define ETCD_PEER_PORT 2380
#define HOSTS_MAX 300 /* nodes that know each other by /etc/hosts */
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

static struct value agent(struct arena *a, const struct cluster *c)
{
	AUTO(str_done) struct str text = str_init(256);
	struct value base = url(a, "http", c->network.internal.address.addr, c->ports.http, 80);
	struct value map = value_map(a);

	str_printf(&text, "%.*s/agent/slipway-join", (int)base.len, base.text);
	set_text(a, map, "url", str_text(&text));
	set_text(a, map, "sha256", SLOT_AGENT_SHA256);
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
	const char *scheme = c->etcd.tls ? "https" : "http";
	char quad[IPV4_TEXT_SIZE];

	for (uint32_t i = 0; i < c->n_nodes; i++) {
		const struct cluster_node *n = &c->nodes[i];

		if (!is_member(n))
			continue;
		(void)ipv4_text(n->address, quad);
		str_printf(&initial, "%s%s=%s://%s:%d", initial.len ? "," : "", n->name, scheme,
			quad, ETCD_PEER_PORT);
		str_reset(&endpoint);
		str_printf(&endpoint, "%s://%s:%d", scheme, quad, ETCD_CLIENT_PORT);
		value_list_add(endpoints, value_text(a, str_text(&endpoint)));
	}
	set_text(a, map, "prefix", c->etcd.prefix);
	set_text(a, map, "token", c->name);
	set_text(a, map, "scheme", scheme);
	value_map_set(map, "tls", value_bool(c->etcd.tls));
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
	set_text(a, cluster, "registry_mirror", c->registry_mirror);
	set_text(a, boot, "join_token", SLOT_JOIN_TOKEN);
	set_text(a, boot, "nonce", SLOT_BOOT_NONCE);
	value_map_set(globals, "cluster", cluster);
	value_map_set(globals, "server", server(a, c, f));
	value_map_set(globals, "agent", agent(a, c));
	value_map_set(globals, "nodes", node_list(a, c, /* members_only= */ false));
	value_map_set(globals, "masters", node_list(a, c, /* members_only= */ true));
	/* Not `nodes`: who looks at that gets something else whenever a node comes or goes. */
	value_map_set(globals, "hosts", node_list(a, c, c->n_nodes > HOSTS_MAX));
	value_map_set(globals, "etcd", etcd(a, c));
	value_map_set(globals, "boot", boot);
	return globals;
}

static struct value bond(struct arena *a, const struct cluster_node *n)
{
	const struct cluster_bond *b = n->settings->bond;
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

static struct value address_or_none(struct arena *a, uint32_t address)
{
	char text[IPV4_TEXT_SIZE];

	return address ? value_text(a, ipv4_text(address, text)) : value_none();
}

static struct value number_or_none(uint32_t number)
{
	return number ? value_int(number) : value_none();
}

/* What the internal and the external interface have in common. */
static void set_link(struct arena *a, struct value map, const struct cluster_link *l)
{
	struct value routes = value_list(a);
	char to[IPV4_NET_TEXT_SIZE];

	for (uint32_t i = 0; i < l->n_routes; i++) {
		struct value route = value_map(a);

		set_text(a, route, "to", ipv4_net_text(l->routes[i].to, to));
		set_address(a, route, "via", l->routes[i].via);
		value_list_add(routes, route);
	}
	value_map_set(map, "gateway", address_or_none(a, l->gateway));
	value_map_set(map, "routes", routes);
	value_map_set(map, "dns", addresses(a, &l->dns));
	value_map_set(map, "search", texts(a, &l->search));
	value_map_set(map, "mtu", number_or_none(l->mtu));
}

/* None when the node has no way there: neither a NIC nor a VLAN. */
static struct value external(struct arena *a, const struct cluster_node *n)
{
	static const struct cluster_link by_dhcp;
	const struct cluster_link *l = n->settings->external ? n->settings->external : &by_dhcp;
	struct value map = value_map(a);
	char text[MAC_TEXT_SIZE];

	if (n->external.n == 0 && l->vlan == 0)
		return value_none();
	value_map_set(map, "mac",
		n->external.n ? value_text(a, mac_text(&n->external.items[0], text))
			      : value_none());
	value_map_set(map, "address", address_or_none(a, l->address.addr));
	value_map_set(map, "prefix", number_or_none(l->address.len));
	value_map_set(map, "vlan", number_or_none(l->vlan));
	set_link(a, map, l);
	return map;
}

static struct value users(struct arena *a, const struct cluster_settings *s)
{
	struct value list = value_list(a);

	for (uint32_t i = 0; i < s->n_users; i++) {
		const struct cluster_user *u = &s->users[i];
		struct value map = value_map(a);

		set_text(a, map, "name", u->name);
		set_text(a, map, "gecos", u->gecos);
		set_text(a, map, "passwd", u->passwd);
		set_text(a, map, "shell", u->shell);
		set_text(a, map, "homedir", u->homedir);
		value_map_set(map, "groups", texts(a, &u->groups));
		value_map_set(map, "ssh_authorized_keys", texts(a, &u->ssh_authorized_keys));
		value_map_set(map, "system", value_bool(u->system));
		value_map_set(map, "no_create_home", value_bool(u->no_create_home));
		value_list_add(list, map);
	}
	return list;
}

static struct value hosts(struct arena *a, const struct cluster_settings *s)
{
	struct value list = value_list(a);

	for (uint32_t i = 0; i < s->n_hosts; i++) {
		struct value map = value_map(a);

		set_text(a, map, "name", s->hosts[i].name);
		set_address(a, map, "address", s->hosts[i].address);
		value_list_add(list, map);
	}
	return list;
}

static struct value update(struct arena *a, const struct cluster_update *u)
{
	struct value map = value_map(a);

	set_text(a, map, "reboot_strategy",
		u->strategy ? update_strategy_name((enum update_strategy)u->strategy) : NULL);
	set_text(a, map, "window_start", u->window_start);
	value_map_set(
		map, "window_length_s", number_or_none((uint32_t)(u->window_length_ms / 1000)));
	set_text(a, map, "group", u->group);
	set_text(a, map, "server", u->server);
	return map;
}

static struct value image(struct arena *a, const struct cluster_image *i)
{
	struct value map = value_map(a);

	set_text(a, map, "distro", i->distro);
	set_text(a, map, "version", i->version);
	return map;
}

static struct value node(struct arena *a, const struct cluster *c, const struct cluster_node *n)
{
	const struct cluster_settings *s = n->settings;
	struct value map = value_map(a);

	set_text(a, map, "name", n->name);
	set_text(a, map, "role", n->role_name);
	set_address(a, map, "address", n->address);
	value_map_set(map, "prefix", value_int(cluster_subnet_of(c, n->address)->net.len));
	value_map_set(map, "macs", macs(a, &n->macs));
	value_map_set(map, "bond", bond(a, n));
	set_link(a, map, &s->internal);
	value_map_set(map, "external", external(a, n));
	value_map_set(map, "ntp", texts(a, &s->ntp));
	value_map_set(map, "ssh_authorized_keys", texts(a, &s->ssh_authorized_keys));
	value_map_set(map, "users", users(a, s));
	value_map_set(map, "hosts", hosts(a, s));
	value_map_set(map, "updates", update(a, &s->update));
	set_text(a, map, "timezone", s->timezone);
	return map;
}

struct value context_node(
	struct arena *a, struct value shared, const struct cluster *c, const struct cluster_node *n)
{
	static const char *const kept[] = {
		"cluster", "server", "agent", "nodes", "masters", "hosts", "etcd", "boot"};
	const struct doc_node *vars = n->settings->vars;
	struct value globals = value_map(a), role = value_map(a);

	for (size_t i = 0; i < ARRAY_LEN(kept); i++)
		value_map_set(globals, kept[i], value_get(shared, kept[i]));
	set_text(a, role, "name", n->role->name);
	set_text(a, role, "template", n->role->template);
	value_map_set(globals, "node", node(a, c, n));
	value_map_set(globals, "role", role);
	value_map_set(globals, "image", image(a, &n->settings->image));
	value_map_set(globals, "vars", vars ? value_from_doc(a, vars) : value_map(a));
	return globals;
}

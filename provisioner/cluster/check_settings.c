#include "provisioner/cluster/check_settings.h"

#include <string.h>

#include "provisioner/cluster/check_claims.h"
#include "provisioner/cluster/cluster.h"

static const struct doc_node *said(
	const struct doc_node *level, const char *section, const char *key)
{
	const struct doc_node *map = level ? doc_get(level, section) : NULL;

	return map && key ? doc_get(map, key) : map;
}

/* Where a node's setting comes from: itself, its role or the cluster. */
static struct mark place_of(
	const struct cluster *c, const struct cluster_node *n, const char *section, const char *key)
{
	const struct doc_node *levels[] = {n->said.map, n->role->said.map, c->said.map};

	for (size_t i = 0; i < ARRAY_LEN(levels); i++) {
		const struct doc_node *value = said(levels[i], section, key);

		if (value)
			return value->at;
	}
	return n->at;
}

static bool is_host(struct ipv4_net net, uint32_t address)
{
	return ipv4_net_has(net, address) &&
	       (net.len > 30 ||
		       (address != ipv4_net_first(net) && address != ipv4_net_broadcast(net)));
}

/* The gateway and routers of one interface, whose network is known. */
static void check_link(const struct cluster *c, const struct cluster_node *n,
	const struct cluster_link *l, const char *section, struct ipv4_net net,
	struct err_list *errors)
{
	char text[IPV4_TEXT_SIZE], in[IPV4_NET_TEXT_SIZE];
	struct ipv4_net whole = {ipv4_net_first(net), net.len};

	(void)ipv4_net_text(whole, in);
	if (l->gateway && l->gateway == net.addr)
		err_list_add(errors, place_of(c, n, section, "gateway"),
			"nodes: %s: %s.gateway: %s is the node itself", n->name, section,
			ipv4_text(l->gateway, text));
	else if (l->gateway && !is_host(net, l->gateway))
		err_list_add(errors, place_of(c, n, section, "gateway"),
			"nodes: %s: %s.gateway: %s is not a host's address in %s", n->name, section,
			ipv4_text(l->gateway, text), in);
	for (uint32_t i = 0; i < l->n_routes; i++) {
		const struct cluster_route *r = &l->routes[i];

		if (!is_host(net, r->via))
			err_list_add(errors, r->at,
				"nodes: %s: %s.routes[%u].via: %s is not a host's address in %s",
				n->name, section, i, ipv4_text(r->via, text), in);
		if (r->to.addr != ipv4_net_first(r->to))
			err_list_add(errors, r->at,
				"nodes: %s: %s.routes[%u].to: %s is an address in a network",
				n->name, section, i, ipv4_net_text(r->to, in));
	}
}

static void check_external(
	const struct cluster *c, const struct cluster_node *n, struct err_list *errors)
{
	const struct cluster_link *l = n->settings->external;
	char text[IPV4_NET_TEXT_SIZE], also[ALSO_TEXT_SIZE];
	struct mark at = place_of(c, n, "node-external", "address");

	if (!l || l->address.addr == 0)
		return;
	if (n->external.n == 0 && l->vlan == 0)
		err_list_add(errors, at,
			"nodes: %s: node-external.address needs external-mac or vlan: the node has "
			"no interface there",
			n->name);
	if (!is_host(l->address, l->address.addr))
		err_list_add(errors, at,
			"nodes: %s: node-external.address: %s is the network's own or broadcast "
			"address",
			n->name, ipv4_net_text(l->address, text));
	if (ipv4_net_has(c->network.internal.address, l->address.addr))
		err_list_add(errors, at,
			"nodes: %s: node-external.address: %s is in the internal network %s",
			n->name, ipv4_net_text(l->address, text),
			check_also(c->network.internal.at, also));
	check_link(c, n, l, "node-external", l->address, errors);
}

static void check_bond(
	const struct cluster *c, const struct cluster_node *n, struct err_list *errors)
{
	const struct doc_node *own = said(n->said.map, "node-bond", NULL);
	char also[ALSO_TEXT_SIZE];

	if (!n->settings->bond || n->macs.n != 1)
		return;
	if (own)
		err_list_add(errors, own->at,
			"nodes: %s: a bond has two members at least, and this node one MAC %s",
			n->name, check_also(check_place(n, "mac"), also));
	else
		err_list_warn(errors, check_place(n, "mac"),
			"nodes: %s: one MAC makes no bond: this node uses its NIC alone %s",
			n->name, check_also(place_of(c, n, "node-bond", NULL), also));
}

/* Groups that CoreOS, Flatcar or Fedora CoreOS have from the start. */
static bool is_known_group(const char *name)
{
	static const char *const known[] = {"adm", "audio", "bin", "cdrom", "cdrw", "console",
		"core", "daemon", "dhcp", "dialout", "disk", "docker", "etcd", "fleet", "floppy",
		"input", "kmem", "kvm", "lock", "lp", "man", "mem", "messagebus", "news", "nobody",
		"nogroup", "ntp", "polkitd", "portage", "render", "rkt", "rkt-admin", "root",
		"sshd", "sudo", "sys", "syslog", "tape", "tcpdump", "tss", "tty", "usb", "users",
		"utmp", "uucp", "video", "wheel"};

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (strcmp(known[i], name) == 0)
			return true;
	return strncmp(name, "systemd-", strlen("systemd-")) == 0;
}

/* A user's own group is made with the user, if the user comes first. */
static bool is_made_before(const struct cluster_settings *s, uint32_t user, const char *group)
{
	for (uint32_t i = 0; i < user; i++)
		if (strcmp(s->users[i].name, group) == 0)
			return true;
	return false;
}

static void warn_of_groups(const struct cluster_settings *s, struct err_list *errors)
{
	for (uint32_t i = 0; i < s->n_users; i++) {
		const struct cluster_user *u = &s->users[i];

		for (uint32_t k = 0; k < u->groups.n; k++)
			if (!is_known_group(u->groups.items[k]) &&
				!is_made_before(s, i, u->groups.items[k]))
				err_list_warn(errors, u->at,
					"users: %s: no system here is known to have a group "
					"\"%s\"; "
					"where it is missing, a node's first boot stops at it",
					u->name, u->groups.items[k]);
	}
}

static void check_users(
	const struct cluster *c, const struct cluster_node *n, struct err_list *errors)
{
	const struct cluster_settings *s = n ? n->settings : c->settings;
	char also[ALSO_TEXT_SIZE];

	for (uint32_t i = 0; i < s->n_users; i++)
		for (uint32_t k = 0; k < i; k++)
			if (strcmp(s->users[i].name, s->users[k].name) == 0)
				err_list_add(errors, s->users[i].at,
					"users: \"%s\" stands twice in one list %s",
					s->users[i].name, check_also(s->users[k].at, also));
	warn_of_groups(s, errors);
}

static void check_update(
	const struct cluster *c, const struct cluster_node *n, struct err_list *errors)
{
	const struct cluster_update *u = &n->settings->update;

	if ((u->window_start != NULL) != (u->window_length_ms > 0))
		err_list_add(errors, place_of(c, n, "update", NULL),
			"nodes: %s: update: window-start and window-length need each other",
			n->name);
	else if (u->window_start && u->strategy != UPDATE_REBOOT && u->strategy != UPDATE_ETCD_LOCK)
		err_list_warn(errors, place_of(c, n, "update", NULL),
			"nodes: %s: update: a window without reboot-strategy: reboot or etcd-lock "
			"opens for nothing",
			n->name);
}

/* Addresses belong to one node: further out they would be everybody's. */
static void check_level(const struct doc_node *level, const char *path, struct err_list *errors)
{
	const struct doc_node *address = said(level, "node-external", "address");

	if (address && !doc_is_null(address))
		err_list_add(errors, address->at,
			"%snode-external.address: it belongs to one node, and stands there", path);
}

/* A name that is a node's already has two addresses in the same file. */
static void check_hosts(const struct cluster *c, struct err_list *errors)
{
	const struct cluster_settings *s = c->settings;
	char also[ALSO_TEXT_SIZE];

	for (uint32_t i = 0; i < s->n_hosts; i++) {
		const struct cluster_node *n = cluster_node_find(c, s->hosts[i].name);
		const struct doc_node *at = said(c->said.map, "hosts", s->hosts[i].name);

		if (n && at && n->address != s->hosts[i].address)
			err_list_warn(errors, at->at, "hosts: %s is a node's name, too %s",
				s->hosts[i].name, check_also(check_place(n, "name"), also));
	}
}

void check_settings(const struct cluster *c, struct err_list *errors)
{
	check_level(c->said.map, "", errors);
	for (uint32_t i = 0; i < c->n_roles; i++)
		check_level(c->roles[i].said.map, "roles: ", errors);
	check_users(c, NULL, errors);
	check_hosts(c, errors);
	const struct cluster_settings *looked_at = NULL;
	for (uint32_t i = 0; i < c->n_nodes; i++) {
		const struct cluster_node *n = &c->nodes[i];
		struct ipv4_net net = {n->address,
			cluster_subnet_of(c, n->address) ? cluster_subnet_of(c, n->address)->net.len
							 : 32};

		check_bond(c, n, errors);
		check_external(c, n, errors);
		check_link(c, n, &n->settings->internal, "node-internal", net, errors);
		if (n->settings == looked_at)
			continue;
		check_users(c, n, errors);
		check_update(c, n, errors);
		looked_at = n->settings;
	}
}

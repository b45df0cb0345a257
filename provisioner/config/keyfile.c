#include "provisioner/config/keyfile.h"

#include <errno.h>
#include <string.h>

#define TEXT_MAX ((size_t)64 << 10)
#define FIRST_PORT_PRIORITY 1 /* above the others' 0 */

static void add_given(struct str *out, const char *key, const char *value)
{
	if (value)
		str_printf(out, "%s=%s\n", key, value);
}

/* Only what differs from NetworkManager's own choice is written. */
static void add_choice(
	struct str *out, enum iface_choice choice, enum iface_choice unusual, const char *line)
{
	if (choice == unusual)
		str_printf(out, "%s\n", line);
}

static void complain(const struct iface *l, struct err_list *errors, const char *what)
{
	err_list_add(errors, l->at, "%s: %s", l->id, what);
}

/* ---- Which interface ---- */

static void add_connection(const struct iface *l, struct str *out)
{
	static const char *const types[] = {
		[IFACE_ETHERNET] = "ethernet", [IFACE_BOND] = "bond", [IFACE_VLAN] = "vlan"};
	bool is_pattern = l->name && iface_is_pattern(l->name);

	str_printf(out, "[connection]\nid=%s\ntype=%s\n", l->id, types[l->kind]);
	if (!is_pattern)
		add_given(out, "interface-name", l->name);
	if (l->bond)
		str_printf(out, "master=%s\nslave-type=bond\n", l->bond->name);
	/* networkd configures every interface that matches; 3 is "multiple". */
	if ((is_pattern || l->is_any) && l->addresses.n == 0)
		str_add(out, "multi-connect=3\n");
	if (is_pattern)
		str_printf(out, "\n[match]\ninterface-name=%s;\n", l->name);
}

static void add_ethernet(const struct iface *l, struct str *out)
{
	const char *mac = l->mac;

	/* A VLAN whose link has no name of its own is found by that link's MAC. */
	if (l->kind == IFACE_VLAN && !l->parent->name)
		mac = l->parent->mac;
	if (!mac && !l->own_mac && !l->mtu)
		return;
	str_add(out, "\n[ethernet]\n");
	add_given(out, "mac-address", mac);
	add_given(out, "cloned-mac-address", l->own_mac);
	add_given(out, "mtu", l->mtu);
}

static void add_bond(const struct iface *l, struct str *out)
{
	static const char *const names[IFACE_BOND_SETTINGS] = {
		[IFACE_BOND_MODE] = "mode",
		[IFACE_BOND_MIIMON] = "miimon",
		[IFACE_BOND_UPDELAY] = "updelay",
		[IFACE_BOND_DOWNDELAY] = "downdelay",
		[IFACE_BOND_LACP_RATE] = "lacp_rate",
		[IFACE_BOND_HASH] = "xmit_hash_policy",
		[IFACE_BOND_RESELECT] = "primary_reselect",
		[IFACE_BOND_FAIL_OVER_MAC] = "fail_over_mac",
		[IFACE_BOND_AD_SELECT] = "ad_select",
		[IFACE_BOND_MIN_LINKS] = "min_links",
		[IFACE_BOND_GRAT_ARP] = "num_grat_arp",
	};

	if (l->kind != IFACE_BOND)
		return;
	str_add(out, "\n[bond]\n");
	for (size_t i = 0; i < IFACE_BOND_SETTINGS; i++)
		add_given(out, names[i], l->bond_settings[i]);
}

static void add_vlan(const struct iface *l, struct str *out, struct err_list *errors)
{
	if (l->kind != IFACE_VLAN)
		return;
	str_printf(out, "\n[vlan]\nid=%s\n", l->vlan_id);
	if (l->parent->name && !iface_is_pattern(l->parent->name))
		add_given(out, "parent", l->parent->name);
	else if (!l->parent->mac)
		complain(l, errors,
			"NetworkManager must know a VLAN's link by one name or MAC; give it one in "
			"its [Match]");
}

/* The primary member: NetworkManager's word for it wants a name, and a member has only its MAC. The
 * kernel lets the port with the highest priority win likewise (NetworkManager 1.44, Linux 6.0). */
static void add_port(const struct iface *l, struct str *out)
{
	if (l->bond && l->primary == IFACE_YES)
		str_printf(out, "\n[bond-port]\nprio=%d\n", FIRST_PORT_PRIORITY);
}

/* ---- Addresses of one family ---- */

static size_t count_family(const struct iface_texts *t, int family)
{
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++)
		n += iface_family(t->items[i]) == family;
	return n;
}

static int route_family(const struct iface_route *r)
{
	const char *any = r->to ? r->to : r->via;

	return any ? iface_family(any) : 0;
}

static const char *any_network(int family)
{
	return family == 4 ? "0.0.0.0/0" : "::/0";
}

static void add_routes(const struct iface *l, int family, size_t n, struct str *out)
{
	for (size_t i = 0; i < l->n_routes; i++) {
		const struct iface_route *r = &l->routes[i];

		if (route_family(r) != family)
			continue;
		str_printf(out, "route%zu=%s,%s", ++n, r->to ? r->to : any_network(family),
			r->via        ? r->via
			: family == 4 ? "0.0.0.0"
				      : "::");
		if (r->metric)
			str_printf(out, ",%s", r->metric);
		str_addc(out, '\n');
		if (r->on_link == IFACE_YES)
			str_printf(out, "route%zu_options=onlink=true\n", n);
	}
}

/* The first gateway stands beside the first address; without an address, and for every further one,
 * it is a route. */
static void add_addresses(const struct iface *l, int family, struct str *out)
{
	const char *beside = NULL;
	size_t n = 0, n_routes = 0;

	for (size_t i = 0; i < l->gateways.n && !beside; i++)
		if (iface_family(l->gateways.items[i]) == family &&
			count_family(&l->addresses, family) > 0)
			beside = l->gateways.items[i];
	for (size_t i = 0; i < l->addresses.n; i++) {
		if (iface_family(l->addresses.items[i]) != family)
			continue;
		str_printf(out, "address%zu=%s", ++n, l->addresses.items[i]);
		if (n == 1 && beside)
			str_printf(out, ",%s", beside);
		str_addc(out, '\n');
	}
	for (size_t i = 0; i < l->gateways.n; i++)
		if (iface_family(l->gateways.items[i]) == family && l->gateways.items[i] != beside)
			str_printf(out, "route%zu=%s,%s\n", ++n_routes, any_network(family),
				l->gateways.items[i]);
	add_routes(l, family, n_routes, out);
}

static void add_list(struct str *out, const char *key, const struct iface_texts *t, int family)
{
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++) {
		if (family && iface_family(t->items[i]) != family)
			continue;
		str_printf(out, "%s%s;", n == 0 ? key : "", t->items[i]);
		n++;
	}
	if (n > 0)
		str_addc(out, '\n');
}

static void add_ipv4(const struct iface *l, struct str *out)
{
	bool dhcp = l->dhcp == IFACE_DHCP_IPV4 || l->dhcp == IFACE_DHCP_YES;
	bool fixed = count_family(&l->addresses, 4) > 0;

	str_printf(out, "\n[ipv4]\nmethod=%s\n", dhcp ? "auto" : fixed ? "manual" : "disabled");
	if (!dhcp && !fixed)
		return;
	add_addresses(l, 4, out);
	add_list(out, "dns=", &l->dns, 4);
	add_list(out, "dns-search=", &l->domains, 0);
	if (!dhcp)
		return;
	add_given(out, "dhcp-client-id", l->client_id);
	add_given(out, "route-metric", l->route_metric);
	add_choice(out, l->use_dns, IFACE_NO, "ignore-auto-dns=true");
	add_choice(out, l->use_routes, IFACE_NO, "ignore-auto-routes=true");
	add_choice(out, l->send_hostname, IFACE_NO, "dhcp-send-hostname=false");
}

/* networkd's own defaults: a link-local address, and router advertisements where there is one. */
static const char *ipv6_method(const struct iface *l)
{
	bool fixed = count_family(&l->addresses, 6) > 0;
	bool dhcp = l->dhcp == IFACE_DHCP_IPV6 || l->dhcp == IFACE_DHCP_YES;
	bool is_off = l->ipv6_link_local == IFACE_NO && !fixed && !dhcp;

	if (is_off || !l->configured)
		return "disabled";
	if (l->accept_ra != IFACE_NO)
		return "auto";
	return dhcp ? "dhcp" : fixed ? "manual" : "link-local";
}

static void add_ipv6(const struct iface *l, struct str *out)
{
	const char *method = ipv6_method(l);

	str_printf(out, "\n[ipv6]\nmethod=%s\n", method);
	if (strcmp(method, "disabled") == 0)
		return;
	add_addresses(l, 6, out);
	add_list(out, "dns=", &l->dns, 6);
}

/* Whether the link says anything that only the section of that family could hold. */
static bool needs_family(const struct iface *l, int family)
{
	bool needs = count_family(&l->gateways, family) + count_family(&l->dns, family) > 0;

	for (size_t i = 0; i < l->n_routes; i++)
		needs |= route_family(&l->routes[i]) == family;
	return needs || (family == 4 && l->domains.n > 0);
}

/* What would be dropped because the section that holds it is not there. */
static void refuse_lost(const struct iface *l, struct err_list *errors)
{
	bool ipv4 = l->dhcp == IFACE_DHCP_IPV4 || l->dhcp == IFACE_DHCP_YES ||
		    count_family(&l->addresses, 4) > 0;

	for (size_t i = 0; i < l->n_routes; i++)
		if (route_family(&l->routes[i]) == 0)
			err_list_add(errors, l->routes[i].at,
				"%s: [Route] must say Destination= or Gateway=", l->id);
	if (!ipv4 && needs_family(l, 4))
		complain(l, errors,
			"NetworkManager has DNS, domains and routes only beside an IPv4 address or "
			"DHCP");
	if (strcmp(ipv6_method(l), "disabled") == 0 && needs_family(l, 6))
		complain(l, errors,
			"IPv6 routes or servers without IPv6: leave out LinkLocalAddressing=no");
	if (l->ipv6_link_local == IFACE_NO && l->accept_ra == IFACE_YES)
		complain(l, errors,
			"router advertisements need a link-local address: leave out "
			"LinkLocalAddressing=no");
}

int keyfile_write(const struct iface *l, struct str *out, struct err_list *errors)
{
	size_t before = errors->n + errors->dropped;

	add_connection(l, out);
	add_ethernet(l, out);
	add_bond(l, out);
	add_vlan(l, out, errors);
	add_port(l, out);
	if (!l->bond) {
		refuse_lost(l, errors);
		add_ipv4(l, out);
		add_ipv6(l, out);
		if (l->use_hostname == IFACE_NO)
			str_add(out, "\n[hostname]\nfrom-dhcp=0\n");
	}
	if (!str_ok(out))
		return -E2BIG;
	return errors->n + errors->dropped > before ? -EINVAL : 0;
}

void keyfile_write_settings(const struct iface *l, struct str *out)
{
	if (l->without_carrier != IFACE_YES)
		return;
	str_printf(out, "[device-%s]\nmatch-device=", l->id);
	if (l->name)
		str_printf(out, "interface-name:%s\n", l->name);
	else if (l->mac)
		str_printf(out, "mac:%s\n", l->mac);
	else
		str_add(out, "type:ethernet\n");
	str_add(out, "ignore-carrier=yes\n");
}

/* ---- Into a plan ---- */

static int plan_link(struct plan *p, const struct iface *l)
{
	AUTO(str_done) struct str text = str_init(TEXT_MAX), settings = str_init(TEXT_MAX);
	const char *path = arena_printf(p->arena, KEYFILE_FOLDER "/%s.nmconnection", l->id);
	int rc = keyfile_write(l, &text, p->errors);

	if (rc == -E2BIG || !path)
		return -E2BIG;
	plan_add_file(p, l->at, path, arena_strdup(p->arena, str_text(&text)));
	p->files[p->n_files - 1].mode = KEYFILE_MODE;
	keyfile_write_settings(l, &settings);
	if (settings.len == 0)
		return 0;
	path = arena_printf(p->arena, "/etc/NetworkManager/conf.d/%s.conf", l->id);
	if (!path)
		return -E2BIG;
	plan_add_file(p, l->at, path, arena_strdup(p->arena, str_text(&settings)));
	return 0;
}

int keyfile_plan(struct plan *p, const struct cloudconfig *c)
{
	struct ifaces links;
	int rc = ifaces_read(p->arena, c, &links, p->errors);

	for (size_t i = 0; i < links.n && rc == 0; i++)
		rc = plan_link(p, &links.list[i]);
	/* -EINVAL: the plan's errors say so, and the rest of it may have more to tell. */
	return rc == -E2BIG || arena_is_full(p->arena) ? -E2BIG : 0;
}

#include "provisioner/config/netplan.h"

#include <errno.h>
#include <string.h>

#define KEY "    " /* the indent of a key of one interface */

/* Systemd's and the kernel's names of Ethernet interfaces all begin so. */
#define ANY_ETHERNET "e*"

struct writer {
	struct str *out;
	struct err_list *errors;
	const struct ifaces *all;
};

static void complain(struct writer *w, const struct iface *l, const char *what)
{
	err_list_add(w->errors, l->at, "%s: %s", l->id, what);
}

static void add_given(struct writer *w, const char *key, const char *value)
{
	if (value)
		str_printf(w->out, KEY "%s: %s\n", key, value);
}

static void add_choice(
	struct writer *w, const char *indent, const char *key, enum iface_choice choice)
{
	if (choice != IFACE_UNSAID)
		str_printf(
			w->out, "%s%s: %s\n", indent, key, choice == IFACE_YES ? "true" : "false");
}

/* All texts of a list, quoted: '*' and "::1" mean something to YAML. */
static void add_list(
	struct writer *w, const char *indent, const char *key, const struct iface_texts *list)
{
	if (list->n == 0)
		return;
	str_printf(w->out, "%s%s: [", indent, key);
	for (size_t i = 0; i < list->n; i++)
		str_printf(w->out, "%s'%s'", i == 0 ? "" : ", ", list->items[i]);
	str_add(w->out, "]\n");
}

/* ---- Which interface ---- */

static void add_match(struct writer *w, const struct iface *l)
{
	if (l->mac)
		str_printf(w->out, KEY "match: {macaddress: '%s'}\n", l->mac);
	else if (l->is_any)
		str_add(w->out, KEY "match: {name: '" ANY_ETHERNET "'}\n");
	else
		str_printf(w->out, KEY "match: {name: '%s'}\n", l->name);
}

static void add_bond(struct writer *w, const struct iface *l)
{
	static const char *const names[IFACE_BOND_SETTINGS] = {
		[IFACE_BOND_MODE] = "mode",
		[IFACE_BOND_MIIMON] = "mii-monitor-interval",
		[IFACE_BOND_UPDELAY] = "up-delay",
		[IFACE_BOND_DOWNDELAY] = "down-delay",
		[IFACE_BOND_LACP_RATE] = "lacp-rate",
		[IFACE_BOND_HASH] = "transmit-hash-policy",
		[IFACE_BOND_RESELECT] = "primary-reselect-policy",
		[IFACE_BOND_FAIL_OVER_MAC] = "fail-over-mac-policy",
		[IFACE_BOND_AD_SELECT] = "ad-select",
		[IFACE_BOND_MIN_LINKS] = "min-links",
		[IFACE_BOND_GRAT_ARP] = "gratuitous-arp",
	};
	struct iface_texts members = {.n = 0};
	const char *primary = NULL;

	for (size_t i = 0; i < w->all->n; i++) {
		const struct iface *m = &w->all->list[i];

		if (m->bond != l)
			continue;
		if (members.n == IFACE_LIST_MAX) {
			complain(w, l, "too many members");
			return;
		}
		members.items[members.n++] = m->id;
		primary = m->primary == IFACE_YES ? m->id : primary;
	}
	add_list(w, KEY, "interfaces", &members);
	str_add(w->out, KEY "parameters:\n");
	for (size_t i = 0; i < IFACE_BOND_SETTINGS; i++)
		if (l->bond_settings[i])
			str_printf(w->out, KEY "  %s: %s\n", names[i], l->bond_settings[i]);
	if (primary)
		str_printf(w->out, KEY "  primary: '%s'\n", primary);
}

/* ---- Addresses ---- */

static const char *any_network(const char *address)
{
	return iface_family(address) == 6 ? "::/0" : "0.0.0.0/0";
}

static void add_route(struct writer *w, const struct iface_route *r)
{
	if (!r->to && !r->via) {
		err_list_add(w->errors, r->at, "[Route] must say Destination= or Gateway=");
		return;
	}
	str_printf(w->out, KEY "  - to: '%s'\n", r->to ? r->to : any_network(r->via));
	if (r->via)
		str_printf(w->out, KEY "    via: '%s'\n", r->via);
	else
		str_add(w->out, KEY "    scope: link\n");
	if (r->metric)
		str_printf(w->out, KEY "    metric: %s\n", r->metric);
	if (r->on_link == IFACE_YES)
		str_add(w->out, KEY "    on-link: true\n");
}

static void add_routes(struct writer *w, const struct iface *l)
{
	if (l->gateways.n + l->n_routes == 0)
		return;
	str_add(w->out, KEY "routes:\n");
	for (size_t i = 0; i < l->gateways.n; i++)
		add_route(w, &(struct iface_route){.via = l->gateways.items[i], .at = l->at});
	for (size_t i = 0; i < l->n_routes; i++)
		add_route(w, &l->routes[i]);
}

static void add_servers(struct writer *w, const struct iface *l)
{
	if (l->dns.n + l->domains.n == 0)
		return;
	str_add(w->out, KEY "nameservers:\n");
	add_list(w, KEY "  ", "addresses", &l->dns);
	add_list(w, KEY "  ", "search", &l->domains);
	for (size_t i = 0; i < l->domains.n; i++)
		if (l->domains.items[i][0] == '~')
			complain(w, l,
				"cloud-init's network-config has search domains alone: leave out "
				"the one with ~");
}

static void add_dhcp(struct writer *w, const struct iface *l)
{
	const struct {
		const char *key;
		enum iface_choice choice;
	} overrides[] = {{"use-dns", l->use_dns}, {"use-routes", l->use_routes},
		{"use-hostname", l->use_hostname}, {"use-ntp", l->use_ntp},
		{"send-hostname", l->send_hostname}};
	bool ipv4 = l->dhcp == IFACE_DHCP_IPV4 || l->dhcp == IFACE_DHCP_YES;
	bool ipv6 = l->dhcp == IFACE_DHCP_IPV6 || l->dhcp == IFACE_DHCP_YES, any = l->route_metric;

	add_choice(w, KEY, "dhcp4", ipv4 ? IFACE_YES : IFACE_NO);
	add_choice(w, KEY, "dhcp6", ipv6 ? IFACE_YES : IFACE_NO);
	if (!ipv4)
		return;
	add_given(w, "dhcp-identifier", l->client_id);
	for (size_t i = 0; i < ARRAY_LEN(overrides); i++)
		any |= overrides[i].choice != IFACE_UNSAID;
	if (!any)
		return;
	if (ipv6)
		complain(w, l,
			"netplan has no settings for DHCPv4 alone beside DHCPv6; write DHCP=ipv4, "
			"or "
			"leave [DHCPv4] out");
	str_add(w->out, KEY "dhcp4-overrides:\n");
	for (size_t i = 0; i < ARRAY_LEN(overrides); i++)
		add_choice(w, KEY "  ", overrides[i].key, overrides[i].choice);
	if (l->route_metric)
		str_printf(w->out, KEY "  route-metric: %s\n", l->route_metric);
}

static void add_addresses(struct writer *w, const struct iface *l)
{
	/* netplan gives a bond's member nothing of its own. */
	if (l->bond)
		return;
	add_dhcp(w, l);
	add_choice(w, KEY, "accept-ra", l->accept_ra);
	if (l->ipv6_link_local == IFACE_NO)
		str_add(w->out, KEY "link-local: []\n");
	add_list(w, KEY, "addresses", &l->addresses);
	add_routes(w, l);
	add_servers(w, l);
}

/* ---- All of it ---- */

static void add_iface(struct writer *w, const struct iface *l)
{
	str_printf(w->out, "  '%s':\n", l->id);
	if (l->kind == IFACE_ETHERNET)
		add_match(w, l);
	else if (l->kind == IFACE_BOND)
		add_bond(w, l);
	else
		str_printf(w->out, KEY "id: %s\n" KEY "link: '%s'\n", l->vlan_id, l->parent->id);
	if (l->own_mac)
		str_printf(w->out, KEY "macaddress: '%s'\n", l->own_mac);
	add_given(w, "mtu", l->mtu);
	if (l->online == IFACE_NO)
		str_add(w->out, KEY "optional: true\n");
	if (l->without_carrier == IFACE_YES)
		str_add(w->out, KEY "ignore-carrier: true\n");
	add_addresses(w, l);
}

int netplan_write(const struct ifaces *all, struct str *out, struct err_list *errors)
{
	static const struct {
		enum iface_kind kind;
		const char *section;
	} sections[] = {
		{IFACE_ETHERNET, "ethernets"}, {IFACE_BOND, "bonds"}, {IFACE_VLAN, "vlans"}};
	struct writer w = {.out = out, .errors = errors, .all = all};
	size_t before = errors->n + errors->dropped;

	str_add(out, "version: 2\n");
	for (size_t s = 0; s < ARRAY_LEN(sections); s++) {
		bool begun = false;

		for (size_t i = 0; i < all->n; i++) {
			if (all->list[i].kind != sections[s].kind)
				continue;
			if (!begun)
				str_printf(out, "%s:\n", sections[s].section);
			begun = true;
			add_iface(&w, &all->list[i]);
		}
	}
	if (!str_ok(out))
		return -E2BIG;
	return errors->n + errors->dropped > before ? -EINVAL : 0;
}

#include "provisioner/config/iface_keys.h"

#include <inttypes.h>
#include <string.h>

#include "provisioner/base/addr.h"
#include "provisioner/base/parse.h"
#include "provisioner/config/iface_values.h"
#include "provisioner/config/networkd.h"

#define SHOWN_MAX ((size_t)60)

struct row;

/* One key on its way into a link. */
struct taking {
	struct arena *arena;
	struct err_list *errors;
	const struct networkd_file *file;
	const struct networkd_entry *entry;
	const struct row *row;
	struct iface *link;
};

/* A word of networkd and what is kept for it. */
struct word {
	const char *word, *kept;
};

struct row {
	const char *section, *key;
	void (*take)(struct taking *t);
	size_t field;
	bool (*holds)(const char *text);
	const struct word *words; /* ends in NULL */
	const char *expected;     /* or, for what is refused, what to do instead */
};

static void complain(const struct taking *t)
{
	AUTO(str_done) struct str shown = str_init(4 * SHOWN_MAX);
	const struct networkd_entry *e = t->entry;

	str_add_escaped(&shown, e->value, strnlen(e->value, SHOWN_MAX));
	err_list_add(t->errors, e->at, "%s: [%s] %s=%s: expected %s", t->file->name, e->section,
		e->key, str_text(&shown), t->row->expected);
}

/* The member of the link that the row names: the table was made with offsetof(). */
static void *member(const struct taking *t)
{
	return (char *)t->link + t->row->field;
}

/* ---- How a value is taken ---- */

static void take_text(struct taking *t)
{
	const char **into = member(t), *value = t->entry->value;

	if (!value[0])
		*into = NULL;
	else if (t->row->holds(value))
		*into = value;
	else
		complain(t);
}

/* In lower case with colons, as the kernel prints it. */
static void take_mac(struct taking *t)
{
	const char **into = member(t), *value = t->entry->value;
	char text[MAC_TEXT_SIZE];
	struct mac mac;

	if (!value[0])
		*into = NULL;
	else if (mac_parse(value, &mac) == 0 && mac_is_unicast(&mac))
		*into = arena_strdup(t->arena, mac_text(&mac, text));
	else
		complain(t);
}

/* Words parted by blanks, added to what is there. */
static void take_texts(struct taking *t)
{
	struct iface_texts *into = member(t);
	const char *p = t->entry->value;

	if (!*p)
		into->n = 0;
	while (*p) {
		size_t n = strcspn(p, " \t");
		const char *one = arena_strndup(t->arena, p, n);

		if (!one || into->n == IFACE_LIST_MAX || !t->row->holds(one)) {
			complain(t);
			return;
		}
		into->items[into->n++] = one;
		p += n;
		p += strspn(p, " \t");
	}
}

static void take_word(struct taking *t)
{
	const char **into = member(t);
	const struct word *w = t->row->words;

	while (w->word && strcmp(w->word, t->entry->value) != 0)
		w++;
	if (w->word)
		*into = w->kept;
	else
		complain(t);
}

/* The value is the only one that says nothing more than the link's kind. */
static void take_nothing(struct taking *t)
{
	const struct word *w = t->row->words;

	while (w->word && strcmp(w->word, t->entry->value) != 0)
		w++;
	if (!w->word)
		complain(t);
}

static enum iface_choice choice_of(const char *value)
{
	static const struct {
		const char *word;
		enum iface_choice choice;
	} words[] = {{"yes", IFACE_YES}, {"true", IFACE_YES}, {"on", IFACE_YES}, {"1", IFACE_YES},
		{"no", IFACE_NO}, {"false", IFACE_NO}, {"off", IFACE_NO}, {"0", IFACE_NO}};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strcmp(words[i].word, value) == 0)
			return words[i].choice;
	return IFACE_UNSAID;
}

static void take_choice(struct taking *t)
{
	enum iface_choice *into = member(t);

	*into = choice_of(t->entry->value);
	if (*into == IFACE_UNSAID && t->entry->value[0])
		complain(t);
}

/* systemd.time(7): a number alone means seconds. */
static void take_ms(struct taking *t)
{
	const char **into = member(t), *value = t->entry->value;
	bool bare = value[0] && value[strspn(value, "0123456789")] == '\0';
	const char *text = bare ? arena_printf(t->arena, "%ss", value) : value;
	int64_t ms;

	if (!value[0])
		*into = NULL;
	else if (text && parse_duration_ms(text, &ms) == 0)
		*into = arena_printf(t->arena, "%" PRId64, ms);
	else
		complain(t);
}

static void take_kind(struct taking *t)
{
	static const struct {
		const char *word;
		enum iface_kind kind;
	} kinds[] = {{"bond", IFACE_BOND}, {"vlan", IFACE_VLAN}};

	t->link->kind = 0;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (strcmp(kinds[i].word, t->entry->value) == 0)
			t->link->kind = kinds[i].kind;
	if (!t->link->kind)
		complain(t);
}

static void take_dhcp(struct taking *t)
{
	static const struct {
		const char *word;
		enum iface_dhcp dhcp;
	} words[] = {{"ipv4", IFACE_DHCP_IPV4}, {"ipv6", IFACE_DHCP_IPV6}};

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (strcmp(words[i].word, t->entry->value) == 0) {
			t->link->dhcp = words[i].dhcp;
			return;
		}
	}
	enum iface_choice choice = choice_of(t->entry->value);
	t->link->dhcp = choice == IFACE_YES ? IFACE_DHCP_YES : IFACE_DHCP_NO;
	if (choice == IFACE_UNSAID && t->entry->value[0])
		complain(t);
}

static void take_link_local(struct taking *t)
{
	if (strcmp(t->entry->value, "ipv6") == 0)
		t->link->ipv6_link_local = IFACE_YES;
	else if (choice_of(t->entry->value) == IFACE_NO)
		t->link->ipv6_link_local = IFACE_NO;
	else
		complain(t);
}

static void take_any(struct taking *t)
{
	t->link->is_any = strcmp(t->entry->value, "ether") == 0;
	if (!t->link->is_any)
		complain(t);
}

/* The route of the section that the key stands in; NULL, with a complaint, when there are too many. */
static struct iface_route *route_of(struct taking *t)
{
	struct iface *l = t->link;

	if (l->n_routes > 0 && l->routes[l->n_routes - 1].nth == t->entry->nth)
		return &l->routes[l->n_routes - 1];
	if (l->n_routes == IFACE_LIST_MAX) {
		err_list_add(t->errors, t->entry->at, "%s: more than %d routes", t->file->name,
			IFACE_LIST_MAX);
		return NULL;
	}
	l->routes[l->n_routes] = (struct iface_route){.nth = t->entry->nth, .at = t->entry->at};
	return &l->routes[l->n_routes++];
}

/* The row's field is one of the route. */
static void take_route_text(struct taking *t)
{
	struct iface_route *route = route_of(t);

	if (!route)
		return;
	if (!t->row->holds(t->entry->value))
		complain(t);
	else /* the member is a text: the table was made with offsetof() */
		memcpy((char *)route + t->row->field, &t->entry->value, sizeof(t->entry->value));
}

static void take_on_link(struct taking *t)
{
	struct iface_route *route = route_of(t);

	if (route && (route->on_link = choice_of(t->entry->value)) == IFACE_UNSAID)
		complain(t);
}

static void refuse(struct taking *t)
{
	err_list_add(t->errors, t->entry->at, "%s: [%s] %s= is for systemd-networkd alone; %s",
		t->file->name, t->entry->section, t->entry->key, t->row->expected);
}

/* ---- The table ---- */

static const struct word ether[] = {{"ether", ""}, {NULL, NULL}};
static const struct word no_virtual[] = {{"!*", ""}, {NULL, NULL}};
static const struct word modes[] = {{"balance-rr", "balance-rr"},
	{"active-backup", "active-backup"}, {"balance-xor", "balance-xor"},
	{"broadcast", "broadcast"}, {"802.3ad", "802.3ad"}, {"balance-tlb", "balance-tlb"},
	{"balance-alb", "balance-alb"}, {NULL, NULL}};
static const struct word rates[] = {{"slow", "slow"}, {"fast", "fast"}, {NULL, NULL}};
static const struct word hashes[] = {{"layer2", "layer2"}, {"layer3+4", "layer3+4"},
	{"layer2+3", "layer2+3"}, {"encap2+3", "encap2+3"}, {"encap3+4", "encap3+4"}, {NULL, NULL}};
static const struct word reselects[] = {
	{"always", "always"}, {"better", "better"}, {"failure", "failure"}, {NULL, NULL}};
static const struct word fail_overs[] = {
	{"none", "none"}, {"active", "active"}, {"follow", "follow"}, {NULL, NULL}};
static const struct word ad_selects[] = {
	{"stable", "stable"}, {"bandwidth", "bandwidth"}, {"count", "count"}, {NULL, NULL}};
static const struct word client_ids[] = {{"mac", "mac"}, {"duid", "duid"}, {NULL, NULL}};

#define TO(member) .field = offsetof(struct iface, member)
#define TO_BOND(which) .field = offsetof(struct iface, bond_settings[IFACE_BOND_##which])
#define TO_ROUTE(member) .field = offsetof(struct iface_route, member)
#define YES_NO .take = take_choice, .expected = "yes or no"
#define MS .take = take_ms, .expected = "a time like 100ms"
#define NUMBER .take = take_text, .holds = iface_is_number, .expected = "a number"
#define WORD(list, says) .take = take_word, .words = (list), .expected = (says)
#define REFUSED(instead) .take = refuse, .expected = (instead)

static const char sysctl[] = "write net.ipv4.ip_forward = 1 to a file in /etc/sysctl.d";
static const char firewall[] = "let a unit load a rule of nftables";
static const char times[] = "write the configuration of the system's own time service";
static const char a_daemon[] = "run a DHCP server as a unit";

static const struct row rows[] = {
	{"Match", "Name", .take = take_text, TO(name), .holds = iface_is_name_or_pattern,
		.expected = "one interface's name, or a pattern with *"},
	{"Match", "MACAddress", .take = take_mac, TO(mac), .expected = "one MAC address"},
	{"Match", "PermanentMACAddress", .take = take_mac, TO(mac), .expected = "one MAC address"},
	{"Match", "Type", .take = take_any, .words = ether, .expected = "ether"},
	{"Match", "Kind", .take = take_nothing, .words = no_virtual, .expected = "!*"},
	{"Link", "MTUBytes", .take = take_text, TO(mtu), .holds = iface_is_mtu,
		.expected = "bytes"},
	{"Link", "MACAddress", .take = take_mac, TO(own_mac), .expected = "a MAC address"},
	{"Link", "RequiredForOnline", YES_NO, TO(online)},
	{"NetDev", "Name", .take = take_text, TO(name), .holds = iface_is_name,
		.expected = "an interface's name"},
	{"NetDev", "Kind", .take = take_kind, .expected = "bond or vlan"},
	{"NetDev", "MACAddress", .take = take_mac, TO(own_mac), .expected = "a MAC address"},
	{"NetDev", "MTUBytes", .take = take_text, TO(mtu), .holds = iface_is_mtu,
		.expected = "bytes"},
	{"Bond", "Mode", WORD(modes, "a mode like active-backup or 802.3ad"), TO_BOND(MODE)},
	{"Bond", "MIIMonitorSec", MS, TO_BOND(MIIMON)},
	{"Bond", "UpDelaySec", MS, TO_BOND(UPDELAY)},
	{"Bond", "DownDelaySec", MS, TO_BOND(DOWNDELAY)},
	{"Bond", "LACPTransmitRate", WORD(rates, "slow or fast"), TO_BOND(LACP_RATE)},
	{"Bond", "TransmitHashPolicy", WORD(hashes, "a policy like layer3+4"), TO_BOND(HASH)},
	{"Bond", "PrimaryReselectPolicy", WORD(reselects, "always, better or failure"),
		TO_BOND(RESELECT)},
	{"Bond", "FailOverMACPolicy", WORD(fail_overs, "none, active or follow"),
		TO_BOND(FAIL_OVER_MAC)},
	{"Bond", "AdSelect", WORD(ad_selects, "stable, bandwidth or count"), TO_BOND(AD_SELECT)},
	{"Bond", "MinLinks", NUMBER, TO_BOND(MIN_LINKS)},
	{"Bond", "GratuitousARP", NUMBER, TO_BOND(GRAT_ARP)},
	{"VLAN", "Id", .take = take_text, TO(vlan_id), .holds = iface_is_vlan_id,
		.expected = "a number from 1 to 4094"},
	{"Network", "Address", .take = take_texts, TO(addresses), .holds = iface_is_network,
		.expected = "an address with its prefix length, 10.0.0.5/24 (32 at most)"},
	{"Network", "Gateway", .take = take_texts, TO(gateways), .holds = iface_is_address,
		.expected = "an address"},
	{"Network", "DNS", .take = take_texts, TO(dns), .holds = iface_is_address,
		.expected = "addresses (32 at most)"},
	{"Network", "Domains", .take = take_texts, TO(domains), .holds = iface_is_domain,
		.expected = "domain names (32 at most)"},
	{"Network", "VLAN", .take = take_texts, TO(vlans), .holds = iface_is_name,
		.expected = "the name of a VLAN's .netdev"},
	{"Network", "Bond", .take = take_text, TO(bond_name), .holds = iface_is_name,
		.expected = "the name of a bond's .netdev"},
	{"Network", "PrimarySlave", YES_NO, TO(primary)},
	{"Network", "DHCP", .take = take_dhcp, .expected = "yes, no, ipv4 or ipv6"},
	{"Network", "LinkLocalAddressing", .take = take_link_local,
		.expected = "no or ipv6 (no other system has the IPv4 ones beside an address)"},
	{"Network", "IPv6AcceptRA", YES_NO, TO(accept_ra)},
	{"Network", "ConfigureWithoutCarrier", YES_NO, TO(without_carrier)},
	{"Network", "NTP", REFUSED(times)},
	{"Network", "IPForward", REFUSED(sysctl)},
	{"Network", "IPv4Forwarding", REFUSED(sysctl)},
	{"Network", "IPMasquerade", REFUSED(firewall)},
	{"Network", "DHCPServer", REFUSED(a_daemon)},
	{"Address", "Address", .take = take_texts, TO(addresses), .holds = iface_is_network,
		.expected = "an address with its prefix length, 10.0.0.5/24 (32 at most)"},
	{"Route", "Destination", .take = take_route_text, TO_ROUTE(to), .holds = iface_is_network,
		.expected = "a network like 10.0.0.0/8"},
	{"Route", "Gateway", .take = take_route_text, TO_ROUTE(via), .holds = iface_is_address,
		.expected = "an address"},
	{"Route", "Metric", .take = take_route_text, TO_ROUTE(metric), .holds = iface_is_number,
		.expected = "a number"},
	{"Route", "GatewayOnLink", .take = take_on_link, .expected = "yes or no"},
	{"DHCPv4", "ClientIdentifier", WORD(client_ids, "mac or duid"), TO(client_id)},
	{"DHCPv4", "RouteMetric", NUMBER, TO(route_metric)},
	{"DHCPv4", "UseDNS", YES_NO, TO(use_dns)},
	{"DHCPv4", "UseRoutes", YES_NO, TO(use_routes)},
	{"DHCPv4", "UseHostname", YES_NO, TO(use_hostname)},
	{"DHCPv4", "UseNTP", YES_NO, TO(use_ntp)},
	{"DHCPv4", "SendHostname", YES_NO, TO(send_hostname)},
};

/* [DHCP] is what the section was called before systemd 243. */
static bool is_section(const char *written, const char *section)
{
	return strcmp(written, section) == 0 ||
	       (strcmp(written, "DHCP") == 0 && strcmp(section, "DHCPv4") == 0);
}

/* networkd ignores a section in the wrong kind of file. */
static bool is_in_its_file(const struct taking *t)
{
	static const char *const of_netdev[] = {"NetDev", "Bond", "VLAN"};
	bool is_netdev = strcmp(strrchr(t->file->name, '.'), ".netdev") == 0;

	for (size_t i = 0; i < ARRAY_LEN(of_netdev); i++)
		if (strcmp(of_netdev[i], t->entry->section) == 0)
			return is_netdev;
	return !is_netdev;
}

static void take(struct taking *t)
{
	const struct networkd_entry *e = t->entry;

	for (size_t i = 0; i < ARRAY_LEN(rows) && is_in_its_file(t); i++) {
		if (strcmp(rows[i].key, e->key) != 0 || !is_section(e->section, rows[i].section))
			continue;
		t->row = &rows[i];
		rows[i].take(t);
		return;
	}
	err_list_add(t->errors, e->at,
		"%s: there is no translation of [%.40s] %.40s= for systems without "
		"systemd-networkd",
		t->file->name, e->section, e->key);
}

static void take_all(const struct taking *all, bool match, bool others)
{
	for (size_t i = 0; i < all->file->n; i++) {
		struct taking t = *all;

		t.entry = &all->file->entries[i];
		if (strcmp(t.entry->section, "Match") == 0 ? match : others)
			take(&t);
	}
}

void iface_keys_match(
	struct arena *a, const struct networkd_file *f, struct iface *l, struct err_list *errors)
{
	struct taking t = {.arena = a, .errors = errors, .file = f, .link = l};

	take_all(&t, /* match= */ true, /* others= */ false);
}

void iface_keys_apply(
	struct arena *a, const struct networkd_file *f, struct iface *l, struct err_list *errors)
{
	struct taking t = {.arena = a, .errors = errors, .file = f, .link = l};

	take_all(&t, /* match= */ !l->configured, /* others= */ true);
}

#include "tests/unit/test.h"

#include <stdio.h>

#include "provisioner/base/str.h"
#include "provisioner/cluster/cluster.h"
#include "provisioner/messages/messages.h"
#include "provisioner/messages/quirks.h"

#define SMALL                                                     \
	"cluster: acm\n"                                          \
	"network:\n"                                              \
	"  internal: {interface: bond0, address: 10.10.0.1/24}\n" \
	"dhcp: {pool: 10.10.0.100-10.10.0.199}\n"                 \
	"image: flatcar/4081.2.1\n"                               \
	"roles:\n"                                                \
	"  master: {template: master.yaml, addons: [etcd]}\n"     \
	"  worker: {template: worker.yaml}\n"

#define UUID "4c4c4544-0035-5910-8048-b4c04f4d3132"
#define UUID_SMBIOS "44454c4c-3500-1059-8048-b4c04f4d3132"
#define SUBNETS(list)                                                  \
	"cluster: acm\nnetwork:\n"                                     \
	"  internal: {interface: bond0, address: 10.10.0.1/24}\n"      \
	"dhcp: {pool: 10.10.0.100-10.10.0.199, subnets: [" list "]}\n" \
	"image: flatcar/4081.2.1\nroles:\n"                            \
	"  master: {template: master.yaml, addons: [etcd]}\n"          \
	"  worker: {template: worker.yaml}\n"
#define OPTIONS(keys)                                             \
	"cluster: acm\nnetwork:\n"                                \
	"  internal: {interface: bond0, address: 10.10.0.1/24}\n" \
	"dhcp: {pool: 10.10.0.100-10.10.0.199, " keys "}\n"       \
	"image: flatcar/4081.2.1\nroles:\n"                       \
	"  master: {template: master.yaml, addons: [etcd]}\n"     \
	"  worker: {template: worker.yaml}\n"
#define X64 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X256 X64 X64 X64 X64
#define FAR_NODE(address) \
	"nodes:\n  - {name: m1, role: master, mac: 52:54:00:00:00:01, address: " address "}\n"

#define MASTER "  - {name: m1, role: master, mac: 52:54:00:00:00:01, address: 10.10.0.10}\n"

static struct arena *arena;
static struct err_list errors;

static struct cluster *load(const char *text)
{
	struct cluster *c = NULL;

	arena_free(arena);
	arena = arena_new((size_t)64 << 20);
	errors = (struct err_list){0};
	return cluster_load(arena, "cluster.yaml", text, strlen(text), &c, &errors) < 0 ? NULL : c;
}

static const char *first_error(void)
{
	static char buf[1024];

	assert_true(errors.n > 0);
	return err_text(&errors.list[0], buf, sizeof(buf));
}

TEST(small_file_is_completed_with_defaults)
{
	struct cluster *c = load(SMALL);

	assert_non_null(c);
	assert_string_equal(c->name, "acm");
	assert_string_equal(c->domain, "internal");
	assert_int_equal(c->dhcp.local.lease_ms, 12 * 3600 * 1000);
	assert_int_equal(c->dhcp.local.netboot_lease_ms, 60 * 1000);
	assert_true(c->dhcp.router_advertisements);
	assert_int_equal(c->dhcp.conflict_probe_ms, 300);
	assert_true(c->dhcp.watch_others);
	assert_int_equal(c->dhcp.client_limit, 20);
	assert_int_equal(c->dhcp.quarantine_ms, 600000);
	assert_int_equal(c->ports.http, 80);
	assert_int_equal(c->ports.join, 8443);
	assert_int_equal(c->enroll, ENROLL_ASK);
	assert_string_equal(c->settings->image.distro, "flatcar");
	assert_string_equal(c->settings->image.version, "4081.2.1");
	assert_string_equal(c->etcd.prefix, "/slipway");
	assert_null(c->network.internal.bond);
	assert_null(c->settings->bond);
}

TEST(whole_file_is_read)
{
	struct cluster *c = load(
		"cluster: acm\ndomain: acm.internal\n"
		"network:\n"
		"  internal:\n"
		"    interface: bond0\n"
		"    address: 10.10.0.1/24\n"
		"    bond: {mode: 802.3ad, members: [eno1, eno2], lacp-rate: slow, miimon: 50ms}\n"
		"  external: {interface: eno3}\n"
		"dhcp: {pool: 10.10.0.100-10.10.0.199, lease: 1h, netboot-lease: 90s, router: "
		"10.10.0.254,\n"
		"  dns: [10.10.0.1, 9.9.9.9], router-advertisements: false, conflict-probe: off, "
		"watch-others: false, client-limit: 50,\n"
		"  quarantine: 1h}\n"
		"ports: {http: 8080}\n"
		"image: flatcar/4081.2.1\n"
		"enroll: closed\n"
		"ssh-authorized-keys: [ssh-ed25519 AAAA admin]\n"
		"node-bond: {mode: 802.3ad}\n"
		"kernel-args: [quiet]\n"
		"etcd:\n  seed:\n    /coreos.com/network/config: {Network: 10.2.0.0/16}\n"
		"roles:\n  master: {template: master.yaml, addons: [etcd], kernel-args: [a=b]}\n"
		"nodes:\n  - name: m1\n    role: master\n    mac: [52:54:00:00:00:01, "
		"52:54:00:00:00:02]\n"
		"    address: 10.10.0.10\n    external-mac: 52:54:00:00:00:03\n");

	if (!c)
		fail_msg("%s", first_error());
	assert_string_equal(c->network.internal.bond->name, "bond0");
	assert_int_equal(c->network.internal.bond->mode, BOND_802_3AD);
	assert_int_equal(c->network.internal.bond->lacp_fast, 0);
	assert_int_equal(c->network.internal.bond->miimon_ms, 50);
	assert_int_equal(c->network.internal.bond->members.n, 2);
	assert_string_equal(c->network.external->interface, "eno3");
	assert_int_equal(c->dhcp.local.dns.n, 2);
	assert_false(c->dhcp.router_advertisements);
	assert_int_equal(c->dhcp.conflict_probe_ms, 0);
	assert_false(c->dhcp.watch_others);
	assert_int_equal(c->dhcp.client_limit, 50);
	assert_int_equal(c->dhcp.quarantine_ms, 3600000);
	assert_int_equal(c->enroll, ENROLL_CLOSED);
	assert_int_equal(c->settings->bond->lacp_fast, 1);
	assert_string_equal(c->settings->bond->name, "bond0");
	assert_int_equal(c->n_nodes, 1);
	assert_int_equal(c->nodes[0].macs.n, 2);
	assert_int_equal(c->nodes[0].external.n, 1);
	assert_ptr_equal(c->nodes[0].role, &c->roles[0]);
	assert_non_null(doc_get(c->etcd.seed, "/coreos.com/network/config"));
}

/* Each bad file and the one line it is answered with. */
static const struct {
	const char *text, *error;
} bad[] = {
	{"", "cluster.yaml:1:1: the file is empty"},
	{"- a\n", "cluster.yaml:1:1: the file: expected a map of keys"},
	{SMALL "nodess: []\n", "cluster.yaml:9:1: nodess: no such key (did you mean \"nodes\"?)"},
	{SMALL "enroll: akk\n", "cluster.yaml:9:9: enroll: \"akk\" is not one of ask, open, closed (did "
				"you mean \"ask\"?)"},
	{SMALL "nodes:\n  - {name: m1, role: master, mac: 52:54:00:zz, address: 10.10.0.10}\n",
		"cluster.yaml:10:35: nodes[0].mac: \"52:54:00:zz\" is not a MAC address (six hex "
		"pairs) or a list of them"},
	{SMALL "nodes:\n  - {name: m1, role: master, mac: ff:ff:ff:ff:ff:ff, address: "
	       "10.10.0.10}\n",
		"cluster.yaml:10:35: nodes[0].mac: ff:ff:ff:ff:ff:ff is a group address; no NIC "
		"has one"},
	{SMALL "nodes:\n  - {name: m1, role: mister, mac: 52:54:00:00:00:01, address: "
	       "10.10.0.10}\n",
		"cluster.yaml:10:22: nodes: m1: no role \"mister\" (did you mean \"master\"?)"},
	{SMALL "nodes:\n  - {name: m1, role: master, mac: 52:54:00:00:00:01, address: "
	       "10.10.0.150}\n",
		"cluster.yaml:10:63: nodes: m1: address 10.10.0.150 is inside dhcp.pool (also at "
		"cluster.yaml:4:14)"},
	{SMALL "nodes:\n  - {name: m1, role: master, mac: 52:54:00:00:00:01, address: "
	       "10.10.1.10}\n",
		"cluster.yaml:10:63: nodes: m1: address 10.10.1.10 is not a host's in "
		"network.internal (10.10.0.1/24) (also at cluster.yaml:3:13)"},
	{SMALL "nodes:\n  - {name: m1, role: master, mac: 52:54:00:00:00:01, address: 10.10.0.1}\n",
		"cluster.yaml:10:63: nodes: m1: address 10.10.0.1 is the provisioner's own (also "
		"at cluster.yaml:3:13)"},
	{SMALL "nodes:\n" MASTER
	       "  - {name: m1, role: worker, mac: 52:54:00:00:00:09, address: 10.10.0.19}\n",
		"cluster.yaml:11:12: nodes: the name \"m1\" is already taken (also at "
		"cluster.yaml:10:12)"},
	{SMALL "nodes:\n" MASTER
	       "  - {name: w1, role: worker, mac: 52:54:00:00:00:01, address: 10.10.0.11}\n",
		"cluster.yaml:11:35: nodes: w1: MAC 52:54:00:00:00:01 already belongs to m1 (also "
		"at cluster.yaml:10:35)"},
	{SMALL "nodes:\n" MASTER
	       "  - {name: w1, role: worker, mac: 52:54:00:00:00:02, address: 10.10.0.10}\n",
		"cluster.yaml:11:63: nodes: w1: address 10.10.0.10 already belongs to m1 (also at "
		"cluster.yaml:10:63)"},
	{SMALL "nodes:\n  - {name: w1, role: worker, mac: 52:54:00:00:00:02, address: "
	       "10.10.0.10}\n",
		"cluster.yaml:7:43: nodes: none has a role with the add-on etcd (addons: "
		"[etcd]), so the cluster has no etcd to join"},
	{SMALL "node-bond: {hash-policy: layer4}\n",
		"cluster.yaml:9:26: node-bond.hash-policy: \"layer4\" is not one of layer2, "
		"layer2+3, layer3+4, "
		"encap2+3, encap3+4, vlan+srcmac (did you mean \"layer2\"?)"},
	{SMALL "nodes:\n  - {name: m1, role: master, mac: 52:54:00:00:00:01, address: 10.10.0.10, "
	       "quirks: [no-option-43, no-option-6]}\n",
		"cluster.yaml:10:98: nodes[0].quirks: \"no-option-6\" is not one of no-option-60, "
		"option-60, no-option-43, port-4011, raspberry-pi, header-only, options-66-67, "
		"broadcast, own-server-id, ipxe (did you mean \"no-option-60\"?)"},
	{SMALL "nodes:\n  - {name: m1, role: master, mac: 52:54:00:00:00:01, address: 10.10.0.10, "
	       "boot-file: http://mirror/x.efi}\n",
		"cluster.yaml:10:86: nodes[0].boot-file: \"http://mirror/x.efi\" is not a file "
		"name, "
		"relative and without \"..\", or a URL such as http://10.10.0.1/boot.efi"},
	{SMALL "kernel-args: [quiet, \"a=${uuid}\"]\n",
		"cluster.yaml:9:22: kernel-args: \"a=${uuid}\" is not one kernel argument, without "
		"blanks, quotes, \\ and ${"},
	{SMALL "kernel-args: [\"x || shell\"]\n", "cluster.yaml:9:15: kernel-args: \"x || shell\" "
						  "is not one kernel argument, without "
						  "blanks, quotes, \\ and ${"},
	{"cluster: acm\nnetwork: {internal: {interface: b, address: 10.10.0.1/24}}\n"
	 "dhcp: {mode: proxi}\nimage: a/b\nroles: {m: {template: m.yaml}}\n",
		"cluster.yaml:3:14: dhcp.mode: \"proxi\" is not one of full, proxy (did you mean "
		"\"proxy\"?)"},
	{"cluster: acm\nnetwork: {internal: {interface: b, address: 10.10.0.1/24}}\n"
	 "dhcp: {mode: proxy, pool: 10.10.0.100-10.10.0.199}\nimage: a/b\n"
	 "roles: {m: {template: m.yaml}}\n",
		"cluster.yaml:3:7: dhcp.pool: in mode proxy another server leases the addresses"},
	{"cluster: acm\nnetwork: {internal: {interface: b, address: 10.10.0.1/24}}\n"
	 "dhcp: {lease: 1h}\nimage: a/b\nroles: {m: {template: m.yaml}}\n",
		"cluster.yaml:3:7: dhcp.pool is missing: addresses for machines without one of "
		"their own"},
	{SMALL "ports: {http: 0}\n",
		"cluster.yaml:9:15: ports.http: 0 is out of range (1 to 65535)"},
	{SMALL "kernel-args: quiet\n",
		"cluster.yaml:9:14: kernel-args: \"quiet\" is not a list of lines"},
	{SMALL "nodes:\n  - {role: master, mac: 52:54:00:00:00:01, address: 10.10.0.10}\n",
		"cluster.yaml:10:5: nodes[0].name is missing: Its host name."},
	{SMALL "nodes:\n  - {name: m1, role: master, address: 10.10.0.10}\n",
		"cluster.yaml:10:5: nodes: m1: mac is missing, and so are client-id and uuid: "
		"nothing "
		"tells this machine from others"},
	{SMALL "nodes:\n  - {name: m1, role: master, uuid: " UUID ", address: 10.10.0.10, "
	       "external-mac: 52:54:00:00:00:01}\n",
		"cluster.yaml:10:109: nodes: m1: external-mac needs mac beside it, to tell the two "
		"NICs apart"},
	{SMALL "nodes:\n" MASTER "  - {name: w1, role: worker, uuid: " UUID
	       ", address: 10.10.0.11}\n"
	       "  - {name: w2, role: worker, uuid: " UUID_SMBIOS ", address: 10.10.0.12}\n",
		"cluster.yaml:12:36: nodes: w2: uuid 44454c4c350010598048b4c04f4d3132 already "
		"belongs to w1 (also at cluster.yaml:11:36)"},
	{SMALL "nodes:\n" MASTER
	       "  - {name: w1, role: worker, client-id: box, address: 10.10.0.11}\n"
	       "  - {name: w2, role: worker, client-id: 'hex:00:62:6f:78', address: 10.10.0.12}\n",
		"cluster.yaml:12:41: nodes: w2: client-id 626f78 already belongs to w1 (also at "
		"cluster.yaml:11:41)"},
	{SMALL "nodes:\n  - {name: m1, role: master, address: 10.10.0.10, client-id: 'hex:0'}\n",
		"cluster.yaml:10:62: nodes[0].client-id: \"hex:0\" is not a client identifier: 2 "
		"to 64 "
		"bytes of text, or hex: and pairs of digits"},
	{SMALL "nodes:\n  - {name: m1, role: master, address: 10.10.0.10, uuid: 4c4c4544}\n",
		"cluster.yaml:10:57: nodes[0].uuid: \"4c4c4544\" is not a UUID such as "
		"4c4c4544-0035-5910-8048-b4c04f4d3132"},
	{SMALL "nodes:\n  - {name: m1, role: master, address: 10.10.0.10, uuid: "
	       "03000200-0400-0500-0006-000700080009}\n",
		"cluster.yaml:10:57: nodes[0].uuid: 03000200-0400-0500-0006-000700080009 is what "
		"boards "
		"carry whose maker gave them none: it names no machine"},
	{OPTIONS("options: [{code: 6, value: [1.2.3.4]}]"),
		"cluster.yaml:4:49: dhcp.options[0].code: 6 can not be set here: dns says it"},
	{OPTIONS("options: [{code: 255, value: x}]"),
		"cluster.yaml:4:56: dhcp.options[0].code: 255 is out of range (1 to 254)"},
	{OPTIONS("options: [{code: 4, value: x}, {code: 4, value: y}]"),
		"cluster.yaml:4:70: dhcp.options[1].code: 4 was already given (also at "
		"cluster.yaml:4:49)"},
	{OPTIONS("options: [{code: 4, value: [1.2.3]}]"),
		"cluster.yaml:4:67: dhcp.options[0].value: \"1.2.3\" is not a text, hex: and pairs "
		"of digits, or a list of IPv4 addresses, 512 bytes at most"},
	{OPTIONS("options: [{code: 4, value: 'hex:0'}]"),
		"cluster.yaml:4:66: dhcp.options[0].value: \"hex:0\" is not a text, hex: and pairs "
		"of "
		"digits, or a list of IPv4 addresses, 512 bytes at most"},
	{OPTIONS("search: [a.b, -c]"),
		"cluster.yaml:4:53: dhcp.search: \"-c\" is not a host name such as acm.internal"},
	{OPTIONS("mtu: 100"), "cluster.yaml:4:44: dhcp.mtu: 100 is out of range (576 to 65535)"},
	{OPTIONS("ntp-servers: [1.2.3.4, 1.2.3.4, 1.2.3.4, 1.2.3.4, 1.2.3.4]"),
		"cluster.yaml:4:52: dhcp.ntp-servers: 5 entries; 4 are allowed"},
	{OPTIONS("routes: [{to: 10.9.0.5/16, via: 10.10.0.2}]"),
		"cluster.yaml:4:48: dhcp.routes[0].to: 10.9.0.5/16 is an address in a network"},
	{OPTIONS("routes: [{to: 10.9.0.0/16, via: 10.9.0.2}]"),
		"cluster.yaml:4:48: dhcp.routes[0].via: 10.9.0.2 is not a host's address in that "
		"network"},
	{OPTIONS("options: [{code: 4, value: '" X256 X256 "'}, {code: 5, value: '" X256 X256 "'}]"),
		"cluster.yaml:4:7: dhcp: its options are more than the 1024 bytes that there is "
		"room "
		"for"},
	{SUBNETS("{subnet: 10.20.0.0/24, routes: [{to: 10.9.0.0/16, via: 10.10.0.2}]}"),
		"cluster.yaml:4:81: dhcp.subnets[0].routes[0].via: 10.10.0.2 is not a host's "
		"address "
		"in that network"},
	{SUBNETS("{subnet: 10.20.0.5/24}"), "cluster.yaml:4:49: dhcp.subnets[0].subnet: "
					    "10.20.0.5/24 is an address in a network; "
					    "its network is 10.20.0.0/24"},
	{SUBNETS("{subnet: 10.0.0.0/8}"),
		"cluster.yaml:4:49: dhcp.subnets[0].subnet: 10.0.0.0/8 overlaps network.internal "
		"(10.10.0.1/24)"},
	{SUBNETS("{subnet: 10.20.0.0/24}, {subnet: 10.20.0.128/25}"),
		"cluster.yaml:4:73: dhcp.subnets[1].subnet: 10.20.0.128/25 overlaps 10.20.0.0/24 "
		"(also at cluster.yaml:4:49)"},
	{SUBNETS("{subnet: 10.20.0.0/24, pool: 10.20.0.9-10.20.1.9}"),
		"cluster.yaml:4:49: dhcp.subnets[0].pool: not inside its subnet (10.20.0.0/24)"},
	{SUBNETS("{subnet: 10.20.0.0/24, pool: 10.20.0.9-10.20.0.255}"),
		"cluster.yaml:4:49: dhcp.subnets[0].pool: not inside its subnet (10.20.0.0/24)"},
	{SUBNETS("{subnet: 10.20.0.0/24, router: 10.10.0.254}"),
		"cluster.yaml:4:49: dhcp.subnets[0].router: 10.10.0.254 is not a host's address in "
		"its subnet (10.20.0.0/24)"},
	{SUBNETS("{subnet: 10.20.0.0/24, lease: 1m, netboot-lease: 2m}"),
		"cluster.yaml:4:49: dhcp.subnets[0].netboot-lease: longer than "
		"dhcp.subnets[0].lease"},
	{SUBNETS("{pool: 10.20.0.9-10.20.0.99}"), "cluster.yaml:4:49: dhcp.subnets[0].subnet is "
						  "missing: The network as its relay names "
						  "it, such as 10.20.0.0/24."},
	{SUBNETS("{subnet: 10.20.0.0/24, pool: 10.20.0.9-10.20.0.99}") FAR_NODE("10.20.0.9"),
		"cluster.yaml:10:63: nodes: m1: address 10.20.0.9 is inside the pool of its subnet "
		"(also at cluster.yaml:4:78)"},
	{SUBNETS("{subnet: 10.20.0.0/24, router: 10.20.0.1}") FAR_NODE("10.20.0.1"),
		"cluster.yaml:10:63: nodes: m1: address 10.20.0.1 is the router's (also at "
		"cluster.yaml:4:80)"},
	{SUBNETS("{subnet: 10.20.0.0/24}") FAR_NODE("10.30.0.1"),
		"cluster.yaml:10:63: nodes: m1: address 10.30.0.1 is not a host's in "
		"network.internal (10.10.0.1/24) or a subnet of dhcp (also at cluster.yaml:3:13)"},
	{"cluster: acm\ncluster: b\n", "cluster.yaml:2:1: key \"cluster\" was already given in "
				       "line 1 (a map may have each key once)"},
};

TEST(each_mistake_is_named_with_its_place)
{
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_null(load(bad[i].text));
		assert_string_equal(first_error(), bad[i].error);
	}
}

TEST(node_may_live_in_a_subnet_behind_a_relay)
{
	struct cluster *c =
		load(SUBNETS("{subnet: 10.20.0.0/24, pool: 10.20.0.100-10.20.0.199}, {subnet: "
			     "10.21.0.0/16, dns: []}") FAR_NODE("10.21.3.4"));

	assert_non_null(c);
	assert_ptr_equal(cluster_subnet_of(c, c->nodes[0].address), &c->dhcp.subnets[1]);
	assert_ptr_equal(cluster_subnet_of(c, 0x0a0a0005), &c->dhcp.local);
	assert_null(cluster_subnet_of(c, 0x0a1e0001));
	assert_int_equal(c->dhcp.subnets[1].dns.n, 0);
}

TEST(firmware_is_treated_as_the_operator_says)
{
	struct cluster *c = load(
		"cluster: acm\nnetwork:\n  internal: {interface: bond0, address: 10.10.0.1/24}\n"
		"dhcp:\n  pool: 10.10.0.100-10.10.0.199\n"
		"  pxelinux: {config-file: http://10.10.0.1/x.cfg, path-prefix: bios/, "
		"reboot-time: 10m}\n"
		"image: flatcar/4081.2.1\nroles: {master: {template: m.yaml, addons: [etcd]}}\n"
		"nodes:\n  - {name: m1, role: master, mac: 52:54:00:00:00:01, address: "
		"10.10.0.10,\n"
		"     quirks: [no-option-60, broadcast], boot-file: "
		"'http://10.10.0.9:8080/x.efi'}\n");

	if (!c)
		fail_msg("%s", first_error());
	assert_int_equal(c->nodes[0].quirks, QUIRK_NO_CLASS | QUIRK_BROADCAST);
	assert_string_equal(c->nodes[0].boot_file, "http://10.10.0.9:8080/x.efi");
	assert_string_equal(c->dhcp.pxelinux->config_file, "http://10.10.0.1/x.cfg");
	assert_string_equal(c->dhcp.pxelinux->path_prefix, "bios/");
	assert_int_equal(c->dhcp.pxelinux->reboot_ms, 600000);
}

TEST(client_identifier_is_text_or_hex)
{
	static const struct {
		const char *text;
		uint8_t want[4];
		uint32_t n;
	} cases[] = {
		{"abcd", "abcd", 4},
		{"hex:61:62:63", "abc", 3},
		{"hex:61626364", "abcd", 4},
		{"hex:00:61:62", "ab", 2},
		{"hex:FF:0a", {0xff, 0x0a}, 2},
		{"hexagon", "", 7},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char text[1024];

		(void)snprintf(text, sizeof(text), "%s%s%s%s",
			SMALL "nodes:\n  - {name: m1, role: master, ", "client-id: '",
			cases[i].text, "', address: 10.10.0.10, bootp: true}\n");
		struct cluster *c = load(text);
		assert_non_null(c);
		assert_int_equal(c->nodes[0].client_id.n, cases[i].n);
		assert_int_equal(c->nodes[0].macs.n, 0);
		assert_true(c->nodes[0].bootp);
		if (cases[i].want[0])
			assert_memory_equal(c->nodes[0].client_id.bytes, cases[i].want, cases[i].n);
	}
	static const char *const wrong[] = {
		"a", "hex:", "hex:61", "hex:6", "hex:61:", "hex::61:62", "hex:61:6g", "hex:61-62"};
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		char text[1024];

		(void)snprintf(text, sizeof(text), "%s%s%s",
			SMALL "nodes:\n  - {name: m1, role: master, client-id: '", wrong[i],
			"', address: 10.10.0.10}\n");
		assert_null(load(text));
	}
}

TEST(many_mistakes_are_reported_at_once)
{
	assert_null(
		load("cluster: A B\nimage: x\nenroll: no\ndhcp: {pool: x, lease: 5}\nroles: []\n"));
	assert_true(errors.n >= 6);
}

TEST(hall_of_twenty_thousand_is_read_and_each_node_found)
{
	AUTO(str_done) struct str text = str_init((size_t)8 << 20);
	char name[16];

	str_add(&text, "cluster: hall\nnetwork: {internal: {interface: b, address: 10.0.0.1/15}}\n"
		       "dhcp: {pool: 10.1.200.0-10.1.220.255}\nimage: a/b\n"
		       "roles: {m: {template: m.yaml, addons: [etcd]}, w: {template: "
		       "w.yaml}}\nnodes:\n");
	for (unsigned i = 0; i < CLUSTER_NODES_MAX; i++)
		str_printf(&text,
			"- {name: n%u, role: %s, mac: [02:00:00:00:%02x:%02x, "
			"02:00:00:01:%02x:%02x], "
			"external-mac: 02:00:00:02:%02x:%02x, boot-file: snponly.efi, kernel-args: "
			"[quiet, a=%u], "
			"address: 10.0.%u.%u}\n",
			i, i ? "w" : "m", i >> 8, i & 255, i >> 8, i & 255, i >> 8, i & 255, i,
			1 + i / 250, 1 + i % 250);
	struct cluster *c = load(str_text(&text));
	if (!c)
		fail_msg("%s", first_error());
	for (unsigned i = 0; i < CLUSTER_NODES_MAX; i++) {
		(void)snprintf(name, sizeof(name), "n%u", i);
		assert_ptr_equal(cluster_node_find(c, name), &c->nodes[i]);
	}
	assert_null(cluster_node_find(c, "n20000"));
	assert_null(cluster_node_find(c, ""));
}

TEST(pool_around_our_own_address_is_refused)
{
	assert_null(load(
		"cluster: acm\nnetwork: {internal: {interface: b, address: 10.0.0.1/24}}\n"
		"dhcp: {pool: 10.0.0.1-10.0.0.9}\nimage: a/b\nroles: {m: {template: m.yaml}}\n"));
	assert_non_null(strstr(first_error(), "holds the provisioner's own address 10.0.0.1"));
}

RUN(t(small_file_is_completed_with_defaults), t(whole_file_is_read),
	t(each_mistake_is_named_with_its_place), t(many_mistakes_are_reported_at_once),
	t(pool_around_our_own_address_is_refused), t(node_may_live_in_a_subnet_behind_a_relay),
	t(firmware_is_treated_as_the_operator_says), t(client_identifier_is_text_or_hex),
	t(hall_of_twenty_thousand_is_read_and_each_node_found))

#include "tests/unit/test.h"

#include <stdio.h>
#include <string.h>

#include "provisioner/base/str.h"
#include "tests/unit/provisioner/cluster/loaded.h"

/* A sound cluster to begin with; the rows add to it. Line 7 is the first of a row's nodes. */
#define HEAD                                                                      \
	"cluster: acm\n"                                                          \
	"network: {internal: {interface: eth0, address: 10.10.0.1/24}}\n"         \
	"dhcp: {pool: 10.10.0.100-10.10.0.199, router: 10.10.0.254}\n"            \
	"image: lab/1\n"                                                          \
	"roles: {m: {template: m.yaml, addons: [etcd]}, w: {template: w.yaml}}\n" \
	"nodes:\n"
#define M1 "- {name: m1, role: m, mac: 52:54:00:00:00:01, address: 10.10.0.10}\n"
#define W(n, more) \
	"- {name: w" n ", role: w, mac: 52:54:00:00:01:0" n ", address: 10.10.0.2" n more "}\n"

static struct cluster *load(const char *text)
{
	return load_as("c", text);
}

static const struct {
	const char *text, *error;
} bad[] = {
	{HEAD M1 "- {name: w1, role: w, mac: [52:54:00:00:01:01, 52:54:00:00:01:01], address: "
		 "10.10.0.21}\n",
		"c:8:28: nodes: w1: MAC 52:54:00:00:01:01 stands here twice"},
	{HEAD M1 W("1", ", external-mac: 52:54:00:00:00:01"),
		"c:8:28: nodes: w1: MAC 52:54:00:00:00:01 already belongs to m1 (also at c:7:28)"},
	{HEAD M1 W("1", ", node-external: {vlan: 5, address: 192.0.2.9/24}")
			W("2", ", node-external: {vlan: 5, address: 192.0.2.9/24}"),
		"c:9:83: nodes: w2: external address 192.0.2.9 already belongs to w1 (also at "
		"c:8:83)"},
	{HEAD M1 W("1", ", node-external: {address: 192.0.2.9/24}"),
		"c:8:93: nodes: w1: node-external.address needs external-mac or vlan: the node has "
		"no interface there"},
	{HEAD M1 W("1", ", node-external: {vlan: 5, address: 192.0.2.255/24}"),
		"c:8:102: nodes: w1: node-external.address: 192.0.2.255/24 is the network's own or "
		"broadcast address"},
	{HEAD M1 W("1", ", node-external: {vlan: 5, address: 10.10.0.9/24}"),
		"c:8:102: nodes: w1: node-external.address: 10.10.0.9/24 is in the internal "
		"network (also at c:2:21)"},
	{HEAD M1 W("1", ", node-external: {vlan: 5, address: 192.0.2.9/24, gateway: 192.0.3.1}"),
		"c:8:125: nodes: w1: node-external.gateway: 192.0.3.1 is not a host's address in "
		"192.0.2.0/24"},
	{"node-external: {address: 192.0.2.9/24, vlan: 5}\n" HEAD M1,
		"c:1:26: node-external.address: it belongs to one node, and stands there"},
	{HEAD M1 W("1", ", node-internal: {gateway: 10.10.1.254}"),
		"c:8:93: nodes: w1: node-internal.gateway: 10.10.1.254 is not a host's address in "
		"10.10.0.0/24"},
	{HEAD M1 W("1", ", node-internal: {gateway: 10.10.0.21}"),
		"c:8:93: nodes: w1: node-internal.gateway: 10.10.0.21 is the node itself"},
	{HEAD M1 W("1", ", node-internal: {routes: [{to: 10.9.0.0/16, via: 10.8.0.1}]}"),
		"c:8:93: nodes: w1: node-internal.routes[0].via: 10.8.0.1 is not a host's address "
		"in 10.10.0.0/24"},
	{HEAD M1 W("1", ", node-bond: {}"), "c:8:79: nodes: w1: a bond has two members at least, "
					    "and this node one MAC (also at c:8:28)"},
	{"users: [{name: a}, {name: b}, {name: a}]\n" HEAD M1,
		"c:1:31: users: \"a\" stands twice in one list (also at c:1:9)"},
	{"update: {window-start: '04:00'}\n" HEAD M1,
		"c:1:9: nodes: m1: update: window-start and window-length need each other"},
	{"cluster: acm\nnetwork: {internal: {interface: b, address: 10.10.0.1/24, bond: "
	 "{members: [a, a]}}}\ndhcp: {pool: 10.10.0.100-10.10.0.199}\nimage: a/b\nroles: {m: "
	 "{template: m}}\n",
		"c:2:65: network.internal.bond.members: a stands here twice"},
	{"cluster: acm\nnetwork: {internal: {interface: b, address: 10.10.0.1/24}, external: "
	 "{interface: b}}\ndhcp: {pool: 10.10.0.100-10.10.0.199}\nimage: a/b\nroles: {m: "
	 "{template: m}}\n",
		"c:2:70: network.external.interface: b is of the internal network (also at "
		"c:2:21)"},
	{"http: {firmware: https}\n" HEAD M1, "c:1:7: http: firmware is told https:// URLs, but "
					      "there is no such port (ports: {https: 443})"},
};

TEST(each_clash_is_named_with_both_places)
{
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		char text[1024];

		assert_null(load(bad[i].text));
		assert_string_equal(err_text(&errors.list[0], text, sizeof(text)), bad[i].error);
	}
}

#define OPEN(as) "enroll: open\n" HEAD M1 "enroll-as: [" as "]\n"

static const struct {
	const char *text, *error;
} bad_enroll[] = {
	{"enroll: open\n" HEAD M1,
		"c:1:9: enroll: open needs enroll-as beside it: which role an unknown machine gets, and of which addresses one, as "
		"in enroll-as: [{role: worker, addresses: FIRST-LAST}]"},
	{OPEN("{role: m, addresses: 10.10.0.50-10.10.0.59}"),
		"c:9:20: enroll-as[0].role: \"m\" has the add-on etcd, and members of the cluster's etcd are named under nodes: "
		"nobody becomes one by being there first"},
	{HEAD M1 "enroll-as: [{role: m, addresses: 10.10.0.50-10.10.0.59}]\n",
		"c:8:20: enroll-as[0].role: \"m\" has the add-on etcd, and members of the cluster's etcd are named under nodes: "
		"nobody becomes one by being there first"},
	{OPEN("{role: ww, addresses: 10.10.0.50-10.10.0.59}"),
		"c:9:20: enroll-as[0].role: no role \"ww\" (did you mean \"w\"?)"},
	{OPEN("{role: w, addresses: 10.10.0.90-10.10.0.100}"),
		"c:9:34: enroll-as[0].addresses: overlap the pool of that network (also at c:4:7)"},
	{OPEN("{role: w, addresses: 10.10.0.1-10.10.0.9}"),
		"c:9:34: enroll-as[0].addresses: hold the provisioner's own address 10.10.0.1"},
	{OPEN("{role: w, addresses: 10.10.0.250-10.10.0.254}"),
		"c:9:34: enroll-as[0].addresses: hold the router's address 10.10.0.254"},
	{OPEN("{role: w, addresses: 10.10.0.250-10.10.0.255}"),
		"c:9:34: enroll-as[0].addresses: not all of them are hosts' addresses in network.internal"},
	{OPEN("{role: w, addresses: 10.11.0.50-10.11.0.59}"),
		"c:9:34: enroll-as[0].addresses: not all of them are hosts' addresses in network.internal"},
	{OPEN("{role: w, addresses: 10.10.0.50-10.10.0.59}, {role: w, addresses: 10.10.0.59-10.10.0.69}"),
		"c:9:79: enroll-as[1].addresses: overlap those of enroll-as[0] (also at c:9:34)"},
	{OPEN("{role: w, addresses: 10.10.0.50-10.10.0.59, prefix: "
	      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa}"),
		"c:9:65: enroll-as[0].prefix: longer than 50 bytes"},
	{OPEN("{role: w, addresses: 10.10.0.59-10.10.0.50}"),
		"c:9:34: enroll-as[0].addresses: 10.10.0.59-10.10.0.50 ends before it begins"},
	{"cluster: acm\nnetwork: {internal: {interface: b, address: 10.0.0.1/8}}\n"
	 "dhcp: {pool: 10.1.0.0-10.1.0.9}\nimage: a/b\nenroll: open\n"
	 "roles: {m: {template: m, addons: [etcd]}, w: {template: w}}\n"
	 "enroll-as: [{role: w, addresses: 10.2.0.0-10.2.16.0}]\n",
		"c:7:34: enroll-as: more than 4096 addresses in all: what more there is, name under nodes"},
};

TEST(what_an_unknown_machine_becomes_must_fit)
{
	for (size_t i = 0; i < ARRAY_LEN(bad_enroll); i++) {
		char text[1024];

		assert_null(load(bad_enroll[i].text));
		assert_string_equal(
			err_text(&errors.list[0], text, sizeof(text)), bad_enroll[i].error);
	}
	/* Nodes lie in it, named or enrolled. */
	const struct cluster *c = load("enroll: open\n" HEAD M1 W("1", "")
			"enroll-as: [{role: w, addresses: 10.10.0.20-10.10.0.29}]\n");
	assert_non_null(c);
	assert_int_equal(c->n_enroll_as, 1);
	assert_ptr_equal(c->enroll_as[0].role, &c->roles[1]);
	assert_int_equal(c->enroll_as[0].addresses.last, 0x0a0a001d);
}

/* Legal, and hardly meant. */
static const struct {
	const char *text, *warning;
} odd[] = {
	{HEAD M1 "- {name: m2, role: m, mac: 52:54:00:00:00:02, address: 10.10.0.11}\n",
		"c:5:39: nodes: 2 etcd members bear no more failures than 1, and are one more "
		"thing to fail: make it 3"},
	{"users: [{name: a, groups: [sudo, systemd-journal, ops]}]\n" HEAD M1,
		"c:1:9: users: a: no system here is known to have a group \"ops\"; where it is "
		"missing, a node's first boot stops at it"},
	{"update: {window-start: \"04:00\", window-length: 1h}\n" HEAD M1,
		"c:1:9: nodes: m1: update: a window without reboot-strategy: reboot or etcd-lock "
		"opens for nothing"},
	{"node-bond: {}\n" HEAD M1,
		"c:8:28: nodes: m1: one MAC makes no bond: this node uses its NIC alone (also at "
		"c:1:12)"},
	{"hosts: {m1: 10.10.0.99}\n" HEAD M1,
		"c:1:13: hosts: m1 is a node's name, too (also at c:8:10)"},
};

TEST(what_is_hardly_meant_is_a_warning)
{
	for (size_t i = 0; i < ARRAY_LEN(odd); i++) {
		char text[1024];

		assert_non_null(load(odd[i].text));
		assert_int_equal(errors.n_warnings, 1);
		assert_string_equal(
			err_text(&errors.warnings[0], text, sizeof(text)), odd[i].warning);
	}
	assert_non_null(load(HEAD M1 W("1", "")));
	assert_int_equal(errors.n_warnings, 0);
}

TEST(errors_are_sorted_by_place_and_twenty_are_told)
{
	AUTO(str_done) struct str text = str_init((size_t)64 << 10);

	str_add(&text, HEAD M1);
	for (unsigned i = 0; i < 30; i++)
		str_printf(&text,
			"- {name: n%u, role: w, mac: 52:54:00:00:02:%02x, address: "
			"10.10.0.%u}\n",
			i, i, 100 + i);
	assert_null(load(str_text(&text)));
	assert_int_equal(errors.n, ERR_LIST_MAX);
	assert_int_equal(errors.dropped, 10);
	for (size_t i = 1; i < errors.n; i++)
		assert_true(errors.list[i - 1].at.line < errors.list[i].at.line);
}

RUN(t(each_clash_is_named_with_both_places), t(what_an_unknown_machine_becomes_must_fit), t(what_is_hardly_meant_is_a_warning),
	t(errors_are_sorted_by_place_and_twenty_are_told))

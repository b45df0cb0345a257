#include "tests/unit/test.h"

#include <stdio.h>
#include <string.h>

#include "provisioner/base/str.h"
#include "tests/unit/provisioner/cluster/loaded.h"

#define HEAD                                                                             \
	"cluster: acm\n"                                                                 \
	"network: {internal: {interface: bond0, address: 10.10.0.1/24}}\n"               \
	"dhcp: {pool: 10.10.0.100-10.10.0.199, dns: [10.10.0.1], router: 10.10.0.254,\n" \
	"  mtu: 9000, ntp-servers: [10.10.0.1], subnets: [{subnet: 10.20.0.0/24}]}\n"    \
	"image: lab/1\n"
#define ROLES                                                     \
	"roles:\n"                                                \
	"  master:\n    template: m.yaml\n    addons: [etcd]\n"   \
	"    kernel-args: [a=b]\n    node-bond: {miimon: 50ms}\n" \
	"    vars: {rack: {unit: 2}, list: [3]}\n"                \
	"  worker: {template: w.yaml, image: lab/2}\n"
#define M1                                                                       \
	"{name: m1, role: master, mac: [52:54:00:00:00:01, 52:54:00:00:00:09], " \
	"address: 10.10.0.10"
#define W1 "{name: w1, role: worker, mac: 52:54:00:00:00:02, address: 10.10.0.11"
#define W2 "{name: w2, role: worker, mac: 52:54:00:00:00:03, address: 10.20.0.11"

static struct cluster *load(const char *text)
{
	return load_as("c", text);
}

static struct cluster *load_well(const char *text)
{
	struct cluster *c = load(text);

	if (!c)
		fail_msg("line %u: %s", errors.list[0].at.line, errors.list[0].msg);
	return c;
}

/* "name=value level line\n" of each setting. */
static void collect(void *arg, const struct cluster_origin *o)
{
	assert_int_equal(o->at.file == NULL, o->level == ORIGIN_DEFAULT);
	str_printf(
		arg, "%s=%s %s %u\n", o->name, o->value, origin_level_name(o->level), o->at.line);
}

static const char *explained(const struct cluster *c, const struct cluster_node *n)
{
	static char text[4096];
	AUTO(str_done) struct str all = str_init(sizeof(text) - 1);

	cluster_explain(c, n, collect, &all);
	(void)snprintf(text, sizeof(text), "%s", str_text(&all));
	return text;
}

static void has_line(const char *text, const char *line)
{
	char with_ends[256], whole[4200];

	(void)snprintf(whole, sizeof(whole), "\n%s", text);
	(void)snprintf(with_ends, sizeof(with_ends), "\n%s\n", line);
	if (!strstr(whole, with_ends))
		fail_msg("no line \"%s\" in:\n%s", line, text);
}

TEST(nearest_to_the_node_counts)
{
	struct cluster *c = load_well(HEAD "kernel-args: [quiet]\n" ROLES "nodes:\n - " M1
					   ", image: lab/3}\n - " W1 "}\n - " W2 "}\n");
	const struct cluster_settings *m1 = c->nodes[0].settings, *w1 = c->nodes[1].settings;

	assert_string_equal(c->settings->image.version, "1");
	assert_string_equal(m1->image.version, "3");
	assert_string_equal(w1->image.version, "2");
	has_line(explained(c, &c->nodes[0]), "image=lab/3 node 16");
	has_line(explained(c, &c->nodes[1]), "image=lab/2 role 14");
	has_line(explained(c, NULL), "image=lab/1 cluster 5");
}

TEST(lists_of_arguments_add_up_and_null_takes_them_back)
{
	struct cluster *c =
		load_well(HEAD "kernel-args: [quiet]\n" ROLES "nodes:\n - " M1
			       ", kernel-args: [n=1, n=2]}\n - " W1 ", kernel-args: ~}\n");
	const struct text_list *m1 = &c->nodes[0].settings->kernel_args;

	assert_int_equal(m1->n, 4);
	assert_string_equal(m1->items[0], "quiet");
	assert_string_equal(m1->items[1], "a=b");
	assert_string_equal(m1->items[3], "n=2");
	assert_int_equal(c->nodes[1].settings->kernel_args.n, 0);
	has_line(explained(c, &c->nodes[0]), "kernel-args[0]=quiet cluster 6");
	has_line(explained(c, &c->nodes[0]), "kernel-args[1]=a=b role 11");
	has_line(explained(c, &c->nodes[0]), "kernel-args[3]=n=2 node 16");
	assert_null(strstr(explained(c, &c->nodes[1]), "kernel-args"));
}

TEST(sections_are_merged_key_by_key)
{
	struct cluster *c =
		load_well(HEAD "node-bond: {mode: 802.3ad, miimon: 20ms}\n" ROLES "nodes:\n - " M1
			       ", node-bond: {name: trunk}}\n - " W1 ", node-bond: ~}\n");
	const struct cluster_bond *b = c->nodes[0].settings->bond;

	assert_non_null(b);
	assert_int_equal(b->mode, BOND_802_3AD);
	assert_int_equal(b->miimon_ms, 50);
	assert_string_equal(b->name, "trunk");
	assert_string_equal(b->hash_policy, "layer3+4");
	assert_null(c->nodes[1].settings->bond);
	has_line(explained(c, &c->nodes[0]), "node-bond.mode=802.3ad cluster 6");
	has_line(explained(c, &c->nodes[0]), "node-bond.miimon=50ms role 12");
	has_line(explained(c, &c->nodes[0]), "node-bond.name=trunk node 16");
	has_line(explained(c, &c->nodes[0]), "node-bond.hash-policy=layer3+4 default 0");
}

TEST(what_nobody_says_is_as_dhcp_tells_the_network)
{
	struct cluster *c =
		load_well(HEAD ROLES "nodes:\n - " M1 ", node-internal: {dns: [9.9.9.9]}}\n - " W1
				     ", node-internal: {gateway: ~}}\n - " W2 "}\n");
	const struct cluster_settings *m1 = c->nodes[0].settings, *w1 = c->nodes[1].settings,
				      *w2 = c->nodes[2].settings;

	assert_int_equal(m1->internal.dns.items[0], 0x09090909);
	assert_int_equal(m1->internal.gateway, 0x0a0a00fe);
	assert_int_equal(m1->internal.mtu, 9000);
	assert_string_equal(m1->ntp.items[0], "10.10.0.1");
	assert_int_equal(w1->internal.gateway, 0);
	assert_int_equal(w1->internal.dns.items[0], 0x0a0a0001);
	/* Behind the relay: dns and ntp-servers are taken over, router and mtu are not. */
	assert_int_equal(w2->internal.gateway, 0);
	assert_int_equal(w2->internal.mtu, 0);
	assert_int_equal(w2->internal.dns.items[0], 0x0a0a0001);
	has_line(explained(c, &c->nodes[0]), "node-internal.gateway=10.10.0.254 network 3");
	has_line(explained(c, &c->nodes[0]), "node-internal.dns=[9.9.9.9] node 15");
	has_line(explained(c, &c->nodes[2]), "ntp=[10.10.0.1] network 4");
}

TEST(vars_are_merged_as_deep_as_they_are_maps)
{
	struct cluster *c = load_well(
		HEAD "vars: {rack: {row: a, unit: 1}, list: [1, 2], gone: x, flat: {a: 1}}\n" ROLES
		     "nodes:\n - " M1 ", vars: {rack: {depth: 3}, gone: ~, flat: 7}}\n");
	const struct doc_node *vars = c->nodes[0].settings->vars, *rack = doc_get(vars, "rack");

	assert_true(doc_is_text(doc_get(rack, "row"), "a"));
	assert_true(doc_is_text(doc_get(rack, "unit"), "2"));
	assert_true(doc_is_text(doc_get(rack, "depth"), "3"));
	assert_int_equal(doc_get(vars, "list")->n, 1);
	assert_null(doc_get(vars, "gone"));
	assert_true(doc_is_text(doc_get(vars, "flat"), "7"));
	assert_int_equal(vars->n, 3);
	has_line(explained(c, &c->nodes[0]), "vars.rack.row=a cluster 6");
	has_line(explained(c, &c->nodes[0]), "vars.rack.unit=2 role 13");
	has_line(explained(c, &c->nodes[0]), "vars.rack.depth=3 node 16");
	has_line(explained(c, &c->nodes[0]), "vars.flat=7 node 16");
}

TEST(map_below_a_value_that_is_none_is_covered)
{
	struct cluster *c = load_well(HEAD
		"vars: {x: {from: cluster}}\nroles:\n  master: {template: m.yaml, "
		"addons: [etcd], vars: {x: 1}}\nnodes:\n - " M1 ", vars: {x: {from: node}}}\n");
	const struct doc_node *x = doc_get(c->nodes[0].settings->vars, "x");

	assert_int_equal(x->n, 1);
	assert_true(doc_is_text(doc_get(x, "from"), "node"));
}

TEST(users_add_up_by_name)
{
	struct cluster *c = load_well(
		HEAD "users: [{name: ops, groups: [sudo]}, {name: tmp, shell: /bin/sh}]\n"
		     "hosts: {registry: 10.10.0.5, a.b: 10.10.0.6}\n" ROLES "nodes:\n - " M1
		     ", users: [{name: tmp}, {name: own}], hosts: {a.b: 10.10.0.7}}\n");
	const struct cluster_settings *s = c->nodes[0].settings;

	assert_int_equal(s->n_users, 3);
	assert_string_equal(s->users[0].name, "ops");
	assert_string_equal(s->users[1].name, "tmp");
	assert_null(s->users[1].shell);
	assert_string_equal(s->users[2].name, "own");
	assert_int_equal(s->n_hosts, 2);
	assert_int_equal(s->hosts[1].address, 0x0a0a0007);
	assert_int_equal(c->settings->n_users, 2);
	has_line(explained(c, &c->nodes[0]), "users[0]={name: ops, groups: [sudo]} cluster 6");
	has_line(explained(c, &c->nodes[0]), "users[1]={name: tmp} node 17");
	has_line(explained(c, &c->nodes[0]), "hosts.a.b=10.10.0.7 node 17");
}

TEST(nodes_that_say_nothing_share_what_comes_of_their_role)
{
	struct cluster *c =
		load_well(HEAD ROLES "nodes:\n - " M1 "}\n - " W1 "}\n - " W2
				     "}\n - {name: w3, role: worker, mac: 52:54:00:00:00:04, "
				     "address: 10.10.0.12}\n");

	assert_ptr_equal(c->nodes[1].settings, c->nodes[3].settings);
	assert_ptr_not_equal(c->nodes[1].settings, c->nodes[2].settings); /* another network */
}

/* What a level says is checked even where a nearer one covers it. */
static const struct {
	const char *text;
	unsigned line;
	const char *error;
} bad[] = {
	{HEAD "kernel-args: quiet\n" ROLES, 6, "kernel-args: \"quiet\" is not a list of lines"},
	{HEAD "roles: {m: {template: m, image: x}}\n", 6,
		"roles.m.image: \"x\" is not an image as NAME/VERSION, such as flatcar/4081.2.1"},
	{HEAD ROLES "nodes:\n - " M1 ", node-bond: {mode: x}}\n", 15,
		"nodes[0].node-bond.mode: \"x\" is not one of active-backup, 802.3ad, balance-xor, "
		"balance-rr"},
	{HEAD ROLES "nodes:\n - " M1 ", node-bnod: {}}\n", 15,
		"nodes[0].node-bnod: no such key (did you mean \"node-bond\"?)"},
	{HEAD "users: [{name: Ops}]\n" ROLES, 6,
		"users[0].name: \"Ops\" is not a name of lower-case letters, digits, - and _"},
	{HEAD "users: [{name: ops, passwd: secret}]\n" ROLES, 6,
		"users[0].passwd: \"secret\" is not the hash of a password, such as mkpasswd "
		"prints: $6$..."},
	{HEAD "ssh-authorized-keys: [/root/.ssh/id.pub]\n" ROLES, 6,
		"ssh-authorized-keys: \"/root/.ssh/id.pub\" is not a public key as in "
		"authorized_keys: ssh-ed25519 AAAA..."},
	{HEAD "update: {window-start: 'Sun 24:00'}\n" ROLES, 6,
		"update.window-start: \"Sun 24:00\" is not a time such as 04:00 or \"Sun 04:00\""},
	{HEAD "ntp: ['a b']\n" ROLES, 6, "ntp: \"a b\" is not an IPv4 address or a host name"},
	{HEAD "hosts: {a_b: 1.2.3.4}\n" ROLES, 6,
		"hosts: \"a_b\" is not a host name such as acm.internal"},
	{HEAD "hosts: {a: 1.2.3}\n" ROLES, 6,
		"hosts: \"1.2.3\" is not an IPv4 address such as 10.10.0.10"},
	{HEAD "timezone: ../etc/passwd\n" ROLES, 6,
		"timezone: \"../etc/passwd\" is not a time zone such as Europe/Berlin"},
	{"cluster: acm\nnetwork: {internal: {interface: b, address: 10.10.0.1/24}}\n"
	 "dhcp: {pool: 10.10.0.100-10.10.0.199}\n" ROLES,
		1, "image is missing: What nodes boot: NAME/VERSION, a folder of the image store."},
	{HEAD ROLES "nodes:\n - " M1 ", image: ~}\n", 15,
		"m1.image is missing: What nodes boot: NAME/VERSION, a folder of the image store."},
};

TEST(each_mistake_in_a_setting_is_named_with_its_place)
{
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_null(load(bad[i].text));
		assert_string_equal(errors.list[0].msg, bad[i].error);
		assert_int_equal(errors.list[0].at.line, bad[i].line);
		assert_int_equal(errors.n, 1);
	}
}

RUN(t(nearest_to_the_node_counts), t(lists_of_arguments_add_up_and_null_takes_them_back),
	t(sections_are_merged_key_by_key), t(what_nobody_says_is_as_dhcp_tells_the_network),
	t(vars_are_merged_as_deep_as_they_are_maps), t(map_below_a_value_that_is_none_is_covered),
	t(users_add_up_by_name), t(nodes_that_say_nothing_share_what_comes_of_their_role),
	t(each_mistake_in_a_setting_is_named_with_its_place))

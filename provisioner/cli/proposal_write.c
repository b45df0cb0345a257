#include "provisioner/cli/proposal.h"

#include "provisioner/base/str.h"

#define NODES_SHOWN 3

static void add_network(const struct proposal *p, struct str *out)
{
	char net[IPV4_NET_TEXT_SIZE];

	str_printf(out,
		"network:\n"
		"  internal: # DHCP, TFTP and boot HTTP listen here and nowhere else\n"
		"    interface: %s\n"
		"    address: %s # this machine's\n",
		p->internal, ipv4_net_text(p->address, net));
	if (p->n_members > 0)
		str_printf(out,
			"    # A bond of these interfaces. {mode: 802.3ad} once the switch speaks "
			"LACP.\n"
			"    bond: {mode: %s, members: [",
			bond_mode_name(p->mode));
	for (size_t i = 0; i < p->n_members; i++)
		str_printf(out, "%s%s", i ? ", " : "", p->members[i]);
	str_add(out, p->n_members > 0 ? "]}\n" : "");
	if (p->external[0])
		str_printf(out, "  external: {interface: %s} # nothing is ever answered there\n",
			p->external);
}

static void add_dhcp(const struct proposal *p, struct str *out)
{
	char first[IPV4_TEXT_SIZE], last[IPV4_TEXT_SIZE];

	str_printf(out,
		"\ndhcp:\n"
		"  pool: %s-%s # machines that are not listed below wait with one of these\n"
		"  # router: and dns: are told to nodes that shall reach beyond this network.\n",
		ipv4_text(p->pool.first, first), ipv4_text(p->pool.last, last));
}

/* YAML's single quotes: a key may hold anything but a line break. */
static void add_quoted(struct str *out, const char *text)
{
	str_addc(out, '\'');
	for (; *text; text++) {
		if (*text == '\'')
			str_addc(out, '\'');
		str_addc(out, *text);
	}
	str_addc(out, '\'');
}

static void add_settings(const struct proposal *p, struct str *out)
{
	str_printf(out,
		"\n# What follows, up to roles, may stand in a role or a node as well: the nearest "
		"to "
		"the node counts.\n"
		"# NAME/VERSION, a folder of the image store: `slipway images fetch flatcar` "
		"brings one.\n"
		"image: %s\n"
		"\n# Both network cards of a node become its bond0.\n"
		"node-bond: {mode: %s}\n"
		"\n# Who may log in as the user core.\n",
		p->image, bond_mode_name(p->mode));
	if (p->ssh_key[0]) {
		str_add(out, "ssh-authorized-keys:\n  - ");
		add_quoted(out, p->ssh_key);
		str_addc(out, '\n');
	} else {
		str_add(out, "ssh-authorized-keys: []\n");
	}
}

/* Addresses for the first nodes, beside our own and outside of the pool. */
static uint32_t address_of(const struct proposal *p, uint32_t nth)
{
	uint32_t first = ipv4_net_first(p->address), at = first + (p->address.len <= 26 ? 10 : 1);

	for (uint32_t last = ipv4_net_broadcast(p->address); at < last; at++) {
		bool is_taken = at == p->address.addr || at == first ||
				(at >= p->pool.first && at <= p->pool.last);

		if (!is_taken && nth-- == 0)
			return at;
	}
	return 0;
}

static void add_nodes(const struct proposal *p, struct str *out)
{
	static const struct {
		const char *name, *role;
	} rows[NODES_SHOWN] = {{"master1", "master"}, {"worker1", "worker"}, {"worker2", "worker"}};
	char text[IPV4_TEXT_SIZE];

	str_add(out,
		"\nroles:\n"
		"  master: {template: master.yaml, addons: [etcd]} # one, three or five of them\n"
		"  worker: {template: worker.yaml}\n"
		"\n# Power a machine on and `slipway nodes` shows its MACs. Both cards of a bond "
		"belong "
		"in mac.\n"
		"# More nodes may stand in files of their own beside this one: nodes.d/*.yaml. "
		"With "
		"`enroll: open`\n"
		"# machines become nodes by themselves: man cluster.yaml.\n"
		"nodes: [] # a list such as this instead of []:\n");
	for (uint32_t i = 0; i < NODES_SHOWN; i++) {
		uint32_t address = address_of(p, i);

		if (address)
			str_printf(out,
				"#  - {name: %s, role: %s, address: %s, mac: "
				"[\"52:54:00:00:%02x:01\", \"52:54:00:00:%02x:02\"]}\n",
				rows[i].name, rows[i].role, ipv4_text(address, text), i + 1, i + 1);
	}
}

void proposal_write(const struct proposal *p, struct str *out)
{
	str_printf(out,
		"# The cluster that Slipway launches. Every key is in cluster.yaml(5); `slipway "
		"check` "
		"reads this\n"
		"# file as the server does. Written by `slipway init`: change what you like.\n"
		"# yaml-language-server: $schema=" SLIPWAY_DATADIR "/cluster.schema.json\n"
		"\ncluster: %s\n"
		"domain: %s\n\n",
		p->cluster, p->domain);
	add_network(p, out);
	add_dhcp(p, out);
	add_settings(p, out);
	add_nodes(p, out);
}

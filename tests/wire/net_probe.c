/* Lets a shell script use provisioner/net:
 *
 *   net_probe show                          one line for each interface
 *   net_probe address NAME A.B.C.D/LEN      adds it and sets the interface up
 *   net_probe bring-up CLUSTER.YAML         makes the internal interface ready
 *   net_probe bond NAME MODE MIIMON_MS LACP_RATE HASH_POLICY MEMBER...
 *
 * Errors go to stderr; the exit status is then 1. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "provisioner/base/files.h"
#include "provisioner/base/parse.h"
#include "provisioner/net/bond.h"
#include "provisioner/net/bond_plan.h"
#include "provisioner/net/bring_up.h"
#include "provisioner/net/link.h"
#include "provisioner/net/netlink.h"

static const char *name_at(const struct links *all, int index)
{
	const struct link *l = links_at(all, index);

	return l ? l->name : "-";
}

static void show_link(const struct links *all, const struct link *l)
{
	char mac[MAC_TEXT_SIZE], net[IPV4_NET_TEXT_SIZE];

	printf("%s kind=%s mac=%s mtu=%u up=%d carrier=%d master=%s", l->name,
		l->kind[0] ? l->kind : "-", mac_text(&l->mac, mac), l->mtu, l->is_up,
		l->has_carrier, name_at(all, l->master));
	for (size_t i = 0; i < l->n_addresses; i++)
		printf(" address=%s", ipv4_net_text(l->addresses[i], net));
	if (strcmp(l->kind, "bond") == 0)
		printf(" mode=%u miimon=%u hash=%u rate=%u active=%s aggregator=%u ports=%u "
		       "partner=%s",
			l->bond.mode, l->bond.miimon_ms, l->bond.hash_policy, l->bond.lacp_rate,
			name_at(all, l->bond.active_index), l->bond.aggregator, l->bond.n_ports,
			mac_text(&l->bond.partner, mac));
	if (l->master &&
		strcmp(links_at(all, l->master) ? links_at(all, l->master)->kind : "", "bond") == 0)
		printf(" active=%d link=%d aggregator=%u permanent=%s", l->member.is_active,
			l->member.has_link, l->member.aggregator,
			mac_text(&l->member.permanent_mac, mac));
	printf("\n");
}

static int show(struct netlink *n, struct err *e)
{
	AUTO(links_done) struct links all = {0};
	int rc = links_read(n, &all, e);

	for (size_t i = 0; rc == 0 && i < all.n; i++)
		show_link(&all, &all.list[i]);
	return rc;
}

static int address(struct netlink *n, const char *name, const char *net, struct err *e)
{
	AUTO(links_done) struct links all = {0};
	const struct link *l = NULL;
	struct ipv4_net a;
	int rc = ipv4_net_parse(net, &a);

	if (rc < 0)
		return err_msg(e, rc, "\"%s\" is not a network", net);
	rc = links_read(n, &all, e);
	if (rc == 0)
		rc = links_need(&all, name, &l, e);
	if (rc == 0)
		rc = link_add_address(n, l, a, e);
	return rc < 0 ? rc : link_set_up(n, l, /* up= */ true, e);
}

static int bond(struct netlink *n, char **args, int n_args, struct err *e)
{
	static const enum bond_mode modes[] = {
		BOND_ACTIVE_BACKUP, BOND_802_3AD, BOND_BALANCE_XOR, BOND_BALANCE_RR};
	const char *members[BOND_MEMBERS_MAX];
	struct bond_settings s = {.name = args[0],
		.lacp_fast = strcmp(args[3], "fast") == 0,
		.hash_policy = args[4],
		.members = members};

	for (size_t i = 0; i < ARRAY_LEN(modes); i++)
		if (strcmp(bond_mode_name(modes[i]), args[1]) == 0)
			s.mode = modes[i];
	for (int i = 5; i < n_args && s.n_members < BOND_MEMBERS_MAX; i++)
		members[s.n_members++] = args[i];
	int rc = s.mode ? parse_u32(args[2], 0, 10000, &s.miimon_ms) : -1;
	return rc < 0 ? err_msg(e, rc, "not such a bond") : bond_ensure(n, &s, e);
}

static int bring_up(const char *path, struct err *e)
{
	AUTO(arena_free_p) struct arena *a = arena_new(16 << 20);
	AUTO(free_p) char *text = NULL;
	struct err_list errors = {0};
	struct cluster *c;
	size_t len;
	int rc = file_read(AT_FDCWD, path, 1 << 20, &text, &len);

	if (rc < 0)
		return err_msg(e, rc, "%s: %s", path, strerror(-rc));
	rc = cluster_load(a, path, text, len, &c, &errors);
	if (rc < 0) {
		err_list_print(&errors, stderr);
		return err_msg(e, rc, "%s is wrong", path);
	}
	return net_bring_up(&c->network.internal, e);
}

int main(int argc, char **argv)
{
	AUTO(netlink_close_p) struct netlink *n = NULL;
	struct err e = {0};
	int rc = netlink_open(&n, &e);

	if (rc == 0 && argc == 2 && strcmp(argv[1], "show") == 0)
		rc = show(n, &e);
	else if (rc == 0 && argc == 4 && strcmp(argv[1], "address") == 0)
		rc = address(n, argv[2], argv[3], &e);
	else if (rc == 0 && argc == 3 && strcmp(argv[1], "bring-up") == 0)
		rc = bring_up(argv[2], &e);
	else if (rc == 0 && argc >= 8 && strcmp(argv[1], "bond") == 0)
		rc = bond(n, argv + 2, argc - 2, &e);
	else if (rc == 0)
		rc = err_msg(&e, -1, "usage: net_probe show | address NAME NET | bond NAME ...");
	if (rc < 0)
		err_print(&e, stderr);
	return rc < 0;
}

#include "provisioner/net/link.h"

#include <errno.h>
#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <string.h>

#include "provisioner/base/mem.h"
#include "provisioner/base/str.h"
#include "provisioner/net/netlink.h"

#define LINKS_MAX 4096
#define READ_TRIES 10
#define NAMES_SHOWN_MAX 300 /* bytes */

/* --- reading ------------------------------------------------------------------------------- */

static struct nlattr *nested(struct nlattr *from, int type)
{
	return from ? nla_find(nla_data(from), nla_len(from), type) : NULL;
}

static uint8_t u8_of(const struct nlattr *a)
{
	return a && nla_len(a) >= 1 ? nla_get_u8(a) : 0;
}

static uint16_t u16_of(const struct nlattr *a)
{
	return a && nla_len(a) >= 2 ? nla_get_u16(a) : 0;
}

static uint32_t u32_of(const struct nlattr *a)
{
	return a && nla_len(a) >= 4 ? nla_get_u32(a) : 0;
}

static struct mac mac_of(const struct nlattr *a)
{
	struct mac m = {{0}};

	if (a && nla_len(a) == MAC_LEN)
		memcpy(m.b, nla_data(a), MAC_LEN);
	return m;
}

static void text_of(char to[static LINK_NAME_SIZE], const struct nlattr *a)
{
	if (a)
		(void)nla_strlcpy(to, a, LINK_NAME_SIZE);
}

static struct link_bond bond_of(struct nlattr *data)
{
	struct nlattr *ad = nested(data, IFLA_BOND_AD_INFO);

	return (struct link_bond){
		.mode = u8_of(nested(data, IFLA_BOND_MODE)),
		.hash_policy = u8_of(nested(data, IFLA_BOND_XMIT_HASH_POLICY)),
		.lacp_rate = u8_of(nested(data, IFLA_BOND_AD_LACP_RATE)),
		.miimon_ms = u32_of(nested(data, IFLA_BOND_MIIMON)),
		.active_index = (int)u32_of(nested(data, IFLA_BOND_ACTIVE_SLAVE)),
		.aggregator = u16_of(nested(ad, IFLA_BOND_AD_INFO_AGGREGATOR)),
		.n_ports = u16_of(nested(ad, IFLA_BOND_AD_INFO_NUM_PORTS)),
		.partner = mac_of(nested(ad, IFLA_BOND_AD_INFO_PARTNER_MAC)),
	};
}

static struct link_member member_of(struct nlattr *data)
{
	/* 0 is "active", and "up" (BOND_STATE_ACTIVE, BOND_LINK_UP in linux/if_bonding.h). */
	return (struct link_member){
		.is_active = u8_of(nested(data, IFLA_BOND_SLAVE_STATE)) == 0,
		.has_link = u8_of(nested(data, IFLA_BOND_SLAVE_MII_STATUS)) == 0,
		.aggregator = u16_of(nested(data, IFLA_BOND_SLAVE_AD_AGGREGATOR_ID)),
		.permanent_mac = mac_of(nested(data, IFLA_BOND_SLAVE_PERM_HWADDR)),
	};
}

static void on_link(void *arg, struct nlmsghdr *h)
{
	struct links *all = arg;
	struct nlattr *tb[IFLA_MAX + 1];
	struct ifinfomsg info;

	if (h->nlmsg_type != RTM_NEWLINK || all->n == LINKS_MAX ||
		nlmsg_parse(h, sizeof(info), tb, IFLA_MAX, NULL) < 0 || !tb[IFLA_IFNAME])
		return;
	memcpy(&info, nlmsg_data(h), sizeof(info));
	all->list = xreallocarray(all->list, all->n + 1, sizeof(*all->list));
	struct link *l = &all->list[all->n++];
	*l = (struct link){
		.index = info.ifi_index,
		.master = (int)u32_of(tb[IFLA_MASTER]),
		.mac = mac_of(tb[IFLA_ADDRESS]),
		.mtu = u32_of(tb[IFLA_MTU]),
		.is_ethernet = info.ifi_type == ARPHRD_ETHER,
		.is_up = info.ifi_flags & IFF_UP,
		.has_carrier = info.ifi_flags & IFF_LOWER_UP,
	};
	text_of(l->name, tb[IFLA_IFNAME]);
	text_of(l->kind, nested(tb[IFLA_LINKINFO], IFLA_INFO_KIND));
	if (strcmp(l->kind, "bond") == 0)
		l->bond = bond_of(nested(tb[IFLA_LINKINFO], IFLA_INFO_DATA));
	if (l->master != 0)
		l->member = member_of(nested(tb[IFLA_LINKINFO], IFLA_INFO_SLAVE_DATA));
}

static void on_address(void *arg, struct nlmsghdr *h)
{
	struct links *all = arg;
	struct nlattr *tb[IFA_MAX + 1];
	struct ifaddrmsg info;
	uint32_t wire;

	if (h->nlmsg_type != RTM_NEWADDR || nlmsg_parse(h, sizeof(info), tb, IFA_MAX, NULL) < 0)
		return;
	memcpy(&info, nlmsg_data(h), sizeof(info));
	if (info.ifa_family != AF_INET || !tb[IFA_LOCAL] || nla_len(tb[IFA_LOCAL]) != sizeof(wire))
		return;
	memcpy(&wire, nla_data(tb[IFA_LOCAL]), sizeof(wire));
	for (size_t i = 0; i < all->n; i++) {
		struct link *l = &all->list[i];

		if (l->index == (int)info.ifa_index && l->n_addresses < LINK_ADDRESSES_MAX)
			l->addresses[l->n_addresses++] =
				(struct ipv4_net){.addr = ntohl(wire), .len = info.ifa_prefixlen};
	}
}

int links_read(struct netlink *n, struct links *ret, struct err *e)
{
	int rc = -EINTR;

	for (int tries = 0; rc == -EINTR && tries < READ_TRIES; tries++) {
		AUTO(links_done) struct links l = {0};

		rc = netlink_dump(n, RTM_GETLINK, AF_UNSPEC, on_link, &l, e);
		if (rc == 0)
			rc = netlink_dump(n, RTM_GETADDR, AF_INET, on_address, &l, e);
		if (rc == 0)
			*ret = (struct links){.list = TAKE(l.list), .n = l.n};
	}
	return rc;
}

void links_done(struct links *l)
{
	free(l->list);
	*l = (struct links){0};
}

/* --- asking -------------------------------------------------------------------------------- */

const struct link *links_find(const struct links *l, const char *name)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->list[i].name, name) == 0)
			return &l->list[i];
	return NULL;
}

const struct link *links_at(const struct links *l, int index)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->list[i].index == index)
			return &l->list[i];
	return NULL;
}

bool link_has_address(const struct link *l, uint32_t addr)
{
	for (size_t i = 0; i < l->n_addresses; i++)
		if (l->addresses[i].addr == addr)
			return true;
	return false;
}

static int not_there(const struct links *l, const char *name, struct err *e)
{
	AUTO(free_p) const char **names = xcalloc(l->n + 1, sizeof(char *));
	AUTO(str_done) struct str text = str_init(NAMES_SHOWN_MAX);

	for (size_t i = 0; i < l->n; i++) {
		names[i] = l->list[i].name;
		str_printf(&text, "%s%s", i ? ", " : "", names[i]);
	}
	const char *near = err_nearest(name, names);
	if (near)
		return err_msg(e, -ENODEV,
			"interface \"%s\" does not exist (did you mean \"%s\"? there are: %s%s)",
			name, near, str_text(&text), str_ok(&text) ? "" : ", ...");
	return err_msg(e, -ENODEV, "interface \"%s\" does not exist (there are: %s%s)", name,
		str_text(&text), str_ok(&text) ? "" : ", ...");
}

int links_need(const struct links *l, const char *name, const struct link **ret, struct err *e)
{
	const struct link *found = links_find(l, name);

	if (!found)
		return not_there(l, name, e);
	*ret = found;
	return 0;
}

/* --- acting -------------------------------------------------------------------------------- */

static struct nl_msg *change_of(const struct link *l, unsigned flags, unsigned change)
{
	struct ifinfomsg info = {.ifi_index = l->index, .ifi_flags = flags, .ifi_change = change};
	struct nl_msg *msg = nlmsg_alloc_simple(RTM_NEWLINK, 0);

	if (msg && nlmsg_append(msg, &info, sizeof(info), NLMSG_ALIGNTO) < 0) {
		nlmsg_free(msg);
		return NULL;
	}
	return msg;
}

static int no_memory(struct err *e)
{
	return err_msg(e, -ENOMEM, "netlink: out of memory");
}

int link_set_up(struct netlink *n, const struct link *l, bool up, struct err *e)
{
	struct nl_msg *msg = change_of(l, up ? IFF_UP : 0, IFF_UP);

	if (!msg)
		return no_memory(e);
	int rc = netlink_request(n, msg, e);
	return rc < 0 ? err_msg(e, rc, "can not set %s %s: %s", l->name, up ? "up" : "down", e->msg)
		      : 0;
}

int link_set_master(
	struct netlink *n, const struct link *l, const struct link *master, struct err *e)
{
	struct nl_msg *msg = change_of(l, 0, 0);

	if (!msg || nla_put_u32(msg, IFLA_MASTER, (uint32_t)master->index) < 0) {
		nlmsg_free(msg);
		return no_memory(e);
	}
	int rc = netlink_request(n, msg, e);
	return rc < 0 ? err_msg(e, rc, "can not put %s into %s: %s", l->name, master->name, e->msg)
		      : 0;
}

int link_add_address(struct netlink *n, const struct link *l, struct ipv4_net a, struct err *e)
{
	struct ifaddrmsg info = {
		.ifa_family = AF_INET, .ifa_prefixlen = a.len, .ifa_index = (unsigned)l->index};
	const uint32_t local = htonl(a.addr), broadcast = htonl(ipv4_net_broadcast(a));
	struct nl_msg *msg = nlmsg_alloc_simple(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL);
	char text[IPV4_NET_TEXT_SIZE];

	if (!msg || nlmsg_append(msg, &info, sizeof(info), NLMSG_ALIGNTO) < 0 ||
		nla_put(msg, IFA_LOCAL, sizeof(local), &local) < 0 ||
		nla_put(msg, IFA_ADDRESS, sizeof(local), &local) < 0 ||
		(a.len < 31 && nla_put(msg, IFA_BROADCAST, sizeof(broadcast), &broadcast) < 0)) {
		nlmsg_free(msg);
		return no_memory(e);
	}
	int rc = netlink_request(n, msg, e);
	if (rc == 0 || rc == -EEXIST)
		return 0;
	return err_msg(e, rc, "can not add %s to %s: %s", ipv4_net_text(a, text), l->name, e->msg);
}

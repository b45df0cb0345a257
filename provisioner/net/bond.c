#include "provisioner/net/bond.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

#include "provisioner/net/bond_plan.h"
#include "provisioner/net/link.h"
#include "provisioner/net/netlink.h"

/* Room for a bond that appears while the driver is loaded, and for a member that comes and goes. */
#define ROUNDS_MAX 3

/* IFLA_INFO_DATA: only what the mode knows, as the kernel refuses the rest. */
static int put_settings(struct nl_msg *msg, const struct bond_settings *s, uint8_t hash_policy)
{
	struct nlattr *data = nla_nest_start(msg, IFLA_INFO_DATA);
	int rc = data ? 0 : -1;

	if (rc == 0)
		rc = nla_put_u8(msg, IFLA_BOND_MODE, bond_mode_number(s->mode));
	if (rc == 0)
		rc = nla_put_u32(msg, IFLA_BOND_MIIMON, s->miimon_ms);
	if (rc == 0 && bond_mode_has_hash_policy(s->mode))
		rc = nla_put_u8(msg, IFLA_BOND_XMIT_HASH_POLICY, hash_policy);
	if (rc == 0 && s->mode == BOND_802_3AD)
		rc = nla_put_u8(msg, IFLA_BOND_AD_LACP_RATE, s->lacp_fast);
	return rc < 0 ? rc : nla_nest_end(msg, data);
}

static int put_bond(struct nl_msg *msg, const struct bond_settings *s, uint8_t hash_policy)
{
	struct ifinfomsg info = {.ifi_family = AF_UNSPEC};

	if (nlmsg_append(msg, &info, sizeof(info), NLMSG_ALIGNTO) < 0 ||
		nla_put_string(msg, IFLA_IFNAME, s->name) < 0)
		return -1;
	struct nlattr *kind = nla_nest_start(msg, IFLA_LINKINFO);
	if (!kind || nla_put_string(msg, IFLA_INFO_KIND, "bond") < 0 ||
		put_settings(msg, s, hash_policy) < 0)
		return -1;
	return nla_nest_end(msg, kind);
}

static int set_bond(struct netlink *n, const struct bond_settings *s, int flags, struct err *e)
{
	struct nl_msg *msg = nlmsg_alloc_simple(RTM_NEWLINK, flags);
	uint8_t hash_policy = 0;
	int rc = s->hash_policy ? bond_hash_policy_number(s->hash_policy, &hash_policy, e) : 0;

	if (rc == 0 && (!msg || put_bond(msg, s, hash_policy) < 0))
		rc = err_msg(e, -ENOMEM, "netlink: out of memory");
	if (rc < 0) {
		nlmsg_free(msg);
		return rc;
	}
	rc = netlink_request(n, msg, e);
	if (rc == -EOPNOTSUPP)
		return err_msg(e, rc,
			"can not make %s: this kernel has no bonding driver (\"modprobe bonding\" "
			"loads it "
			"where it is a module)",
			s->name);
	return rc < 0 ? err_msg(e, rc, "can not set up the bond %s: %s", s->name, e->msg) : 0;
}

static int run_step(struct netlink *n, const struct bond_settings *s, const struct bond_step *step,
	const struct link *bond, struct err *e)
{
	const struct link *subject = step->link ? step->link : bond;

	switch (step->kind) {
	case BOND_STEP_CREATE:
		return set_bond(n, s, NLM_F_CREATE | NLM_F_EXCL, e);
	case BOND_STEP_CHANGE:
		return set_bond(n, s, 0, e);
	case BOND_STEP_DOWN:
		return link_set_up(n, subject, /* up= */ false, e);
	case BOND_STEP_UP:
		return link_set_up(n, subject, /* up= */ true, e);
	case BOND_STEP_ENSLAVE:
		return link_set_master(n, subject, bond, e);
	}
	return -EINVAL;
}

/* A new bond gets its number from the kernel: after it was made the plan is made anew. */
static int run(struct netlink *n, const struct bond_settings *s, const struct bond_plan *p,
	const struct link *bond, struct err *e)
{
	for (size_t i = 0; i < p->n; i++) {
		int rc = run_step(n, s, &p->steps[i], bond, e);

		if (rc < 0)
			return rc;
		if (p->steps[i].kind == BOND_STEP_CREATE)
			return -EAGAIN;
	}
	return 0;
}

static int round_of(struct netlink *n, const struct bond_settings *s, struct err *e)
{
	AUTO(links_done) struct links now = {0};
	struct bond_plan plan = {.n = 0};
	int rc = links_read(n, &now, e);

	if (rc == 0)
		rc = bond_plan_make(s, &now, &plan, e);
	return rc < 0 ? rc : run(n, s, &plan, links_find(&now, s->name), e);
}

int bond_ensure(struct netlink *n, const struct bond_settings *s, struct err *e)
{
	struct err local;
	int rc = -EAGAIN;

	/* EEXIST: loading the driver has made a bond of that name, in its own way. */
	for (int i = 0; (rc == -EAGAIN || rc == -EEXIST) && i < ROUNDS_MAX; i++)
		rc = round_of(n, s, e ? e : &local);
	return rc;
}

#include "provisioner/net/bond_plan.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "provisioner/net/link.h"

/* The kernel's numbers are the places in these lists (linux/if_bonding.h). */
static const char *const kernel_modes[] = {"balance-rr", "active-backup", "balance-xor",
	"broadcast", "802.3ad", "balance-tlb", "balance-alb", NULL};
static const char *const hash_policies[] = {
	"layer2", "layer3+4", "layer2+3", "encap2+3", "encap3+4", "vlan+srcmac", NULL};

static int place_in(const char *const list[], const char *name)
{
	for (int i = 0; list[i]; i++)
		if (strcmp(list[i], name) == 0)
			return i;
	return -1;
}

static const char *name_of(const char *const list[], uint8_t number)
{
	for (uint8_t i = 0; list[i]; i++)
		if (i == number)
			return list[i];
	return "unknown";
}

uint8_t bond_mode_number(enum bond_mode mode)
{
	int number = place_in(kernel_modes, bond_mode_name(mode));

	assert(number >= 0);
	return (uint8_t)number;
}

int bond_hash_policy_number(const char *name, uint8_t *ret, struct err *e)
{
	int number = place_in(hash_policies, name);

	if (number < 0)
		return err_msg(e, -EINVAL,
			"hash policy \"%s\" is not one of layer2, layer2+3, layer3+4, encap2+3, "
			"encap3+4, "
			"vlan+srcmac%s",
			name, err_did_you_mean(name, hash_policies).text);
	*ret = (uint8_t)number;
	return 0;
}

bool bond_mode_has_hash_policy(enum bond_mode mode)
{
	return mode == BOND_802_3AD || mode == BOND_BALANCE_XOR;
}

/* The kernel's form of what is asked for. */
static int wanted_of(const struct bond_settings *s, struct link_bond *ret, struct err *e)
{
	*ret = (struct link_bond){.mode = bond_mode_number(s->mode),
		.miimon_ms = s->miimon_ms,
		.lacp_rate = s->mode == BOND_802_3AD && s->lacp_fast};
	return bond_hash_policy_number(
		s->hash_policy ? s->hash_policy : hash_policies[0], &ret->hash_policy, e);
}

static int check_settings(const struct bond_settings *s, struct err *e)
{
	if (s->n_members == 0 || s->n_members > BOND_MEMBERS_MAX)
		return err_msg(
			e, -EINVAL, "%s: a bond has 1 to %d members", s->name, BOND_MEMBERS_MAX);
	for (size_t i = 0; i < s->n_members; i++)
		for (size_t k = 0; k < i; k++)
			if (strcmp(s->members[i], s->members[k]) == 0)
				return err_msg(e, -EINVAL, "%s: member %s is named twice", s->name,
					s->members[i]);
	return 0;
}

static size_t count_members(const struct links *now, const struct link *bond)
{
	size_t n = 0;

	for (size_t i = 0; i < now->n; i++)
		n += now->list[i].master == bond->index;
	return n;
}

/* Names the first setting in which a bond differs. 0 when there is none. */
static int compare(const struct bond_settings *s, const struct link *bond,
	const struct link_bond *want, struct err *e)
{
	const struct link_bond *is = &bond->bond;
	static const char hint[] = "(delete it: \"ip link delete\", or change the configuration)";

	if (is->mode != want->mode)
		return err_msg(e, -EBUSY, "%s is in use with mode %s, not %s %s", s->name,
			name_of(kernel_modes, is->mode), bond_mode_name(s->mode), hint);
	if (is->miimon_ms != want->miimon_ms)
		return err_msg(e, -EBUSY, "%s is in use with miimon %u ms, not %u ms %s", s->name,
			is->miimon_ms, want->miimon_ms, hint);
	if (bond_mode_has_hash_policy(s->mode) && is->hash_policy != want->hash_policy)
		return err_msg(e, -EBUSY, "%s is in use with hash policy %s, not %s %s", s->name,
			name_of(hash_policies, is->hash_policy),
			name_of(hash_policies, want->hash_policy), hint);
	if (s->mode == BOND_802_3AD && is->lacp_rate != want->lacp_rate)
		return err_msg(e, -EBUSY, "%s is in use with LACP rate %s, not %s %s", s->name,
			is->lacp_rate ? "fast" : "slow", want->lacp_rate ? "fast" : "slow", hint);
	return 0;
}

static bool is_wanted_member(const struct bond_settings *s, const char *name)
{
	for (size_t i = 0; i < s->n_members; i++)
		if (strcmp(s->members[i], name) == 0)
			return true;
	return false;
}

static int check_no_others(const struct bond_settings *s, const struct links *now,
	const struct link *bond, struct err *e)
{
	for (size_t i = 0; i < now->n; i++) {
		const struct link *l = &now->list[i];

		if (l->master == bond->index && !is_wanted_member(s, l->name))
			return err_msg(e, -EBUSY, "%s has a member that is not listed: %s", s->name,
				l->name);
	}
	return 0;
}

static void add(struct bond_plan *p, enum bond_step_kind kind, const struct link *l)
{
	assert(p->n < BOND_STEPS_MAX);
	p->steps[p->n++] = (struct bond_step){.kind = kind, .link = l};
}

/* The bond itself: made, given its settings while nobody uses it, or right as it is. */
static int plan_bond(
	const struct bond_settings *s, const struct links *now, struct bond_plan *p, struct err *e)
{
	const struct link *bond = links_find(now, s->name);
	struct link_bond want;
	int rc = wanted_of(s, &want, e);

	if (rc < 0)
		return rc;
	if (!bond) {
		add(p, BOND_STEP_CREATE, NULL);
		return 0;
	}
	if (strcmp(bond->kind, "bond") != 0)
		return err_msg(e, -EBUSY, "%s exists already and is no bond%s%s%s", s->name,
			bond->kind[0] ? " (it is a " : "", bond->kind, bond->kind[0] ? ")" : "");
	struct err difference;
	if (compare(s, bond, &want, &difference) < 0) {
		if (bond->is_up || count_members(now, bond) > 0 || bond->n_addresses > 0)
			return err_msg(e, -EBUSY, "%s", difference.msg);
		add(p, BOND_STEP_CHANGE, NULL);
	}
	return check_no_others(s, now, bond, e);
}

static int plan_member(const struct bond_settings *s, const char *name, const struct links *now,
	struct bond_plan *p, struct err *e)
{
	const struct link *bond = links_find(now, s->name), *member;
	char text[IPV4_NET_TEXT_SIZE];
	int rc = links_need(now, name, &member, e);

	if (rc < 0)
		return err_msg(e, rc, "%s: %s", s->name, e->msg);
	if (bond && member->master == bond->index) {
		if (!member->is_up)
			add(p, BOND_STEP_UP, member);
		return 0;
	}
	const struct link *owner = member->master ? links_at(now, member->master) : NULL;
	if (member->master)
		return err_msg(e, -EBUSY, "%s: member %s already belongs to %s", s->name, name,
			owner ? owner->name : "another interface");
	if (!member->is_ethernet || member == bond)
		return err_msg(e, -EINVAL, "%s: %s can not be a member of a bond", s->name, name);
	if (member->n_addresses > 0)
		return err_msg(e, -EBUSY,
			"%s: member %s has the address %s, which would be cut off (remove it "
			"first: "
			"\"ip address delete %s dev %s\")",
			s->name, name, ipv4_net_text(member->addresses[0], text), text, name);
	if (member->is_up)
		add(p, BOND_STEP_DOWN, member);
	add(p, BOND_STEP_ENSLAVE, member);
	add(p, BOND_STEP_UP, member);
	return 0;
}

int bond_plan_make(const struct bond_settings *s, const struct links *now, struct bond_plan *ret,
	struct err *e)
{
	struct bond_plan p = {.n = 0};
	struct err local;

	e = e ? e : &local;
	int rc = check_settings(s, e);
	if (rc == 0)
		rc = plan_bond(s, now, &p, e);
	for (size_t i = 0; rc == 0 && i < s->n_members; i++)
		rc = plan_member(s, s->members[i], now, &p, e);
	if (rc < 0)
		return rc;
	const struct link *bond = links_find(now, s->name);
	if (!bond || !bond->is_up)
		add(&p, BOND_STEP_UP, NULL);
	*ret = p;
	return 0;
}

#include "tests/unit/test.h"

#include <errno.h>
#include <stdio.h>

#include "provisioner/base/str.h"
#include "provisioner/net/bond_plan.h"
#include "provisioner/net/link.h"

static const char *const two[] = {"eno1", "eno2"};

static const struct bond_settings lacp = {.name = "bond0",
	.mode = BOND_802_3AD,
	.miimon_ms = 100,
	.lacp_fast = true,
	.hash_policy = "layer3+4",
	.members = two,
	.n_members = 2};

/* A machine: lo, eno1 and eno2 (up, without addresses), br0, and bond0 where a case wants it. */
enum { LO, ENO1, ENO2, BR0, N_BARE, BOND0 = N_BARE, ENO4, N_LINKS };

struct machine {
	struct link list[N_LINKS];
	struct links links;
};

static void bare(struct machine *m)
{
	*m = (struct machine){
		.list = {
			[LO] = {.index = 1, .name = "lo", .is_up = true},
			[ENO1] = {.index = 2, .name = "eno1", .is_ethernet = true, .is_up = true},
			[ENO2] = {.index = 3, .name = "eno2", .is_ethernet = true},
			[BR0] = {.index = 4, .name = "br0", .kind = "bridge", .is_ethernet = true},
			[BOND0] = {.index = 5,
				.name = "bond0",
				.kind = "bond",
				.is_ethernet = true,
				.is_up = true,
				.bond = {.mode = 4,
					.miimon_ms = 100,
					.hash_policy = 1,
					.lacp_rate = 1}},
			[ENO4] = {.index = 6, .name = "eno4", .is_ethernet = true, .is_up = true},
		}};
	m->links = (struct links){.list = m->list, .n = N_BARE};
}

/* The same with the bond standing as `lacp` asks for it. */
static void bonded(struct machine *m)
{
	bare(m);
	m->links.n = N_LINKS;
	m->list[ENO1].master = m->list[ENO2].master = 5;
	m->list[ENO2].is_up = true;
}

static const char *plan_text(struct str *out, const struct bond_plan *p)
{
	static const char *const words[] = {[BOND_STEP_CREATE] = "create",
		[BOND_STEP_CHANGE] = "change",
		[BOND_STEP_DOWN] = "down",
		[BOND_STEP_ENSLAVE] = "enslave",
		[BOND_STEP_UP] = "up"};

	for (size_t i = 0; i < p->n; i++)
		str_printf(out, "%s%s:%s", i ? " " : "", words[p->steps[i].kind],
			p->steps[i].link ? p->steps[i].link->name : "bond");
	return str_text(out);
}

static void plans(const struct bond_settings *s, const struct machine *m, const char *want)
{
	AUTO(str_done) struct str out = str_init(1000);
	struct bond_plan p;
	struct err e = {0};

	if (bond_plan_make(s, &m->links, &p, &e) < 0)
		fail_msg("%s", e.msg);
	assert_string_equal(plan_text(&out, &p), want);
}

static void refuses(
	const struct bond_settings *s, const struct machine *m, int rc, const char *part)
{
	struct bond_plan p = {.n = 77};
	struct err e = {0};

	assert_int_equal(bond_plan_make(s, &m->links, &p, &e), rc);
	if (!strstr(e.msg, part))
		fail_msg("got: %s\nwant: %s", e.msg, part);
	assert_int_equal(p.n, 77);
	assert_int_equal(bond_plan_make(s, &m->links, &p, NULL), rc);
}

TEST(bond_is_made_of_members_that_are_taken_down_first)
{
	struct machine m;

	bare(&m);
	plans(&lacp, &m, "create:bond down:eno1 enslave:eno1 up:eno1 enslave:eno2 up:eno2 up:bond");
}

TEST(bond_that_stands_needs_nothing)
{
	struct machine m;

	bonded(&m);
	plans(&lacp, &m, "");
}

TEST(bond_is_repaired_with_what_is_missing)
{
	struct machine m;

	bonded(&m);
	m.list[ENO2].master = 0; /* plugged in again */
	plans(&lacp, &m, "down:eno2 enslave:eno2 up:eno2");
	bonded(&m);
	m.list[ENO1].is_up = false;
	m.list[BOND0].is_up = false;
	plans(&lacp, &m, "up:eno1 up:bond");
}

TEST(bond_that_the_driver_made_is_given_the_settings)
{
	struct machine m;

	bare(&m);
	m.links.n = BOND0 + 1;
	m.list[BOND0].is_up = false;
	m.list[BOND0].bond = (struct link_bond){.mode = 0};
	plans(&lacp, &m, "change:bond down:eno1 enslave:eno1 up:eno1 enslave:eno2 up:eno2 up:bond");
}

TEST(bond_in_use_with_other_settings_is_left_alone)
{
	static const struct {
		struct link_bond is;
		const char *part;
	} rows[] = {
		{{.mode = 1, .miimon_ms = 100, .hash_policy = 1, .lacp_rate = 1},
			"bond0 is in use with mode active-backup, not 802.3ad"},
		{{.mode = 6, .miimon_ms = 100, .hash_policy = 1, .lacp_rate = 1},
			"with mode balance-alb"},
		{{.mode = 99}, "with mode unknown"},
		{{.mode = 4, .miimon_ms = 50, .hash_policy = 1, .lacp_rate = 1},
			"with miimon 50 ms, not 100 ms"},
		{{.mode = 4, .miimon_ms = 100, .hash_policy = 0, .lacp_rate = 1},
			"with hash policy layer2, not layer3+4"},
		{{.mode = 4, .miimon_ms = 100, .hash_policy = 1, .lacp_rate = 0},
			"with LACP rate slow, not fast"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct machine m;

		bonded(&m);
		m.list[BOND0].bond = rows[i].is;
		refuses(&lacp, &m, -EBUSY, rows[i].part);
		/* Any single use is enough. */
		m.list[ENO1].master = m.list[ENO2].master = 0;
		refuses(&lacp, &m, -EBUSY, rows[i].part);
		m.list[BOND0].is_up = false;
		m.list[BOND0].n_addresses = 1;
		refuses(&lacp, &m, -EBUSY, rows[i].part);
	}
}

TEST(settings_that_a_mode_does_not_know_do_not_count)
{
	struct bond_settings s = lacp;
	struct machine m;

	s.mode = BOND_ACTIVE_BACKUP;
	bonded(&m);
	m.list[BOND0].bond =
		(struct link_bond){.mode = 1, .miimon_ms = 100, .hash_policy = 3, .lacp_rate = 0};
	plans(&s, &m, "");
	s.mode = BOND_BALANCE_XOR;
	m.list[BOND0].bond = (struct link_bond){.mode = 2, .miimon_ms = 100, .hash_policy = 1};
	plans(&s, &m, "");
	s.hash_policy = NULL;
	m.list[BOND0].bond.hash_policy = 0;
	plans(&s, &m, "");
}

TEST(member_that_would_lose_something_is_refused)
{
	struct machine m;

	bare(&m);
	m.list[ENO1].addresses[0] = (struct ipv4_net){.addr = 0xc0000205, .len = 24};
	m.list[ENO1].n_addresses = 1;
	refuses(&lacp, &m, -EBUSY,
		"bond0: member eno1 has the address 192.0.2.5/24, which would be cut off");
	bare(&m);
	m.list[ENO2].master = 4;
	refuses(&lacp, &m, -EBUSY, "bond0: member eno2 already belongs to br0");
	m.list[ENO2].master = 99; /* in another namespace */
	refuses(&lacp, &m, -EBUSY, "bond0: member eno2 already belongs to another interface");
	bonded(&m);
	m.list[ENO4].master = 5;
	refuses(&lacp, &m, -EBUSY, "bond0 has a member that is not listed: eno4");
}

TEST(name_of_something_else_is_refused)
{
	struct bond_settings s = lacp;
	struct machine m;

	bare(&m);
	s.name = "br0";
	refuses(&s, &m, -EBUSY, "br0 exists already and is no bond (it is a bridge)");
	s.name = "eno4";
	m.links.n = N_LINKS;
	refuses(&s, &m, -EBUSY, "eno4 exists already and is no bond");
}

TEST(members_must_be_there_and_be_members_of_a_kind)
{
	static const struct {
		const char *members[3];
		size_t n;
		int rc;
		const char *part;
	} rows[] = {
		{{"eno1", "enp2"}, 2, -ENODEV,
			"bond0: interface \"enp2\" does not exist (did you mean \"eno2\"?"},
		{{"lo"}, 1, -EINVAL, "bond0: lo can not be a member of a bond"},
		{{"eno1", "bond0"}, 2, -ENODEV, "interface \"bond0\" does not exist"},
		{{"eno1", "eno2", "eno1"}, 3, -EINVAL, "bond0: member eno1 is named twice"},
		{{NULL}, 0, -EINVAL, "bond0: a bond has 1 to 16 members"},
		{{NULL}, 17, -EINVAL, "bond0: a bond has 1 to 16 members"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct bond_settings s = lacp;
		struct machine m;

		bare(&m);
		s.members = rows[i].members;
		s.n_members = rows[i].n;
		refuses(&s, &m, rows[i].rc, rows[i].part);
	}
}

TEST(bond_can_not_be_its_own_member)
{
	static const char *const members[] = {"eno1", "bond0"};
	struct bond_settings s = lacp;
	struct machine m;

	bonded(&m);
	m.list[ENO2].master = 0;
	s.members = members;
	refuses(&s, &m, -EINVAL, "bond0: bond0 can not be a member of a bond");
}

TEST(sixteen_members_fit_into_a_plan)
{
	struct link list[BOND_MEMBERS_MAX];
	char names[BOND_MEMBERS_MAX][LINK_NAME_SIZE];
	const char *members[BOND_MEMBERS_MAX];
	struct bond_settings s = lacp;
	struct bond_plan p;

	for (size_t i = 0; i < BOND_MEMBERS_MAX; i++) {
		(void)snprintf(names[i], sizeof(names[i]), "eth%zu", i);
		members[i] = names[i];
		list[i] = (struct link){.index = (int)i + 1, .is_ethernet = true, .is_up = true};
		memcpy(list[i].name, names[i], LINK_NAME_SIZE);
	}
	s.members = members;
	s.n_members = BOND_MEMBERS_MAX;
	assert_int_equal(bond_plan_make(&s, &(struct links){list, BOND_MEMBERS_MAX}, &p, NULL), 0);
	assert_int_equal(p.n, BOND_STEPS_MAX);
}

TEST(hash_policies_have_the_kernels_numbers)
{
	static const struct {
		const char *name;
		int number; /* -1: no such policy */
	} rows[] = {{"layer2", 0}, {"layer3+4", 1}, {"layer2+3", 2}, {"encap2+3", 3},
		{"encap3+4", 4}, {"vlan+srcmac", 5}, {"layer3", -1}, {"", -1}};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		uint8_t number = 77;
		struct err e;
		int rc = bond_hash_policy_number(rows[i].name, &number, &e);

		assert_int_equal(rc, rows[i].number < 0 ? -EINVAL : 0);
		assert_int_equal(number, rows[i].number < 0 ? 77 : rows[i].number);
	}
	struct bond_settings s = lacp;
	struct machine m;
	bare(&m);
	s.hash_policy = "layer3+5";
	refuses(&s, &m, -EINVAL, "did you mean \"layer3+4\"?");
	assert_int_equal(bond_mode_number(BOND_BALANCE_RR), 0);
	assert_int_equal(bond_mode_number(BOND_ACTIVE_BACKUP), 1);
	assert_int_equal(bond_mode_number(BOND_BALANCE_XOR), 2);
	assert_int_equal(bond_mode_number(BOND_802_3AD), 4);
}

RUN(t(bond_is_made_of_members_that_are_taken_down_first), t(bond_that_stands_needs_nothing),
	t(bond_is_repaired_with_what_is_missing),
	t(bond_that_the_driver_made_is_given_the_settings),
	t(bond_in_use_with_other_settings_is_left_alone),
	t(settings_that_a_mode_does_not_know_do_not_count),
	t(member_that_would_lose_something_is_refused), t(name_of_something_else_is_refused),
	t(members_must_be_there_and_be_members_of_a_kind), t(bond_can_not_be_its_own_member),
	t(sixteen_members_fit_into_a_plan), t(hash_policies_have_the_kernels_numbers))

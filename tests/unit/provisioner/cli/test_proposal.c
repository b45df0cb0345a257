#include "tests/unit/test.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "provisioner/base/str.h"
#include "provisioner/cli/proposal.h"

#define NICS_MAX 8

/* A machine, card by card. Marks: + carrier, * default route, < member of something. */
struct machine {
	struct link links[NICS_MAX];
	struct nic nics[NICS_MAX];
	size_t n;
};

static void add(struct machine *m, const char *name, const char *kind, uint32_t speed,
	const char *address, const char *marks)
{
	struct link *l = &m->links[m->n];

	*l = (struct link){.index = (int)m->n + 1,
		.is_ethernet = true,
		.has_carrier = strchr(marks, '+') != NULL,
		.master = strchr(marks, '<') ? 99 : 0};
	(void)snprintf(l->name, sizeof(l->name), "%s", name);
	(void)snprintf(l->kind, sizeof(l->kind), "%s", kind);
	if (address)
		assert_int_equal(ipv4_net_parse(address, &l->addresses[l->n_addresses++]), 0);
	m->nics[m->n] = (struct nic){
		.link = l, .speed_mbit = speed, .is_default = strchr(marks, '*') != NULL};
	m->n++;
}

/* "external internal=member,member address pool" */
static const char *summary(const struct proposal *p)
{
	static char text[256];
	AUTO(str_done) struct str s = str_init(sizeof(text) - 1);
	char net[IPV4_NET_TEXT_SIZE], first[IPV4_TEXT_SIZE], last[IPV4_TEXT_SIZE];

	str_printf(&s, "%s %s", p->external[0] ? p->external : "-", p->internal);
	for (size_t i = 0; i < p->n_members; i++)
		str_printf(&s, "%s%s", i ? "," : "=", p->members[i]);
	str_printf(&s, " %s %s-%s", ipv4_net_text(p->address, net), ipv4_text(p->pool.first, first),
		ipv4_text(p->pool.last, last));
	(void)snprintf(text, sizeof(text), "%s", str_text(&s));
	return text;
}

static const char *proposed(const struct machine *m, struct proposal p)
{
	struct err e;

	if (proposal_make(&p, m->nics, m->n, &e) < 0)
		fail_msg("%s", e.msg);
	return summary(&p);
}

TEST(two_cards_that_are_alike_become_a_bond_beside_the_way_out)
{
	struct machine m = {0};

	add(&m, "eno1", "", 10000, NULL, "+");
	add(&m, "eno2", "", 10000, NULL, "+");
	add(&m, "eno3", "", 1000, "192.0.2.7/24", "+*");
	assert_string_equal(proposed(&m, (struct proposal){0}),
		"eno3 bond0=eno1,eno2 10.10.0.1/24 10.10.0.100-10.10.0.199");
}

TEST(slow_and_unplugged_cards_stay_out_of_the_bond)
{
	struct machine m = {0};

	add(&m, "eno1", "", 1000, NULL, "+");
	add(&m, "eno2", "", 10000, NULL, "+");
	add(&m, "eno3", "", 10000, NULL, "+");
	add(&m, "eno4", "", 0, NULL, "-");
	add(&m, "wan", "", 1000, NULL, "+*");
	assert_string_equal(proposed(&m, (struct proposal){0}),
		"wan bond0=eno2,eno3 10.10.0.1/24 10.10.0.100-10.10.0.199");
}

TEST(one_card_left_is_used_as_it_is)
{
	struct machine m = {0};

	add(&m, "eth0", "", 1000, "10.10.0.7/16", "+*");
	add(&m, "eth1", "", 1000, NULL, "+");
	add(&m, "docker0", "bridge", 0, "10.20.0.1/16", "-");
	assert_string_equal(proposed(&m, (struct proposal){0}),
		"eth0 eth1 172.20.0.1/24 172.20.0.100-172.20.0.199");
}

TEST(bond_or_address_that_is_there_is_meant_for_this)
{
	struct machine m = {0}, n = {0};

	add(&m, "eno1", "", 1000, NULL, "+<");
	add(&m, "eno2", "", 1000, NULL, "+<");
	add(&m, "bond7", "bond", 2000, NULL, "+");
	add(&m, "eno3", "", 1000, NULL, "+*");
	assert_string_equal(proposed(&m, (struct proposal){0}),
		"eno3 bond7 10.10.0.1/24 10.10.0.100-10.10.0.199");
	add(&n, "eno1", "", 1000, NULL, "+");
	add(&n, "eno2", "", 1000, "10.1.2.3/16", "+");
	assert_string_equal(
		proposed(&n, (struct proposal){0}), "- eno2 10.1.2.3/16 10.1.0.100-10.1.0.199");
}

TEST(without_hardware_what_stands_in_for_it_is_taken)
{
	struct machine m = {0};

	add(&m, "veth1", "veth", 10000, NULL, "+");
	add(&m, "tap0", "tun", 10, NULL, "+");
	assert_string_equal(
		proposed(&m, (struct proposal){0}), "- veth1 10.10.0.1/24 10.10.0.100-10.10.0.199");
}

TEST(network_that_leads_outward_is_never_proposed)
{
	struct machine m = {0};
	struct proposal p = {0}, wanted = {.internal = "eth0"};
	struct err e;

	add(&m, "eth0", "", 1000, "192.0.2.7/24", "+*");
	assert_int_equal(proposal_make(&p, m.nics, m.n, &e), -ENODEV);
	assert_string_equal(e.msg,
		"no interface is left for the internal network beside eth0, which leads outward: "
		"--internal says which to take all the same");
	assert_string_equal(p.internal, "");
	p.external[0] = '\0';
	p.has_no_external = true;
	assert_string_equal(proposed(&m, p), "- eth0 192.0.2.7/24 192.0.2.100-192.0.2.199");
	assert_string_equal(proposed(&m, wanted), "- eth0 192.0.2.7/24 192.0.2.100-192.0.2.199");
}

TEST(what_was_said_stays)
{
	struct machine m = {0};
	struct proposal p = {.internal = "bond3",
		.members = {"a", "b"},
		.n_members = 2,
		.has_no_external = true,
		.address = {0x0a000001, 16}};

	add(&m, "eth0", "", 1000, "192.0.2.7/24", "+*");
	assert_string_equal(proposed(&m, p), "- bond3=a,b 10.0.0.1/16 10.0.0.100-10.0.0.199");
}

TEST(pool_leaves_room_and_does_not_hold_us)
{
	static const struct {
		const char *net, *pool;
	} rows[] = {
		{"10.0.0.1/24", "10.0.0.100-10.0.0.199"},
		{"10.0.0.150/24", "10.0.0.200-10.0.0.250"},
		{"10.0.0.1/8", "10.0.0.100-10.0.0.199"},
		{"10.0.0.1/25", "10.0.0.64-10.0.0.126"},
		{"10.0.0.65/25", "10.0.0.1-10.0.0.63"},
		{"10.0.0.1/29", "10.0.0.4-10.0.0.6"},
		{"10.0.0.1/30", NULL},
		{"10.0.0.0/31", NULL},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char text[64], first[IPV4_TEXT_SIZE], last[IPV4_TEXT_SIZE];
		struct ipv4_range range;
		struct ipv4_net net;

		assert_int_equal(ipv4_net_parse(rows[i].net, &net), 0);
		int rc = proposal_pool(net, &range);
		assert_int_equal(rc, rows[i].pool ? 0 : -ERANGE);
		if (rc < 0)
			continue;
		(void)snprintf(text, sizeof(text), "%s-%s", ipv4_text(range.first, first),
			ipv4_text(range.last, last));
		assert_string_equal(text, rows[i].pool);
		assert_true(net.addr < range.first || net.addr > range.last);
	}
}

/* Whatever was proposed: it loads, without a warning, and is what was proposed. */
TEST(file_loads_and_says_what_was_proposed)
{
	static const char *const nets[] = {
		"10.10.0.1/24", "10.0.0.1/8", "192.168.1.33/26", "192.0.2.2/29"};

	for (size_t i = 0; i < ARRAY_LEN(nets); i++) {
		AUTO(arena_free_p) struct arena *a = arena_new((size_t)4 << 20);
		AUTO(str_done) struct str text = str_init((size_t)64 << 10);
		struct proposal p = {.cluster = "acm",
			.domain = "acm.internal",
			.internal = "bond0",
			.members = {"eno1", "eno2"},
			.n_members = i % 2 ? 2 : 0,
			.mode = BOND_802_3AD,
			.external = "eno3",
			.image = "flatcar/1",
			.ssh_key = "ssh-ed25519 AAAA it's: #mine"};
		struct err_list errors = {0};
		struct cluster *c = NULL;

		assert_int_equal(ipv4_net_parse(nets[i], &p.address), 0);
		assert_int_equal(proposal_pool(p.address, &p.pool), 0);
		proposal_write(&p, &text);
		assert_true(str_ok(&text));
		if (cluster_load(a, "c", str_text(&text), text.len, &c, &errors) < 0)
			fail_msg("%s: %s", nets[i], errors.list[0].msg);
		assert_int_equal(errors.n_warnings, 0);
		assert_int_equal(c->network.internal.bond != NULL, i % 2);
		assert_string_equal(c->settings->ssh_authorized_keys.items[0], p.ssh_key);
		assert_int_equal(c->dhcp.local.pool.last, p.pool.last);
		assert_string_equal(c->network.external->interface, "eno3");
	}
}

RUN(t(two_cards_that_are_alike_become_a_bond_beside_the_way_out),
	t(slow_and_unplugged_cards_stay_out_of_the_bond), t(one_card_left_is_used_as_it_is),
	t(bond_or_address_that_is_there_is_meant_for_this),
	t(without_hardware_what_stands_in_for_it_is_taken),
	t(network_that_leads_outward_is_never_proposed), t(what_was_said_stays),
	t(pool_leaves_room_and_does_not_hold_us), t(file_loads_and_says_what_was_proposed))

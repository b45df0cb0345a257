/* From networkd's files to NetworkManager's profiles: single points; fcos.yaml has all of it. */
#include "tests/unit/provisioner/config/golden.h"

#include <errno.h>

#include "provisioner/config/keyfile.h"

/* A network file as a unit; `name` with its suffix. */
static void add_unit(struct str *out, const char *name, const char *text)
{
	if (out->len == 0)
		str_add(out, "coreos:\n  units:\n");
	str_printf(out, "    - name: %s\n      content: \"%s\"\n", name, text);
}

/* The profile that `text` becomes, or the first error. */
static void profile(struct golden *g, const char *name, const char *text, struct err *e)
{
	AUTO(str_done) struct str body = str_init((size_t)64 << 10);
	struct ifaces all = {0};

	*g = golden_init();
	add_unit(&body, name, text);
	golden_read_body(g, str_text(&body));
	int rc = ifaces_read(g->arena, g->c, &all, &g->errors);
	if (rc == 0)
		rc = keyfile_write(&all.list[0], &g->out, &g->errors);
	assert_int_equal(rc == 0, g->errors.n == 0);
	*e = g->errors.list[0];
}

#define MATCH "[Match]\\nName=eth0\\n[Network]\\n"

TEST(settings_become_words_of_networkmanager)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{MATCH "Address=10.0.0.2/8\\nGateway=10.0.0.1", "\naddress1=10.0.0.2/8,10.0.0.1\n"},
		{MATCH "DHCP=yes\\nGateway=10.0.0.1", "\nroute1=0.0.0.0/0,10.0.0.1\n"},
		{MATCH "Address=10.0.0.2/8\\nGateway=10.0.0.1\\nGateway=10.0.0.9",
			"\nroute1=0.0.0.0/0,10.0.0.9\n"},
		{MATCH "Address=10.0.0.2/8\\n[Route]\\nDestination=10.1.0.0/16",
			"\nroute1=10.1.0.0/16,0.0.0.0\n"},
		{MATCH "Address=10.0.0.2/8\\n[Route]\\nGateway=10.0.0.9\\nMetric=7",
			"\nroute1=0.0.0.0/0,10.0.0.9,7\n"},
		{MATCH "Address=10.0.0.2/8\\nDNS=10.0.0.3\\nDNS=\\nDNS=10.0.0.4",
			"\ndns=10.0.0.4;\n"},
		{MATCH "DHCP=ipv6", "method=disabled\n\n[ipv6]\nmethod=auto\n"},
		{MATCH "DHCP=ipv6\\nIPv6AcceptRA=no", "\n[ipv6]\nmethod=dhcp\n"},
		{MATCH "DHCP=ipv4\\nIPv6AcceptRA=no", "\n[ipv6]\nmethod=link-local\n"},
		{MATCH "DHCP=ipv4\\nLinkLocalAddressing=no", "\n[ipv6]\nmethod=disabled\n"},
		{MATCH "Address=fd00::2/64",
			"method=disabled\n\n[ipv6]\nmethod=auto\naddress1=fd00::2/64\n"},
		{MATCH "Address=fd00::2/64\\n[Route]\\nDestination=fd01::/64\\nGateway=fd00::1",
			"\nroute1=fd01::/64,fd00::1\n"},
		{MATCH "DHCP=yes\\n[DHCP]\\nClientIdentifier=duid", "\ndhcp-client-id=duid\n"},
		{"[Match]\\nName=en*\\n[Network]\\nDHCP=yes",
			"\nmulti-connect=3\n\n[match]\ninterface-name=en*;\n"},
		{"[Match]\\nName=en*\\n[Network]\\nAddress=10.0.0.2/8", "ethernet\n\n[match]\n"},
		{"[Match]\\nMACAddress=52-54-00-00-00-0A\\n[Link]\\nMACAddress=52:54:00:00:00:0b",
			"\nmac-address=52:54:00:00:00:0a\ncloned-mac-address=52:54:00:00:00:0b\n"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct golden g;
		struct err e;

		profile(&g, "a.network", cases[i].text, &e);
		if (g.errors.n > 0 || !strstr(str_text(&g.out), cases[i].want))
			fail_msg("%s\ngave \"%s\"\n%s", cases[i].text, e.msg, str_text(&g.out));
		golden_done(&g);
	}
}

TEST(what_networkmanager_can_not_say_is_an_error)
{
	static const struct {
		const char *name, *text, *message;
	} cases[] = {
		{"a.network", MATCH "NTP=10.0.0.1",
			"a.network: [Network] NTP= is for systemd-networkd alone; write the "
			"configuration of the system's own time service"},
		{"a.network", MATCH "IPForward=yes", "net.ipv4.ip_forward = 1"},
		{"a.network", MATCH "IPMasquerade=ipv4", "a rule of nftables"},
		{"a.network", MATCH "DHCPServer=yes", "run a DHCP server as a unit"},
		{"a.network", MATCH "BindCarrier=eth1",
			"there is no translation of [Network] BindCarrier="},
		{"a.network", "[Match]\\nName=eth0\\n[CAN]\\nBitRate=1", "no translation of [CAN]"},
		{"a.network", "[Match]\\nName=eth0\\n[NetDev]\\nName=a",
			"no translation of [NetDev]"},
		{"a.network", "[Match]\\nDriver=e1000", "no translation of [Match] Driver="},
		{"a.network", "[Network]\\nDHCP=yes", "[Match] must say Name="},
		{"a.network", "[Match]\\nName=eth0 eth1",
			"Name=eth0 eth1: expected one interface's name"},
		{"a.network", "[Match]\\nName=eth?", "expected one interface's name"},
		{"a.network", "[Match]\\nType=wlan", "[Match] Type=wlan: expected ether"},
		{"a.network", "[Match]\\nPermanentMACAddress=01:00:00:00:00:00", "one MAC address"},
		{"a.network", MATCH "Address=10.0.0.2",
			"expected an address with its prefix length"},
		{"a.network", MATCH "Address=10.0.0.2/33", "expected an address with its prefix"},
		{"a.network", MATCH "Address=fd00::2/129", "expected an address with its prefix"},
		{"a.network", MATCH "Gateway=router", "Gateway=router: expected an address"},
		{"a.network", MATCH "DHCP=both", "expected yes, no, ipv4 or ipv6"},
		{"a.network", MATCH "LinkLocalAddressing=ipv4", "expected no or ipv6"},
		{"a.network", MATCH "Domains=a_b", "expected domain names"},
		{"a.network", MATCH "DNS=10.0.0.1", "only beside an IPv4 address or DHCP"},
		{"a.network", MATCH "DHCP=ipv4\\nLinkLocalAddressing=no\\nDNS=fd00::1",
			"IPv6 routes or servers without IPv6"},
		{"a.network", MATCH "DHCP=ipv4\\nLinkLocalAddressing=no\\nIPv6AcceptRA=yes",
			"router advertisements need a link-local address"},
		{"a.network", MATCH "DHCP=yes\\n[Route]\\nMetric=5",
			"must say Destination= or Gateway="},
		{"a.network", MATCH "DHCP=yes\\n[DHCPv4]\\nClientIdentifier=vendor",
			"expected mac or duid"},
		{"a.network", MATCH "Bond=bond0", "there is no .netdev of a bond bond0"},
		{"a.network", MATCH "VLAN=v", "there is no .netdev of a VLAN v"},
		{"a.network", MATCH "[Link]\\nMTUBytes=9K", "expected bytes"},
		{"a.netdev", "[NetDev]\\nName=br0\\nKind=bridge", "expected bond or vlan"},
		{"a.netdev", "[NetDev]\\nKind=bond", "[NetDev] must say Name= and Kind="},
		{"a.netdev", "[NetDev]\\nName=b\\nKind=bond", "[Bond] must say Mode="},
		{"a.netdev", "[NetDev]\\nName=b\\nKind=bond\\n[Bond]\\nMode=4",
			"expected a mode like"},
		{"a.netdev", "[NetDev]\\nName=b\\nKind=bond\\n[Match]\\nHost=x",
			"no translation of [Match]"},
		{"a.netdev", "[NetDev]\\nName=b\\nKind=bond\\n[Network]\\nDHCP=yes",
			"no translation of [Network]"},
		{"a.netdev", "[NetDev]\\nName=b\\nKind=bond\\n[Bond]\\nMIIMonitorSec=soon",
			"expected a time like 100ms"},
		{"a.netdev", "[NetDev]\\nName=v\\nKind=vlan\\n[VLAN]\\nId=4095",
			"a number from 1 to 4094"},
		{"a.netdev", "[NetDev]\\nName=v\\nKind=vlan\\n[VLAN]\\nId=5",
			"a VLAN needs Id= in its .netdev and VLAN="},
		{"a.netdev", "[NetDev]\\nName=abcdefghijklmnop\\nKind=bond", "an interface's name"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct golden g;
		struct err e;

		profile(&g, cases[i].name, cases[i].text, &e);
		if (g.errors.n == 0 || !strstr(e.msg, cases[i].message))
			fail_msg("%s: got \"%s\", want \"%s\"", cases[i].text, e.msg,
				cases[i].message);
		golden_done(&g);
	}
}

/* The first error that two files and a third give together. */
static void expect_error_of(
	const char *first, const char *second, const char *third, const char *message)
{
	AUTO(str_done) struct str body = str_init((size_t)64 << 10);
	struct golden g = golden_init();
	struct ifaces all;

	add_unit(&body, "1.netdev", first);
	add_unit(&body, "2.network", second);
	add_unit(&body, "3.network", third);
	golden_read_body(&g, str_text(&body));
	assert_int_equal(ifaces_read(g.arena, g.c, &all, &g.errors), -EINVAL);
	if (!strstr(g.errors.list[0].msg, message))
		fail_msg("got \"%s\", want \"%s\"", g.errors.list[0].msg, message);
	golden_done(&g);
}

TEST(files_must_agree_with_each_other)
{
	static const char bond[] = "[NetDev]\\nName=b\\nKind=bond\\n[Bond]\\nMode=802.3ad";
	static const char vlan[] = "[NetDev]\\nName=v\\nKind=vlan\\n[VLAN]\\nId=5";

	expect_error_of(bond, "[Match]\\nName=b", "[Match]\\nName=b",
		"3.network: another file configures this interface already");
	expect_error_of(bond, "[Match]\\nMACAddress=52:54:00:00:00:01",
		"[Match]\\nPermanentMACAddress=52:54:00:00:00:01",
		"configures this interface already");
	expect_error_of(bond, "[Match]\\nType=ether", "[Match]\\nType=ether", "already");
	expect_error_of(bond, "[Match]\\nName=eth0\\n[Network]\\nBond=b\\nAddress=10.0.0.1/8",
		"[Match]\\nName=b", "a member of a bond has no addresses");
	expect_error_of(vlan, "[Match]\\nName=eth0\\n[Network]\\nVLAN=v",
		"[Match]\\nName=eth1\\n[Network]\\nVLAN=v", "the VLAN v has a link already");
	expect_error_of(vlan, "[Match]\\nName=eth0\\n[Network]\\nBond=v", "[Match]\\nName=v",
		"there is no .netdev of a bond v");
}

TEST(an_error_names_the_line_that_it_stands_in)
{
	struct golden g = golden_init();
	struct ifaces all;

	golden_read_body(&g,
		"coreos:\n  units:\n    - name: a.network\n      content: |\n"
		"        [Match]\n        Name=eth0\n        [Network]\n        NTP=a\n");
	assert_int_equal(ifaces_read(g.arena, g.c, &all, &g.errors), -EINVAL);
	assert_int_equal(g.errors.list[0].at.line, 9);
	golden_done(&g);
}

TEST(a_full_arena_is_an_error_not_a_crash)
{
	static const char text[] =
		"#cloud-config\ncoreos: {units: [{name: a.network, content: "
		"\"[Match]\\nName=eth0\\n[Network]\\nAddress=10.0.0.2/8\\nDNS=10.0.0.1\"}]}\n";

	for (size_t max = 2000; max < 90000; max += 1009) {
		struct arena *a = arena_new(max);
		struct err_list errors = {0};
		struct cloudconfig *c = NULL;
		struct ifaces all;

		if (cloudconfig_read(a, "test", text, strlen(text), &c, &errors) == 0) {
			int rc = ifaces_read(a, c, &all, &errors);

			assert_true(rc == 0 || rc == -E2BIG);
		}
		arena_free(a);
	}
}

RUN(t(settings_become_words_of_networkmanager), t(what_networkmanager_can_not_say_is_an_error),
	t(files_must_agree_with_each_other), t(an_error_names_the_line_that_it_stands_in),
	t(a_full_arena_is_an_error_not_a_crash))

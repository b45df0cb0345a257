/* User-data and network-config for cloud-init: whole files, and single points. What cloud-init and
 * netplan say to the same files is asked by tests/check/cloud-init.sh. */
#include "tests/unit/provisioner/config/golden.h"

#include <errno.h>

static void expect_file(const char *name)
{
	struct golden g = golden_init();
	char from[64], user_data[64], network[64];

	(void)snprintf(from, sizeof(from), "%s.yaml", name);
	(void)snprintf(user_data, sizeof(user_data), "%s.user-data", name);
	(void)snprintf(network, sizeof(network), "%s.network-config", name);
	golden_read(&g, golden_load(&g, from));
	int rc = config_emit(CONFIG_CLOUD_INIT, g.c, &g.out, &g.errors);
	err_list_print(&g.errors, stderr);
	assert_int_equal(rc, 0);
	golden_expect(&g, user_data, str_text(&g.out));
	str_reset(&g.out);
	assert_int_equal(config_emit_network(CONFIG_CLOUD_INIT, g.c, &g.out, &g.errors), 0);
	golden_expect(&g, network, str_text(&g.out));
	golden_done(&g);
}

TEST(everything_that_cloud_init_can_say)
{
	expect_file("plain");
}

TEST(a_worker_with_lacp_and_an_external_interface)
{
	expect_file("worker");
}

TEST(a_worker_with_one_nic)
{
	expect_file("single");
}

static void expect_text(const char *body, const char *want)
{
	struct golden g = golden_init();

	golden_read_body(&g, body);
	assert_int_equal(config_emit(CONFIG_CLOUD_INIT, g.c, &g.out, &g.errors), 0);
	assert_string_equal(str_text(&g.out), want);
	golden_done(&g);
}

TEST(an_empty_config_is_a_header)
{
	expect_text("", "#cloud-config\n");
	expect_text(
		"coreos: {units: [{name: a.network, content: \"[Match]\"}]}", "#cloud-config\n");
}

TEST(a_unit_that_is_started_is_enabled_and_can_be)
{
	expect_text("coreos: {units: [{name: a.service, command: start, content: \"[Service]\"}]}",
		"#cloud-config\nwrite_files:\n  - path: /etc/systemd/system/a.service\n"
		"    content: \"[Service]\"\n"
		"  - path: /etc/systemd/system/a.service.d/90-slipway-install.conf\n"
		"    content: |\n      [Install]\n      WantedBy=multi-user.target\n"
		"runcmd:\n  - [systemctl, daemon-reload]\n  - [systemctl, enable, 'a.service']\n"
		"  - [systemctl, start, 'a.service']\n");
}

TEST(commands_keep_their_order)
{
	expect_text("coreos: {units: [{name: b.service, command: stop}, {name: a.service, "
		    "command: reload}, {name: b.service, command: restart}]}",
		"#cloud-config\nruncmd:\n  - [systemctl, daemon-reload]\n"
		"  - [systemctl, enable, 'b.service']\n  - [systemctl, stop, 'b.service']\n"
		"  - [systemctl, reload, 'a.service']\n  - [systemctl, restart, 'b.service']\n");
}

TEST(a_file_of_a_user_to_come_waits_for_it)
{
	expect_text("write_files: [{path: /etc/a, owner: core}, {path: /etc/b, owner: \"0:0\"}, "
		    "{path: /etc/c, owner: \"root:root\"}]",
		"#cloud-config\nwrite_files:\n  - path: /etc/a\n    owner: \"core\"\n    defer: "
		"true\n    content: \"\"\n  - path: /etc/b\n    owner: \"0:0\"\n    content: "
		"\"\"\n  - path: /etc/c\n    owner: \"root:root\"\n    content: \"\"\n");
}

TEST(a_network_that_can_not_be_said_is_an_error)
{
	static const struct {
		const char *unit, *message;
	} cases[] = {
		{"{name: a.network, content: "
		 "\"[Match]\\nName=a\\n[Network]\\nDHCP=yes\\nDomains=~.\"}",
			"search domains alone"},
		{"{name: a.network, content: \"[Match]\\nName=a\\n[Network]\\nNTP=a\"}",
			"is for systemd-networkd alone"},
		{"{name: 'a@b.network', content: \"[Match]\\nName=a\\n[Network]\\nDHCP=yes\"}",
			"have a place in the name"},
		{"{name: a.network, content: \"[Match]\\nName=a\\n[Route]\\nMetric=5\"}",
			"must say Destination= or Gateway="},
		{"{name: a.network, content: "
		 "\"[Match]\\nName=a\\n[Network]\\nDHCP=yes\\n[DHCPv4]\\nUseDNS=no\"}",
			"no settings for DHCPv4 alone"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct golden g = golden_init();

		golden_read_body(
			&g, arena_printf(g.arena, "coreos:\n  units:\n    - %s\n", cases[i].unit));
		assert_int_equal(
			config_emit_network(CONFIG_CLOUD_INIT, g.c, &g.out, &g.errors), -EINVAL);
		assert_int_equal(g.out.len, 0);
		if (!strstr(g.errors.list[0].msg, cases[i].message))
			fail_msg("got \"%s\", want \"%s\"", g.errors.list[0].msg, cases[i].message);
		golden_done(&g);
	}
}

TEST(only_cloud_init_has_its_network_apart)
{
	for (enum config_kind k = CONFIG_COREOS; k < CONFIG_KINDS; k++) {
		struct golden g = golden_init();

		golden_read_body(&g, "coreos: {units: [{name: a.network, content: "
				     "\"[Match]\\nName=a\\n[Network]\\nDHCP=yes\"}]}");
		assert_int_equal(config_emit_network(k, g.c, &g.out, &g.errors), 0);
		assert_int_equal(g.out.len > 0, k == CONFIG_CLOUD_INIT);
		golden_done(&g);
	}
}

TEST(a_result_that_does_not_fit_is_an_error)
{
	struct golden g = golden_init();
	AUTO(str_done) struct str small = str_init(40);

	golden_read_body(&g, "hostname: a\ncoreos: {units: [{name: a.network, content: "
			     "\"[Match]\\nName=a\\n[Network]\\nDHCP=yes\"}]}");
	assert_int_equal(config_emit(CONFIG_CLOUD_INIT, g.c, &small, &g.errors), -E2BIG);
	assert_int_equal(small.len, 0);
	small.err = false;
	assert_int_equal(config_emit_network(CONFIG_CLOUD_INIT, g.c, &small, &g.errors), -E2BIG);
	golden_done(&g);
}

RUN(t(everything_that_cloud_init_can_say), t(a_worker_with_lacp_and_an_external_interface),
	t(a_worker_with_one_nic), t(an_empty_config_is_a_header),
	t(a_unit_that_is_started_is_enabled_and_can_be), t(commands_keep_their_order),
	t(a_file_of_a_user_to_come_waits_for_it), t(a_network_that_can_not_be_said_is_an_error),
	t(only_cloud_init_has_its_network_apart), t(a_result_that_does_not_fit_is_an_error))

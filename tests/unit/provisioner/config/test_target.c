#include "tests/unit/provisioner/config/golden.h"

#include <errno.h>

#define COREOS (1u << CONFIG_COREOS)
#define FLATCAR (1u << CONFIG_FLATCAR)
#define IGNITION (1u << CONFIG_IGNITION)
#define FCOS (1u << CONFIG_IGNITION_FCOS)
#define CLOUD_INIT (1u << CONFIG_CLOUD_INIT)
#define RUNNING (COREOS | FLATCAR | CLOUD_INIT)
#define ALL_COREOS (COREOS | FLATCAR | IGNITION | FCOS)
#define OTHERS (FLATCAR | IGNITION | FCOS | CLOUD_INIT)

/* A section of coreos: cloud-init, and it alone, says so in its own words. */
#define SECTION (1u << 31)

/* What each kind says to a config body: `refused` is the set of kinds that give the message. */
struct point {
	const char *body;
	unsigned refused;
	const char *message;
};

static void expect_of(enum config_kind kind, const struct point *p)
{
	struct golden g = golden_init();
	char buf[1024] = "nothing";

	const char *message = p->message;
	unsigned refused = p->refused;

	if (refused & SECTION && kind == CONFIG_CLOUD_INIT) {
		refused |= CLOUD_INIT;
		message = "cloud-init knows nothing of it; write a unit or a file";
	}
	golden_read_body(&g, p->body);
	int rc = config_emit(kind, g.c, &g.out, &g.errors);
	if (g.errors.n > 0)
		err_text(&g.errors.list[0], buf, sizeof(buf));
	if (!(refused & 1u << kind)) {
		if (rc != 0 || g.errors.n != 0)
			fail_msg("%s as %s: %s", p->body, config_kind_name(kind), buf);
	} else if (rc != -EINVAL || (g.errors.n != 1 && !(refused & SECTION)) ||
		   !strstr(buf, message) || g.out.len > 0) {
		fail_msg("%s as %s: rc %d, %zu errors, got \"%s\", want \"%s\"", p->body,
			config_kind_name(kind), rc, g.errors.n, buf, message);
	}
	golden_done(&g);
}

static void expect(const struct point *points, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (enum config_kind k = CONFIG_COREOS; k < CONFIG_KINDS; k++)
			expect_of(k, &points[i]);
}
#define EXPECT(...)                                               \
	do {                                                      \
		static const struct point list[] = {__VA_ARGS__}; \
		expect(list, ARRAY_LEN(list));                    \
	} while (0)

TEST(hyphens_are_for_coreos_alone)
{
	EXPECT({"write-files: [{path: /etc/a}]", OTHERS,
		       "test:2:1: write write_files: Flatcar ignores keys with hyphens in silence"},
		{"coreos: {units: [{name: a.service, command: start, drop-ins: []}]}", OTHERS,
			"write drop_ins"},
		{"coreos: {units: [{name: a.service, drop-ins: [{name: a.conf, content: '[A]'}]}]}",
			OTHERS, "test:2:36: write drop_ins"});
}

TEST(flatcar_cuts_host_names_at_their_first_dot)
{
	EXPECT({"hostname: a.example.internal", FLATCAR, "test:2:11: hostname: Flatcar cuts"},
		{"hostname: a", 0, ""});
}

TEST(special_modes_are_lost_by_cloudinit)
{
	EXPECT({"write_files: [{path: /etc/a, permissions: \"4755\"}]", RUNNING,
		"/etc/a: setuid, setgid and sticky would be lost"});
}

TEST(settings_of_programs_that_are_gone_need_their_unit)
{
	EXPECT({"coreos: {fleet: {verbosity: 1}}", OTHERS | SECTION,
		       "test:2:29: coreos.fleet: CoreOS was the last"},
		{"coreos: {flannel: {ip_masq: \"true\"}}", OTHERS | SECTION,
			"bring flanneld.service with its content under coreos.units"},
		{"coreos: {etcd2: {name: a}, units: [{name: etcd2.service, content: \"[Unit]\"}]}",
			FCOS | SECTION,
			"coreos.etcd2: Fedora CoreOS has no etcd2; run etcd in a container"},
		{"coreos: {fleet: {verbosity: 1}, units: [{name: fleet.service, content: "
		 "\"[Unit]\"}]}",
			SECTION, ""},
		{"write_files: [{path: /etc/systemd/system/flanneld.service}]\n"
		 "coreos: {flannel: {ip_masq: \"true\"}}",
			SECTION, ""});
}

TEST(enabling_alone_starts_nothing_in_memory)
{
	EXPECT({"coreos: {units: [{name: docker.service, enable: true}]}", RUNNING,
		       "docker.service: enable starts nothing before the next boot"},
		{"coreos: {units: [{name: docker.service, enable: true, command: restart}]}", 0,
			""},
		{"coreos:\n  units:\n    - {name: a.service, enable: true}\n"
		 "    - {name: a.service, command: start}",
			0, ""});
}

TEST(a_file_and_a_unit_of_one_path)
{
	EXPECT({"write_files: [{path: /etc/systemd/system/a.service}]\n"
		"coreos: {units: [{name: a.service, content: \"[Unit]\"}]}",
		       COREOS | OTHERS, "also"},
		{"write_files: [{path: /etc/systemd/system/a.service.d/b.conf}]\n"
		 "coreos: {units: [{name: a.service, drop_ins: [{name: b.conf, content: "
		 "\"[Unit]\"}]}]}",
			COREOS | OTHERS, "/etc/systemd/system/a.service.d/b.conf is also"},
		{"write_files: [{path: /etc/systemd/system/b.service}]\n"
		 "coreos: {units: [{name: a.service, content: \"[Unit]\"}]}",
			0, ""});
}

TEST(a_file_and_a_unit_of_one_path_for_this_boot)
{
	static const char body[] =
		"write_files: [{path: /run/systemd/system/a.service}]\n"
		"coreos: {units: [{name: a.service, runtime: true, content: \"[Unit]\"}]}";
	static const struct point p = {
		body, RUNNING, "/run/systemd/system/a.service is also among write_files"};

	expect_of(CONFIG_COREOS, &p);
	expect_of(CONFIG_FLATCAR, &p);
	expect_of(CONFIG_CLOUD_INIT, &p);
}

TEST(an_account_that_is_there_is_not_made_again)
{
	EXPECT({"users: [{name: core, groups: [docker]}]", COREOS | FLATCAR,
		       "test:2:16: users: core is there before, and groups would be ignored"},
		{"users: [{name: core, shell: /bin/sh}]", COREOS | FLATCAR, "and shell would be"},
		{"users: [{name: root, gecos: Us}]", COREOS | FLATCAR, "and gecos would be"},
		{"users: [{name: root, homedir: /r}]", COREOS | FLATCAR, "and homedir would be"},
		{"users: [{name: core, primary_group: a}]", COREOS | FLATCAR, "and primary_group"},
		{"users: [{name: core, no_create_home: true}]", ALL_COREOS, "and no_create_home"},
		{"users: [{name: core, no_user_group: true}]", ALL_COREOS, "and no_user_group"},
		{"users: [{name: core, system: true}]", ALL_COREOS, "and system would be ignored"},
		{"users: [{name: core, no_log_init: true}]", ALL_COREOS, "and no_log_init would"},
		{"users: [{name: core, passwd: \"$6$a$b\", ssh_authorized_keys: []}]", 0, ""},
		{"users: [{name: bob, groups: [docker], system: true}]", 0, ""});
}

TEST(the_systemd_of_coreos_is_old)
{
	EXPECT({"coreos: {units: [{name: a.network, content: "
		"\"[Match]\\nPermanentMACAddress=52:54:00:00:00:01\"}]}",
		       COREOS,
		       "a.network: CoreOS' systemd, 241 and older, does not know Permanent"},
		{"coreos: {units: [{name: a.network, content: "
		 "\"[Match]\\nMACAddress=52:54:00:00:00:01\\nType=ether\"}]}",
			COREOS, "takes Type=ether for no interface; match by MACAddress="},
		{"coreos: {units: [{name: a.network, content: \"[Match]\\nName=a\\n[Network]\\n"
		 "DHCP=ipv4\\n[DHCPv4]\\nUseDNS=no\"}]}",
			COREOS, "does not know [DHCPv4]; the section is [DHCP]"},
		{"coreos: {units: [{name: a.service, content: \"[Service]\\nExecStart=/a "
		 "--Type=ether\"}]}",
			0, ""});
}

TEST(fedora_coreos_has_other_units)
{
	EXPECT({"coreos: {units: [{name: etcd-member.service, command: start}]}", FCOS,
		       "test:2:25: Fedora CoreOS has no etcd-member.service; run etcd in a "
		       "container"},
		{"coreos: {units: [{name: locksmithd.service, drop_ins: [{name: a.conf, content: "
		 "\"[Unit]\"}]}]}",
			FCOS, "Zincati reboots for updates"},
		{"coreos: {units: [{name: systemd-networkd.service, command: restart}]}", FCOS,
			"NetworkManager.service has the network"},
		{"coreos: {units: [{name: update-engine.service, mask: true}]}", 0, ""},
		{"coreos: {units: [{name: locksmithd.service, command: stop}]}", 0, ""},
		{"coreos: {units: [{name: etcd-member.service, command: start, content: "
		 "\"[Service]\\nExecStart=/opt/bin/etcd\"}]}",
			0, ""});
}

TEST(fedora_coreos_has_other_places)
{
	EXPECT({"write_files: [{path: /data/a}]", FCOS, "/data/a: nothing can be written there"},
		{"write_files: [{path: /a}]", FCOS, "/a: nothing can be written there"},
		{"write_files: [{path: /opt/bin/a}, {path: /var/lib/a}, {path: /root/a}]", 0, ""},
		{"write_files: [{path: /etc/systemd/network/a.network}]", FCOS,
			"written as a unit it becomes a file of NetworkManager"},
		{"write_files: [{path: /etc/systemd/network/a.link}]", 0, ""});
}

TEST(fedora_coreos_updates_by_zincati)
{
	EXPECT({"coreos: {update: {reboot_strategy: etcd-lock}}", FCOS | SECTION,
		       "test:2:36: coreos.update.reboot_strategy: Fedora CoreOS locks by "
		       "FleetLock"},
		{"coreos: {update: {group: stable}}", FCOS | SECTION,
			"coreos.update.group: Fedora CoreOS has no such setting: its stream"},
		{"coreos: {locksmith: {endpoint: \"http://a:1\"}}", FCOS | SECTION,
			"Zincati asks no etcd"},
		{"coreos: {locksmith: {window_start: \"4:00\", window_length: 1h}}", FCOS | SECTION,
			"a window has a start and a length, and"},
		{"coreos: {update: {reboot_strategy: reboot}, locksmith: {window_start: \"4:00\"}}",
			FCOS | SECTION, "a window has a start and a length, and"},
		{"coreos: {update: {reboot_strategy: reboot}, locksmith: {window_start: \"4:00\", "
		 "window_length: 1.5h}}",
			FCOS | SECTION, "Zincati wants whole hours and minutes"},
		{"coreos: {update: {reboot_strategy: reboot}, locksmith: {window_start: \"4:00\", "
		 "window_length: 25h}}",
			FCOS | SECTION, "a day at most"},
		{"coreos: {oem: {id: a}}", FCOS | SECTION,
			"coreos.oem: Fedora CoreOS has no oem; leave it out"},
		{"coreos: {update: {reboot_strategy: off}}", SECTION, ""},
		{"coreos: {update: {reboot_strategy: reboot}}", SECTION, ""});
}

TEST(kinds_are_found_by_their_names)
{
	enum config_kind kind = CONFIG_KINDS;

	for (enum config_kind k = CONFIG_COREOS; k < CONFIG_KINDS; k++) {
		assert_true(config_kind_find(config_kind_name(k), &kind));
		assert_int_equal(kind, k);
		assert_non_null(strstr(config_kind_names(), config_kind_name(k)));
		assert_non_null(strchr(config_media_type(k), '/'));
		assert_true(config_kind_title(k)[0] != '\0');
	}
	kind = CONFIG_FLATCAR;
	assert_false(config_kind_find("ignition", &kind));
	assert_int_equal(kind, CONFIG_FLATCAR);
}

RUN(t(hyphens_are_for_coreos_alone), t(flatcar_cuts_host_names_at_their_first_dot),
	t(special_modes_are_lost_by_cloudinit),
	t(settings_of_programs_that_are_gone_need_their_unit),
	t(enabling_alone_starts_nothing_in_memory), t(a_file_and_a_unit_of_one_path),
	t(a_file_and_a_unit_of_one_path_for_this_boot),
	t(an_account_that_is_there_is_not_made_again), t(the_systemd_of_coreos_is_old),
	t(fedora_coreos_has_other_units), t(fedora_coreos_has_other_places),
	t(fedora_coreos_updates_by_zincati), t(kinds_are_found_by_their_names))

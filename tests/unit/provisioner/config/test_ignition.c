#include "tests/unit/provisioner/config/golden.h"

#include <errno.h>
#include <jansson.h>

/* ---- Whole files ---- */

static void expect_kind(enum config_kind kind, const char *name, const char *golden)
{
	struct golden g = golden_init();
	char from[64], to[64];

	(void)snprintf(from, sizeof(from), "%s.yaml", name);
	(void)snprintf(to, sizeof(to), "%s.ign", golden);
	char *text = golden_load(&g, from);
	assert_non_null(text);
	golden_read(&g, text);
	int rc = config_emit(kind, g.c, &g.out, &g.errors);
	err_list_print(&g.errors, stderr);
	assert_int_equal(rc, 0);
	golden_expect(&g, to, str_text(&g.out));
	golden_done(&g);
}

static void expect_file(const char *name)
{
	expect_kind(CONFIG_IGNITION, name, name);
}

TEST(a_master_with_a_bond)
{
	expect_file("master");
}

TEST(a_worker_with_lacp_and_an_external_interface)
{
	expect_file("worker");
}

TEST(a_worker_with_one_nic)
{
	expect_file("single");
}

TEST(one_of_everything)
{
	expect_file("everything");
}

TEST(fedora_coreos_gets_profiles_of_networkmanager)
{
	expect_kind(CONFIG_IGNITION_FCOS, "fcos", "fcos");
	expect_kind(CONFIG_IGNITION_FCOS, "worker", "worker-fcos");
	expect_kind(CONFIG_IGNITION_FCOS, "single", "single-fcos");
}

/* ---- Single points ---- */

/* The Ignition of a config body, as a tree; the caller drops it. */
static json_t *tree(const char *body)
{
	struct golden g = golden_init();
	json_error_t e;

	golden_read_body(&g, body);
	int rc = config_emit(CONFIG_IGNITION, g.c, &g.out, &g.errors);
	err_list_print(&g.errors, stderr);
	assert_int_equal(rc, 0);
	json_t *root = json_loads(str_text(&g.out), JSON_REJECT_DUPLICATES, &e);
	assert_non_null(root);
	golden_done(&g);
	return root;
}

static json_t *item(json_t *root, const char *section, const char *list, size_t i)
{
	return json_array_get(json_object_get(json_object_get(root, section), list), i);
}

static const char *text_of(json_t *map, const char *key)
{
	return json_string_value(json_object_get(map, key));
}

TEST(an_empty_config_is_only_a_version)
{
	json_t *root = tree("");

	assert_int_equal(json_object_size(root), 1);
	assert_string_equal(text_of(json_object_get(root, "ignition"), "version"), "3.3.0");
	json_decref(root);
}

TEST(slots_survive_letter_by_letter)
{
	static const char slot[] = "slot_join_token____________________________";
	struct golden g = golden_init();

	golden_read_body(&g, "write_files:\n"
			     "  - {path: /etc/a, content: "
			     "\"TOKEN=slot_join_token____________________________\\n\"}\n"
			     "coreos: {units: [{name: a.service, content: "
			     "\"[Service]\\nEnvironment=T=slot_join_token__________________________"
			     "__\\n\"}]}\n");
	assert_int_equal(config_emit(CONFIG_IGNITION, g.c, &g.out, &g.errors), 0);
	const char *first = strstr(str_text(&g.out), slot);
	assert_non_null(first);
	assert_non_null(strstr(first + 1, slot));
	golden_done(&g);
}

TEST(permissions_become_decimal_and_default_to_0644)
{
	json_t *root = tree("write_files: [{path: /a, permissions: 0755}, {path: /b}]\n");

	assert_int_equal(
		json_integer_value(json_object_get(item(root, "storage", "files", 0), "mode")),
		493);
	assert_int_equal(
		json_integer_value(json_object_get(item(root, "storage", "files", 1), "mode")),
		420);
	assert_true(json_is_true(json_object_get(item(root, "storage", "files", 1), "overwrite")));
	json_decref(root);
}

TEST(setuid_takes_a_younger_specification)
{
	json_t *root = tree("write_files: [{path: /etc/a, permissions: \"4755\"}]\n");

	assert_string_equal(text_of(json_object_get(root, "ignition"), "version"), "3.6.0");
	assert_int_equal(
		json_integer_value(json_object_get(item(root, "storage", "files", 0), "mode")),
		04755);
	json_decref(root);
}

TEST(owners_are_ids_or_names_never_both)
{
	json_t *root = tree("write_files: [{path: /a, owner: \"core:500\"}]\n");
	json_t *file = item(root, "storage", "files", 0);

	assert_string_equal(text_of(json_object_get(file, "user"), "name"), "core");
	assert_int_equal(
		json_integer_value(json_object_get(json_object_get(file, "group"), "id")), 500);
	assert_null(json_object_get(json_object_get(file, "group"), "name"));
	json_decref(root);
}

TEST(the_same_key_is_given_once)
{
	json_t *root = tree("ssh_authorized_keys: [ssh-rsa AAAAB3 a, ssh-rsa AAAAB3 a]\n"
			    "users: [{name: core, ssh_authorized_keys: [ssh-rsa AAAAB3 a, ssh-rsa "
			    "AAAAC4 b]}]\n");
	json_t *keys = json_object_get(item(root, "passwd", "users", 0), "sshAuthorizedKeys");

	assert_int_equal(json_array_size(keys), 2);
	json_decref(root);
}

TEST(starting_a_unit_of_the_system_links_it)
{
	json_t *root = tree("coreos: {units: [{name: getty@ttyS0.service, command: start}]}\n");
	json_t *link = item(root, "storage", "links", 0);

	assert_string_equal(text_of(link, "path"),
		"/etc/systemd/system/multi-user.target.wants/getty@ttyS0.service");
	assert_string_equal(text_of(link, "target"), "/usr/lib/systemd/system/getty@.service");
	assert_true(json_is_true(json_object_get(item(root, "systemd", "units", 0), "enabled")));
	json_decref(root);
}

TEST(starting_a_unit_without_install_section_gives_it_one)
{
	json_t *root = tree("coreos: {units: [{name: a.service, command: start, content: "
			    "\"[Service]\\nExecStart=/a\"}]}\n");
	json_t *unit = item(root, "systemd", "units", 0);

	assert_string_equal(text_of(unit, "contents"),
		"[Service]\nExecStart=/a\n[Install]\nWantedBy=multi-user.target\n");
	assert_null(json_object_get(root, "storage"));
	json_decref(root);
}

TEST(a_stop_followed_by_a_restart_starts)
{
	json_t *root = tree("coreos:\n  units:\n    - {name: a.service, command: stop}\n    - "
			    "{name: a.service, command: restart}\n");

	assert_true(json_is_true(json_object_get(item(root, "systemd", "units", 0), "enabled")));
	assert_int_equal(
		json_array_size(json_object_get(json_object_get(root, "systemd"), "units")), 1);
	json_decref(root);
}

TEST(a_start_followed_by_a_stop_does_not_start)
{
	json_t *root = tree("coreos:\n  units:\n    - {name: a.service, command: start}\n    - "
			    "{name: a.service, command: stop}\n");

	assert_true(json_is_false(json_object_get(item(root, "systemd", "units", 0), "enabled")));
	assert_null(json_object_get(root, "storage"));
	json_decref(root);
}

TEST(drop_ins_of_etcd_and_of_its_heir_come_together)
{
	struct golden g = golden_init();
	AUTO(str_done) struct str body = str_init(8192);

	str_add(&body, "coreos:\n  etcd2: {name: a}\n  units:\n    - {name: etcd-member.service, "
		       "command: start}\n"
		       "    - name: etcd2.service\n      drop_ins:\n");
	for (int i = 0; i < 40; i++)
		str_printf(&body, "        - {name: %d.conf, content: \"[Unit]\"}\n", i);
	golden_read_body(&g, str_text(&body));
	assert_int_equal(config_emit(CONFIG_IGNITION, g.c, &g.out, &g.errors), 0);
	json_t *root = json_loads(str_text(&g.out), 0, NULL);
	assert_int_equal(
		json_array_size(json_object_get(item(root, "systemd", "units", 0), "dropins")), 41);
	json_decref(root);
	golden_done(&g);
}

TEST(etcd2_settings_reach_the_etcd_of_today)
{
	json_t *root = tree("coreos:\n  etcd2: {name: m1, heartbeat_interval: 500}\n  units: "
			    "[{name: etcd2.service, command: start}]\n");
	json_t *unit = item(root, "systemd", "units", 0);
	json_t *drop_in = json_array_get(json_object_get(unit, "dropins"), 0);

	assert_string_equal(text_of(unit, "name"), "etcd-member.service");
	assert_string_equal(text_of(drop_in, "name"), "20-clct-etcd-member.conf");
	assert_string_equal(text_of(drop_in, "contents"),
		"[Service]\nEnvironment=\"ETCD_HEARTBEAT_INTERVAL="
		"500\"\nEnvironment=\"ETCD_NAME=m1\"\n");
	json_decref(root);
}

TEST(gzip_is_passed_on_as_it_is)
{
	json_t *root = tree("write_files: [{path: /a, encoding: gz+b64, content: "
			    "H4sIAAAAAAACAwMAAAAAAAAAAAA=}]\n");
	json_t *contents = json_object_get(item(root, "storage", "files", 0), "contents");

	assert_string_equal(text_of(contents, "compression"), "gzip");
	assert_string_equal(
		text_of(contents, "source"), "data:;base64,H4sIAAAAAAACAwMAAAAAAAAAAAA=");
	json_decref(root);
}

TEST(the_same_model_gives_the_same_bytes)
{
	struct golden g = golden_init();
	AUTO(str_done) struct str again = str_init((size_t)1 << 20);

	golden_read(&g, golden_load(&g, "everything.yaml"));
	assert_int_equal(config_emit(CONFIG_IGNITION, g.c, &g.out, &g.errors), 0);
	assert_int_equal(config_emit(CONFIG_IGNITION, g.c, &again, &g.errors), 0);
	assert_string_equal(str_text(&again), str_text(&g.out));
	golden_done(&g);
}

TEST(what_ignition_can_not_say_is_an_error_with_its_place)
{
	static const struct {
		const char *body, *message;
	} cases[] = {
		{"coreos: {units: [{name: a.service, runtime: true}]}",
			"test:2:25: a.service: Ignition can not write units for this boot only"},
		{"coreos: {etcd2: {proxy: on}}",
			"test:2:25: coreos.etcd2.proxy: etcd-member has no proxy mode"},
		{"coreos: {etcd2: {ca_file: /a}}", "use trusted_ca_file"},
		{"coreos: {etcd: {name: a}}", "use coreos.etcd2"},
		{"users: [{name: a, coreos_ssh_import_github: b}]",
			"list them under ssh_authorized_keys"},
		{"write_files: [{path: /run/a}]", "below /run/ is lost"},
		{"hostname: a\nwrite_files: [{path: /etc/hostname}]",
			"test:3:22: /etc/hostname is also written because of line 2"},
		{"write_files: [{path: /etc/systemd/system/a.service}]\ncoreos: {units: [{name: "
		 "a.service, content: \"[Unit]\"}]}",
			"/etc/systemd/system/a.service is also written because of line 2"},
		{"write_files: [{path: /etc/systemd/system/a.service.d/b.conf}]\ncoreos: {units: "
		 "[{name: a.service, drop_ins: [{name: b.conf, content: \"[Unit]\"}]}]}",
			"/etc/systemd/system/a.service.d/b.conf is also written because of line 2"},
		{"coreos:\n  etcd2: {name: a}\n  units: [{name: etcd-member.service, drop_ins: "
		 "[{name: 20-clct-etcd-member.conf, content: \"[Unit]\"}]}]",
			"has a drop-in of the name 20-clct-etcd-member.conf already"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct golden g = golden_init();
		char buf[1024];

		golden_read_body(&g, cases[i].body);
		assert_int_equal(config_emit(CONFIG_IGNITION, g.c, &g.out, &g.errors), -EINVAL);
		assert_int_equal(g.out.len, 0);
		assert_int_equal(g.errors.n, 1);
		err_text(&g.errors.list[0], buf, sizeof(buf));
		if (!strstr(buf, cases[i].message))
			fail_msg("%s: got \"%s\"", cases[i].body, buf);
		golden_done(&g);
	}
}

TEST(a_result_that_does_not_fit_is_an_error)
{
	struct golden g = golden_init();
	AUTO(str_done) struct str small = str_init(10);

	golden_read_body(&g, "hostname: a\n");
	assert_int_equal(config_emit(CONFIG_IGNITION, g.c, &small, &g.errors), -E2BIG);
	assert_int_equal(g.errors.n, 1);
	golden_done(&g);
}

RUN(t(a_master_with_a_bond), t(a_worker_with_lacp_and_an_external_interface),
	t(a_worker_with_one_nic), t(one_of_everything),
	t(fedora_coreos_gets_profiles_of_networkmanager), t(an_empty_config_is_only_a_version),
	t(slots_survive_letter_by_letter), t(permissions_become_decimal_and_default_to_0644),
	t(setuid_takes_a_younger_specification), t(owners_are_ids_or_names_never_both),
	t(the_same_key_is_given_once), t(starting_a_unit_of_the_system_links_it),
	t(starting_a_unit_without_install_section_gives_it_one),
	t(a_stop_followed_by_a_restart_starts), t(a_start_followed_by_a_stop_does_not_start),
	t(drop_ins_of_etcd_and_of_its_heir_come_together),
	t(etcd2_settings_reach_the_etcd_of_today), t(gzip_is_passed_on_as_it_is),
	t(the_same_model_gives_the_same_bytes),
	t(what_ignition_can_not_say_is_an_error_with_its_place),
	t(a_result_that_does_not_fit_is_an_error))

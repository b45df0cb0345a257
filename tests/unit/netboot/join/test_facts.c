#include "netboot/join/facts.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <jansson.h>

#include "provisioner/base/files.h"
#include "tests/unit/test.h"

#define SERVER "tests/data/join/bonded-server"

static const struct facts_addresses addresses = {
	.list = {{"bond0", "10.10.0.17/24"}, {"bond0", "fd00::17/64"},
		{"docker0", "172.17.0.1/16"}},
	.n = 3};

/* The facts of a machine that lives in a folder, as the provisioner reads them. */
static json_t *facts_of(const char *root)
{
	AUTO(str_done) struct str text = str_init(100000);
	AUTO(close_p) int dir = dir_open(root);
	struct json j = json_init(&text);
	json_error_t why;

	assert_true(dir >= 0);
	facts_write(dir, &addresses, &j);
	json_t *facts = json_loads(str_text(&text), JSON_REJECT_DUPLICATES, &why);
	if (!facts)
		fail_msg("%s: %s", why.text, text.s);
	return facts;
}

static void json_decref_p(json_t **j)
{
	json_decref(*j);
}

/* The JSON text at a path such as "nics.2.name", or "-" when there is nothing. The caller frees. */
static char *at(const json_t *from, const char *path)
{
	char part[64];

	while (from && *path) {
		size_t len = strcspn(path, ".");

		memcpy(part, path, len);
		part[len] = '\0';
		from = json_is_array(from) ? json_array_get(from, strtoul(part, NULL, 10))
					   : json_object_get(from, part);
		path += len + (path[len] == '.');
	}
	char *text = from ? json_dumps(from, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
	return text ? text : xstrdup("-");
}

struct expected {
	const char *path, *want;
};

static void expect(const json_t *facts, const struct expected *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		AUTO(free_p) char *got = at(facts, rows[i].path);

		if (strcmp(got, rows[i].want) != 0)
			fail_msg("%s: want %s, got %s", rows[i].path, rows[i].want, got);
	}
}

TEST(a_machine_says_what_it_is)
{
	static const struct expected rows[] = {
		{"hostname", "\"node7\""},
		{"kernel", "\"6.6.54-flatcar\""},
		{"machine_id", "\"0123456789abcdef0123456789abcdef\""},
		{"boot_id", "\"5b5e2b3e-0d6c-4a64-9d2d-1f6f0e4f4b11\""},
		{"os.name", "\"Flatcar \\\"Container\\\" Linux by Kinvolk 4081.2.1 (Oklo)\""},
		{"os.id", "\"flatcar\""},
		{"os.version", "\"4081.2.1\""},
		{"cpu.model", "\"Intel(R) Xeon(R) Gold 6130 CPU @ 2.10GHz\""},
		{"cpu.count", "32"},
		{"memory_mib", "64300"},
		{"dmi.vendor", "\"Dell Inc.\""},
		{"dmi.product", "\"PowerEdge R640\""},
		{"dmi.uuid", "\"4c4c4544-0058-4b10-8051-b7c04f515132\""},
		{"dmi.asset_tag", "-"},
	};
	AUTO(json_decref_p) json_t *facts = facts_of(SERVER);

	expect(facts, rows, ARRAY_LEN(rows));
}

TEST(a_serial_that_is_not_text_still_gives_valid_json)
{
	static const struct expected rows[] = {{"dmi.serial", "\"7XK\xef\xbf\xbd\\u0001Q2\""}};
	AUTO(json_decref_p) json_t *facts = facts_of(SERVER);

	expect(facts, rows, ARRAY_LEN(rows));
}

TEST(a_bond_and_its_members_are_told_apart_by_permanent_mac)
{
	static const struct expected rows[] = {
		{"nics.0.name", "\"bond0\""},
		{"nics.0.address", "\"52:54:00:00:00:01\""},
		{"nics.0.permanent", "null"},
		{"nics.0.bond.mode", "\"802.3ad 4\""},
		{"nics.0.bond.members", "\"eno1 eno2\""},
		{"nics.0.bond.partner", "\"00:1c:73:00:00:99\""},
		{"nics.0.bond.active", "-"},
		{"nics.0.addresses", "[\"10.10.0.17/24\",\"fd00::17/64\"]"},
		{"nics.1.name", "\"eno1\""},
		{"nics.1.permanent", "\"52:54:00:00:00:01\""},
		{"nics.1.master", "\"bond0\""},
		{"nics.1.driver", "\"ixgbe\""},
		{"nics.1.carrier", "true"},
		{"nics.1.speed_mbit", "10000"},
		{"nics.1.member.state", "\"active\""},
		{"nics.1.addresses", "[]"},
		{"nics.2.name", "\"eno2\""},
		{"nics.2.address", "\"52:54:00:00:00:01\""},
		{"nics.2.permanent", "\"52:54:00:00:00:02\""},
		{"nics.2.carrier", "false"},
		{"nics.2.speed_mbit", "null"},
		{"nics.2.member.mii", "\"down\""},
		{"nics.2.member.failures", "\"3\""},
	};
	AUTO(json_decref_p) json_t *facts = facts_of(SERVER);

	expect(facts, rows, ARRAY_LEN(rows));
}

TEST(a_nic_that_is_down_has_no_carrier_to_tell_of)
{
	static const struct expected rows[] = {
		{"nics.3.name", "\"eno3\""}, {"nics.3.permanent", "\"52:54:00:00:00:03\""},
		{"nics.3.carrier", "null"}, {"nics.3.speed_mbit", "null"}, {"nics.3.master", "-"},
		{"nics.3.member", "-"}, {"nics.4", "-"}, /* neither lo nor docker0 */
	};
	AUTO(json_decref_p) json_t *facts = facts_of(SERVER);

	expect(facts, rows, ARRAY_LEN(rows));
}

TEST(disks_are_whole_drives_with_size_and_serial)
{
	static const struct expected rows[] = {
		{"disks.0.name", "\"nvme0n1\""}, {"disks.0.bytes", "1920383410176"},
		{"disks.0.model", "\"SAMSUNG MZQLB1T9HAJR\""},
		{"disks.0.serial", "\"S439NA0M100\""}, {"disks.0.rotates", "false"},
		{"disks.1.name", "\"sda\""}, {"disks.1.model", "\"ST4000NM0035\""},
		{"disks.1.serial", "\"ZC1A2B3C\""}, {"disks.1.rotates", "true"},
		{"disks.2.name", "\"vda\""}, {"disks.2.serial", "\"disk-7\""},
		{"disks.2.model", "-"}, {"disks.3", "-"}, /* neither sr0, loop0 nor dm-0 */
	};
	AUTO(json_decref_p) json_t *facts = facts_of(SERVER);

	expect(facts, rows, ARRAY_LEN(rows));
}

TEST(a_machine_without_any_fact_still_gives_an_object)
{
	static const struct expected rows[] = {{"nics", "[]"}, {"disks", "[]"}, {"cpu", "{}"},
		{"dmi", "{}"}, {"os", "{}"}, {"hostname", "-"}, {"memory_mib", "-"}};
	char empty[] = "/tmp/slipway-facts.XXXXXX";

	assert_non_null(mkdtemp(empty));
	AUTO(json_decref_p) json_t *facts = facts_of(empty);
	expect(facts, rows, ARRAY_LEN(rows));
	assert_int_equal(rmdir(empty), 0);
}

TEST(vitals_and_ids_come_from_the_kernel)
{
	AUTO(close_p) int dir = dir_open(SERVER);
	char machine_id[FACTS_ID_SIZE], boot_id[FACTS_ID_SIZE];
	struct facts_vitals v;

	facts_vitals(dir, &v);
	assert_int_equal(v.uptime_s, 4711);
	assert_int_equal(v.memory_free_kib, 63012345);
	assert_string_equal(v.load, "0.42");
	facts_machine_id(dir, machine_id);
	assert_string_equal(machine_id, "0123456789abcdef0123456789abcdef");
	facts_boot_id(dir, boot_id);
	assert_string_equal(boot_id, "5b5e2b3e-0d6c-4a64-9d2d-1f6f0e4f4b11");
}

/* A folder with one file in it. */
static int folder_with(char *path, const char *sub, const char *name, const char *text)
{
	AUTO(close_p) int dir = -1;
	char folder[128];

	assert_non_null(mkdtemp(path));
	assert_true(snprintf(folder, sizeof(folder), "%s/%s", path, sub) < (int)sizeof(folder));
	assert_int_equal(dir_make(folder, 0755, getuid(), getgid()), 0);
	dir = dir_open(folder);
	assert_int_equal(file_write(dir, name, text, strlen(text), 0644), 0);
	return dir_open(path);
}

static void folder_gone(const char *path, const char *sub, const char *name)
{
	char full[256];

	assert_true(snprintf(full, sizeof(full), "%s/%s/%s", path, sub, name) < (int)sizeof(full));
	assert_int_equal(unlink(full), 0);
	full[strlen(full) - strlen(name) - 1] = '\0';
	assert_int_equal(rmdir(full), 0);
	assert_int_equal(rmdir(path), 0);
}

TEST(a_load_that_is_no_json_number_becomes_zero)
{
	static const char *const texts[] = {"0x1 0", "-1.0", "1e5", "\"", "01.5", "1.", ".5", "",
		"1.00000000000000000000", "nan"};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		char path[] = "/tmp/slipway-facts.XXXXXX";
		AUTO(close_p) int dir = folder_with(path, "proc", "loadavg", texts[i]);
		struct facts_vitals v;

		facts_vitals(dir, &v);
		assert_string_equal(v.load, "0");
		assert_int_equal(v.memory_free_kib, -1);
		folder_gone(path, "proc", "loadavg");
	}
}

TEST(an_id_that_is_no_id_is_left_out)
{
	static const char *const texts[] = {"", "uninitialized",
		"0123456789abcdef0123456789abcdef0123456789", "0123\n4567", "<script>"};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		char path[] = "/tmp/slipway-facts.XXXXXX", id[FACTS_ID_SIZE] = "before";
		AUTO(close_p) int dir = folder_with(path, "etc", "machine-id", texts[i]);

		facts_machine_id(dir, id);
		assert_string_equal(id, "");
		folder_gone(path, "etc", "machine-id");
	}
}

TEST(loopback_has_its_own_address_towards_itself)
{
	assert_int_equal(facts_address_towards(0x7f000001), 0x7f000001);
}

RUN(t(a_machine_says_what_it_is), t(a_serial_that_is_not_text_still_gives_valid_json),
	t(a_bond_and_its_members_are_told_apart_by_permanent_mac),
	t(a_nic_that_is_down_has_no_carrier_to_tell_of),
	t(disks_are_whole_drives_with_size_and_serial),
	t(a_machine_without_any_fact_still_gives_an_object), t(vitals_and_ids_come_from_the_kernel),
	t(a_load_that_is_no_json_number_becomes_zero), t(an_id_that_is_no_id_is_left_out),
	t(loopback_has_its_own_address_towards_itself))

#include "tests/unit/test.h"

#include <stdio.h>
#include <errno.h>
#include <sqlite3.h>
#include <stdlib.h>

#include "provisioner/base/log.h"
#include "provisioner/base/str.h"
#include "provisioner/cluster/cluster.h"
#include "provisioner/messages/messages.h"
#include "provisioner/nodes/nodes.h"
#include "provisioner/nodes/observe.h"

#define NOW 1000000

static char folder[] = "/tmp/slipway-nodes.XXXXXX";
static struct store *store;
static struct nodes *nodes;

static const struct cluster_role worker = {.name = "worker", .template = "worker.yaml"};
static struct cluster_node rows[] = {
	{.name = "w1",
		.role_name = "worker",
		.role = &worker,
		.address = 0x0a4d000b,
		.macs = {.items = {{{0x52, 0x54, 0, 0, 0, 1}}, {{0x52, 0x54, 0, 0, 0, 2}}},
			.n = 2}},
	{.name = "w2",
		.role_name = "worker",
		.role = &worker,
		.address = 0x0a4d000c,
		.macs = {.items = {{{0x52, 0x54, 0, 0, 0, 3}}}, .n = 1}},
};
static struct cluster both = {.name = "t", .nodes = rows, .n_nodes = 2};
static struct cluster only_w1 = {.name = "t", .nodes = rows, .n_nodes = 1};
static const struct mac second = {{0x52, 0x54, 0, 0, 0, 2}};
static const struct mac third = {{0x52, 0x54, 0, 0, 0, 3}};
static const struct mac stranger = {{0x52, 0x54, 0, 0, 0, 9}};
static const struct observe_image image = {
	.folder = "/images/lab/1/", .kernel = "vmlinuz", .n_initrds = 2};

static void reopen(void)
{
	struct err e;

	nodes_free(nodes);
	store_close(store);
	store = NULL;
	nodes = NULL;
	assert_int_equal(store_open(folder, &store, &e), 0);
	assert_int_equal(nodes_open(store, NOW, &nodes, &e), 0);
}

static int begin(void **state)
{
	(void)state;
	log_init("test", LOG_LEVEL_ERROR);
	(void)snprintf(folder, sizeof(folder), "/tmp/slipway-nodes.XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	reopen();
	nodes_configure(nodes, &both, NOW);
	return 0;
}

static int end(void **state)
{
	static const char *const files[] = {"state.db", "state.db-wal", "state.db-shm"};
	char path[96];

	(void)state;
	nodes_free(nodes);
	store_close(store);
	nodes = NULL;
	store = NULL;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", folder, files[i]);
		(void)remove(path);
	}
	return remove(folder);
}

static struct message_exchange ack(const struct mac *mac, uint32_t address, enum boot_stage stage)
{
	return (struct message_exchange){
		.mac = *mac, .address = address, .stage = (uint8_t)stage, .request = 3, .reply = 5};
}

static void transfer(uint32_t client, enum transfer_protocol protocol, const char *name)
{
	struct message_transfer x = {
		.client = client, .protocol = protocol, .result = TRANSFER_DONE, .bytes = 1000};

	(void)snprintf(x.name, sizeof(x.name), "%s", name);
	observe_transfer(nodes, &x, &image, NOW);
}

TEST(node_is_found_by_any_of_its_macs)
{
	assert_string_equal(nodes_by_mac(nodes, &second)->key, "w1");
	assert_null(nodes_by_mac(nodes, &stranger));
}

TEST(stranger_that_is_met_waits)
{
	struct machine *m = nodes_meet(nodes, &stranger, NOW);

	assert_string_equal(m->key, "52:54:00:00:00:09");
	assert_int_equal(m->life.state, NODE_WAITING);
	assert_null(m->node);
	assert_ptr_equal(nodes_meet(nodes, &stranger, NOW), m);
}

TEST(stranger_becomes_a_node_when_cluster_yaml_takes_its_mac)
{
	nodes_configure(nodes, &only_w1, NOW);
	(void)nodes_meet(nodes, &third, NOW);
	assert_int_equal(nodes_by_mac(nodes, &third)->life.state, NODE_WAITING);
	nodes_configure(nodes, &both, NOW);
	assert_string_equal(nodes_by_mac(nodes, &third)->key, "w2");
	assert_int_equal(nodes_by_mac(nodes, &third)->life.state, NODE_ACCEPTED);
	assert_int_equal(nodes_count(nodes), 2);
}

TEST(node_that_is_taken_out_of_cluster_yaml_waits_if_it_was_ever_seen)
{
	(void)nodes_meet(nodes, &third, NOW);
	nodes_configure(nodes, &only_w1, NOW);
	assert_int_equal(nodes_by_mac(nodes, &third)->life.state, NODE_WAITING);
	assert_null(nodes_by_key(nodes, "w2"));
}

TEST(node_that_was_never_seen_is_forgotten_when_it_is_taken_out)
{
	nodes_configure(nodes, &only_w1, NOW);
	assert_int_equal(nodes_count(nodes), 1);
}

TEST(a_new_generation_writes_only_the_nodes_that_are_other_in_it)
{
	struct cluster_node moved[2], others[2];
	struct cluster second_one = both, third_one = both;

	assert_int_equal(nodes_flush(nodes), 0);
	nodes_configure(nodes, &both, NOW);
	assert_false(nodes_at(nodes, 0)->dirty || nodes_at(nodes, 1)->dirty);
	memcpy(moved, rows, sizeof(moved));
	moved[1].address++;
	second_one.nodes = moved;
	nodes_configure(nodes, &second_one, NOW);
	assert_false(nodes_at(nodes, 0)->dirty);
	assert_true(nodes_at(nodes, 1)->dirty);
	assert_int_equal(nodes_flush(nodes), 0);
	memcpy(others, moved, sizeof(others));
	others[0].macs.items[1] = stranger;
	others[1].role_name = "other";
	third_one.nodes = others;
	nodes_configure(nodes, &third_one, NOW);
	assert_true(nodes_at(nodes, 0)->dirty && nodes_at(nodes, 1)->dirty);
	nodes_configure(nodes, &both, NOW); /* which outlives this */
}

TEST(lives_are_read_back_after_a_restart)
{
	struct message_exchange x = ack(&second, rows[0].address, STAGE_IPXE);

	observe_exchange(nodes, &x, NOW);
	assert_int_equal(nodes_flush(nodes), 0);
	reopen();
	nodes_configure(nodes, &both, NOW);
	assert_int_equal(nodes_by_key(nodes, "w1")->life.state, NODE_BOOTING);
	assert_int_equal(nodes_by_key(nodes, "w1")->life.step, STEP_ADDRESS);
}

TEST(transfers_are_steps_of_the_machine_that_holds_the_address)
{
	struct message_exchange x = ack(&second, rows[0].address, STAGE_FIRMWARE);
	struct machine *m = nodes_by_key(nodes, "w1");

	observe_exchange(nodes, &x, NOW);
	transfer(rows[0].address, PROTOCOL_TFTP, "snponly.efi");
	assert_int_equal(m->life.step, STEP_LOADER);
	transfer(rows[0].address, PROTOCOL_HTTP, "/images/lab/1/vmlinuz");
	assert_int_equal(m->life.step, STEP_KERNEL);
	transfer(rows[0].address, PROTOCOL_HTTP, "/images/lab/1/a.img");
	assert_int_equal(m->life.step, STEP_KERNEL);
	transfer(rows[0].address, PROTOCOL_HTTP, "/images/lab/1/b.img");
	assert_int_equal(m->life.step, STEP_INITRD);
	transfer(rows[0].address, PROTOCOL_HTTP, "/agent/slipway-join");
	assert_int_equal(m->life.step, STEP_AGENT);
}

static void refuse(uint32_t client, const char *why)
{
	struct message_refused x = {.client = client};

	(void)snprintf(x.why, sizeof(x.why), "%s", why);
	observe_refused(nodes, &x, NOW);
}

TEST(firmware_that_will_not_speak_tls_is_told_of_once_in_a_boot)
{
	struct message_exchange x = ack(&second, rows[0].address, STAGE_FIRMWARE);
	const struct machine *m = nodes_by_key(nodes, "w1");

	observe_exchange(nodes, &x, NOW);
	refuse(rows[0].address, "it does not trust the server's certificate");
	assert_string_equal(
		m->trouble, "boot HTTP by TLS: it does not trust the server's certificate");
	refuse(rows[0].address, "another word, at will");
	refuse(0x0a4d0099, "nobody has this address");
	assert_string_equal(
		m->trouble, "boot HTTP by TLS: it does not trust the server's certificate");
}

TEST(what_a_node_does_by_tls_once_it_is_configured_is_its_own_business)
{
	struct message_exchange x = ack(&second, rows[0].address, STAGE_FIRMWARE);

	observe_exchange(nodes, &x, NOW);
	transfer(rows[0].address, PROTOCOL_HTTP, "/agent/slipway-join");
	refuse(rows[0].address, "unknown CA");
	assert_string_equal(nodes_by_key(nodes, "w1")->trouble, "");
}

TEST(firmware_that_does_not_come_for_an_https_url_is_told_of)
{
	static const struct {
		const char *file;
		bool loads, is_told;
	} cases[] = {
		{"https://10.77.0.1/firmware/snponly.efi", false, true},
		{"https://10.77.0.1/firmware/snponly.efi", true, false},
		{"http://10.77.0.1/firmware/snponly.efi", false, false},
		{"snponly.efi", false, false},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct message_exchange x = ack(&second, rows[0].address, STAGE_FIRMWARE);
		struct machine *m = nodes_by_key(nodes, "w1");

		m->life = life_begin(/* is_known= */ true, NOW);
		(void)snprintf(x.boot_file, sizeof(x.boot_file), "%s", cases[i].file);
		observe_exchange(nodes, &x, NOW);
		assert_string_equal(m->trouble, "");
		if (cases[i].loads)
			transfer(rows[0].address, PROTOCOL_HTTP, "/firmware/snponly.efi");
		observe_exchange(nodes, &x, NOW);
		assert_int_equal(strstr(m->trouble, "no CA is enrolled") != NULL, cases[i].is_told);
	}
}

TEST(uuid_of_a_machine_reads_as_smbios_and_ipxe_write_it)
{
	struct message_exchange x = ack(&second, rows[0].address, STAGE_FIRMWARE);

	x.has_uuid = true;
	for (uint8_t i = 0; i < sizeof(x.uuid); i++)
		x.uuid[i] = i;
	observe_exchange(nodes, &x, NOW);
	assert_string_equal(
		nodes_by_mac(nodes, &second)->uuid, "03020100-0504-0706-0809-0a0b0c0d0e0f");
}

TEST(architecture_is_what_the_firmware_says_it_is)
{
	static const struct {
		enum boot_stage stage;
		uint16_t arch;
		const char *is;
	} steps[] = {
		{STAGE_FIRMWARE, 27, NULL}, /* RISC-V: nobody makes images for it */
		{STAGE_FIRMWARE, 11, "aarch64"}, {STAGE_OS, 0, "aarch64"},
		{STAGE_FIRMWARE, 0xffff, "aarch64"},
		{STAGE_IPXE, 7, "x86_64"}, /* another machine with that network card */
	};

	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		struct message_exchange x = ack(&second, rows[0].address, steps[i].stage);

		x.arch = steps[i].arch;
		observe_exchange(nodes, &x, NOW);
		const char *arch = nodes_by_mac(nodes, &second)->arch;
		assert_true(steps[i].is ? strcmp(arch, steps[i].is) == 0 : arch == NULL);
	}
}

TEST(lease_of_the_operating_system_is_no_new_boot)
{
	struct machine *m = nodes_by_key(nodes, "w1");
	struct message_exchange x = ack(&second, rows[0].address, STAGE_IPXE);

	observe_exchange(nodes, &x, NOW);
	transfer(rows[0].address, PROTOCOL_HTTP, "/agent/slipway-join");
	x = ack(&second, rows[0].address, STAGE_OS);
	observe_exchange(nodes, &x, NOW);
	assert_int_equal(m->life.step, STEP_AGENT);
}

TEST(address_moves_from_one_stranger_to_the_next)
{
	struct message_exchange x = ack(&stranger, 0x0a4d0064, STAGE_IPXE);

	observe_exchange(nodes, &x, NOW);
	const struct mac other = {{0x52, 0x54, 0, 0, 0, 10}};
	x = ack(&other, 0x0a4d0064, STAGE_IPXE);
	observe_exchange(nodes, &x, NOW);
	assert_string_equal(nodes_by_address(nodes, 0x0a4d0064)->key, "52:54:00:00:00:0a");
}

/* More machines than the first table of the index holds, come and gone, each still found by all it has. */
TEST(each_of_many_machines_is_found_by_key_mac_and_address)
{
	char key[MAC_TEXT_SIZE];

	for (uint32_t i = 0; i < 6000; i++) {
		struct mac mac = {{2, 0, 0, 9, (uint8_t)(i >> 8), (uint8_t)i}};
		struct machine *m = nodes_meet(nodes, &mac, NOW + i);

		nodes_set_address(nodes, m, 0x0a000000 + i);
		nodes_set_address(nodes, m, 0x0b000000 + i);
	}
	assert_int_equal(nodes_count(nodes), 2 + MACHINE_STRANGERS_MAX);
	for (uint32_t i = 0; i < 6000; i++) {
		struct mac mac = {{2, 0, 0, 9, (uint8_t)(i >> 8), (uint8_t)i}};
		struct machine *m = nodes_by_mac(nodes, &mac);

		assert_int_equal(m != NULL, i >= 6000 - MACHINE_STRANGERS_MAX);
		assert_ptr_equal(nodes_by_key(nodes, mac_text(&mac, key)), m);
		assert_ptr_equal(nodes_by_address(nodes, 0x0b000000 + i), m);
		assert_null(nodes_by_address(nodes, 0x0a000000 + i));
	}
	assert_string_equal(nodes_by_key(nodes, "w2")->key, "w2");
}

static int collect(const struct store_event *e, void *arg)
{
	struct str *out = arg;

	str_printf(out, "%s: %s\n", e->kind, e->text);
	return 0;
}

TEST(hostile_text_in_events_is_printable)
{
	struct message_exchange x = ack(&second, rows[0].address, STAGE_IPXE);
	AUTO(str_done) struct str out = str_init(4096);

	(void)snprintf(x.boot_file, sizeof(x.boot_file), "\033[31mred\n");
	observe_exchange(nodes, &x, NOW);
	assert_int_equal(nodes_flush(nodes), 0);
	assert_int_equal(store_events_last(store, "w1", 10, collect, &out), 0);
	assert_non_null(strstr(str_text(&out), "loads \\x1b[31mred\\x0a"));
}

/* What the timeline of `key` says: "kind: text" lines. */
static const char *timeline(const char *key, struct str *out)
{
	str_reset(out);
	assert_int_equal(nodes_flush(nodes), 0);
	assert_int_equal(store_events_last(store, key, 20, collect, out), 0);
	return str_text(out);
}

TEST(quirks_of_firmware_stand_in_the_timeline)
{
	struct message_exchange x = ack(&second, rows[0].address, STAGE_FIRMWARE);
	AUTO(str_done) struct str out = str_init(4096);

	(void)snprintf(x.boot_file, sizeof(x.boot_file), "undionly.kpxe");
	observe_exchange(nodes, &x, NOW);
	assert_non_null(strstr(timeline("w1", &out), "loads undionly.kpxe\n"));
	(void)snprintf(x.quirks, sizeof(x.quirks), "U-Boot, no option 97");
	observe_exchange(nodes, &x, NOW);
	assert_non_null(strstr(
		timeline("w1", &out), "loads undionly.kpxe (quirks: U-Boot, no option 97)\n"));
}

TEST(machine_that_has_an_address_but_nothing_to_load_is_told_of)
{
	struct message_exchange x = ack(&second, rows[0].address, STAGE_FIRMWARE);
	AUTO(str_done) struct str out = str_init(4096);

	(void)snprintf(x.note, sizeof(x.note), "no boot file for x86 UEFI: give it one");
	observe_exchange(nodes, &x, NOW);
	x.reply = 2; /* an OFFER says the same as the ACK after it */
	observe_exchange(nodes, &x, NOW);
	const char *first =
		strstr(timeline("w1", &out), "dhcp: firmware: no boot file for x86 UEFI");
	assert_non_null(first);
	assert_null(strstr(first + 10, "dhcp: firmware"));
}

/* Whoever can send a datagram can claim an address there. */
TEST(asking_port_4011_moves_no_address)
{
	struct message_exchange x = ack(&second, 0, STAGE_FIRMWARE);
	AUTO(str_done) struct str out = str_init(4096);

	(void)snprintf(x.boot_file, sizeof(x.boot_file), "snponly.efi");
	observe_exchange(nodes, &x, NOW);
	assert_int_equal(nodes_by_key(nodes, "w1")->address, rows[0].address);
	assert_non_null(strstr(
		timeline("w1", &out), "pxe: firmware asked port 4011 what to boot: snponly.efi"));
}

/* --- beside another DHCP server --- */

static struct cluster beside = {
	.name = "t", .nodes = rows, .n_nodes = 2, .dhcp = {.mode = DHCP_MODE_PROXY}};

static void takes(const struct mac *mac, uint32_t address, enum boot_stage stage)
{
	struct message_exchange x = {.mac = *mac,
		.address = address,
		.stage = (uint8_t)stage,
		.request = 3,
		.by_other = true};

	observe_exchange(nodes, &x, NOW);
}

TEST(address_of_another_server_is_the_one_that_was_heard)
{
	AUTO(str_done) struct str out = str_init(4096);
	struct machine *m;

	nodes_configure(nodes, &beside, NOW);
	m = nodes_by_key(nodes, "w1");
	takes(&second, 0x0a4d00c8, STAGE_IPXE);
	assert_int_equal(m->address, 0x0a4d00c8);
	assert_int_equal(m->life.step, STEP_ADDRESS);
	assert_non_null(strstr(timeline("w1", &out),
		"address: iPXE takes from another server 10.77.0.200 through 52:54:00:00:00:02"));
	nodes_configure(nodes, &beside, NOW); /* a reload forgets nothing */
	assert_int_equal(m->address, 0x0a4d00c8);
	takes(&second, 0, STAGE_IPXE); /* heard, but not to be trusted */
	assert_int_equal(m->address, 0x0a4d00c8);
	transfer(rows[0].address, PROTOCOL_HTTP, "/agent/slipway-join");
	assert_int_equal(m->life.step, STEP_AGENT);
}

TEST(address_that_the_other_server_gave_on_is_nobodys_here)
{
	nodes_configure(nodes, &beside, NOW);
	takes(&second, 0x0a4d00c8, STAGE_IPXE);
	takes(&stranger, 0x0a4d00c8, STAGE_OS);
	assert_int_equal(nodes_by_key(nodes, "w1")->address, 0);
	assert_null(nodes_by_address(nodes, 0x0a4d00c8));
	assert_null(nodes_by_mac(nodes, &stranger)); /* an office machine is none of ours */
	takes(&second, 0x0a4d00c8, STAGE_IPXE);
	takes(&third, 0x0a4d00c8, STAGE_OS);
	assert_int_equal(nodes_by_key(nodes, "w1")->address, 0);
	assert_string_equal(nodes_by_address(nodes, 0x0a4d00c8)->key, "w2");
}

TEST(machine_with_two_cards_holds_what_both_of_them_took)
{
	const struct machine *m;

	nodes_configure(nodes, &beside, NOW);
	m = nodes_by_key(nodes, "w1");
	takes(&rows[0].macs.items[0], 0x0a4d00c8, STAGE_IPXE);
	takes(&second, 0x0a4d00c9, STAGE_OS);
	assert_true(nodes_holds(nodes, m, 0x0a4d00c8));
	assert_true(nodes_holds(nodes, m, 0x0a4d00c9));
	assert_false(nodes_holds(nodes, m, 0x0a4d00ca));
	assert_false(nodes_holds(nodes, m, 0));
	takes(&stranger, 0x0a4d00c8, STAGE_OS);
	assert_false(nodes_holds(nodes, m, 0x0a4d00c8));
	assert_true(nodes_holds(nodes, m, 0x0a4d00c9));
	takes(&second, 0x0a4d00ca, STAGE_OS);
	assert_false(nodes_holds(nodes, m, 0x0a4d00c9));
	nodes_configure(nodes, &both, NOW); /* where addresses are ours, nothing else counts */
	assert_false(nodes_holds(nodes, m, 0x0a4d00ca));
	assert_true(nodes_holds(nodes, m, rows[0].address));
}

TEST(long_wait_for_an_address_is_told_of)
{
	struct message_exchange x = ack(&second, rows[0].address, STAGE_FIRMWARE);
	AUTO(str_done) struct str out = str_init(4096);

	x.secs = 34;
	observe_exchange(nodes, &x, NOW);
	assert_non_null(strstr(timeline("w1", &out), ":02, after asking for 34 s\n"));
}

TEST(stranger_that_boots_beside_another_server_waits)
{
	nodes_configure(nodes, &beside, NOW);
	takes(&stranger, 0x0a4d00c8, STAGE_FIRMWARE);
	assert_int_equal(nodes_by_mac(nodes, &stranger)->life.state, NODE_WAITING);
	assert_int_equal(nodes_by_mac(nodes, &stranger)->address, 0x0a4d00c8);
}

TEST(same_trouble_again_is_one_event)
{
	struct message_exchange x = {.mac = stranger, .request = 1, .note = "no free address"};
	AUTO(str_done) struct str out = str_init(4096);

	for (int i = 0; i < 5; i++)
		observe_exchange(nodes, &x, NOW);
	assert_int_equal(nodes_flush(nodes), 0);
	assert_int_equal(store_events_last(store, "52:54:00:00:00:09", 10, collect, &out), 0);
	const char *first = strstr(str_text(&out), "no free address");
	assert_non_null(first);
	assert_null(strstr(first + 1, "no free address"));
}

TEST(trouble_of_another_boot_is_told_again)
{
	struct message_exchange x = ack(&second, rows[0].address, STAGE_IPXE);
	struct machine *m = nodes_by_key(nodes, "w1");
	AUTO(str_done) struct str out = str_init(4096);

	nodes_trouble(nodes, m, NOW, "refused", "no");
	nodes_trouble(nodes, m, NOW, "refused", "no");
	observe_exchange(nodes, &x, NOW);
	nodes_trouble(nodes, m, NOW, "refused", "no");
	assert_int_equal(nodes_flush(nodes), 0);
	assert_int_equal(store_events_last(store, "w1", 10, collect, &out), 0);
	const char *first = strstr(str_text(&out), "refused: no");
	assert_non_null(first);
	const char *again = strstr(first + 1, "refused: no");
	assert_non_null(again);
	assert_null(strstr(again + 1, "refused: no"));
}

TEST(sign_of_life_alone_is_written_once_a_minute)
{
	struct machine *m = nodes_by_key(nodes, "w1");

	for (enum step s = STEP_ADDRESS; s < N_STEPS; s++)
		(void)nodes_step(nodes, m, s, false, NOW);
	assert_int_equal(nodes_flush(nodes), 0);
	for (int64_t t = NOW; t < NOW + 60000; t += 5000) {
		(void)nodes_step(nodes, m, STEP_READY, false, t);
		assert_false(m->dirty);
	}
	(void)nodes_step(nodes, m, STEP_READY, false, NOW + 60000);
	assert_true(m->dirty);
	assert_int_equal(nodes_flush(nodes), 0);
	nodes_fall(m, STEP_REGISTERED, NOW + 61000);
	assert_true(m->dirty);
}

TEST(clock_that_is_set_makes_nobody_overdue)
{
	struct machine *m = nodes_by_key(nodes, "w1");
	const int64_t year = INT64_C(365) * 86400 * 1000;

	(void)nodes_step(nodes, m, STEP_READY, false, NOW);
	nodes_clock_set(nodes, year);
	nodes_check_overdue(nodes, NOW + year + 1000);
	assert_int_equal(m->life.state, NODE_READY);
	nodes_check_overdue(nodes, NOW + year + 46000);
	assert_int_equal(m->life.state, NODE_STALLED);
}

/* Another program holds the file: what was recorded is not told as durable, and is written later. */
TEST(store_that_can_not_be_written_is_an_error_and_tried_again)
{
	AUTO(str_done) struct str path = str_init(256);
	sqlite3 *other;

	str_printf(&path, "%s/state.db", folder);
	(void)nodes_meet(nodes, &stranger, NOW);
	assert_int_equal(nodes_flush(nodes), 0);
	assert_int_equal(sqlite3_open(str_text(&path), &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	nodes_set_address(nodes, nodes_by_mac(nodes, &stranger), 0x0a4d0064);
	nodes_event(nodes, NULL, NOW, "test", STORE_INFO, "lost with its batch");
	log_init("test", (enum log_level)0); /* it complains, rightly */
	assert_int_equal(nodes_flush(nodes), -EBUSY);
	assert_int_equal(sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
	(void)sqlite3_close(other);
	assert_int_equal(nodes_flush(nodes), 0);
	reopen();
	assert_int_equal(nodes_by_mac(nodes, &stranger)->address, 0x0a4d0064);
}

TEST(node_that_dhcp_knows_by_another_mark_has_its_new_mac_too)
{
	struct message_exchange x = ack(&stranger, 0x0a4d000b, STAGE_FIRMWARE);
	struct machine *w1 = nodes_by_key(nodes, "w1");
	size_t n = nodes_count(nodes);
	struct mac another = stranger;

	(void)nodes_meet(nodes, &stranger, NOW); /* it was one, until cluster.yaml had its UUID */
	(void)snprintf(x.node, sizeof(x.node), "w1");
	observe_exchange(nodes, &x, NOW);
	assert_int_equal(nodes_count(nodes), n);
	assert_ptr_equal(nodes_by_mac(nodes, &stranger), w1);
	assert_ptr_equal(nodes_by_mac(nodes, &second), w1);
	/* It learns no more than one at a time, and nothing that is another node's. */
	another.b[5] = 10;
	x.mac = another;
	observe_exchange(nodes, &x, NOW);
	assert_ptr_equal(nodes_by_mac(nodes, &another), w1);
	assert_null(nodes_by_mac(nodes, &stranger));
	assert_int_equal(w1->n_macs, 3);
	x.mac = third;
	observe_exchange(nodes, &x, NOW);
	assert_string_equal(nodes_by_mac(nodes, &third)->key, "w2");
	nodes_configure(nodes, &both, NOW);
	assert_null(nodes_by_mac(nodes, &another));
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, begin, end)
RUN(CASE(node_that_dhcp_knows_by_another_mark_has_its_new_mac_too),
	CASE(node_is_found_by_any_of_its_macs), CASE(stranger_that_is_met_waits),
	CASE(stranger_becomes_a_node_when_cluster_yaml_takes_its_mac),
	CASE(node_that_is_taken_out_of_cluster_yaml_waits_if_it_was_ever_seen),
	CASE(node_that_was_never_seen_is_forgotten_when_it_is_taken_out),
	CASE(a_new_generation_writes_only_the_nodes_that_are_other_in_it),
	CASE(lives_are_read_back_after_a_restart),
	CASE(transfers_are_steps_of_the_machine_that_holds_the_address),
	CASE(architecture_is_what_the_firmware_says_it_is),
	CASE(lease_of_the_operating_system_is_no_new_boot),
	CASE(firmware_that_will_not_speak_tls_is_told_of_once_in_a_boot),
	CASE(what_a_node_does_by_tls_once_it_is_configured_is_its_own_business),
	CASE(firmware_that_does_not_come_for_an_https_url_is_told_of),
	CASE(uuid_of_a_machine_reads_as_smbios_and_ipxe_write_it),
	CASE(address_moves_from_one_stranger_to_the_next),
	CASE(each_of_many_machines_is_found_by_key_mac_and_address),
	CASE(hostile_text_in_events_is_printable), CASE(quirks_of_firmware_stand_in_the_timeline),
	CASE(machine_that_has_an_address_but_nothing_to_load_is_told_of),
	CASE(asking_port_4011_moves_no_address),
	CASE(address_of_another_server_is_the_one_that_was_heard),
	CASE(address_that_the_other_server_gave_on_is_nobodys_here),
	CASE(machine_with_two_cards_holds_what_both_of_them_took),
	CASE(long_wait_for_an_address_is_told_of),
	CASE(stranger_that_boots_beside_another_server_waits),
	CASE(same_trouble_again_is_one_event), CASE(trouble_of_another_boot_is_told_again),
	CASE(sign_of_life_alone_is_written_once_a_minute),
	CASE(clock_that_is_set_makes_nobody_overdue),
	CASE(store_that_can_not_be_written_is_an_error_and_tried_again))

#include "tests/unit/test.h"

#include <errno.h>
#include <stdlib.h>

#include "provisioner/base/log.h"
#include "provisioner/base/str.h"
#include "provisioner/generation/answer.h"
#include "provisioner/generation/slot.h"
#include "provisioner/messages/messages.h"
#include "provisioner/nodes/nodes.h"
#include "provisioner/store/store.h"
#include "provisioner/trust/token.h"
#include "tests/unit/provisioner/generation/lab.h"

#define NOW INT64_C(1000000)
#define M1 0x0a4d000bU
#define STRANGER 0x0a4d0064U

static const char *refused; /* why the image is */
static struct answerer answerer;
static struct generation *generation;
static struct answer got;

static const char *refusal_of_image(const void *arg, const struct cluster_image *image)
{
	(void)arg, (void)image;
	return refused;
}

#define UNIFIED_NODES                                                                \
	"nodes:\n"                                                                   \
	"  - {name: m1, role: master, mac: [52:54:00:00:00:01, 52:54:00:00:00:02], " \
	"address: 10.77.0.11, boot-file: uki}\n"                                     \
	"  - {name: w1, role: worker, mac: 52:54:00:00:00:03, address: 10.77.0.12}\n"

/* With a distribution of the site's own in place of the shipped one, or NULL. */
static int begin_site(const char *distro, const char *yaml)
{
	struct err e;

	log_init("test", LOG_LEVEL_ERROR);
	refused = NULL;
	answerer.refusal_of_image = refusal_of_image;
	if (lab_setup(NULL) < 0)
		return -1;
	if (distro)
		lab_put(&lab, "templates/distros/lab.yaml", distro);
	generation = lab_try(yaml, -1);
	if (!generation) {
		err_list_print(&lab_errors, stderr);
		return -1;
	}
	if (store_open(lab.folder, &answerer.store, &e) < 0 ||
		nodes_open(answerer.store, NOW, &answerer.nodes, &e) < 0)
		return -1;
	answerer.generation = generation;
	nodes_configure(answerer.nodes, generation->cluster, NOW);
	got = (struct answer){0};
	return nodes_flush(answerer.nodes);
}

static int begin_with(const char *yaml)
{
	return begin_site(NULL, yaml);
}

static int begin(void **state)
{
	(void)state;
	return begin_with(LAB_HEAD LAB_NODES);
}

static int begin_unified(void **state)
{
	(void)state;
	return begin_with(LAB_HEAD UNIFIED_NODES);
}

static int end(void **state)
{
	(void)state;
	free(got.body);
	generation_free(generation);
	nodes_free(answerer.nodes);
	store_close(answerer.store);
	return lab_end(&lab);
}

static int collect(const struct store_event *e, void *arg)
{
	str_printf(arg, "%s: %s\n", e->kind, e->text);
	return 0;
}

static const char *accept_header = "";

static void ask_by(enum transfer_protocol protocol, const char *method, uint32_t client,
	const char *path, const char *query)
{
	struct message_ask a = {.id = 1, .client = client, .protocol = protocol};

	free(got.body);
	(void)snprintf(a.method, sizeof(a.method), "%s", method);
	(void)snprintf(a.path, sizeof(a.path), "%s", path);
	(void)snprintf(a.query, sizeof(a.query), "%s", query);
	(void)snprintf(a.accept, sizeof(a.accept), "%s", accept_header);
	answer_ask(&answerer, &a, NOW, &got);
}

static void ask(const char *method, uint32_t client, const char *path, const char *query)
{
	ask_by(PROTOCOL_HTTP, method, client, path, query);
}

static void ask_tftp(uint32_t client, const char *path)
{
	ask_by(PROTOCOL_TFTP, "GET", client, path, "");
}

/* The path of the configuration that a boot script names. */
static void config_path(char *ret, size_t size)
{
	const char *at = strstr(got.body, "http://10.77.0.1/n/");

	assert_non_null(at);
	at += strlen("http://10.77.0.1");
	assert_true(strcspn(at, " \n") < size);
	(void)snprintf(ret, size, "%.*s", (int)strcspn(at, " \n"), at);
}

TEST(first_script_is_for_everybody)
{
	ask("GET", STRANGER, "/boot.ipxe", "");
	assert_int_equal(got.status, 200);
	assert_non_null(strstr(got.body, "/script.ipxe?mac="));
}

/* What a machine says of itself is in a URL that any machine can make up. */
TEST(hostile_texts_of_a_machine_are_one_printable_serial)
{
	static const struct {
		const char *query, *serial;
	} rows[] = {
		{"serial=a%26mac%3d02-00-00-00-00-09%3fb%23c%25d", "a&mac=02-00-00-00-00-09?b#c%d"},
		{"serial=first-one&mac=52-54-00-00-00-03&serial=y", "first-one"},
		{"serial=%22%27%60%24%28id%29%0aset%20x", "\\x22'`$(id)\\x0aset x"},
		{"serial=%1b%5b2J%ff", "\\x1b[2J\\xff"},
		{"serial=a%00b", NULL}, /* it stays what it was */
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char query[256];

		(void)snprintf(query, sizeof(query), "mac=52-54-00-00-00-01&%s", rows[i].query);
		ask("GET", M1, "/script.ipxe", query);
		assert_int_equal(got.status, 200);
		assert_non_null(strstr(got.body, "Slipway: m1 (master) boots"));
		const char *serial = nodes_by_key(answerer.nodes, "m1")->serial;
		assert_string_equal(serial, rows[rows[i].serial ? i : i - 1].serial);
		assert_null(strstr(got.body, serial)); /* no script holds it */
	}
}

TEST(node_that_waits_for_its_turn_is_told_its_place)
{
	struct message_hall_row row = {.place = 17, .expected_ms = 90000};

	ask("GET", M1, "/turn.ipxe", "");
	assert_string_equal(got.body, "#!ipxe\nset turn no\n\n");
	answerer.waits = &row;
	ask("GET", M1, "/turn.ipxe", "");
	assert_non_null(strstr(got.body,
		"set turn yes\necho Slipway: this machine waits for others to load: "
		"place 17, about 1m30s"));
	row.expected_ms = -1;
	ask("GET", M1, "/turn.ipxe", "");
	assert_non_null(strstr(got.body, ": place 17\n"));
	answerer.waits = NULL;
}

TEST(known_node_is_told_to_boot_with_a_fresh_nonce)
{
	char first[128], second[128];

	ask("GET", M1, "/script.ipxe", "mac=52-54-00-00-00-02&serial=a%20b%0a");
	assert_int_equal(got.status, 200);
	assert_null(strstr(got.body, SLOT_BOOT_NONCE));
	config_path(first, sizeof(first));
	ask("GET", M1, "/script.ipxe", "mac=52-54-00-00-00-01");
	config_path(second, sizeof(second));
	assert_string_not_equal(first, second);
	assert_int_equal(nodes_by_key(answerer.nodes, "m1")->life.step, STEP_SCRIPT);
	assert_string_equal(nodes_by_key(answerer.nodes, "m1")->serial, "a b\\x0a");
}

TEST(node_whose_image_is_refused_is_told_why)
{
	refused = "initrd.img is not what the manifest says";
	ask("GET", M1, "/script.ipxe", "mac=52-54-00-00-00-01");
	refused = NULL;
	assert_int_equal(got.status, 200);
	assert_non_null(strstr(
		got.body, "image lab/1 is refused: initrd.img is not what the manifest says"));
	assert_null(strstr(got.body, "/n/"));
}

TEST(node_whose_image_is_for_another_architecture_is_told_why)
{
	nodes_by_key(answerer.nodes, "m1")->arch = "aarch64";
	ask("GET", M1, "/script.ipxe", "mac=52-54-00-00-00-01");
	assert_int_equal(got.status, 200);
	assert_non_null(strstr(
		got.body, "m1 is a machine for aarch64, and image lab/1 is made for x86_64"));
	assert_null(strstr(got.body, "/n/"));
	ask_tftp(M1, "/grub/grub.cfg-01-52-54-00-00-00-01");
	assert_non_null(strstr(got.body, "m1 is a machine for aarch64"));
	assert_null(strstr(got.body, "/n/"));
	nodes_by_key(answerer.nodes, "m1")->arch = "x86_64";
	ask("GET", M1, "/script.ipxe", "mac=52-54-00-00-00-01");
	assert_non_null(strstr(got.body, "/n/"));
}

TEST(stranger_is_told_to_wait_and_shows_up)
{
	ask("GET", STRANGER, "/script.ipxe", "mac=52-54-00-00-00-99");
	assert_int_equal(got.status, 200);
	assert_non_null(strstr(got.body, "not in the cluster yet"));
	assert_int_equal(
		nodes_by_key(answerer.nodes, "52:54:00:00:00:99")->life.state, NODE_WAITING);
}

TEST(node_from_a_foreign_address_is_refused_with_the_reason)
{
	ask("GET", STRANGER, "/script.ipxe", "mac=52-54-00-00-00-01");
	assert_int_equal(got.status, 200);
	assert_non_null(strstr(
		got.body, "m1 has address 10.77.0.11, but this request came from 10.77.0.100"));
	assert_null(strstr(got.body, "/n/"));
}

TEST(foreign_address_can_not_speak_for_a_node_nor_fill_its_timeline)
{
	AUTO(str_done) struct str out = str_init(4096);
	const struct machine *m = nodes_by_key(answerer.nodes, "m1");

	ask("GET", M1, "/script.ipxe", "mac=52-54-00-00-00-01&serial=mine");
	for (int i = 0; i < 5; i++)
		ask("GET", STRANGER, "/script.ipxe", "mac=52-54-00-00-00-01&serial=theirs");
	assert_string_equal(m->serial, "mine");
	assert_int_equal(nodes_flush(answerer.nodes), 0);
	assert_int_equal(store_events_last(answerer.store, "m1", 10, collect, &out), 0);
	const char *first = strstr(str_text(&out), "refused");
	assert_non_null(first);
	assert_null(strstr(first + 1, "refused"));
}

/* The provisioner was killed before it wrote down the lease that began the boot. */
TEST(script_begins_a_boot_when_its_lease_was_not_seen)
{
	struct machine *m = nodes_by_key(answerer.nodes, "m1");

	for (enum step s = STEP_ADDRESS; s < N_STEPS; s++)
		(void)nodes_step(answerer.nodes, m, s, false, NOW);
	assert_int_equal(m->life.state, NODE_READY);
	ask("GET", M1, "/script.ipxe", "mac=52-54-00-00-00-01");
	assert_int_equal(m->life.state, NODE_BOOTING);
	assert_int_equal(m->life.step, STEP_SCRIPT);
}

TEST(request_without_a_sane_mac_is_a_bad_one)
{
	static const char *const queries[] = {"", "mac=", "mac=zz", "mac=ff-ff-ff-ff-ff-ff",
		"mac=%5", "mac=%zz", "x=1&mac=52-54-00-00-00-01-02", "macc=52-54-00-00-00-01"};

	for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
		ask("GET", M1, "/script.ipxe", queries[i]);
		assert_int_equal(got.status, 400);
	}
}

#define IGNITION_TYPE "application/vnd.coreos.ignition+json;version="

/* The configuration of m1, asked for with that Accept header. */
static void ask_accepting(const char *accept)
{
	char path[128];

	ask("GET", M1, "/script.ipxe", "mac=52-54-00-00-00-01");
	config_path(path, sizeof(path));
	accept_header = accept;
	ask("GET", M1, path, "");
	accept_header = "";
}

TEST(ignition_comes_in_the_newest_version_that_both_know)
{
	static const struct {
		const char *accept, *version;
	} cases[] = {{"", "3.3.0"}, {"*/*", "3.3.0"}, {IGNITION_TYPE "3.3.0, */*;q=0.1", "3.3.0"},
		{IGNITION_TYPE "3.5.0, */*;q=0.1", "3.5.0"},
		{IGNITION_TYPE "3.9.0, */*;q=0.1", "3.6.0"}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char head[64];

		ask_accepting(cases[i].accept);
		assert_int_equal(got.status, 200);
		(void)snprintf(head, sizeof(head), "{\"ignition\":{\"version\":\"%s\"},",
			cases[i].version);
		assert_memory_equal(got.body, head, strlen(head));
		assert_string_equal(strstr(got.content_type, "=") + 1, cases[i].version);
		assert_null(strstr(got.body, SLOT_JOIN_TOKEN));
	}
}

TEST(an_ignition_that_is_too_old_is_told_so)
{
	AUTO(str_done) struct str out = str_init(1 << 16);

	ask_accepting(IGNITION_TYPE "2.4.0, */*;q=0.1");
	assert_int_equal(got.status, 406);
	assert_null(got.body);
	assert_non_null(strstr(got.reason, "needs specification 3.3.0"));
	assert_int_equal(nodes_by_key(answerer.nodes, "m1")->life.step, STEP_SCRIPT);
	assert_int_equal(store_events_last(answerer.store, "m1", 100, collect, &out), 0);
	assert_non_null(strstr(str_text(&out), "the Ignition of m1 is too old"));
}

static int begin_plain(void **state)
{
	(void)state;
	return begin_site("name: lab\ntitle: Lab\nconfig: cloud-init\nboot: {kernel: vmlinuz}\n"
			  "args: [\"ds=nocloud-net;s={{ config_url }}/\"]\n",
		LAB_HEAD LAB_NODES);
}

TEST(cloud_init_finds_its_seed)
{
	char path[128], one[160], nonce[TOKEN_NONCE_SIZE];

	ask("GET", M1, "/script.ipxe", "mac=52-54-00-00-00-01");
	assert_non_null(strstr(got.body, " network-config=H4sI"));
	const char *at = strstr(got.body, "ds=nocloud-net;s=http://10.77.0.1/n/");
	assert_non_null(at);
	config_path(path, sizeof(path));
	assert_int_equal(path[strlen(path) - 1], '/');
	(void)snprintf(nonce, sizeof(nonce), "%.*s", TOKEN_NONCE_SIZE - 1, path + strlen("/n/"));
	(void)snprintf(one, sizeof(one), "%smeta-data", path);
	ask("GET", M1, one, "");
	assert_int_equal(got.status, 200);
	assert_non_null(strstr(got.body, "local-hostname: m1\n"));
	assert_non_null(strstr(got.body, nonce));
	(void)snprintf(one, sizeof(one), "%svendor-data", path);
	ask("GET", M1, one, "");
	assert_int_equal(got.status, 200);
	assert_int_equal(got.len, 0);
	(void)snprintf(one, sizeof(one), "%suser-data", path);
	ask("GET", M1, one, "");
	assert_int_equal(got.status, 200);
	assert_memory_equal(got.body, "#cloud-config\n", 14);
	assert_null(strstr(got.body, SLOT_JOIN_TOKEN));
	ask("GET", STRANGER, one, "");
	assert_int_equal(got.status, 403);
	(void)snprintf(one, sizeof(one), "%sother-data", path);
	ask("GET", M1, one, "");
	assert_int_equal(got.status, 404);
}

TEST(ignition_nodes_have_no_seed)
{
	char path[128], one[160];

	ask("GET", M1, "/script.ipxe", "mac=52-54-00-00-00-01");
	config_path(path, sizeof(path));
	(void)snprintf(one, sizeof(one), "%s/meta-data", path);
	ask("GET", M1, one, "");
	assert_int_equal(got.status, 404);
}

TEST(configuration_has_a_token_that_is_on_disk)
{
	char path[128], node[STORE_KEY_SIZE], token[TOKEN_TEXT_SIZE];
	uint8_t hash[TOKEN_HASH_LEN];

	ask("GET", M1, "/script.ipxe", "mac=52-54-00-00-00-01");
	config_path(path, sizeof(path));
	ask("GET", M1, path, "");
	assert_int_equal(got.status, 200);
	assert_string_equal(got.content_type, "application/vnd.coreos.ignition+json;version=3.3.0");
	const char *at = strstr(got.body, "SLIPWAY_TOKEN%3D");
	assert_non_null(at);
	(void)snprintf(token, sizeof(token), "%s", at + strlen("SLIPWAY_TOKEN%3D"));
	assert_true(token_is_well_formed(token));
	assert_int_equal(token_hash(token, hash), 0);
	assert_int_equal(store_token_use(answerer.store, hash, NOW + 1, node), 0);
	assert_string_equal(node, "m1");
	assert_int_equal(store_token_use(answerer.store, hash, NOW + 2, node), -EALREADY);
}

TEST(configuration_is_only_for_the_address_that_was_told_the_nonce)
{
	char path[128];

	ask("GET", M1, "/script.ipxe", "mac=52-54-00-00-00-01");
	config_path(path, sizeof(path));
	ask("GET", STRANGER, path, "");
	assert_int_equal(got.status, 403);
	assert_null(got.body);
}

/* As if cluster.yaml said dhcp.mode: proxy from the beginning. */
static struct machine *beside_another_server(void)
{
	struct cluster *c = (struct cluster *)(uintptr_t)generation->cluster;
	struct machine *m;

	c->dhcp.mode = DHCP_MODE_PROXY;
	m = nodes_by_key(answerer.nodes, "m1");
	nodes_set_address(answerer.nodes, m, 0);
	nodes_configure(answerer.nodes, c, NOW);
	return nodes_by_key(answerer.nodes, "m1");
}

TEST(node_of_another_dhcp_server_gets_its_script_where_it_was_heard_to_be)
{
	struct machine *m = beside_another_server();
	char path[128];

	ask("GET", M1, "/script.ipxe",
		"mac=52-54-00-00-00-01"); /* cluster.yaml's promise is not its lease */
	assert_non_null(strstr(got.body, "m1 has not been heard to ask for an address"));
	nodes_set_address(answerer.nodes, m, 0x0a4d00c8);
	ask("GET", 0x0a4d00c8, "/script.ipxe", "mac=52-54-00-00-00-01");
	config_path(path, sizeof(path));
	ask("GET", STRANGER, "/script.ipxe", "mac=52-54-00-00-00-01");
	assert_non_null(strstr(got.body, "m1 has address 10.77.0.200, but this request came from"));
	ask("GET", STRANGER, path, "");
	assert_int_equal(got.status, 403);
	ask("GET", 0x0a4d00c8, path, "");
	assert_int_equal(got.status, 200);
}

TEST(ram_disk_with_another_address_than_ipxe_gets_the_configuration_when_it_was_heard)
{
	struct machine *m = beside_another_server();
	char path[128];

	nodes_set_address(answerer.nodes, m, 0x0a4d00c8);
	ask("GET", 0x0a4d00c8, "/script.ipxe", "mac=52-54-00-00-00-01");
	config_path(path, sizeof(path));
	ask("GET", 0x0a4d00c9, path, "");
	assert_int_equal(got.status, 403);
	nodes_set_address(answerer.nodes, m, 0x0a4d00c9);
	ask("GET", 0x0a4d00c9, path, "");
	assert_int_equal(got.status, 200);
	/* Without the nonce that address is worth nothing: it is another's boot. */
	ask("GET", 0x0a4d00c9, "/n/00000000000000000000000000000000/config", "");
	assert_int_equal(got.status, 404);
}

TEST(address_of_now_does_not_count_where_addresses_are_ours)
{
	struct machine *m = nodes_by_key(answerer.nodes, "m1");
	char path[128];

	ask("GET", M1, "/script.ipxe", "mac=52-54-00-00-00-01");
	config_path(path, sizeof(path));
	nodes_set_address(answerer.nodes, m, STRANGER);
	ask("GET", STRANGER, path, "");
	assert_int_equal(got.status, 403);
}

TEST(configuration_is_not_given_out_again_once_its_node_has_joined)
{
	struct machine *m = nodes_by_key(answerer.nodes, "m1");
	char path[128];

	ask("GET", M1, "/script.ipxe", "mac=52-54-00-00-00-01");
	config_path(path, sizeof(path));
	ask("GET", M1, path, "");
	assert_int_equal(got.status, 200);
	ask("GET", M1, path, ""); /* Ignition may well ask twice */
	assert_int_equal(got.status, 200);
	(void)nodes_step(answerer.nodes, m, STEP_JOINED, /* begins_boot= */ false, NOW);
	ask("GET", M1, path, "");
	assert_int_equal(got.status, 403);
	assert_null(got.body);
	ask("GET", M1, "/script.ipxe", "mac=52-54-00-00-00-01"); /* the next boot */
	config_path(path, sizeof(path));
	ask("GET", M1, path, "");
	assert_int_equal(got.status, 200);
}

TEST(nonce_that_was_never_given_out_is_not_found)
{
	ask("GET", M1, "/n/00000000000000000000000000000000/config", "");
	assert_int_equal(got.status, 404);
	ask("GET", M1, "/n/short/config", "");
	assert_int_equal(got.status, 404);
	ask("GET", M1, "/n/", "");
	assert_int_equal(got.status, 404);
	ask("GET", M1, "/n/" SLOT_BOOT_NONCE "/config", "");
	assert_int_equal(got.status, 404);
}

TEST(head_begins_no_boot_and_makes_no_token)
{
	char path[128];

	ask("HEAD", M1, "/script.ipxe", "mac=52-54-00-00-00-01");
	assert_int_equal(got.status, 200);
	assert_int_equal(nodes_by_key(answerer.nodes, "m1")->life.step, STEP_NONE);
	ask("GET", M1, "/script.ipxe", "mac=52-54-00-00-00-01");
	size_t len = got.len;
	config_path(path, sizeof(path));
	ask("HEAD", M1, path, "");
	assert_int_equal(got.status, 200);
	assert_non_null(strstr(got.body, SLOT_JOIN_TOKEN));
	assert_true(len > 0 && got.len > 0);
	assert_int_equal(nodes_by_key(answerer.nodes, "m1")->life.step, STEP_SCRIPT);
}

TEST(other_paths_are_not_found)
{
	ask("GET", M1, "/", "");
	assert_int_equal(got.status, 404);
	ask("GET", M1, "/boot.ipxe/", "");
	assert_int_equal(got.status, 404);
}

TEST(grub_of_a_known_node_is_told_to_boot_with_a_fresh_nonce)
{
	static const char *const paths[] = {
		"/grub/grub.cfg-01-52-54-00-00-00-02", "/grub/grub.cfg", "/grub.cfg"};

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		ask_tftp(M1, paths[i]);
		assert_int_equal(got.status, 200);
		assert_null(strstr(got.body, SLOT_BOOT_NONCE));
		assert_non_null(strstr(got.body, "if linux '/images/lab/1/vmlinuz' "));
		assert_non_null(strstr(got.body, "if initrd '/images/lab/1/initrd.img'; then"));
		assert_non_null(strstr(got.body, "'ignition.config.url=http://10.77.0.1/n/"));
	}
	assert_int_equal(nodes_by_key(answerer.nodes, "m1")->life.step, STEP_SCRIPT);
}

TEST(grub_of_a_stranger_is_told_to_wait)
{
	ask_tftp(STRANGER, "/grub/grub.cfg-01-52-54-00-00-00-99");
	assert_non_null(strstr(got.body, "not in the cluster yet"));
	assert_int_equal(
		nodes_by_key(answerer.nodes, "52:54:00:00:00:99")->life.state, NODE_WAITING);
	ask_tftp(STRANGER + 1, "/grub/grub.cfg");
	assert_non_null(strstr(got.body, "not in the cluster yet"));
}

TEST(grub_at_a_foreign_address_is_refused_with_the_reason)
{
	ask_tftp(STRANGER, "/grub/grub.cfg-01-52-54-00-00-00-01");
	assert_non_null(strstr(
		got.body, "'m1 has address 10.77.0.11, but this request came from 10.77.0.100'"));
	assert_null(strstr(got.body, "/n/"));
}

TEST(other_names_are_not_grubs)
{
	static const char *const paths[] = {"/grub.cfg-01-52-54-00-00-00",
		"/grub.cfg-01-ff-ff-ff-ff-ff-ff", "/grub.cfg.orig",
		"/pxelinux.cfg/01-52-54-00-00-00-01", "/52-54-00-00-00-01/config.txt"};

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		ask_tftp(M1, paths[i]);
		assert_int_equal(got.status, 404);
	}
	ask("GET", M1, "/grub/grub.cfg", "");
	assert_int_equal(got.status, 404);
}

TEST(unified_kernel_image_begins_a_boot_of_the_node_that_asks)
{
	nodes_set_address(answerer.nodes, nodes_by_key(answerer.nodes, "m1"), M1);
	ask("GET", M1, "/config", "");
	assert_int_equal(got.status, 403); /* nothing was told to boot */
	ask("HEAD", M1, "/boot.efi", "");
	assert_int_equal(got.status, 200);
	assert_string_equal(got.image, "lab/1/unified.efi");
	assert_null(got.body);
	ask("GET", M1, "/config", "");
	assert_int_equal(got.status, 403); /* to ask how long it is begins nothing */
	ask("GET", M1, "/boot.efi", "");
	assert_string_equal(got.image, "lab/1/unified.efi");
	assert_int_equal(nodes_by_key(answerer.nodes, "m1")->life.step, STEP_SCRIPT);
	ask("GET", M1, "/config", "");
	assert_int_equal(got.status, 200);
	assert_string_equal(got.image, "");
	assert_null(strstr(got.body, SLOT_JOIN_TOKEN));
	assert_null(strstr(got.body, SLOT_BOOT_NONCE));
}

TEST(unified_kernel_image_is_for_no_other_address)
{
	struct machine *m1 = nodes_by_key(answerer.nodes, "m1"),
		       *w1 = nodes_by_key(answerer.nodes, "w1");

	nodes_set_address(answerer.nodes, m1, M1);
	nodes_set_address(answerer.nodes, w1, M1 + 1);
	ask("GET", M1, "/boot.efi", "");
	ask("GET", STRANGER, "/boot.efi", "");
	assert_int_equal(got.status, 404);
	ask("GET", M1 + 1, "/boot.efi", ""); /* a node, but one with a boot loader */
	assert_int_equal(got.status, 404);
	ask("GET", STRANGER, "/config", "");
	assert_int_equal(got.status, 404);
	ask("GET", M1 + 1, "/config", "");
	assert_int_equal(got.status, 404);
	nodes_set_address(answerer.nodes, m1, STRANGER); /* it booted from another one */
	ask("GET", STRANGER, "/config", "");
	assert_int_equal(got.status, 403);
}

TEST(node_with_a_unified_kernel_image_gets_no_token_once_it_has_joined)
{
	struct machine *m1 = nodes_by_key(answerer.nodes, "m1");

	nodes_set_address(answerer.nodes, m1, M1);
	ask("GET", M1, "/boot.efi", "");
	(void)nodes_step(answerer.nodes, m1, STEP_JOINED, false, NOW);
	ask("GET", M1, "/config", "");
	assert_int_equal(got.status, 403);
	/* And none for the boot before this one. */
	(void)nodes_step(answerer.nodes, m1, STEP_ADDRESS, true, NOW);
	ask("GET", M1, "/config", "");
	assert_int_equal(got.status, 403);
}

TEST(unified_kernel_image_that_can_not_run_is_refused)
{
	struct machine *m1 = nodes_by_key(answerer.nodes, "m1");

	nodes_set_address(answerer.nodes, m1, M1);
	m1->arch = "aarch64";
	ask("GET", M1, "/boot.efi", "");
	assert_int_equal(got.status, 403);
	assert_non_null(strstr(got.reason, "m1 is a machine for aarch64"));
	assert_int_equal(nodes_by_key(answerer.nodes, "m1")->life.step, STEP_NONE);
}

#define CASE_UNIFIED(f) cmocka_unit_test_setup_teardown(f, begin_unified, end)
#define CASE(f) cmocka_unit_test_setup_teardown(f, begin, end)
#define CASE_PLAIN(f) cmocka_unit_test_setup_teardown(f, begin_plain, end)
RUN(CASE_PLAIN(cloud_init_finds_its_seed), CASE(ignition_nodes_have_no_seed),
	CASE(ignition_comes_in_the_newest_version_that_both_know),
	CASE(an_ignition_that_is_too_old_is_told_so),
	CASE(hostile_texts_of_a_machine_are_one_printable_serial),
	CASE(node_that_waits_for_its_turn_is_told_its_place),
	CASE_UNIFIED(unified_kernel_image_begins_a_boot_of_the_node_that_asks),
	CASE_UNIFIED(unified_kernel_image_is_for_no_other_address),
	CASE_UNIFIED(node_with_a_unified_kernel_image_gets_no_token_once_it_has_joined),
	CASE_UNIFIED(unified_kernel_image_that_can_not_run_is_refused),
	CASE(first_script_is_for_everybody), CASE(known_node_is_told_to_boot_with_a_fresh_nonce),
	CASE(node_whose_image_is_refused_is_told_why),
	CASE(node_whose_image_is_for_another_architecture_is_told_why),
	CASE(stranger_is_told_to_wait_and_shows_up),
	CASE(foreign_address_can_not_speak_for_a_node_nor_fill_its_timeline),
	CASE(script_begins_a_boot_when_its_lease_was_not_seen),
	CASE(node_from_a_foreign_address_is_refused_with_the_reason),
	CASE(request_without_a_sane_mac_is_a_bad_one),
	CASE(configuration_has_a_token_that_is_on_disk),
	CASE(configuration_is_only_for_the_address_that_was_told_the_nonce),
	CASE(node_of_another_dhcp_server_gets_its_script_where_it_was_heard_to_be),
	CASE(ram_disk_with_another_address_than_ipxe_gets_the_configuration_when_it_was_heard),
	CASE(address_of_now_does_not_count_where_addresses_are_ours),
	CASE(configuration_is_not_given_out_again_once_its_node_has_joined),
	CASE(nonce_that_was_never_given_out_is_not_found),
	CASE(head_begins_no_boot_and_makes_no_token), CASE(other_paths_are_not_found),
	CASE(grub_of_a_known_node_is_told_to_boot_with_a_fresh_nonce),
	CASE(grub_of_a_stranger_is_told_to_wait),
	CASE(grub_at_a_foreign_address_is_refused_with_the_reason), CASE(other_names_are_not_grubs))

#include "tests/unit/test.h"

#include <string.h>

#include "provisioner/nodes/enroll.h"

#define HEAD                                                                                    \
	"cluster: acm\n"                                                                        \
	"network: {internal: {interface: eth0, address: 10.10.0.1/24}}\n"                       \
	"dhcp: {pool: 10.10.0.100-10.10.0.199, subnets: [{subnet: 10.20.0.0/24}, {subnet: "     \
	"10.30.0.0/24}]}\n"                                                                     \
	"image: lab/1\n"                                                                        \
	"enroll: open\n"                                                                        \
	"enroll-as:\n"                                                                          \
	"- {role: worker, addresses: 10.10.0.50-10.10.0.52}\n"                                  \
	"- {role: storage, addresses: 10.20.0.50-10.20.0.59, prefix: rack7}\n"                  \
	"- {role: storage, addresses: 10.10.0.60-10.10.0.60}\n"                                 \
	"roles: {m: {template: m, addons: [etcd]}, worker: {template: w}, storage: {template: " \
	"w}}\n"                                                                                 \
	"nodes:\n"                                                                              \
	"- {name: m1, role: m, mac: 52:54:00:00:00:01, address: 10.10.0.10, uuid: "             \
	"4c4c4544-0035-5910-8048-b4c04f4d3132}\n"

/* A network card, told from others by the last byte of its MAC. */
static struct enroll_candidate card(uint8_t n)
{
	return (struct enroll_candidate){
		.mac = {{0x52, 0x54, 0x00, 0x0a, 0x4f, n}}, .address = 0x0a0a0064};
}

static struct uuid uuid(const char *text)
{
	struct uuid u;

	assert_int_equal(uuid_parse(text, &u), 0);
	return uuid_folded(&u);
}

#define UUID_A "00112233-4455-6677-8899-aabbccddeeff"
#define UUID_B "00112233-4455-6677-8899-aabbccddee00"

static struct arena *arena;
static struct cluster *cluster;
static struct enroll_plan plan;

static void load(const char *more, const char *enrolled)
{
	AUTO(str_done) struct str text = str_init(4096);
	struct err_list errors = {0};

	str_printf(&text, "%s%s", HEAD, more);
	struct cluster_text texts[] = {
		{.name = "cluster.yaml", .text = str_text(&text), .len = text.len},
		{.name = "enrolled/a.yaml",
			.text = enrolled,
			.len = enrolled ? strlen(enrolled) : 0},
	};
	arena_free(arena);
	arena = arena_new((size_t)1 << 20);
	if (cluster_load_texts(arena, texts, enrolled ? 2 : 1, &cluster, &errors) < 0)
		fail_msg("%s", errors.list[0].msg);
}

static void decide(const struct enroll_candidate *list, size_t n)
{
	enroll_decide(cluster, &(struct enroll_list){list, n}, &plan);
}

static const char *text_of(size_t row)
{
	static struct str text;

	str_done(&text);
	text = str_init(ENROLL_TEXT_MAX);
	enroll_text(&plan.rows[row], &text);
	assert_true(str_ok(&text));
	return str_text(&text);
}

TEST(a_stranger_gets_role_name_and_the_lowest_free_address)
{
	load("- {name: x, role: worker, mac: 52:54:00:00:00:09, address: 10.10.0.50}\n", NULL);
	decide((struct enroll_candidate[]){card(0x21)}, 1);
	assert_int_equal(plan.verdicts[0].kind, ENROLL_NEW);
	assert_string_equal(plan.verdicts[0].node, "worker-0a4f21");
	assert_int_equal(plan.n_rows, 1);
	assert_string_equal(plan.rows[0].role, "worker");
	assert_int_equal(plan.rows[0].address, 0x0a0a0033);
	assert_null(plan.rows[0].before);
}

TEST(its_network_decides)
{
	struct enroll_candidate relayed = card(1), elsewhere = card(2), nowhere = card(3),
				bare = card(4);

	relayed.address = 0x0a140005;
	elsewhere.address = 0x0a1e0005; /* served, and nothing to give there */
	nowhere.address = 0xc0000201;
	bare.address = 0;
	load("", NULL);
	decide((struct enroll_candidate[]){relayed, elsewhere, nowhere, bare}, 4);
	assert_string_equal(plan.verdicts[0].node, "rack7-0a4f01");
	assert_string_equal(plan.rows[0].role, "storage");
	assert_int_equal(plan.rows[0].address, 0x0a140032);
	for (size_t i = 1; i < 4; i++) {
		assert_int_equal(plan.verdicts[i].kind, ENROLL_REFUSED);
		assert_string_equal(
			plan.verdicts[i].why, "no addresses of enroll-as are in its network");
	}
	assert_int_equal(plan.n_rows, 1);
}

TEST(the_next_entry_counts_when_one_is_full_and_then_nobody_is_enrolled)
{
	load("", NULL);
	decide((struct enroll_candidate[]){card(1), card(2), card(3), card(4), card(5)}, 5);
	assert_int_equal(plan.n_rows, 4);
	assert_int_equal(plan.rows[2].address, 0x0a0a0034);
	assert_int_equal(plan.rows[3].address, 0x0a0a003c);
	assert_string_equal(plan.rows[3].name, "storage-0a4f04");
	assert_int_equal(plan.verdicts[4].kind, ENROLL_REFUSED);
	assert_string_equal(
		plan.verdicts[4].why, "all addresses of enroll-as in its network are taken");
}

TEST(two_cards_of_one_machine_are_one_node)
{
	struct enroll_candidate a = card(1), b = card(2), other = card(3);

	a.uuid = b.uuid = uuid(UUID_A);
	other.uuid = uuid(UUID_B);
	load("", NULL);
	decide((struct enroll_candidate[]){a, other, b}, 3);
	assert_int_equal(plan.n_rows, 2);
	assert_int_equal(plan.rows[0].n_macs, 2);
	assert_true(mac_is_equal(&plan.rows[0].macs[1], &b.mac));
	assert_int_equal(plan.verdicts[2].kind, ENROLL_CARD);
	assert_string_equal(plan.verdicts[2].node, "worker-0a4f01");
	assert_string_equal(plan.rows[1].name, "worker-0a4f03");
}

TEST(useless_uuids_make_nobody_one_machine)
{
	static const char *const useless[] = {"00000000-0000-0000-0000-000000000000",
		"ffffffff-ffff-ffff-ffff-ffffffffffff", "03000200-0400-0500-0006-000700080009"};

	for (size_t i = 0; i < ARRAY_LEN(useless); i++) {
		struct enroll_candidate a = card(1), b = card(2);

		a.uuid = b.uuid = uuid(useless[i]);
		load("", NULL);
		decide((struct enroll_candidate[]){a, b}, 2);
		assert_int_equal(plan.n_rows, 2);
		assert_null(strstr(text_of(0), "uuid"));
	}
}

TEST(one_uuid_and_two_serial_numbers_are_for_the_operator)
{
	struct enroll_candidate a = card(1), b = card(2);

	a.uuid = b.uuid = uuid(UUID_A);
	memcpy(a.serial, "A1", 3);
	memcpy(b.serial, "A2", 3);
	load("", NULL);
	decide((struct enroll_candidate[]){a, b}, 2);
	assert_int_equal(plan.n_rows, 0);
	for (size_t i = 0; i < 2; i++)
		assert_string_equal(plan.verdicts[i].why,
			"another machine has the same UUID and another serial number: name both "
			"under nodes, by mac");
	memcpy(b.serial, "A1", 3);
	decide((struct enroll_candidate[]){a, b}, 2);
	assert_int_equal(plan.n_rows, 1);
}

TEST(another_card_of_a_node_that_was_enrolled_goes_into_its_file)
{
	struct enroll_candidate b = card(2), c = card(3);

	b.uuid = c.uuid = uuid(UUID_A);
	load("", "- {name: worker-0a4f01, role: worker, mac: 52:54:00:0a:4f:01, address: "
		 "10.10.0.50, uuid: " UUID_A "}\n");
	decide((struct enroll_candidate[]){b, c}, 2);
	assert_int_equal(plan.n_rows, 1);
	assert_ptr_equal(plan.rows[0].before, &cluster->nodes[1]);
	assert_int_equal(plan.rows[0].n_macs, 3);
	assert_int_equal(plan.verdicts[1].kind, ENROLL_CARD);
	assert_string_equal(text_of(0),
		"# Written by slipway, because of `enroll: open` in cluster.yaml. Edit it, move it "
		"into nodes.d,\n"
		"# or delete it, and run `slipway apply`.\n"
		"- name: worker-0a4f01\n"
		"  role: worker\n"
		"  mac: [52:54:00:0a:4f:01, 52:54:00:0a:4f:02, 52:54:00:0a:4f:03]\n"
		"  uuid: " UUID_A "\n"
		"  address: 10.10.0.50\n");
}

TEST(who_is_a_node_already_is_not_enrolled)
{
	struct enroll_candidate same_mac = card(1), same_uuid = card(2);

	same_mac.mac = (struct mac){{0x52, 0x54, 0, 0, 0, 1}};
	same_uuid.uuid = uuid("4c4c4544-0035-5910-8048-b4c04f4d3132");
	load("", NULL);
	decide((struct enroll_candidate[]){same_mac, same_uuid}, 2);
	assert_int_equal(plan.n_rows, 0);
	assert_string_equal(plan.verdicts[0].why, "its MAC already belongs to m1");
	assert_string_equal(plan.verdicts[1].why,
		"it has the UUID of a node that somebody named: add this MAC to m1");
}

TEST(a_machine_has_no_more_macs_than_a_node_may)
{
	struct enroll_candidate cards[CLUSTER_NODE_MACS_MAX + 1];

	for (uint8_t i = 0; i < ARRAY_LEN(cards); i++) {
		cards[i] = card(i);
		cards[i].uuid = uuid(UUID_A);
	}
	load("", NULL);
	decide(cards, ARRAY_LEN(cards));
	assert_int_equal(plan.n_rows, 1);
	assert_int_equal(plan.rows[0].n_macs, CLUSTER_NODE_MACS_MAX);
	assert_int_equal(plan.verdicts[CLUSTER_NODE_MACS_MAX].kind, ENROLL_REFUSED);
}

TEST(a_name_that_is_taken_gets_the_whole_mac)
{
	struct enroll_candidate a = card(1), b = card(1), c = card(1);

	b.mac.b[0] = 0x02;
	c.mac.b[0] = 0x06;
	load("- {name: worker-06540a4f01, role: worker, mac: 52:54:00:00:00:09, address: "
	     "10.10.0.20}\n"
	     "- {name: worker-0654000a4f01, role: worker, mac: 52:54:00:00:00:08, address: "
	     "10.10.0.21}\n",
		NULL);
	decide((struct enroll_candidate[]){a, b, c}, 3);
	assert_string_equal(plan.verdicts[0].node, "worker-0a4f01");
	assert_string_equal(plan.verdicts[1].node, "worker-0254000a4f01");
	assert_string_equal(plan.verdicts[2].why,
		"another node has the name that it would get: worker-0654000a4f01");
}

/* What is written is read again, and says the same. */
TEST(a_file_says_what_was_decided)
{
	struct enroll_candidate a = card(1);

	a.uuid = uuid(UUID_A);
	load("", NULL);
	decide(&a, 1);
	AUTO(free_p) char *text = xstrdup(text_of(0));
	load("", text);
	assert_int_equal(cluster->n_nodes, 2);
	plan.rows[0] = enroll_row_of(&cluster->nodes[1]);
	assert_string_equal(text_of(0), text);
}

RUN(t(a_stranger_gets_role_name_and_the_lowest_free_address), t(its_network_decides),
	t(the_next_entry_counts_when_one_is_full_and_then_nobody_is_enrolled),
	t(two_cards_of_one_machine_are_one_node), t(useless_uuids_make_nobody_one_machine),
	t(one_uuid_and_two_serial_numbers_are_for_the_operator),
	t(another_card_of_a_node_that_was_enrolled_goes_into_its_file),
	t(who_is_a_node_already_is_not_enrolled), t(a_machine_has_no_more_macs_than_a_node_may),
	t(a_name_that_is_taken_gets_the_whole_mac), t(a_file_says_what_was_decided))

#include "tests/unit/provisioner/store/scratch.h"

#include <errno.h>

#include "provisioner/api/lease_filter.h"
#include "provisioner/base/log.h"
#include "provisioner/cluster/cluster.h"

static struct scratch scratch;
static struct nodes *nodes;

static const struct cluster_role worker = {.name = "worker", .template = "worker.yaml"};
static struct cluster_node rows[] = {
	{.name = "w1",
		.role_name = "worker",
		.role = &worker,
		.address = 0x0a4d000b,
		.macs = {.items = {{{0x52, 0x54, 0, 0, 0, 1}}, {{0x52, 0x54, 0, 0, 0, 2}}},
			.n = 2}},
};
static struct cluster one_node = {.name = "t", .nodes = rows, .n_nodes = 1};

static int begin(void **state)
{
	struct err e;

	(void)state;
	log_init("test", LOG_LEVEL_ERROR);
	scratch = scratch_new();
	assert_int_equal(nodes_open(scratch.store, 1000, &nodes, &e), 0);
	nodes_configure(nodes, &one_node, 1000);
	return 0;
}

static int end(void **state)
{
	(void)state;
	nodes_free(nodes);
	scratch_done(&scratch);
	return 0;
}

static struct message_lease lease(uint32_t address, uint8_t last_of_mac, const char *node)
{
	struct message_lease l = {
		.address = address, .hlen = 6, .hw = {0x52, 0x54, 0, 0, 0, last_of_mac}};

	(void)stpncpy(l.node, node, sizeof(l.node) - 1);
	return l;
}

static bool has(const char *terms, struct message_lease l)
{
	struct lease_filter f = {0};
	struct err e;

	assert_int_equal(lease_filter_add(&f, terms, nodes, &e), 0);
	return lease_filter_has(&f, &l);
}

TEST(without_terms_every_lease_is_in)
{
	assert_true(has("", lease(1, 1, "")));
}

TEST(a_node_is_found_by_name_address_and_each_of_its_macs)
{
	assert_true(has("w1", lease(0x0a4d0064, 9, "w1")));
	assert_true(has("w1", lease(0x0a4d000b, 9, "")));
	assert_true(has("w1", lease(0x0a4d0064, 2, "")));
	assert_false(has("w1", lease(0x0a4d0064, 9, "")));
}

TEST(a_mac_an_address_and_a_network_find_theirs)
{
	struct message_lease l = lease(0x0a4d0064, 9, "");

	assert_true(has("52:54:00:00:00:09", l));
	assert_false(has("52:54:00:00:00:08", l));
	assert_true(has("10.77.0.100", l));
	assert_false(has("10.77.0.101", l));
	assert_true(has("10.77.0.96/29", l));
	assert_false(has("10.77.0.0/29", l));
	assert_true(has("w1,10.77.0.101,52:54:00:00:00:09", l));
}

TEST(a_client_without_a_mac_is_not_found_by_one)
{
	struct message_lease l = {.address = 5, .id_len = 6};

	assert_false(has("00:00:00:00:00:00", l));
}

TEST(unknown_leaves_nodes_out)
{
	struct lease_filter f = {.is_unknown = true};
	struct message_lease of_node = lease(1, 1, "w1"), of_stranger = lease(1, 1, "");

	assert_false(lease_filter_has(&f, &of_node));
	assert_true(lease_filter_has(&f, &of_stranger));
}

TEST(what_is_no_machine_is_named_in_the_error)
{
	static const char *const bad[] = {"w9", "10.0.0.0/33", "10.0.0.256", "52:54:00:00:00"};
	struct err e;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct lease_filter f = {0};

		assert_int_equal(lease_filter_add(&f, bad[i], nodes, &e), -ENOENT);
		assert_non_null(strstr(e.msg, bad[i]));
	}
}

TEST(there_is_an_end_to_terms_and_to_their_length)
{
	struct lease_filter f = {0};
	char many[4 * LEASE_TERMS_MAX + 8] = "", longest[300];
	struct err e;

	for (int i = 0; i <= LEASE_TERMS_MAX; i++)
		memcpy(many + 3 * (size_t)i, "w1,", 4);
	assert_int_equal(lease_filter_add(&f, many, nodes, &e), -EINVAL);
	memset(longest, 'a', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	assert_int_equal(lease_filter_add(&f, longest, nodes, &e), -EINVAL);
}

TEST(states_are_named_and_others_refused)
{
	struct lease_filter f = {.uses = 0xff};
	struct err e;

	assert_int_equal(lease_filter_uses(&f, "bound,declined", &e), 0);
	assert_int_equal(f.uses, 1U << USE_BOUND | 1U << USE_DECLINED);
	assert_int_equal(lease_filter_uses(&f, "bond", &e), -EINVAL);
	for (unsigned i = 1; i < N_LEASE_USES; i++) {
		assert_int_equal(lease_filter_uses(&f, lease_use_name(i), &e), 0);
		assert_int_equal(f.uses, 1U << i);
	}
	assert_string_equal(lease_use_name(200), "?");
}

TEST(dhcpd_is_asked_for_no_more_than_the_range_of_all_networks)
{
	struct message_leases_ask ask = {0};
	struct lease_filter f = {0};
	struct err e;

	assert_int_equal(lease_filter_add(&f, "10.77.0.9,10.77.4.0/24", nodes, &e), 0);
	lease_filter_ask(&f, &ask);
	assert_int_equal(ask.first, 0x0a4d0009);
	assert_int_equal(ask.last, 0x0a4d04ff);
	assert_int_equal(lease_filter_add(&f, "w1", nodes, &e), 0);
	lease_filter_ask(&f, &ask);
	assert_int_equal(ask.first, 0);
	assert_int_equal(ask.last, UINT32_MAX);
}

int main(void)
{
	const struct CMUnitTest cases[] = {
		t(without_terms_every_lease_is_in),
		t(a_node_is_found_by_name_address_and_each_of_its_macs),
		t(a_mac_an_address_and_a_network_find_theirs),
		t(a_client_without_a_mac_is_not_found_by_one),
		t(unknown_leaves_nodes_out),
		t(what_is_no_machine_is_named_in_the_error),
		t(there_is_an_end_to_terms_and_to_their_length),
		t(states_are_named_and_others_refused),
		t(dhcpd_is_asked_for_no_more_than_the_range_of_all_networks),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(cases, begin, end);
}

#include "tests/unit/test.h"

#include <errno.h>
#include <stdio.h>

#include "dhcpd/node_table.h"

static struct message_node node(const char *name, uint32_t address, uint8_t mac)
{
	struct message_node n = {.address = address,
		.n_macs = 2,
		.macs = {{{2, 0, 0, 0, 0, mac}}, {{2, 0, 0, 0, 1, mac}}}};

	(void)snprintf(n.name, sizeof(n.name), "%s", name);
	return n;
}

TEST(node_is_found_by_each_of_its_macs_and_by_its_address)
{
	struct node_table *t = node_table_new(2);
	struct message_node a = node("master1", 0x0a4d000a, 1), b = node("worker1", 0, 2);
	struct mac stranger = {{2, 0, 0, 0, 2, 1}};

	assert_int_equal(node_table_add(t, &a), 0);
	assert_int_equal(node_table_add(t, &b), 0);
	assert_int_equal(node_table_count(t), 2);
	assert_string_equal(node_table_by_mac(t, &a.macs[0])->name, "master1");
	assert_string_equal(node_table_by_mac(t, &a.macs[1])->name, "master1");
	assert_string_equal(node_table_by_mac(t, &b.macs[1])->name, "worker1");
	assert_string_equal(node_table_by_address(t, 0x0a4d000a)->name, "master1");
	assert_null(node_table_by_address(t, 0));
	assert_null(node_table_by_mac(t, &stranger));
	node_table_free(t);
}

TEST(no_table_knows_nobody)
{
	struct mac m = {{2}};

	assert_null(node_table_by_mac(NULL, &m));
	assert_null(node_table_by_address(NULL, 1));
	assert_int_equal(node_table_count(NULL), 0);
}

TEST(first_node_keeps_a_mac_that_two_claim)
{
	struct node_table *t = node_table_new(2);
	struct message_node a = node("first", 1, 1), b = node("second", 1, 1);

	assert_int_equal(node_table_add(t, &a), 0);
	assert_int_equal(node_table_add(t, &b), 0);
	assert_string_equal(node_table_by_mac(t, &a.macs[0])->name, "first");
	assert_string_equal(node_table_by_address(t, 1)->name, "first");
	node_table_free(t);
}

TEST(node_that_does_not_fit_is_refused)
{
	struct node_table *t = node_table_new(1);
	struct message_node a = node("a", 1, 1), many = node("b", 2, 2), endless = node("c", 3, 3);

	many.n_macs = MESSAGE_NODE_MACS_MAX + 1;
	memset(endless.name, 'x', sizeof(endless.name));
	assert_int_equal(node_table_add(t, &many), -EINVAL);
	assert_int_equal(node_table_add(t, &endless), -EINVAL);
	assert_int_equal(node_table_add(t, &a), 0);
	assert_int_equal(node_table_add(t, &a), -ENOSPC);
	node_table_free(t);
}

TEST(ten_thousand_nodes_are_all_found)
{
	enum { N = 10000 };
	struct node_table *t = node_table_new(N);

	for (uint32_t i = 0; i < N; i++) {
		struct message_node n = {.address = 0x0a000001 + i,
			.n_macs = 1,
			.macs = {{{2, 0, 0, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i}}}};

		assert_int_equal(node_table_add(t, &n), 0);
	}
	for (uint32_t i = 0; i < N; i++) {
		struct mac m = {{2, 0, 0, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i}};

		assert_int_equal(node_table_by_mac(t, &m)->address, 0x0a000001 + i);
		assert_ptr_equal(
			node_table_by_mac(t, &m), node_table_by_address(t, 0x0a000001 + i));
	}
	node_table_free(t);
}

TEST(node_is_found_by_client_identifier_and_uuid_in_any_form)
{
	struct node_table *t = node_table_new(2);
	struct uuid network = {{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}};
	struct uuid smbios = {{4, 3, 2, 1, 6, 5, 8, 7, 9, 10, 11, 12, 13, 14, 15, 16}},
		    zeros = {{0}};
	struct message_node a = node("id", 1, 1), b = node("uuid", 2, 2);

	memcpy(a.client_id, "box", 3);
	a.client_id_len = 3;
	b.uuid = uuid_folded(&network);
	assert_int_equal(node_table_add(t, &a), 0);
	assert_int_equal(node_table_add(t, &b), 0);
	assert_string_equal(node_table_by_client_id(t, rd_init("box", 3))->name, "id");
	assert_string_equal(node_table_by_client_id(t, rd_init("\0box", 4))->name, "id");
	assert_null(node_table_by_client_id(t, rd_init("bo", 2)));
	assert_null(node_table_by_client_id(t, rd_init("", 0)));
	assert_string_equal(node_table_by_uuid(t, &network)->name, "uuid");
	assert_string_equal(node_table_by_uuid(t, &smbios)->name, "uuid");
	assert_null(node_table_by_uuid(t, &zeros)); /* node "id" has none */
	node_table_free(t);
}

TEST(thousand_nodes_are_each_found_by_all_they_have)
{
	enum { N = 1000 };
	struct node_table *t = node_table_new(N);

	for (uint32_t i = 0; i < N; i++) {
		struct message_node n = {.address = 1 + i,
			.n_macs = MESSAGE_NODE_MACS_MAX,
			.client_id_len = 4,
			.client_id = {'x', 'y', (uint8_t)(i >> 8), (uint8_t)i},
			.uuid = {{1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 9, 9, 9, (uint8_t)(i >> 8),
				(uint8_t)i}}};

		(void)snprintf(n.name, sizeof(n.name), "n%u", i);
		for (uint8_t m = 0; m < MESSAGE_NODE_MACS_MAX; m++)
			n.macs[m] = (struct mac){{2, 0, 0, m, (uint8_t)(i >> 8), (uint8_t)i}};
		assert_int_equal(node_table_add(t, &n), 0);
	}
	for (uint32_t i = 0; i < N; i++) {
		struct mac m = {{2, 0, 0, 7, (uint8_t)(i >> 8), (uint8_t)i}};
		uint8_t id[] = {'x', 'y', (uint8_t)(i >> 8), (uint8_t)i};
		struct uuid u = {
			{4, 3, 2, 1, 6, 5, 8, 7, 9, 9, 9, 9, 9, 9, (uint8_t)(i >> 8), (uint8_t)i}};
		const struct message_node *n = node_table_by_mac(t, &m);

		assert_int_equal(n->address, 1 + i);
		assert_ptr_equal(node_table_by_address(t, 1 + i), n);
		assert_ptr_equal(node_table_by_client_id(t, rd_init(id, sizeof(id))), n);
		assert_ptr_equal(node_table_by_uuid(t, &u), n);
	}
	node_table_free(t);
}

RUN(t(node_is_found_by_client_identifier_and_uuid_in_any_form),
	t(thousand_nodes_are_each_found_by_all_they_have),
	t(node_is_found_by_each_of_its_macs_and_by_its_address), t(no_table_knows_nobody),
	t(first_node_keeps_a_mac_that_two_claim), t(node_that_does_not_fit_is_refused),
	t(ten_thousand_nodes_are_all_found))

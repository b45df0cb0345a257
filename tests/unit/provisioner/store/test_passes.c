#include "tests/unit/provisioner/store/scratch.h"

#include <errno.h>

static struct store_token token(uint8_t number, const char *node, int64_t created_ms)
{
	return (struct store_token){.hash = {number},
		.node = node,
		.nonce = "nonce",
		.created_ms = created_ms,
		.expires_ms = created_ms + 600000};
}

TEST(a_token_is_used_once_even_over_a_restart)
{
	struct scratch t = scratch_new();
	struct store_token one = token(1, "worker1", 1000);
	char node[STORE_KEY_SIZE] = "untouched";

	scratch_put_node(t.store, "worker1");
	assert_int_equal(store_token_add(t.store, &one), 0);
	assert_int_equal(store_token_use(scratch_reopen(&t), one.hash, 2000, node), 0);
	assert_string_equal(node, "worker1");
	assert_int_equal(store_token_use(t.store, one.hash, 2000, node), -EALREADY);
	assert_int_equal(store_token_use(scratch_reopen(&t), one.hash, 2000, node), -EALREADY);
	scratch_done(&t);
}

TEST(unknown_and_late_tokens_are_told_apart)
{
	struct scratch t = scratch_new();
	struct store_token one = token(1, "worker1", 1000), other = token(2, "worker1", 1000);
	char node[STORE_KEY_SIZE] = "untouched";

	scratch_put_node(t.store, "worker1");
	assert_int_equal(store_token_add(t.store, &one), 0);
	assert_int_equal(store_token_use(t.store, other.hash, 2000, node), -ENOENT);
	assert_int_equal(store_token_use(t.store, one.hash, one.expires_ms, node), -ETIME);
	assert_string_equal(node, "untouched");
	assert_int_equal(store_token_use(t.store, one.hash, one.expires_ms - 1, node), 0);
	scratch_done(&t);
}

TEST(a_use_in_a_batch_that_is_dropped_did_not_happen)
{
	struct scratch t = scratch_new();
	struct store_token one = token(1, "worker1", 1000);
	char node[STORE_KEY_SIZE];

	scratch_put_node(t.store, "worker1");
	assert_int_equal(store_token_add(t.store, &one), 0);
	assert_int_equal(store_begin(t.store), 0);
	assert_int_equal(store_token_use(t.store, one.hash, 2000, node), 0);
	assert_int_equal(store_token_use(t.store, one.hash, 2000, node), -EALREADY);
	store_abort(t.store);
	assert_int_equal(store_token_use(t.store, one.hash, 2000, node), 0);
	scratch_done(&t);
}

TEST(tokens_of_a_node_in_a_boot_loop_are_bounded_to_the_newest)
{
	struct scratch t = scratch_new();
	char node[STORE_KEY_SIZE];

	scratch_put_node(t.store, "loop");
	scratch_put_node(t.store, "calm");
	struct store_token calm = token(200, "calm", 1);
	assert_int_equal(store_token_add(t.store, &calm), 0);
	for (uint8_t i = 0; i < STORE_PASSES_PER_NODE_MAX + 1; i++) {
		struct store_token one = token(i, "loop", i);

		assert_int_equal(store_token_add(t.store, &one), 0);
	}
	struct store_token oldest = token(0, "", 0), second = token(1, "", 0);
	assert_int_equal(store_token_use(t.store, oldest.hash, 100, node), -ENOENT);
	assert_int_equal(store_token_use(t.store, second.hash, 100, node), 0);
	assert_int_equal(store_token_use(t.store, calm.hash, 100, node), 0);
	scratch_done(&t);
}

TEST(a_pass_for_nobody_is_refused_and_spares_the_batch)
{
	struct scratch t = scratch_new();
	struct store_token one = token(1, "nobody", 1);
	struct store_boot boot = {.nonce = "n1", .node = "nobody"};

	assert_int_equal(store_begin(t.store), 0);
	assert_int_equal(store_token_add(t.store, &one), -ENOENT);
	assert_int_equal(store_boot_add(t.store, &boot), -ENOENT);
	scratch_put_node(t.store, "nobody");
	assert_int_equal(store_token_add(t.store, &one), 0);
	assert_int_equal(store_token_add(t.store, &one), -EEXIST);
	assert_int_equal(store_commit(t.store), 0);
	scratch_done(&t);
}

TEST(a_boot_is_found_by_its_nonce_and_by_nothing_else)
{
	struct scratch t = scratch_new();
	struct store_boot found = {.node = "untouched"};
	struct store_boot boot = {.nonce = "0123abcd",
		.node = "worker1",
		.client = 0x0a4d000b,
		.generation = 3,
		.created_ms = 1700000000123};

	scratch_put_node(t.store, "worker1");
	assert_int_equal(store_boot_add(t.store, &boot), 0);
	assert_int_equal(store_boot_add(t.store, &boot), -EEXIST);
	assert_int_equal(store_boot_find(t.store, "0123abc", &found), -ENOENT);
	assert_string_equal(found.node, "untouched");
	assert_int_equal(store_boot_find(scratch_reopen(&t), "0123abcd", &found), 0);
	assert_string_equal(found.nonce, boot.nonce);
	assert_string_equal(found.node, "worker1");
	assert_int_equal(found.client, boot.client);
	assert_int_equal(found.generation, 3);
	assert_int_equal(found.created_ms, boot.created_ms);
	scratch_done(&t);
}

TEST(a_nonce_too_long_to_exist_is_unknown)
{
	struct scratch t = scratch_new();
	struct store_boot found;
	char nonce[512];

	for (size_t i = 0; i < sizeof(nonce); i++)
		nonce[i] = i + 1 < sizeof(nonce) ? 'a' : '\0';
	assert_int_equal(store_boot_find(t.store, nonce, &found), -ENOENT);
	scratch_done(&t);
}

TEST(last_boot_of_a_node_is_its_newest_alone)
{
	struct scratch t = scratch_new();
	struct store_boot found;

	scratch_put_node(t.store, "w1");
	scratch_put_node(t.store, "w2");
	assert_int_equal(store_boot_last(t.store, "w1", &found), -ENOENT);
	static const struct {
		const char *nonce, *node;
		int64_t created_ms;
	} rows[] = {{"first", "w1", 10}, {"second", "w1", 20}, {"same-ms", "w1", 20},
		{"other", "w2", 30}};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct store_boot b = {.client = 7, .created_ms = rows[i].created_ms};

		(void)snprintf(b.nonce, sizeof(b.nonce), "%s", rows[i].nonce);
		(void)snprintf(b.node, sizeof(b.node), "%s", rows[i].node);
		assert_int_equal(store_boot_add(t.store, &b), 0);
	}
	assert_int_equal(store_boot_last(t.store, "w1", &found), 0);
	assert_string_equal(found.nonce, "same-ms");
	assert_int_equal(found.client, 7);
	scratch_done(&t);
}

TEST(boots_of_a_node_are_bounded_to_the_newest)
{
	struct scratch t = scratch_new();
	struct store_boot found, boot = {.node = "loop"};

	scratch_put_node(t.store, "loop");
	for (int i = 0; i <= STORE_PASSES_PER_NODE_MAX; i++) {
		(void)snprintf(boot.nonce, sizeof(boot.nonce), "n%d", i);
		boot.created_ms = 5; /* all in one millisecond: the order of arrival decides */
		assert_int_equal(store_boot_add(t.store, &boot), 0);
	}
	assert_int_equal(store_boot_find(t.store, "n0", &found), -ENOENT);
	assert_int_equal(store_boot_find(t.store, "n1", &found), 0);
	scratch_done(&t);
}

RUN(t(a_token_is_used_once_even_over_a_restart), t(unknown_and_late_tokens_are_told_apart),
	t(a_use_in_a_batch_that_is_dropped_did_not_happen),
	t(tokens_of_a_node_in_a_boot_loop_are_bounded_to_the_newest),
	t(a_pass_for_nobody_is_refused_and_spares_the_batch),
	t(a_boot_is_found_by_its_nonce_and_by_nothing_else),
	t(a_nonce_too_long_to_exist_is_unknown), t(last_boot_of_a_node_is_its_newest_alone),
	t(boots_of_a_node_are_bounded_to_the_newest))

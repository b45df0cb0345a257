#include "tests/unit/provisioner/store/scratch.h"

#include <errno.h>

static const struct store_node full = {.key = "worker1",
	.name = "worker1",
	.macs = "52:54:00:00:00:02,52:54:00:00:00:03",
	.uuid = "4c4c4544-0044-4810-8054-b4c04f4b3332",
	.serial = "7D0K32",
	.role = "worker",
	.address = 0x0a4d000b,
	.state = "booting",
	.state_since_ms = 1700000000123,
	.stage = "kernel",
	.boot_id = "b1",
	.generation = 7,
	.facts = "{\"cpus\":2}",
	.first_seen_ms = 1700000000000,
	.last_seen_ms = 1700000000999};

static int check_full(const struct store_node *n, void *arg)
{
	assert_string_equal(n->key, full.key);
	assert_string_equal(n->name, full.name);
	assert_string_equal(n->macs, full.macs);
	assert_string_equal(n->uuid, full.uuid);
	assert_string_equal(n->serial, full.serial);
	assert_string_equal(n->role, full.role);
	assert_int_equal(n->address, full.address);
	assert_string_equal(n->state, full.state);
	assert_int_equal(n->state_since_ms, full.state_since_ms);
	assert_string_equal(n->stage, full.stage);
	assert_string_equal(n->boot_id, full.boot_id);
	assert_int_equal(n->generation, full.generation);
	assert_string_equal(n->facts, full.facts);
	assert_int_equal(n->first_seen_ms, full.first_seen_ms);
	assert_int_equal(n->last_seen_ms, full.last_seen_ms);
	++*(int *)arg;
	return 0;
}

TEST(a_node_comes_back_from_the_disk_as_it_was_put)
{
	struct scratch t = scratch_new();
	int seen = 0;

	assert_int_equal(store_node_put(t.store, &full), 0);
	struct store *s = scratch_reopen(&t);
	assert_int_equal(store_nodes_each(s, check_full, &seen), 0);
	assert_int_equal(seen, 1);
	scratch_done(&t);
}

static int check_bare(const struct store_node *n, void *arg)
{
	assert_string_equal(n->name, "");
	assert_string_equal(n->facts, "");
	assert_int_equal(n->address, 0);
	++*(int *)arg;
	return 0;
}

TEST(text_that_was_not_given_comes_back_empty)
{
	struct scratch t = scratch_new();
	int seen = 0;

	assert_int_equal(
		store_node_put(t.store, &(struct store_node){.key = "52:54:00:00:00:09"}), 0);
	assert_int_equal(store_nodes_each(t.store, check_bare, &seen), 0);
	assert_int_equal(seen, 1);
	scratch_done(&t);
}

static int check_replaced(const struct store_node *n, void *arg)
{
	assert_string_equal(n->state, "ready");
	assert_int_equal(n->first_seen_ms, full.first_seen_ms);
	assert_int_equal(n->last_seen_ms, 42);
	++*(int *)arg;
	return 0;
}

TEST(a_second_put_replaces_all_but_the_first_sight)
{
	struct scratch t = scratch_new();
	struct store_node n = full;
	int seen = 0;

	assert_int_equal(store_node_put(t.store, &n), 0);
	n.state = "ready";
	n.first_seen_ms = 1;
	n.last_seen_ms = 42;
	assert_int_equal(store_node_put(t.store, &n), 0);
	assert_int_equal(store_nodes_each(t.store, check_replaced, &seen), 0);
	assert_int_equal(seen, 1);
	scratch_done(&t);
}

/* REPLACE would have deleted the row, and by its foreign key the token with it. */
TEST(a_second_put_leaves_the_tokens_alone)
{
	struct scratch t = scratch_new();
	char node[STORE_KEY_SIZE];
	struct store_token token = {
		.hash = {1}, .node = "worker1", .nonce = "n", .created_ms = 1, .expires_ms = 9};

	assert_int_equal(store_node_put(t.store, &full), 0);
	assert_int_equal(store_token_add(t.store, &token), 0);
	assert_int_equal(store_node_put(t.store, &full), 0);
	assert_int_equal(store_token_use(t.store, token.hash, 2, node), 0);
	scratch_done(&t);
}

static int count_event(const struct store_event *e, void *arg)
{
	(void)e;
	++*(unsigned *)arg;
	return 0;
}

TEST(deletion_takes_events_tokens_and_boots_along)
{
	struct scratch t = scratch_new();
	struct store_boot found, boot = {.nonce = "abc", .node = "worker1"};
	struct store_event e = {.node = "worker1", .kind = "dhcp", .severity = STORE_INFO};
	char node[STORE_KEY_SIZE];
	unsigned n = 0;
	struct store_token token = {
		.hash = {1}, .node = "worker1", .nonce = "n", .created_ms = 1, .expires_ms = 9};

	scratch_put_node(t.store, "worker1");
	scratch_put_node(t.store, "worker2");
	assert_int_equal(store_token_add(t.store, &token), 0);
	assert_int_equal(store_boot_add(t.store, &boot), 0);
	assert_int_equal(store_event_add(t.store, &e, NULL), 0);
	assert_int_equal(store_node_delete(t.store, "worker1"), 0);

	assert_int_equal(scratch_n_nodes(t.store), 1);
	assert_int_equal(store_token_use(t.store, token.hash, 2, node), -ENOENT);
	assert_int_equal(store_boot_find(t.store, "abc", &found), -ENOENT);
	assert_int_equal(store_events_each(t.store, NULL, 0, 10, count_event, &n), 0);
	assert_int_equal(n, 0);
	assert_int_equal(store_node_delete(t.store, "worker1"), 0);
	scratch_done(&t);
}

static int stop_at_second(const struct store_node *n, void *arg)
{
	++*(int *)arg;
	return strcmp(n->key, "b") == 0 ? 17 : 0;
}

TEST(a_walk_goes_by_key_and_ends_where_it_is_told_to)
{
	struct scratch t = scratch_new();
	int seen = 0;

	scratch_put_node(t.store, "c");
	scratch_put_node(t.store, "b");
	scratch_put_node(t.store, "a");
	assert_int_equal(store_nodes_each(t.store, stop_at_second, &seen), 17);
	assert_int_equal(seen, 2);
	assert_int_equal(scratch_n_nodes(t.store), 3); /* the statement is free again */
	scratch_done(&t);
}

TEST(text_beyond_its_bound_is_refused_and_spares_the_batch)
{
	struct scratch t = scratch_new();
	AUTO(free_p) char *facts = xcalloc(STORE_FACTS_MAX + 2, 1);
	char key[STORE_KEY_SIZE + 1] = "";

	for (size_t i = 0; i <= STORE_FACTS_MAX; i++)
		facts[i] = 'x';
	for (size_t i = 0; i < STORE_KEY_SIZE; i++)
		key[i] = 'k';
	assert_int_equal(store_begin(t.store), 0);
	assert_int_equal(store_node_put(t.store, &(struct store_node){.key = "a", .facts = facts}),
		-EMSGSIZE);
	assert_int_equal(store_node_put(t.store, &(struct store_node){.key = key}), -EMSGSIZE);
	facts[STORE_FACTS_MAX] = '\0';
	assert_int_equal(
		store_node_put(t.store, &(struct store_node){.key = "a", .facts = facts}), 0);
	assert_int_equal(store_commit(t.store), 0);
	assert_int_equal(scratch_n_nodes(t.store), 1);
	scratch_done(&t);
}

TEST(strangers_beyond_the_ceiling_are_refused_but_known_nodes_are_not)
{
	struct scratch t = scratch_new();
	char key[STORE_KEY_SIZE];

	assert_int_equal(store_begin(t.store), 0);
	for (unsigned i = 0; i < STORE_NODES_MAX; i++) {
		(void)snprintf(key, sizeof(key), "%05u", i);
		scratch_put_node(t.store, key);
	}
	assert_int_equal(store_node_put(t.store, &(struct store_node){.key = "one more"}), -E2BIG);
	scratch_put_node(t.store, "00000");
	assert_int_equal(store_node_delete(t.store, "00001"), 0);
	scratch_put_node(t.store, "one more");
	assert_int_equal(store_commit(t.store), 0);
	scratch_done(&t);
}

RUN(t(a_node_comes_back_from_the_disk_as_it_was_put), t(text_that_was_not_given_comes_back_empty),
	t(a_second_put_replaces_all_but_the_first_sight), t(a_second_put_leaves_the_tokens_alone),
	t(deletion_takes_events_tokens_and_boots_along),
	t(a_walk_goes_by_key_and_ends_where_it_is_told_to),
	t(text_beyond_its_bound_is_refused_and_spares_the_batch),
	t(strangers_beyond_the_ceiling_are_refused_but_known_nodes_are_not))

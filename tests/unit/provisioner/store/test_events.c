#include "tests/unit/provisioner/store/scratch.h"

#include <errno.h>

struct seen {
	unsigned n;
	int64_t first, last, first_wall;
	char text[64];
};

static int note(const struct store_event *e, void *arg)
{
	struct seen *seen = arg;

	if (seen->n++ == 0) {
		seen->first = e->id;
		seen->first_wall = e->wall_ms;
	} else {
		assert_true(e->id > seen->last);
	}
	seen->last = e->id;
	assert_true(
		snprintf(seen->text, sizeof(seen->text), "%s", e->text) < (int)sizeof(seen->text));
	return 0;
}

static int64_t add(struct store *s, const char *node, int64_t wall_ms)
{
	struct store_event e = {.wall_ms = wall_ms,
		.node = node,
		.kind = "dhcp",
		.severity = STORE_INFO,
		.text = "offered 10.77.0.11"};
	int64_t id = 0;

	assert_int_equal(store_event_add(s, &e, &id), 0);
	assert_true(id > 0);
	return id;
}

static int check_whole(const struct store_event *e, void *arg)
{
	assert_int_equal(e->wall_ms, 1234);
	assert_string_equal(e->node, "worker1");
	assert_string_equal(e->kind, "stalled");
	assert_int_equal(e->severity, STORE_ERROR);
	assert_string_equal(e->text, "no kernel after 90 s");
	assert_string_equal(e->data, "{\"after\":\"script\"}");
	++*(int *)arg;
	return 0;
}

TEST(an_event_comes_back_from_the_disk_as_it_was_put)
{
	struct scratch t = scratch_new();
	struct store_event e = {.wall_ms = 1234,
		.node = "worker1",
		.kind = "stalled",
		.severity = STORE_ERROR,
		.text = "no kernel after 90 s",
		.data = "{\"after\":\"script\"}"};
	int seen = 0;

	assert_int_equal(store_event_add(t.store, &e, NULL), 0);
	assert_int_equal(store_events_each(scratch_reopen(&t), NULL, 0, 10, check_whole, &seen), 0);
	assert_int_equal(seen, 1);
	scratch_done(&t);
}

TEST(events_are_read_on_from_an_id_in_pages)
{
	struct scratch t = scratch_new();
	struct seen seen = {0};
	int64_t ids[6];

	for (int i = 0; i < 6; i++)
		ids[i] = add(t.store, i % 2 ? "odd" : "even", i);
	assert_int_equal(store_events_each(t.store, NULL, ids[1], 3, note, &seen), 0);
	assert_int_equal(seen.n, 3);
	assert_int_equal(seen.first, ids[2]);
	assert_int_equal(seen.last, ids[4]);

	seen = (struct seen){0};
	assert_int_equal(store_events_each(t.store, "odd", ids[1], 10, note, &seen), 0);
	assert_int_equal(seen.n, 2);
	assert_int_equal(seen.first, ids[3]);
	assert_int_equal(seen.last, ids[5]);
	scratch_done(&t);
}

TEST(the_newest_come_oldest_first)
{
	struct scratch t = scratch_new();
	struct seen seen = {0};
	int64_t ids[6];

	for (int i = 0; i < 6; i++)
		ids[i] = add(t.store, i % 2 ? "odd" : "even", i);
	assert_int_equal(store_events_last(t.store, NULL, 2, note, &seen), 0);
	assert_int_equal(seen.n, 2);
	assert_int_equal(seen.first, ids[4]);

	seen = (struct seen){0};
	assert_int_equal(store_events_last(t.store, "even", 2, note, &seen), 0);
	assert_int_equal(seen.n, 2);
	assert_int_equal(seen.first, ids[2]);
	assert_int_equal(seen.last, ids[4]);
	scratch_done(&t);
}

TEST(a_noisy_node_loses_its_own_oldest_events_and_nobody_elses)
{
	struct scratch t = scratch_new();
	struct seen seen = {0};

	add(t.store, "quiet", 1);
	assert_int_equal(store_begin(t.store), 0);
	for (int i = 0; i < STORE_EVENTS_PER_NODE_MAX + 5; i++)
		add(t.store, "noisy", i);
	assert_int_equal(store_commit(t.store), 0);

	assert_int_equal(store_events_each(t.store, "noisy", 0, 1000000, note, &seen), 0);
	assert_int_equal(seen.n, STORE_EVENTS_PER_NODE_MAX);
	assert_int_equal(seen.first_wall, 5);
	seen = (struct seen){0};
	assert_int_equal(store_events_each(t.store, "quiet", 0, 10, note, &seen), 0);
	assert_int_equal(seen.n, 1);
	scratch_done(&t);
}

TEST(a_commit_brings_the_whole_timeline_below_its_ceiling)
{
	enum { NODES = 100, EXCESS = 1000 };
	struct scratch t = scratch_new();
	struct seen seen = {0};
	char node[STORE_KEY_SIZE];

	assert_int_equal(store_begin(t.store), 0);
	for (int i = 0; i < STORE_EVENTS_MAX + EXCESS; i++) {
		(void)snprintf(node, sizeof(node), "n%d", i % NODES);
		add(t.store, node, i);
	}
	assert_int_equal(store_commit(t.store), 0);
	assert_int_equal(
		store_events_each(t.store, NULL, 0, STORE_EVENTS_MAX + EXCESS, note, &seen), 0);
	assert_int_equal(seen.n, STORE_EVENTS_MAX);
	assert_int_equal(seen.first_wall, EXCESS);

	add(t.store, "n0", 1); /* outside a batch too */
	seen = (struct seen){0};
	assert_int_equal(store_events_each(scratch_reopen(&t), NULL, 0, STORE_EVENTS_MAX + EXCESS,
				 note, &seen),
		0);
	assert_int_equal(seen.n, STORE_EVENTS_MAX);
	scratch_done(&t);
}

TEST(ids_are_not_used_twice_when_the_newest_event_goes)
{
	struct scratch t = scratch_new();
	int64_t id = add(t.store, "gone", 1);

	assert_int_equal(store_node_delete(t.store, "gone"), 0);
	assert_true(add(t.store, "next", 2) > id);
	scratch_done(&t);
}

TEST(an_unknown_severity_is_refused)
{
	struct scratch t = scratch_new();
	struct store_event e = {.node = "a", .kind = "dhcp"};
	int64_t id = 77;

	assert_int_equal(store_event_add(t.store, &e, &id), -EINVAL);
	assert_int_equal(id, 77);
	scratch_done(&t);
}

RUN(t(an_event_comes_back_from_the_disk_as_it_was_put), t(events_are_read_on_from_an_id_in_pages),
	t(the_newest_come_oldest_first),
	t(a_noisy_node_loses_its_own_oldest_events_and_nobody_elses),
	t(a_commit_brings_the_whole_timeline_below_its_ceiling),
	t(ids_are_not_used_twice_when_the_newest_event_goes), t(an_unknown_severity_is_refused))

#include "tests/unit/provisioner/store/scratch.h"

#include <errno.h>

#include "provisioner/base/log.h"
#include "provisioner/nodes/batch.h"
#include "provisioner/nodes/nodes.h"

static const struct machine one = {.key = "one"}, other = {.key = "other"};

/* The store refuses it: it has no severity. */
static void put_event_that_fails(struct batch *b)
{
	struct store_event e = {.node = "one", .kind = "test"};

	log_init("test", (enum log_level)0); /* it complains, rightly */
	batch_event(b, &e);
}

TEST(what_a_batch_holds_is_durable_at_its_end)
{
	struct scratch t = scratch_new();
	struct batch b = {.store = t.store};

	assert_true(batch_put(&b, &one));
	assert_true(batch_put(&b, &other));
	batch_delete(&b, "one");
	assert_int_equal(batch_end(&b), 0);
	assert_int_equal(scratch_n_nodes(scratch_reopen(&t)), 1);
	scratch_done(&t);
}

TEST(one_failure_undoes_what_came_before_and_stops_what_comes_after)
{
	struct scratch t = scratch_new();
	struct batch b = {.store = t.store};

	assert_true(batch_put(&b, &one));
	put_event_that_fails(&b);
	assert_false(batch_put(&b, &other));
	assert_int_equal(batch_end(&b), -EINVAL);
	assert_int_equal(scratch_n_nodes(t.store), 0);
	scratch_done(&t);
}

TEST(batch_after_a_failed_one_begins_anew)
{
	struct scratch t = scratch_new();
	struct batch b = {.store = t.store};

	put_event_that_fails(&b);
	assert_int_equal(batch_end(&b), -EINVAL);
	assert_true(batch_put(&b, &one));
	assert_int_equal(batch_end(&b), 0);
	assert_int_equal(scratch_n_nodes(t.store), 1);
	scratch_done(&t);
}

TEST(batch_that_holds_nothing_ends_well)
{
	struct scratch t = scratch_new();
	struct batch b = {.store = t.store};

	assert_int_equal(batch_end(&b), 0);
	assert_int_equal(batch_end(&b), 0);
	scratch_done(&t);
}

RUN(t(what_a_batch_holds_is_durable_at_its_end),
	t(one_failure_undoes_what_came_before_and_stops_what_comes_after),
	t(batch_after_a_failed_one_begins_anew), t(batch_that_holds_nothing_ends_well))

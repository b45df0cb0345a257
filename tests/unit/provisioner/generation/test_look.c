#include "tests/unit/test.h"

#include "provisioner/base/clock.h"
#include "provisioner/generation/look.h"
#include "tests/unit/provisioner/generation/lab.h"

#define MINUTE 60000

static int config = -1;
static struct publish_order where;

static int begin(void **state)
{
	if (lab_setup(state) < 0)
		return -1;
	generation_free(lab_build(LAB_HEAD LAB_NODES));
	config = dir_open(lab.folder);
	where = (struct publish_order){
		.config_dir = config, .config_name = "cluster.yaml", .state_dir = lab.folder};
	return config < 0 ? -1 : 0;
}

static int end(void **state)
{
	(void)close(config);
	return lab_teardown(state);
}

/* Looks so long after the files were written that their stamp counts. */
static bool differs(struct look *l, int64_t number)
{
	return look_differs(l, lab.archive, number, &where, clock_wall_ms() + MINUTE);
}

TEST(what_was_published_does_not_differ_until_it_is_edited)
{
	struct look l = {0};

	assert_false(differs(&l, 1));
	assert_false(differs(&l, 1));
	lab_put(&lab, "cluster.yaml", LAB_HEAD LAB_NODES "# and more\n");
	assert_true(differs(&l, 1));
	lab_put(&lab, "cluster.yaml", LAB_HEAD LAB_NODES);
	assert_false(differs(&l, 1));
	lab_put(&lab, "nodes.d/a.yaml", "[]\n");
	assert_true(differs(&l, 1));
	l = (struct look){0};
	char path[128];
	(void)snprintf(path, sizeof(path), "%s/nodes.d/a.yaml", lab.folder);
	assert_int_equal(unlink(path), 0);
	assert_false(differs(&l, 1));
	lab_put(&lab, "enrolled/a.yaml", "[]\n");
	assert_true(differs(&l, 1));
}

TEST(files_are_read_once_while_nobody_touches_them)
{
	struct look l = {0};

	assert_false(differs(&l, 1));
	/* Only somebody who reads could tell: the generation is compared with no more. */
	l.differs = true;
	assert_true(differs(&l, 1));
	/* Another generation is another question. */
	l.number = 7;
	assert_false(differs(&l, 1));
}

TEST(a_look_right_after_a_change_is_not_relied_on)
{
	struct look l = {0};

	assert_false(look_differs(&l, lab.archive, 1, &where, clock_wall_ms()));
	assert_int_equal(l.good_until_ms, 0);
	assert_false(differs(&l, 1));
	assert_true(l.good_until_ms == INT64_MAX);
}

TEST(files_that_can_not_be_compared_differ_only_for_now)
{
	struct look l = {0};
	int64_t now_ms = clock_wall_ms() + MINUTE;

	assert_true(look_differs(&l, lab.archive, 9, &where, now_ms));
	assert_true(l.good_until_ms > now_ms);
	assert_true(l.good_until_ms <= now_ms + MINUTE);
}

#define f(sentence) cmocka_unit_test_setup_teardown(sentence, begin, end)

RUN(f(what_was_published_does_not_differ_until_it_is_edited),
	f(files_are_read_once_while_nobody_touches_them),
	f(a_look_right_after_a_change_is_not_relied_on),
	f(files_that_can_not_be_compared_differ_only_for_now))

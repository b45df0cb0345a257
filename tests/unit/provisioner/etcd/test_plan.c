#include "tests/unit/test.h"

#include "provisioner/etcd/plan.h"

TEST(keys_are_created_in_order_once_etcd_is_healthy)
{
	bool stored[2] = {false};
	struct plan p = plan_init(stored, 2);

	assert_int_equal(plan_step(&p, PLAN_START), PLAN_ASK_HEALTH);
	assert_int_equal(plan_step(&p, PLAN_HEALTHY), PLAN_CREATE);
	assert_int_equal(p.at, 0);
	assert_int_equal(plan_step(&p, PLAN_STORED), PLAN_CREATE);
	assert_int_equal(p.at, 1);
	assert_int_equal(plan_step(&p, PLAN_STORED), PLAN_FINISH);
	assert_true(stored[0] && stored[1]);
}

TEST(waits_double_from_one_second_to_ten)
{
	static const int64_t want[] = {1000, 2000, 4000, 8000, 10000, 10000};
	bool stored[1] = {false};
	struct plan p = plan_init(stored, 1);

	for (size_t i = 0; i < 6; i++) {
		assert_int_equal(plan_step(&p, PLAN_START), PLAN_ASK_HEALTH);
		assert_int_equal(plan_step(&p, PLAN_UNREACHABLE), PLAN_WAIT);
		assert_int_equal(p.wait_ms, want[i]);
	}
}

TEST(etcd_that_goes_away_is_asked_for_again_and_the_rest_follows)
{
	bool stored[3] = {false};
	struct plan p = plan_init(stored, 3);

	for (int i = 0; i < 4; i++)
		assert_int_equal(plan_step(&p, PLAN_UNREACHABLE), PLAN_WAIT);
	assert_int_equal(plan_step(&p, PLAN_HEALTHY), PLAN_CREATE);
	assert_int_equal(plan_step(&p, PLAN_STORED), PLAN_CREATE);
	assert_int_equal(plan_step(&p, PLAN_UNREACHABLE), PLAN_WAIT);
	assert_int_equal(p.wait_ms, 1000); /* it was there a moment ago */
	assert_int_equal(plan_step(&p, PLAN_START), PLAN_ASK_HEALTH);
	assert_int_equal(plan_step(&p, PLAN_HEALTHY), PLAN_CREATE);
	assert_int_equal(p.at, 1);
	assert_int_equal(plan_step(&p, PLAN_STORED), PLAN_CREATE);
	assert_int_equal(plan_step(&p, PLAN_STORED), PLAN_FINISH);
}

TEST(a_refused_key_does_not_hold_up_the_others_and_is_tried_again)
{
	bool stored[3] = {false};
	struct plan p = plan_init(stored, 3);

	assert_int_equal(plan_step(&p, PLAN_HEALTHY), PLAN_CREATE);
	assert_int_equal(plan_step(&p, PLAN_REFUSED), PLAN_CREATE);
	assert_int_equal(p.at, 1);
	assert_int_equal(plan_step(&p, PLAN_STORED), PLAN_CREATE);
	assert_int_equal(plan_step(&p, PLAN_STORED), PLAN_WAIT);
	assert_int_equal(plan_step(&p, PLAN_START), PLAN_ASK_HEALTH);
	assert_int_equal(plan_step(&p, PLAN_HEALTHY), PLAN_CREATE);
	assert_int_equal(p.at, 0);
	assert_int_equal(plan_step(&p, PLAN_STORED), PLAN_FINISH);
}

TEST(a_key_refused_for_ever_is_tried_ever_more_slowly)
{
	bool stored[1] = {false};
	struct plan p = plan_init(stored, 1);
	int64_t last = 0;

	for (int i = 0; i < 5; i++) {
		assert_int_equal(plan_step(&p, PLAN_START), PLAN_ASK_HEALTH);
		assert_int_equal(plan_step(&p, PLAN_HEALTHY), PLAN_CREATE);
		assert_int_equal(plan_step(&p, PLAN_REFUSED), PLAN_WAIT);
		assert_true(p.wait_ms > last);
		last = p.wait_ms;
	}
	assert_int_equal(last, PLAN_WAIT_MAX_MS);
}

TEST(nothing_to_store_is_done_without_asking)
{
	bool stored[2] = {true, true};
	struct plan none = plan_init(stored, 0), all = plan_init(stored, 2);

	assert_int_equal(plan_step(&none, PLAN_START), PLAN_FINISH);
	assert_int_equal(plan_step(&all, PLAN_START), PLAN_FINISH);
}

TEST(what_was_stored_before_is_left_out)
{
	bool stored[3] = {true, false, true};
	struct plan p = plan_init(stored, 3);

	assert_int_equal(plan_step(&p, PLAN_START), PLAN_ASK_HEALTH);
	assert_int_equal(plan_step(&p, PLAN_HEALTHY), PLAN_CREATE);
	assert_int_equal(p.at, 1);
	assert_int_equal(plan_step(&p, PLAN_STORED), PLAN_FINISH);
}

RUN(t(keys_are_created_in_order_once_etcd_is_healthy), t(waits_double_from_one_second_to_ten),
	t(etcd_that_goes_away_is_asked_for_again_and_the_rest_follows),
	t(a_refused_key_does_not_hold_up_the_others_and_is_tried_again),
	t(a_key_refused_for_ever_is_tried_ever_more_slowly),
	t(nothing_to_store_is_done_without_asking), t(what_was_stored_before_is_left_out))

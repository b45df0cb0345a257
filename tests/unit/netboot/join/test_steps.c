#include "netboot/join/steps.h"

#include "provisioner/base/mem.h"
#include "tests/unit/test.h"

#define HEARTBEAT 5000
#define MIDDLE 0x8000 /* a "random" that leaves a wait (all but) as it is */

/* The task that begins at `now`, or STEPS_TASKS when none does. */
static enum steps_task begins(struct steps *s, int64_t now)
{
	enum steps_task task = STEPS_TASKS;
	int64_t wait = 0;

	return steps_next(s, now, &task, &wait) == STEPS_DO ? task : STEPS_TASKS;
}

static int64_t wait_from(struct steps *s, int64_t now)
{
	enum steps_task task;
	int64_t wait = 0;

	assert_int_equal(steps_next(s, now, &task, &wait), STEPS_WAIT);
	return wait;
}

static struct steps fresh(void)
{
	return (struct steps){.has_token = true, .heartbeat_ms = HEARTBEAT};
}

/* One that has joined and registered at 0; its next heartbeat is due at HEARTBEAT. */
static struct steps settled(void)
{
	struct steps s = fresh();

	s.has_etcd = true;
	assert_int_equal(begins(&s, 0), STEPS_JOIN);
	steps_done(&s, STEPS_JOIN, STEPS_OK, 0, MIDDLE);
	assert_int_equal(begins(&s, 0), STEPS_BEAT);
	assert_int_equal(begins(&s, 0), STEPS_REGISTER);
	steps_done(&s, STEPS_BEAT, STEPS_OK, 0, MIDDLE);
	steps_done(&s, STEPS_REGISTER, STEPS_OK, 0, MIDDLE);
	assert_int_equal(begins(&s, 0), STEPS_BEAT);
	steps_done(&s, STEPS_BEAT, STEPS_OK, 0, MIDDLE);
	assert_int_equal(wait_from(&s, 0), HEARTBEAT);
	return s;
}

TEST(first_join_then_beat_and_register_side_by_side)
{
	struct steps s = fresh();

	s.has_etcd = true;
	assert_int_equal(begins(&s, 0), STEPS_JOIN);
	assert_int_equal(wait_from(&s, 0), -1); /* it runs: nothing to wait for but its end */
	steps_done(&s, STEPS_JOIN, STEPS_OK, 7, MIDDLE);
	assert_int_equal(begins(&s, 7), STEPS_BEAT);
	assert_int_equal(begins(&s, 7), STEPS_REGISTER);
	assert_int_equal(begins(&s, 7), STEPS_TASKS);
}

TEST(a_certificate_makes_the_token_superfluous)
{
	struct steps s = fresh();

	s.has_certificate = true;
	s.has_token = false;
	assert_int_equal(begins(&s, 0), STEPS_BEAT);
}

TEST(without_etcd_nothing_is_registered)
{
	struct steps s = fresh();

	s.has_certificate = true;
	assert_int_equal(begins(&s, 0), STEPS_BEAT);
	assert_int_equal(begins(&s, 0), STEPS_TASKS);
}

TEST(no_answer_backs_off_from_one_second_to_thirty)
{
	static const int64_t want[] = {1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000};
	struct steps s = fresh();
	int64_t now = 0;

	for (size_t i = 0; i < ARRAY_LEN(want); i++) {
		assert_int_equal(begins(&s, now), STEPS_JOIN);
		steps_done(&s, STEPS_JOIN, STEPS_RETRY, now, MIDDLE);
		int64_t wait = wait_from(&s, now);
		assert_in_range(wait, want[i] - 1, want[i] + 1);
		now += wait;
	}
}

TEST(ten_thousand_failures_still_wait_thirty_seconds)
{
	struct steps s = fresh();

	s.task[STEPS_JOIN].failures = 10000;
	assert_int_equal(begins(&s, 0), STEPS_JOIN);
	steps_done(&s, STEPS_JOIN, STEPS_RETRY, 0, MIDDLE);
	assert_in_range(wait_from(&s, 0), 29999, 30001);
}

TEST(retries_are_spread_by_a_quarter)
{
	static const uint32_t randoms[] = {0, 0xffff, 0xffffffff, 0x12340000};
	static const int64_t want[] = {750, 1250, 1250, 750};

	for (size_t i = 0; i < ARRAY_LEN(randoms); i++) {
		struct steps s = fresh();

		assert_int_equal(begins(&s, 0), STEPS_JOIN);
		steps_done(&s, STEPS_JOIN, STEPS_RETRY, 0, randoms[i]);
		assert_int_equal(wait_from(&s, 0), want[i]);
	}
}

TEST(a_success_ends_the_back_off)
{
	struct steps s = settled();
	int64_t now = HEARTBEAT;

	for (int i = 0; i < 4; i++) {
		assert_int_equal(begins(&s, now), STEPS_BEAT);
		steps_done(&s, STEPS_BEAT, STEPS_RETRY, now, 0);
		now += 60000;
	}
	assert_int_equal(begins(&s, now), STEPS_BEAT);
	steps_done(&s, STEPS_BEAT, STEPS_OK, now, 0);
	assert_int_equal(wait_from(&s, now), HEARTBEAT);
	now += HEARTBEAT;
	assert_int_equal(begins(&s, now), STEPS_BEAT);
	steps_done(&s, STEPS_BEAT, STEPS_RETRY, now, MIDDLE);
	assert_in_range(wait_from(&s, now), 999, 1001);
}

TEST(a_refused_join_is_repeated_once_a_minute)
{
	static const enum steps_result results[] = {STEPS_REFUSED, STEPS_UNAUTHORIZED};

	for (size_t i = 0; i < ARRAY_LEN(results); i++) {
		struct steps s = fresh();

		assert_int_equal(begins(&s, 0), STEPS_JOIN);
		steps_done(&s, STEPS_JOIN, results[i], 0, MIDDLE);
		assert_in_range(wait_from(&s, 0), 59999, 60001);
	}
}

TEST(etcd_is_never_given_up_however_it_refuses)
{
	struct steps s = fresh();

	s.has_certificate = s.has_etcd = true;
	assert_int_equal(begins(&s, 0), STEPS_BEAT);
	assert_int_equal(begins(&s, 0), STEPS_REGISTER);
	steps_done(&s, STEPS_REGISTER, STEPS_REFUSED, 0, MIDDLE);
	assert_in_range(wait_from(&s, 0), 999, 1001);
}

TEST(heartbeats_go_on_while_etcd_is_away)
{
	struct steps s = fresh();
	int beats = 0;

	s.has_certificate = s.has_etcd = true;
	for (int64_t now = 0; now < 60000; now += 100) {
		for (enum steps_task task; (task = begins(&s, now)) != STEPS_TASKS;) {
			beats += task == STEPS_BEAT;
			steps_done(
				&s, task, task == STEPS_BEAT ? STEPS_OK : STEPS_RETRY, now, MIDDLE);
		}
	}
	assert_int_equal(beats, 12);
	assert_false(s.registered);
}

/* The provisioner calls a node ready when it hears of the registration: that must not wait. */
TEST(a_registration_is_reported_at_once)
{
	struct steps s = fresh();

	s.has_certificate = s.has_etcd = true;
	assert_int_equal(begins(&s, 0), STEPS_BEAT);
	steps_done(&s, STEPS_BEAT, STEPS_OK, 0, 0);
	assert_int_equal(begins(&s, 0), STEPS_REGISTER);
	steps_done(&s, STEPS_REGISTER, STEPS_OK, 100, 0);
	assert_int_equal(begins(&s, 100), STEPS_BEAT);
}

TEST(a_heartbeat_that_overlapped_the_registration_is_followed_by_another)
{
	struct steps s = fresh();

	s.has_certificate = s.has_etcd = s.once = true;
	assert_int_equal(begins(&s, 0), STEPS_BEAT);
	assert_int_equal(begins(&s, 0), STEPS_REGISTER);
	steps_done(&s, STEPS_REGISTER, STEPS_OK, 10, 0);
	steps_done(&s, STEPS_BEAT, STEPS_OK, 20, 0);
	assert_int_equal(begins(&s, 20), STEPS_BEAT);
	steps_done(&s, STEPS_BEAT, STEPS_OK, 30, 0);
	assert_true(s.ended);
}

TEST(once_ends_after_a_heartbeat_that_tells_of_the_registration)
{
	struct steps s = settled();
	enum steps_task task;
	int64_t wait;

	s.once = true;
	assert_int_equal(begins(&s, HEARTBEAT), STEPS_BEAT);
	steps_done(&s, STEPS_BEAT, STEPS_OK, HEARTBEAT, 0);
	assert_int_equal(steps_next(&s, HEARTBEAT, &task, &wait), STEPS_END);
}

TEST(a_rejected_certificate_makes_it_join_again)
{
	struct steps s = settled();

	assert_int_equal(begins(&s, HEARTBEAT), STEPS_BEAT);
	steps_done(&s, STEPS_BEAT, STEPS_UNAUTHORIZED, HEARTBEAT, MIDDLE);
	assert_int_equal(begins(&s, HEARTBEAT), STEPS_JOIN);
	assert_int_equal(begins(&s, HEARTBEAT), STEPS_TASKS); /* no heartbeat beside it */
	steps_done(&s, STEPS_JOIN, STEPS_OK, HEARTBEAT, MIDDLE);
	assert_int_equal(begins(&s, HEARTBEAT), STEPS_BEAT);
	assert_int_equal(begins(&s, HEARTBEAT), STEPS_REGISTER);
}

/* How often each task runs in ten minutes when heartbeats are refused and joins end in `join`. */
static void count_refused(struct steps *s, enum steps_result join, int count[static STEPS_TASKS])
{
	for (int64_t now = HEARTBEAT; now < HEARTBEAT + 600000; now += 100) {
		for (enum steps_task task; (task = begins(s, now)) != STEPS_TASKS;) {
			count[task]++;
			steps_done(s, task,
				task == STEPS_BEAT   ? STEPS_UNAUTHORIZED
				: task == STEPS_JOIN ? join
						     : STEPS_OK,
				now, MIDDLE);
			assert_true(count[task] < 100);
		}
	}
}

TEST(a_new_certificate_that_is_rejected_is_not_traded_in_a_circle)
{
	int count[STEPS_TASKS] = {0};
	struct steps s = settled();

	count_refused(&s, STEPS_OK, count);
	assert_in_range(count[STEPS_JOIN], 9, 11); /* at once, then once a minute */
}

TEST(with_certificate_and_token_both_refused_each_is_tried_once_a_minute)
{
	int count[STEPS_TASKS] = {0};
	struct steps s = settled();

	count_refused(&s, STEPS_UNAUTHORIZED, count);
	assert_in_range(count[STEPS_JOIN], 9, 11);
	assert_in_range(count[STEPS_BEAT], 9, 11);
}

TEST(without_a_token_a_rejected_certificate_is_tried_once_a_minute)
{
	struct steps s = settled();

	s.has_token = false;
	assert_int_equal(begins(&s, HEARTBEAT), STEPS_BEAT);
	steps_done(&s, STEPS_BEAT, STEPS_UNAUTHORIZED, HEARTBEAT, MIDDLE);
	assert_in_range(wait_from(&s, HEARTBEAT), 59999, 60001);
	assert_int_equal(begins(&s, HEARTBEAT + 60001), STEPS_BEAT);
}

TEST(a_registration_that_etcd_has_forgotten_is_made_again_and_reported)
{
	struct steps s = settled();
	enum steps_task task;
	int64_t wait_ms;

	steps_register_again(&s, HEARTBEAT / 2);
	assert_false(s.registered);
	assert_int_equal(steps_next(&s, HEARTBEAT / 2, &task, &wait_ms), STEPS_DO);
	assert_int_equal(task, STEPS_REGISTER);
	steps_done(&s, STEPS_REGISTER, STEPS_OK, HEARTBEAT / 2 + 1, MIDDLE);
	assert_true(s.registered);
	assert_int_equal(steps_next(&s, HEARTBEAT / 2 + 1, &task, &wait_ms), STEPS_DO);
	assert_int_equal(task, STEPS_BEAT);
}

TEST(the_line_to_the_provisioner_is_used_by_one_at_a_time)
{
	struct steps s = settled();

	steps_fetch(&s, 0);
	steps_renew(&s, 0);
	assert_int_equal(begins(&s, 0), STEPS_RENEW);
	assert_int_equal(wait_from(&s, HEARTBEAT), -1);
	steps_done(&s, STEPS_RENEW, STEPS_OK, HEARTBEAT, MIDDLE);
	assert_int_equal(begins(&s, HEARTBEAT), STEPS_SECRETS);
	assert_int_equal(begins(&s, HEARTBEAT), STEPS_TASKS);
	steps_done(&s, STEPS_SECRETS, STEPS_OK, HEARTBEAT, MIDDLE);
	assert_int_equal(begins(&s, HEARTBEAT), STEPS_BEAT);
	assert_int_equal(begins(&s, HEARTBEAT), STEPS_TASKS);
}

TEST(secrets_that_can_not_be_had_yet_are_tried_again_without_holding_up_heartbeats)
{
	struct steps s = settled();

	steps_fetch(&s, 0);
	assert_int_equal(begins(&s, 0), STEPS_SECRETS);
	steps_done(&s, STEPS_SECRETS, STEPS_REFUSED, 0, MIDDLE);
	assert_int_equal(wait_from(&s, 0), HEARTBEAT);
	steps_fetch(&s, HEARTBEAT); /* told once more: the wait stays */
	assert_int_equal(begins(&s, HEARTBEAT), STEPS_BEAT);
	steps_done(&s, STEPS_BEAT, STEPS_OK, HEARTBEAT, MIDDLE);
	assert_int_equal(begins(&s, HEARTBEAT), STEPS_TASKS);
	assert_int_equal(begins(&s, 60001), STEPS_SECRETS);
}

TEST(a_locked_etcd_is_left_alone_until_it_is_unlocked)
{
	struct steps s = fresh();

	s.has_certificate = s.has_etcd = s.etcd_locked = true;
	assert_int_equal(begins(&s, 0), STEPS_BEAT);
	assert_int_equal(begins(&s, 0), STEPS_TASKS);
	s.etcd_locked = false;
	assert_int_equal(begins(&s, 0), STEPS_REGISTER);
}

TEST(once_waits_for_the_secrets)
{
	struct steps s = fresh();

	s.has_certificate = s.once = true;
	assert_int_equal(begins(&s, 0), STEPS_BEAT);
	steps_fetch(&s, 0); /* as the answer to the heartbeat says */
	steps_done(&s, STEPS_BEAT, STEPS_OK, 0, MIDDLE);
	assert_int_equal(begins(&s, 0), STEPS_SECRETS);
	steps_done(&s, STEPS_SECRETS, STEPS_OK, 0, MIDDLE);
	assert_int_equal(begins(&s, HEARTBEAT), STEPS_BEAT);
	steps_done(&s, STEPS_BEAT, STEPS_OK, HEARTBEAT, MIDDLE);
	assert_true(s.ended);
}

TEST(statuses_fall_into_four_kinds)
{
	static const struct {
		int status;
		enum steps_result want;
	} rows[] = {{0, STEPS_RETRY}, {200, STEPS_OK}, {204, STEPS_OK}, {302, STEPS_REFUSED},
		{400, STEPS_REFUSED}, {401, STEPS_UNAUTHORIZED}, {403, STEPS_UNAUTHORIZED},
		{404, STEPS_REFUSED}, {408, STEPS_RETRY}, {409, STEPS_REFUSED}, {429, STEPS_RETRY},
		{500, STEPS_RETRY}, {503, STEPS_RETRY}, {599, STEPS_RETRY}, {-1, STEPS_RETRY}};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(steps_result_of(rows[i].status), rows[i].want);
}

RUN(t(the_line_to_the_provisioner_is_used_by_one_at_a_time),
	t(secrets_that_can_not_be_had_yet_are_tried_again_without_holding_up_heartbeats),
	t(a_locked_etcd_is_left_alone_until_it_is_unlocked), t(once_waits_for_the_secrets),
	t(first_join_then_beat_and_register_side_by_side),
	t(a_certificate_makes_the_token_superfluous), t(without_etcd_nothing_is_registered),
	t(no_answer_backs_off_from_one_second_to_thirty),
	t(ten_thousand_failures_still_wait_thirty_seconds), t(retries_are_spread_by_a_quarter),
	t(a_success_ends_the_back_off), t(a_refused_join_is_repeated_once_a_minute),
	t(etcd_is_never_given_up_however_it_refuses), t(heartbeats_go_on_while_etcd_is_away),
	t(a_registration_is_reported_at_once),
	t(a_heartbeat_that_overlapped_the_registration_is_followed_by_another),
	t(once_ends_after_a_heartbeat_that_tells_of_the_registration),
	t(a_rejected_certificate_makes_it_join_again),
	t(a_new_certificate_that_is_rejected_is_not_traded_in_a_circle),
	t(with_certificate_and_token_both_refused_each_is_tried_once_a_minute),
	t(without_a_token_a_rejected_certificate_is_tried_once_a_minute),
	t(a_registration_that_etcd_has_forgotten_is_made_again_and_reported),
	t(statuses_fall_into_four_kinds))

#include "tests/unit/test.h"

#include "provisioner/nodes/life.h"

static struct life booted_to(enum step s)
{
	struct life l = life_begin(true, 0);

	(void)life_step(&l, STEP_ADDRESS, true, 1000);
	for (int i = STEP_LOADER; i <= (int)s; i++)
		(void)life_step(&l, (enum step)i, false, 1000 * i);
	return l;
}

TEST(known_node_begins_accepted_and_a_stranger_waiting)
{
	assert_int_equal(life_begin(true, 5).state, NODE_ACCEPTED);
	assert_int_equal(life_begin(false, 5).state, NODE_WAITING);
}

TEST(steps_lead_to_ready)
{
	static const struct {
		enum step step;
		enum node_state state;
	} rows[] = {
		{STEP_ADDRESS, NODE_BOOTING},
		{STEP_LOADER, NODE_BOOTING},
		{STEP_SCRIPT, NODE_BOOTING},
		{STEP_KERNEL, NODE_BOOTING},
		{STEP_INITRD, NODE_BOOTING},
		{STEP_CONFIG, NODE_CONFIGURED},
		{STEP_AGENT, NODE_CONFIGURED},
		{STEP_JOINED, NODE_JOINED},
		{STEP_REGISTERED, NODE_JOINED},
		{STEP_READY, NODE_READY},
	};
	struct life l = life_begin(true, 0);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct life_change c = life_step(&l, rows[i].step, i == 0, (int64_t)i);

		assert_true(c.new_step);
		assert_int_equal(l.state, rows[i].state);
	}
}

TEST(lease_of_ipxe_after_that_of_firmware_is_the_same_boot)
{
	struct life l = booted_to(STEP_LOADER);
	struct life_change c = life_step(&l, STEP_ADDRESS, true, 9000);

	assert_false(c.new_boot);
	assert_int_equal(l.step, STEP_LOADER);
}

TEST(lease_of_firmware_after_ready_is_a_new_boot)
{
	struct life l = booted_to(STEP_READY);
	struct life_change c = life_step(&l, STEP_ADDRESS, true, 90000);

	assert_true(c.new_boot);
	assert_int_equal(l.step, STEP_ADDRESS);
	assert_int_equal(l.state, NODE_BOOTING);
}

TEST(late_transfer_does_not_move_a_machine_back)
{
	struct life l = booted_to(STEP_CONFIG);
	struct life_change c = life_step(&l, STEP_KERNEL, false, 9000);

	assert_false(c.new_step);
	assert_int_equal(l.step, STEP_CONFIG);
	assert_int_equal(l.state, NODE_CONFIGURED);
}

TEST(stranger_waits_whatever_it_does)
{
	struct life l = life_begin(false, 0);
	const char *why;

	(void)life_step(&l, STEP_ADDRESS, true, 1);
	(void)life_step(&l, STEP_SCRIPT, false, 2);
	assert_int_equal(l.state, NODE_WAITING);
	assert_false(life_check(&l, 1000000000, &why));
}

TEST(overdue_step_stalls_once_and_says_what_to_look_at)
{
	struct life l = booted_to(STEP_LOADER);
	const char *why = NULL;

	assert_false(life_check(&l, l.step_ms + 120000, &why));
	assert_true(life_check(&l, l.step_ms + 120001, &why));
	assert_int_equal(l.state, NODE_STALLED);
	assert_non_null(strstr(why, "LACP"));
	assert_false(life_check(&l, l.step_ms + 999999, &why));
}

TEST(stalled_machine_that_goes_on_is_not_stalled)
{
	struct life l = booted_to(STEP_CONFIG);
	const char *why;

	assert_true(life_check(&l, 1000000, &why));
	(void)life_step(&l, STEP_JOINED, false, 1000001);
	assert_int_equal(l.state, NODE_JOINED);
}

TEST(heartbeat_that_stopped_stalls_a_ready_node_and_its_return_mends_it)
{
	struct life l = booted_to(STEP_READY);
	const char *why;

	assert_true(life_check(&l, l.step_ms + 45001, &why));
	(void)life_step(&l, STEP_READY, false, 200000);
	assert_int_equal(l.state, NODE_READY);
}

TEST(heartbeats_alone_do_not_hide_that_a_node_gets_no_further)
{
	struct life l = booted_to(STEP_REGISTERED);
	int64_t begin = l.step_ms;
	const char *why;

	for (int64_t t = begin; t <= begin + 180000; t += 5000) {
		(void)life_step(&l, STEP_REGISTERED, false, t);
		assert_false(life_check(&l, t, &why));
	}
	assert_true(life_check(&l, begin + 185000, &why));
	assert_non_null(strstr(why, "not healthy"));
	(void)life_step(&l, STEP_REGISTERED, false, begin + 186000);
	assert_int_equal(l.state, NODE_STALLED);
}

TEST(ready_node_that_is_not_well_falls_back)
{
	struct life l = booted_to(STEP_READY);

	assert_true(life_fall(&l, STEP_REGISTERED, 5000));
	assert_int_equal(l.state, NODE_JOINED);
	assert_false(life_fall(&l, STEP_REGISTERED, 6000));
	assert_int_equal(l.step_ms, 5000);
	assert_true(life_step(&l, STEP_READY, false, 7000).new_step);
	assert_int_equal(l.state, NODE_READY);
}

TEST(a_node_that_we_keep_waiting_is_not_overdue)
{
	struct life l = booted_to(STEP_SCRIPT);
	const char *why;

	for (int64_t now_ms = 0; now_ms < 3600000; now_ms += 1000) {
		life_hold(&l, now_ms);
		assert_false(life_check(&l, now_ms, &why));
	}
	assert_int_equal(l.step, STEP_SCRIPT);
	assert_true(life_check(&l, 2 * 3600000, &why)); /* it has gone */
}

TEST(names_are_read_back)
{
	for (int s = NODE_WAITING; s <= NODE_STALLED; s++)
		assert_int_equal(node_state_of(node_state_name((enum node_state)s)), s);
	for (int s = STEP_NONE; s < N_STEPS; s++)
		assert_int_equal(step_of(step_name((enum step)s)), s);
	assert_int_equal(node_state_of("nonsense"), NODE_ACCEPTED);
}

RUN(t(known_node_begins_accepted_and_a_stranger_waiting), t(steps_lead_to_ready),
	t(lease_of_ipxe_after_that_of_firmware_is_the_same_boot),
	t(lease_of_firmware_after_ready_is_a_new_boot),
	t(late_transfer_does_not_move_a_machine_back), t(stranger_waits_whatever_it_does),
	t(overdue_step_stalls_once_and_says_what_to_look_at),
	t(stalled_machine_that_goes_on_is_not_stalled),
	t(heartbeat_that_stopped_stalls_a_ready_node_and_its_return_mends_it),
	t(a_node_that_we_keep_waiting_is_not_overdue), t(names_are_read_back),
	t(heartbeats_alone_do_not_hide_that_a_node_gets_no_further),
	t(ready_node_that_is_not_well_falls_back))

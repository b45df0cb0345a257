#include "netboot/server/admission.h"

#include "provisioner/base/mem.h"
#include "tests/unit/test.h"

#define MIB ((uint64_t)1 << 20)
#define ROWS 64

static struct admission_answer ask(struct admission *a, uint32_t client, int64_t now_ms)
{
	struct admission_answer r;

	admission_ask(a, client, now_ms, &r);
	return r;
}

static struct admission_transfer *begin(struct admission *a, uint32_t client, int64_t now_ms)
{
	return admission_begin(a,
		&(struct admission_file){.client = client, .size = 400 * MIB, .name = "initrd"},
		now_ms);
}

/* Asks, and begins when it may. */
static struct admission_transfer *load(struct admission *a, uint32_t client, int64_t now_ms)
{
	return ask(a, client, now_ms).may_go ? begin(a, client, now_ms) : NULL;
}

TEST(as_many_load_as_there_are_slots)
{
	struct admission *a = admission_new(3);

	for (uint32_t i = 1; i <= 3; i++)
		assert_non_null(load(a, i, 0));
	assert_null(load(a, 4, 0));
	assert_null(load(a, 5, 0));
	assert_int_equal(admission_figures(a).n_loading, 3);
	assert_int_equal(admission_figures(a).n_waiting, 2);
	admission_free(a);
}

TEST(who_asked_first_goes_first)
{
	struct admission *a = admission_new(1);
	struct admission_transfer *t = load(a, 1, 0);

	assert_null(load(a, 2, 10));
	assert_null(load(a, 3, 20));
	assert_null(load(a, 2, 5000)); /* asking again neither helps nor harms */
	assert_int_equal(ask(a, 3, 5010).n_ahead, 1);
	(void)admission_end(a, t, 400 * MIB, 6000);
	assert_null(load(a, 3, 6001));
	assert_non_null(load(a, 2, 6002));
	admission_free(a);
}

TEST(a_free_slot_does_not_wait_for_who_has_gone_silent)
{
	struct admission *a = admission_new(1);
	struct admission_transfer *t = load(a, 1, 0);

	assert_null(load(a, 2, 0));
	assert_null(load(a, 3, 10000));
	(void)admission_end(a, t, 400 * MIB, 10001);
	assert_null(load(a, 3, ADMISSION_PRESENT_MS));
	assert_non_null(load(a, 3, ADMISSION_PRESENT_MS + 1));
	admission_free(a);
}

TEST(a_place_is_kept_for_a_while_and_then_lost)
{
	struct admission *a = admission_new(1);

	(void)load(a, 1, 0);
	assert_true(ask(a, 2, 0).is_new);
	assert_true(ask(a, 3, 1).is_new);
	assert_false(ask(a, 2, ADMISSION_FORGET_MS).is_new);
	assert_int_equal(ask(a, 2, ADMISSION_FORGET_MS).n_ahead, 0);
	assert_true(ask(a, 3, ADMISSION_FORGET_MS + 2).is_new); /* behind the other now */
	assert_int_equal(ask(a, 3, ADMISSION_FORGET_MS + 3).n_ahead, 1);
	assert_int_equal(admission_figures(a).left, 1);
	admission_free(a);
}

TEST(two_free_slots_are_for_the_first_two_whoever_asks_before)
{
	struct admission *a = admission_new(2);
	struct admission_transfer *t1 = load(a, 1, 0), *t2 = load(a, 2, 0);

	for (uint32_t i = 3; i <= 5; i++)
		assert_null(load(a, i, i));
	(void)admission_end(a, t1, 0, 100);
	(void)admission_end(a, t2, 0, 100);
	assert_null(load(a, 5, 101));
	assert_non_null(load(a, 4, 102));
	assert_null(load(a, 5, 103)); /* one slot left, and node 3 is before it */
	assert_non_null(load(a, 3, 104));
	admission_free(a);
}

TEST(a_node_holds_one_slot_and_one_place)
{
	struct admission *a = admission_new(2);

	for (int i = 0; i < ADMISSION_PER_NODE_MAX; i++)
		assert_non_null(load(a, 1, 0));
	assert_null(load(a, 1, 0)); /* that many at a time, and no place in the queue for it */
	assert_int_equal(admission_figures(a).n_waiting, 0);
	assert_int_equal(admission_figures(a).n_loading, 1);
	assert_non_null(load(a, 2, 0));
	assert_null(load(a, 3, 0));
	assert_null(load(a, 3, 1));
	assert_int_equal(admission_figures(a).n_waiting, 1);
	admission_free(a);
}

static struct admission_transfer *load_kernel(struct admission *a, uint32_t client, int64_t now_ms)
{
	const struct admission_file kernel = {
		.client = client, .is_kernel = true, .size = 10 * MIB, .name = "vmlinuz"};

	return ask(a, client, now_ms).may_go ? admission_begin(a, &kernel, now_ms) : NULL;
}

TEST(between_kernel_and_ram_disk_nobody_else_gets_the_place)
{
	struct admission *a = admission_new(1);
	struct admission_transfer *kernel = load_kernel(a, 1, 0);

	assert_null(load_kernel(a, 2, 10));
	(void)admission_end(a, kernel, 10 * MIB, 1000);
	assert_null(load_kernel(a, 2, 1001));
	struct admission_transfer *initrd = load(a, 1, 1300);
	assert_non_null(initrd);
	assert_null(load_kernel(a, 2, 1301));
	(void)admission_end(a, initrd, 400 * MIB, 5000);
	kernel = load_kernel(a, 2, 5001); /* its turn is over */
	assert_non_null(kernel);
	(void)admission_end(a, kernel, 10 * MIB, 6000);
	assert_null(load(a, 3, 6000 + ADMISSION_KEEP_MS - 1)); /* it does not come back */
	assert_non_null(load(a, 3, 6000 + ADMISSION_KEEP_MS));
	admission_free(a);
}

TEST(who_breaks_its_kernel_off_loses_the_place_at_once)
{
	struct admission *a = admission_new(1);
	struct admission_transfer *kernel = load_kernel(a, 1, 0);

	assert_null(load(a, 2, 10));
	(void)admission_end(a, kernel, 5 * MIB, 1000);
	assert_non_null(load(a, 2, 1001));
	admission_free(a);
}

TEST(who_has_begun_does_not_wait_again_in_that_boot)
{
	struct admission *a = admission_new(1);
	struct admission_transfer *kernel = load(a, 1, 0), *other;

	assert_null(load(a, 2, 0));
	(void)admission_end(a, kernel, 10 * MIB, 1000);
	other = load(a, 2, 1500);
	assert_non_null(other);
	assert_non_null(load(a, 1, 60000)); /* the root file system, after its kernel has started */
	assert_null(load(a, 3, 60000));
	(void)admission_end(a, other, 400 * MIB, 60001);
	assert_null(load(a, 3, 60002)); /* the slot is the first node's now */
	admission_free(a);
}

TEST(who_comes_more_often_than_any_boot_queues_behind_the_others)
{
	struct admission *a = admission_new(1);

	for (int i = 0; i < ADMISSION_TURNS; i++)
		(void)admission_end(a, load(a, 1, i), MIB, i);
	struct admission_transfer *t = load(a, 1, 1000); /* nobody else is there */
	assert_non_null(t);
	(void)admission_end(a, t, MIB, 1001);
	for (int i = 1; i < ADMISSION_TURNS; i++)
		(void)admission_end(a, load(a, 1, 1001), MIB, 1001);
	t = load(a, 2, 1002);
	assert_null(load(a, 3, 1003));
	assert_null(load(a, 1, 1004));
	(void)admission_end(a, t, MIB, 1005);
	assert_null(load(a, 1, 1006));
	assert_non_null(load(a, 3, 1007));
	admission_free(a);
}

TEST(a_new_boot_queues_anew)
{
	struct admission *a = admission_new(1);

	(void)admission_end(a, load(a, 1, 0), MIB, 0);
	assert_non_null(load(a, 2, 1));
	assert_null(load(a, 1, ADMISSION_PASS_MS + 1));
	admission_free(a);
}

TEST(a_transfer_that_broke_frees_its_slot)
{
	struct admission *a = admission_new(1);
	struct admission_transfer *t = load(a, 1, 0);

	assert_null(load(a, 2, 1));
	(void)admission_end(a, t, 5, 2);
	assert_non_null(load(a, 2, 3));
	admission_free(a);
}

TEST(who_can_not_wait_never_does_and_takes_half_of_the_slots_at_most)
{
	struct admission *a = admission_new(4);

	for (uint32_t i = 1; i <= 10; i++)
		(void)admission_begin(a,
			&(struct admission_file){
				.client = i, .is_unasked = true, .size = MIB, .name = "vmlinuz"},
			0);
	assert_non_null(load(a, 11, 0));
	assert_non_null(load(a, 12, 0));
	assert_null(load(a, 13, 0));
	assert_int_equal(admission_figures(a).n_loading, 12);
	admission_free(a);
}

TEST(the_wait_is_told_once_with_the_first_file)
{
	struct admission *a = admission_new(1);
	struct admission_transfer *t = load(a, 1, 0);

	assert_null(load(a, 2, 1000));
	assert_int_equal(admission_end(a, t, MIB, 9000), 0);
	assert_int_equal(admission_end(a, load(a, 2, 9500), MIB, 9600), 8500);
	assert_int_equal(admission_end(a, load(a, 2, 9700), MIB, 9800), 0);
	admission_free(a);
}

TEST(expectations_follow_the_measured_rate)
{
	struct admission *a = admission_new(2);
	struct admission_transfer *t1 = load(a, 1, 0), *t2 = load(a, 2, 0);
	struct admission_row rows[ROWS];

	assert_int_equal(ask(a, 3, 0).expected_ms, -1);
	admission_moved(a, t1, 50 * MIB);
	admission_moved(a, t2, 50 * MIB);
	admission_tick(a, 1000);
	assert_int_equal(admission_figures(a).bytes_per_s, 100 * MIB);
	assert_int_equal(ask(a, 3, 1001).expected_ms, 4000); /* 400 MiB at 100 MiB/s */
	assert_int_equal(ask(a, 4, 1001).expected_ms, 8000);
	assert_int_equal(ask(a, 3, 1001).retry_after_s, 4);
	for (uint32_t i = 5; i < 20; i++)
		assert_in_range(ask(a, i, 1001).retry_after_s, 1, 10);
	assert_int_equal(admission_rows(a, 2000, rows, ROWS), 19);
	assert_int_equal(rows[0].expected_ms, 14000); /* 350 MiB more at 25 MiB/s */
	assert_int_equal(rows[0].bytes, 50 * MIB);
	assert_true(rows[2].is_waiting);
	assert_int_equal(rows[2].place, 1);
	assert_int_equal(rows[18].place, 17);
	assert_int_equal(admission_rows(a, 2000, rows, 5), 5);
	admission_free(a);
}

TEST(idle_time_does_not_count_for_the_rate)
{
	struct admission *a = admission_new(1);
	struct admission_transfer *t = load(a, 1, 1000000);

	admission_moved(a, t, 100 * MIB);
	admission_tick(a, 1001000);
	assert_int_equal(admission_figures(a).bytes_per_s, 100 * MIB);
	admission_free(a);
}

TEST(the_rate_is_nothing_while_nobody_loads)
{
	struct admission *a = admission_new(1);
	struct admission_transfer *t = load(a, 1, 0);

	admission_tick(a, 1);
	(void)admission_end(a, t, MIB, 500);
	admission_tick(a, 1001);
	assert_int_equal(admission_figures(a).bytes_per_s, 0);
	admission_free(a);
}

TEST(more_or_fewer_slots_from_now_on)
{
	struct admission *a = admission_new(1);

	(void)load(a, 1, 0);
	assert_null(load(a, 2, 0));
	admission_set_slots(a, 2);
	assert_non_null(load(a, 2, 1));
	admission_set_slots(a, 1);
	assert_null(load(a, 3, 2));
	admission_free(a);
}

TEST(a_stranger_for_each_address_fills_the_table_and_no_more)
{
	struct admission *a = admission_new(1);

	for (uint32_t i = 1; i <= ADMISSION_NODES_MAX; i++)
		(void)load(a, i, 0);
	struct admission_answer r = ask(a, ADMISSION_NODES_MAX + 1, 1);
	assert_false(r.may_go);
	assert_false(r.is_new);
	assert_int_equal(r.retry_after_s, 10);
	assert_int_equal(admission_figures(a).n_waiting, ADMISSION_NODES_MAX - 1);
	/* They are gone after a minute. */
	assert_true(ask(a, ADMISSION_NODES_MAX + 1, ADMISSION_FORGET_MS + 1).is_new);
	admission_free(a);
}

RUN(t(as_many_load_as_there_are_slots), t(who_asked_first_goes_first),
	t(a_free_slot_does_not_wait_for_who_has_gone_silent),
	t(a_place_is_kept_for_a_while_and_then_lost),
	t(two_free_slots_are_for_the_first_two_whoever_asks_before),
	t(a_node_holds_one_slot_and_one_place),
	t(between_kernel_and_ram_disk_nobody_else_gets_the_place),
	t(who_breaks_its_kernel_off_loses_the_place_at_once),
	t(who_has_begun_does_not_wait_again_in_that_boot),
	t(who_comes_more_often_than_any_boot_queues_behind_the_others), t(a_new_boot_queues_anew),
	t(a_transfer_that_broke_frees_its_slot),
	t(who_can_not_wait_never_does_and_takes_half_of_the_slots_at_most),
	t(the_wait_is_told_once_with_the_first_file), t(expectations_follow_the_measured_rate),
	t(idle_time_does_not_count_for_the_rate), t(the_rate_is_nothing_while_nobody_loads),
	t(more_or_fewer_slots_from_now_on),
	t(a_stranger_for_each_address_fills_the_table_and_no_more))

#include "provisioner/api/hall.h"

#include "provisioner/base/mem.h"
#include "tests/unit/test.h"

#define ROWS 2

static struct hall_seen seen;

static void take(bool is_first, bool is_last, uint32_t first_client)
{
	struct message_hall m = {.slots = 4,
		.n_loading = 1,
		.n_waiting = 3,
		.is_first = is_first,
		.is_last = is_last,
		.n_rows = ROWS};

	for (uint32_t i = 0; i < ROWS; i++) {
		m.rows[i] = (struct message_hall_row){.client = first_client + i, .is_waiting = i > 0};
		memset(m.rows[i].file, 'x', sizeof(m.rows[i].file)); /* no end */
	}
	hall_take(&seen, &m);
}

TEST(a_picture_is_shown_when_it_is_whole)
{
	take(true, false, 10);
	assert_int_equal(seen.shown.n, 0);
	take(false, true, 12);
	assert_int_equal(seen.shown.n, 4);
	assert_int_equal(seen.shown.rows[3].client, 13);
	assert_int_equal(seen.head.n_waiting, 3);
	take(true, false, 20); /* the next one is on its way */
	assert_int_equal(seen.shown.rows[0].client, 10);
	take(true, true, 30); /* its end was lost */
	assert_int_equal(seen.shown.n, 2);
	assert_int_equal(seen.shown.rows[0].client, 30);
	hall_done(&seen);
}

TEST(names_are_bounded)
{
	take(true, true, 1);
	assert_int_equal(strlen(seen.shown.rows[1].file), sizeof(seen.shown.rows[1].file) - 1);
	hall_done(&seen);
}

TEST(a_worker_that_was_taken_over_can_not_fill_our_memory)
{
	struct message_hall m = {.is_first = 1, .n_rows = UINT32_MAX};

	hall_take(&seen, &m);
	assert_int_equal(seen.coming.n, MESSAGE_HALL_ROWS);
	m.is_first = 0;
	for (int i = 0; i < 1000; i++)
		hall_take(&seen, &m);
	assert_in_range(seen.coming.n, MESSAGE_HALL_ROWS, 8192);
	hall_done(&seen);
}

TEST(nothing_is_left_of_a_worker_that_is_gone)
{
	take(true, true, 1);
	hall_reset(&seen);
	assert_int_equal(seen.shown.n, 0);
	assert_int_equal(seen.head.n_loading, 0);
}

RUN(t(a_picture_is_shown_when_it_is_whole), t(names_are_bounded),
	t(a_worker_that_was_taken_over_can_not_fill_our_memory),
	t(nothing_is_left_of_a_worker_that_is_gone))

#include "tests/unit/test.h"

#include "netboot/tftp/transfer.h"

#define MTU_BLKSIZE 1468

struct lab {
	struct tftp_transfer t;
	struct tftp_send todo;
	int64_t now_ms;
};

static struct lab begin(struct tftp_options asked, uint64_t size)
{
	struct lab l = {.now_ms = 1000};

	tftp_transfer_init(&l.t, &asked, size, MTU_BLKSIZE, l.now_ms, &l.todo);
	return l;
}

static enum tftp_state ack(struct lab *l, uint64_t block)
{
	const uint8_t packet[] = {0, TFTP_ACK, (uint8_t)(block >> 8), (uint8_t)block};

	l->now_ms += 2;
	return tftp_transfer_packet(&l->t, packet, sizeof(packet), l->now_ms, &l->todo);
}

static enum tftp_state error(struct lab *l, uint8_t code)
{
	const uint8_t packet[] = {0, TFTP_ERROR, 0, code, 'x', 0};

	return tftp_transfer_packet(&l->t, packet, sizeof(packet), l->now_ms, &l->todo);
}

static enum tftp_state run_out(struct lab *l)
{
	l->now_ms = l->t.deadline_ms;
	return tftp_transfer_timeout(&l->t, l->now_ms, &l->todo);
}

static void assert_sends(const struct lab *l, uint64_t first, uint32_t n)
{
	assert_false(l->todo.oack);
	assert_int_equal(l->todo.n, n);
	if (n > 0)
		assert_int_equal(l->todo.first, first);
}

TEST(without_options_the_first_block_answers_the_request)
{
	struct lab l = begin((struct tftp_options){0}, 1000);

	assert_sends(&l, 1, 1);
	assert_int_equal(tftp_block_len(&l.t, 1), 512);
	assert_int_equal(ack(&l, 1), TFTP_RUNNING);
	assert_sends(&l, 2, 1);
	assert_int_equal(tftp_block_len(&l.t, 2), 488);
	assert_int_equal(ack(&l, 2), TFTP_FINISHED);
	assert_int_equal(tftp_bytes_acked(&l.t), 1000);
}

TEST(with_options_the_oack_comes_first_and_is_acknowledged_as_block_zero)
{
	struct lab l = begin((struct tftp_options){.blksize = 1024}, 5000);

	assert_true(l.todo.oack);
	assert_int_equal(ack(&l, 1), TFTP_RUNNING);
	assert_sends(&l, 0, 0);
	assert_int_equal(ack(&l, 0), TFTP_RUNNING);
	assert_sends(&l, 1, 1);
}

TEST(empty_file_is_one_empty_block)
{
	struct lab l = begin((struct tftp_options){0}, 0);

	assert_sends(&l, 1, 1);
	assert_int_equal(tftp_block_len(&l.t, 1), 0);
	assert_int_equal(ack(&l, 1), TFTP_FINISHED);
}

TEST(file_of_whole_blocks_ends_with_an_empty_one)
{
	struct lab l = begin((struct tftp_options){0}, 1024);

	assert_int_equal(l.t.last, 3);
	assert_int_equal(tftp_block_len(&l.t, 2), 512);
	assert_int_equal(tftp_block_len(&l.t, 3), 0);
}

TEST(repeated_ack_sends_nothing)
{
	struct lab l = begin((struct tftp_options){0}, 10000);

	assert_int_equal(ack(&l, 1), TFTP_RUNNING);
	assert_sends(&l, 2, 1);
	assert_int_equal(ack(&l, 1), TFTP_RUNNING);
	assert_sends(&l, 0, 0);
	assert_int_equal(ack(&l, 7), TFTP_RUNNING);
	assert_sends(&l, 0, 0);
}

TEST(timer_sends_the_block_again_and_waits_twice_as_long_each_time)
{
	static const int64_t waits_ms[] = {1000, 2000, 4000, 8000, 8000, 8000};
	struct lab l = begin((struct tftp_options){0}, 10000);

	for (size_t i = 0; i < ARRAY_LEN(waits_ms); i++) {
		assert_int_equal(l.t.deadline_ms - l.now_ms, waits_ms[i]);
		enum tftp_state state = run_out(&l);
		bool is_last = i == ARRAY_LEN(waits_ms) - 1;

		assert_int_equal(state, is_last ? TFTP_TIMED_OUT : TFTP_RUNNING);
		assert_sends(&l, 1, is_last ? 0 : 1);
	}
	assert_int_equal(l.t.retries, ARRAY_LEN(waits_ms) - 1);
}

TEST(progress_gives_the_client_all_patience_again)
{
	struct lab l = begin((struct tftp_options){0}, 10000);

	for (uint64_t block = 1; block < 10; block++) {
		for (int i = 0; i < 5; i++)
			assert_int_equal(run_out(&l), TFTP_RUNNING);
		assert_int_equal(ack(&l, block), TFTP_RUNNING);
	}
}

TEST(timeout_that_the_client_asked_for_is_kept)
{
	struct lab l = begin((struct tftp_options){.timeout_s = 10}, 10000);

	assert_int_equal(l.t.deadline_ms - l.now_ms, 10000);
	assert_int_equal(ack(&l, 0), TFTP_RUNNING);
	assert_int_equal(l.t.deadline_ms - l.now_ms, 10000);
}

TEST(measured_path_makes_the_first_wait_short)
{
	struct lab l = begin((struct tftp_options){0}, 1000000);

	for (uint64_t block = 1; block < 20; block++)
		assert_int_equal(ack(&l, block), TFTP_RUNNING);
	assert_int_equal(l.t.deadline_ms - l.now_ms, 100);
	assert_int_equal(run_out(&l), TFTP_RUNNING);
	assert_int_equal(l.t.deadline_ms - l.now_ms, 200);
}

TEST(oack_is_sent_again_by_the_timer)
{
	struct lab l = begin((struct tftp_options){.has_tsize = true}, 10000);

	assert_int_equal(run_out(&l), TFTP_RUNNING);
	assert_true(l.todo.oack);
}

TEST(error_after_the_oack_stops_without_a_failure)
{
	struct lab l = begin((struct tftp_options){.has_tsize = true}, 10000);

	assert_int_equal(error(&l, 8), TFTP_STOPPED);
	assert_sends(&l, 0, 0);
}

TEST(window_is_sent_whole_and_moves_with_its_last_ack)
{
	struct lab l = begin((struct tftp_options){.windowsize = 4}, 512 * 6);

	assert_int_equal(ack(&l, 0), TFTP_RUNNING);
	assert_sends(&l, 1, 4);
	assert_int_equal(ack(&l, 4), TFTP_RUNNING);
	assert_sends(&l, 5, 3); /* the seventh is the empty one */
	assert_int_equal(ack(&l, 7), TFTP_FINISHED);
}

TEST(ack_inside_a_window_starts_it_again_behind_the_gap)
{
	struct lab l = begin((struct tftp_options){.windowsize = 4}, 512 * 100);

	assert_int_equal(ack(&l, 0), TFTP_RUNNING);
	assert_int_equal(ack(&l, 2), TFTP_RUNNING);
	assert_sends(&l, 3, 4);
	assert_int_equal(l.t.retries, 4);
}

TEST(lost_first_block_of_a_window_is_repeated_once)
{
	struct lab l = begin((struct tftp_options){.windowsize = 4}, 512 * 100);

	assert_int_equal(ack(&l, 0), TFTP_RUNNING);
	assert_int_equal(ack(&l, 4), TFTP_RUNNING);
	assert_sends(&l, 5, 4);
	assert_int_equal(ack(&l, 4), TFTP_RUNNING); /* "I still have only 4" */
	assert_sends(&l, 5, 4);
	assert_int_equal(ack(&l, 4), TFTP_RUNNING);
	assert_sends(&l, 0, 0);
}

TEST(doubled_acks_do_not_double_the_windows_that_follow)
{
	struct lab l = begin((struct tftp_options){.windowsize = 4}, 512 * 1000);
	unsigned sent = 0;

	assert_int_equal(ack(&l, 0), TFTP_RUNNING);
	for (uint64_t block = 4; block <= 400; block += 4) {
		assert_int_equal(ack(&l, block), TFTP_RUNNING);
		sent += l.todo.n;
		assert_int_equal(ack(&l, block), TFTP_RUNNING);
		sent += l.todo.n;
	}
	assert_true(sent <= 400 + 400 / 2);
}

TEST(second_gap_in_a_window_starts_it_again_too)
{
	struct lab l = begin((struct tftp_options){.windowsize = 8}, 512 * 1000);

	assert_int_equal(ack(&l, 0), TFTP_RUNNING);
	assert_int_equal(ack(&l, 2), TFTP_RUNNING);
	assert_sends(&l, 3, 8);
	assert_int_equal(ack(&l, 5), TFTP_RUNNING);
	assert_sends(&l, 6, 8);
	assert_int_equal(ack(&l, 10), TFTP_RUNNING); /* it had 10 before: the gap was none */
	assert_sends(&l, 14, 5);
}

TEST(answer_to_a_block_got_twice_is_no_gap)
{
	struct lab l = begin((struct tftp_options){.windowsize = 16}, 512 * 1000);

	assert_int_equal(ack(&l, 0), TFTP_RUNNING);
	assert_sends(&l, 1, 16);
	assert_int_equal(run_out(&l),
		TFTP_RUNNING); /* only block 1 had arrived, and its ACK is on its way */
	assert_sends(&l, 1, 16);
	assert_int_equal(ack(&l, 1), TFTP_RUNNING);
	assert_sends(&l, 17, 1);
	assert_int_equal(
		ack(&l, 16), TFTP_RUNNING); /* the client counts its window from another block */
	assert_sends(&l, 18, 15);
	assert_int_equal(ack(&l, 32), TFTP_RUNNING);
	assert_sends(&l, 33, 16);
	assert_int_equal(l.t.retries, 16);
}

/* A client as atftp is: it acknowledges each window, a gap, and each first block that it has got
 * already. Every `nth` block is lost. Gives how many blocks were sent to bring all of `n` over. */
static unsigned play(struct lab *l, uint64_t n, unsigned nth)
{
	uint64_t have = 0, counted_from = 0;
	unsigned sent = 0;
	enum tftp_state state = ack(l, 0);

	while (state == TFTP_RUNNING && sent < 100 * n) {
		struct tftp_send todo = l->todo;
		bool complained = false;

		l->todo.n = 0;
		for (uint64_t b = todo.first; b < todo.first + todo.n && state == TFTP_RUNNING;
			b++) {
			if (++sent % nth == 0)
				continue;
			if (b == have + 1)
				have++;
			else if (complained)
				continue;
			if (b != have)
				complained = true;
			else if (have - counted_from < l->t.windowsize && have < n)
				continue;
			counted_from = have;
			state = ack(l, have);
			if (l->todo.n > 0)
				break; /* what follows of this window is late; the new one has it again */
		}
		if (state == TFTP_RUNNING && l->todo.n == 0)
			state = run_out(l);
	}
	assert_int_equal(state, TFTP_FINISHED);
	return sent;
}

TEST(losses_cost_windows_and_no_more)
{
	static const unsigned lossy[] = {1000, 100, 53, 17};

	for (size_t i = 0; i < ARRAY_LEN(lossy); i++) {
		struct lab l = begin((struct tftp_options){.windowsize = 16}, 512 * 9999 + 1);
		unsigned sent = play(&l, 10000, lossy[i]);

		assert_true(sent <= 10000 + 10000 / lossy[i] * 2 * 16);
	}
}

TEST(window_and_block_are_cut_to_what_path_and_socket_take)
{
	struct lab l = begin((struct tftp_options){.blksize = 8192, .windowsize = 65535}, 1 << 20);

	assert_int_equal(l.t.granted.blksize, MTU_BLKSIZE);
	assert_int_equal(l.t.granted.windowsize, TFTP_WINDOW_BLOCKS_MAX);
	assert_true(l.t.windowsize * l.t.blksize <= TFTP_WINDOW_BYTES_MAX);
	tftp_transfer_init(&l.t, &(struct tftp_options){.blksize = 65464, .windowsize = 16},
		1 << 20, TFTP_BLKSIZE_MAX, 0, &l.todo);
	assert_int_equal(l.t.granted.blksize, 65464);
	assert_int_equal(l.t.granted.windowsize, 1);
}

TEST(only_what_was_asked_is_granted)
{
	struct lab l = begin((struct tftp_options){.blksize = 512}, 1000);

	assert_false(l.t.granted.has_tsize);
	assert_int_equal(l.t.granted.windowsize, 0);
	assert_int_equal(l.t.granted.timeout_s, 0);
	assert_int_equal(l.t.granted.blksize, 512);
}

TEST(block_numbers_roll_over_to_zero)
{
	struct lab l = begin((struct tftp_options){0}, UINT64_C(512) * 200000);

	for (uint64_t block = 1; block <= 200000; block++) {
		assert_sends(&l, block, 1);
		assert_int_equal(ack(&l, block & 0xffff), TFTP_RUNNING);
	}
	assert_int_equal(ack(&l, 200001 & 0xffff), TFTP_FINISHED);
}

TEST(block_numbers_roll_over_to_one_for_who_asks)
{
	struct lab l =
		begin((struct tftp_options){.has_rollover = true, .rollover = 1}, 512 * 70000);

	assert_int_equal(ack(&l, 0), TFTP_RUNNING);
	for (uint64_t block = 1; block <= 65535; block++)
		assert_int_equal(ack(&l, block), TFTP_RUNNING);
	assert_sends(&l, 65536, 1);
	assert_int_equal(tftp_wire_block(&l.t, 65536), 1);
	assert_int_equal(ack(&l, 1), TFTP_RUNNING);
	assert_sends(&l, 65537, 1);
}

TEST(window_crosses_the_roll_over)
{
	struct lab l = begin((struct tftp_options){.windowsize = 16}, 512 * 70000);

	assert_int_equal(ack(&l, 0), TFTP_RUNNING);
	for (uint64_t block = 16; block <= 65536 + 160; block += 16)
		assert_int_equal(ack(&l, block & 0xffff), TFTP_RUNNING);
	assert_sends(&l, 65536 + 161, 16);
	assert_int_equal(ack(&l, 165), TFTP_RUNNING); /* a gap, past the roll-over */
	assert_sends(&l, 65536 + 166, 16);
}

/* What was to be sent is not at hand. */
static void hold(struct lab *l)
{
	tftp_transfer_hold(&l->t, &l->todo);
}

static void resume(struct lab *l, int64_t after_ms)
{
	l->now_ms += after_ms;
	tftp_transfer_resume(&l->t, l->now_ms, &l->todo);
}

TEST(block_that_is_not_at_hand_is_sent_once_when_it_is)
{
	struct lab l = begin((struct tftp_options){0}, 10000);

	assert_int_equal(ack(&l, 1), TFTP_RUNNING);
	hold(&l);
	for (int i = 0; i < 3; i++) { /* the client asks again */
		assert_int_equal(ack(&l, 1), TFTP_RUNNING);
		assert_sends(&l, 0, 0);
	}
	resume(&l, 5000);
	assert_sends(&l, 2, 1);
	assert_int_equal(l.t.deadline_ms - l.now_ms, 100);
	assert_int_equal(l.t.retries, 0);
	assert_int_equal(ack(&l, 2), TFTP_RUNNING);
	assert_sends(&l, 3, 1);
	assert_true(l.t.rtt_ms < 10); /* the disk's time is not the path's */
}

TEST(while_blocks_are_not_at_hand_the_timer_only_ends_what_a_client_has_left)
{
	struct lab l = begin((struct tftp_options){.windowsize = 4}, 100000);

	assert_int_equal(ack(&l, 0), TFTP_RUNNING);
	hold(&l);
	for (int i = 0; i < 10; i++) {
		l.now_ms += 20000;
		assert_int_equal(tftp_transfer_timeout(&l.t, l.now_ms, &l.todo), TFTP_RUNNING);
		assert_sends(&l, 0, 0);
		assert_true(l.t.deadline_ms > l.now_ms);
		assert_int_equal(ack(&l, 0), TFTP_RUNNING); /* it is still there */
		assert_sends(&l, 0, 0);
	}
	assert_int_equal(run_out(&l), TFTP_RUNNING);
	assert_int_equal(run_out(&l), TFTP_TIMED_OUT);
	assert_sends(&l, 0, 0);
}

TEST(client_that_repeats_its_request_has_not_left)
{
	struct lab l = begin((struct tftp_options){0}, 10000);

	hold(&l);
	for (int i = 0; i < 10; i++) {
		l.now_ms += 20000;
		tftp_transfer_asked_again(&l.t, l.now_ms);
		assert_int_equal(tftp_transfer_timeout(&l.t, l.now_ms, &l.todo), TFTP_RUNNING);
	}
	resume(&l, 10);
	l.now_ms += 50;
	tftp_transfer_asked_again(&l.t, l.now_ms); /* now it is late, and says nothing */
	assert_int_not_equal(l.t.heard_ms, l.now_ms);
}

TEST(after_a_slow_disk_the_client_has_all_patience_again)
{
	struct lab l = begin((struct tftp_options){0}, 10000);

	assert_int_equal(ack(&l, 1), TFTP_RUNNING);
	hold(&l);
	assert_int_equal(ack(&l, 1), TFTP_RUNNING);
	resume(&l, 100000);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(run_out(&l), TFTP_RUNNING);
		assert_sends(&l, 2, 1);
	}
}

TEST(acks_that_arrive_while_a_window_is_not_at_hand_move_it)
{
	struct lab l = begin((struct tftp_options){.windowsize = 4}, 100000);

	assert_int_equal(ack(&l, 0), TFTP_RUNNING);
	assert_int_equal(ack(&l, 2), TFTP_RUNNING); /* a gap */
	assert_sends(&l, 3, 4);
	hold(&l);
	assert_int_equal(ack(&l, 4), TFTP_RUNNING); /* there was none: they were late */
	assert_sends(&l, 0, 0);
	resume(&l, 10);
	assert_sends(&l, 5, 4);
}

TEST(client_ends_a_transfer_whose_blocks_are_not_at_hand)
{
	struct lab l = begin((struct tftp_options){0}, 600);

	hold(&l);
	assert_int_equal(error(&l, 0), TFTP_STOPPED);
	l = begin((struct tftp_options){0}, 600);
	assert_int_equal(ack(&l, 1), TFTP_RUNNING);
	assert_int_equal(run_out(&l), TFTP_RUNNING);
	hold(&l); /* the last block is to be sent again */
	assert_int_equal(ack(&l, 2), TFTP_FINISHED);
}

TEST(lost_last_ack_is_no_failure)
{
	struct lab l = begin((struct tftp_options){0}, 600);
	enum tftp_state state = TFTP_RUNNING;

	assert_int_equal(ack(&l, 1), TFTP_RUNNING);
	while (state == TFTP_RUNNING)
		state = run_out(&l);
	assert_int_equal(state, TFTP_UNCONFIRMED);
}

TEST(client_that_was_never_heard_is_a_failure)
{
	struct lab l = begin((struct tftp_options){0}, 5);
	enum tftp_state state = TFTP_RUNNING;

	while (state == TFTP_RUNNING)
		state = run_out(&l);
	assert_int_equal(state, TFTP_TIMED_OUT);
}

TEST(nonsense_changes_nothing)
{
	struct lab l = begin((struct tftp_options){0}, 10000);
	const struct tftp_transfer before = l.t;

	assert_int_equal(
		tftp_transfer_packet(&l.t, "\0\1f\0octet\0", 10, 1500, &l.todo), TFTP_RUNNING);
	assert_int_equal(tftp_transfer_packet(&l.t, "\0\4", 2, 1500, &l.todo), TFTP_RUNNING);
	assert_int_equal(tftp_transfer_packet(&l.t, "", 0, 1500, &l.todo), TFTP_RUNNING);
	assert_sends(&l, 0, 0);
	assert_memory_equal(&before, &l.t, sizeof(before));
}

RUN(t(without_options_the_first_block_answers_the_request),
	t(with_options_the_oack_comes_first_and_is_acknowledged_as_block_zero),
	t(empty_file_is_one_empty_block), t(file_of_whole_blocks_ends_with_an_empty_one),
	t(repeated_ack_sends_nothing),
	t(timer_sends_the_block_again_and_waits_twice_as_long_each_time),
	t(progress_gives_the_client_all_patience_again),
	t(timeout_that_the_client_asked_for_is_kept), t(measured_path_makes_the_first_wait_short),
	t(oack_is_sent_again_by_the_timer), t(error_after_the_oack_stops_without_a_failure),
	t(window_is_sent_whole_and_moves_with_its_last_ack),
	t(ack_inside_a_window_starts_it_again_behind_the_gap),
	t(lost_first_block_of_a_window_is_repeated_once),
	t(doubled_acks_do_not_double_the_windows_that_follow),
	t(second_gap_in_a_window_starts_it_again_too), t(answer_to_a_block_got_twice_is_no_gap),
	t(losses_cost_windows_and_no_more),
	t(window_and_block_are_cut_to_what_path_and_socket_take), t(only_what_was_asked_is_granted),
	t(block_numbers_roll_over_to_zero), t(block_numbers_roll_over_to_one_for_who_asks),
	t(window_crosses_the_roll_over), t(block_that_is_not_at_hand_is_sent_once_when_it_is),
	t(while_blocks_are_not_at_hand_the_timer_only_ends_what_a_client_has_left),
	t(client_that_repeats_its_request_has_not_left),
	t(after_a_slow_disk_the_client_has_all_patience_again),
	t(acks_that_arrive_while_a_window_is_not_at_hand_move_it),
	t(client_ends_a_transfer_whose_blocks_are_not_at_hand), t(lost_last_ack_is_no_failure),
	t(client_that_was_never_heard_is_a_failure), t(nonsense_changes_nothing))

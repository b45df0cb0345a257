#include "tests/unit/test.h"

#include "dhcpd/probe.h"

#define ADDRESS 0x0a4d0064

static int up(void **state)
{
	*state = probe_table_new();
	return 0;
}

static int down(void **state)
{
	probe_table_free(*state);
	return 0;
}

#define TABLE struct probe_table *t = *test_state

static struct probe_request request(const char *text)
{
	return (struct probe_request){.from = {.src_port = 68, .dst_port = 67, .src_mac = {{2, 0, 0, 0, 0, 1}}},
		.payload = rd_init(text, strlen(text))};
}

TEST(probe_is_found_by_its_address)
{
	TABLE;

	assert_null(probe_by_address(t, ADDRESS));
	assert_null(probe_by_address(NULL, ADDRESS));
	struct probe *p = probe_begin(t, ADDRESS, 300);
	assert_ptr_equal(probe_by_address(t, ADDRESS), p);
	/* Same bucket, another address. */
	assert_null(probe_by_address(t, ADDRESS + 4096));
	struct probe *other = probe_begin(t, ADDRESS + 4096, 300);
	assert_ptr_equal(probe_by_address(t, ADDRESS), p);
	assert_ptr_equal(probe_by_address(t, ADDRESS + 4096), other);
	probe_free(probe_take(t, p));
	assert_null(probe_by_address(t, ADDRESS));
	assert_ptr_equal(probe_by_address(t, ADDRESS + 4096), other);
}

TEST(probes_end_in_the_order_of_their_deadlines)
{
	static const int64_t deadlines[] = {300, 300, 310, 120, 305, 400, 90};
	static const int64_t sorted[] = {90, 120, 300, 300, 305, 310, 400};
	TABLE;

	assert_int_equal(probe_next_ms(t), PROBE_NEVER);
	for (uint32_t i = 0; i < ARRAY_LEN(deadlines); i++)
		(void)probe_begin(t, ADDRESS + i, deadlines[i]);
	for (size_t i = 0; i < ARRAY_LEN(sorted); i++) {
		assert_int_equal(probe_next_ms(t), sorted[i]);
		assert_null(probe_due(t, sorted[i] - 1));
		struct probe *p = probe_due(t, sorted[i]);
		assert_non_null(p);
		assert_int_equal(p->deadline_ms, sorted[i]);
		probe_free(probe_take(t, p));
	}
	assert_null(probe_due(t, INT64_MAX));
}

TEST(probe_in_the_middle_can_be_taken)
{
	struct probe *p[3];
	TABLE;

	for (uint32_t i = 0; i < 3; i++)
		p[i] = probe_begin(t, ADDRESS + i, 300 + i);
	probe_free(probe_take(t, p[1]));
	probe_free(probe_take(t, p[0]));
	assert_ptr_equal(probe_due(t, 400), p[2]);
	probe_free(probe_take(t, p[2]));
	assert_null(probe_due(t, 400));
	assert_non_null(probe_begin(t, ADDRESS, 1));
}

TEST(last_request_is_the_one_that_is_kept)
{
	char text[] = "first";
	struct probe_request first = request(text), second = request("second one");
	TABLE;
	struct probe *p = probe_begin(t, ADDRESS, 300);

	probe_keep(p, &first);
	text[0] = 'X'; /* it was copied */
	assert_int_equal(p->request.payload.left, 5);
	assert_memory_equal(p->request.payload.p, "first", 5);
	assert_int_equal(p->request.from.src_port, 68);
	probe_keep(p, &second);
	assert_int_equal(p->request.payload.left, 10);
	assert_memory_equal(p->request.payload.p, "second one", 10);
	probe_keep(p, NULL);
	assert_int_equal(p->request.payload.left, 0);
}

TEST(request_longer_than_any_is_not_kept)
{
	static const uint8_t bytes[MSG_SIZE_MAX + 1];
	struct probe_request r = {.payload = rd_init(bytes, sizeof(bytes))};
	TABLE;
	struct probe *p = probe_begin(t, ADDRESS, 300);

	probe_keep(p, &r);
	assert_int_equal(p->request.payload.left, 0);
	r.payload = rd_init(bytes, MSG_SIZE_MAX);
	probe_keep(p, &r);
	assert_int_equal(p->request.payload.left, MSG_SIZE_MAX);
}

TEST(there_is_an_end_to_them)
{
	TABLE;

	for (uint32_t i = 0; i < PROBES_MAX; i++) {
		assert_false(probe_table_is_full(t));
		(void)probe_begin(t, ADDRESS + i, 300);
	}
	assert_true(probe_table_is_full(t));
	probe_free(probe_take(t, probe_due(t, 300)));
	assert_false(probe_table_is_full(t));
}

#define T(sentence) cmocka_unit_test_setup_teardown(sentence, up, down)

RUN(T(probe_is_found_by_its_address), T(probes_end_in_the_order_of_their_deadlines),
	T(probe_in_the_middle_can_be_taken), T(last_request_is_the_one_that_is_kept),
	T(request_longer_than_any_is_not_kept), T(there_is_an_end_to_them))

#include "tests/unit/test.h"

#include "dhcpd/counters.h"
#include "provisioner/messages/messages.h"

TEST(every_counter_has_a_name_that_fits_its_message_and_a_meaning)
{
	for (int i = COUNT_NONE + 1; i < N_COUNTERS; i++) {
		struct message_counter m;

		assert_non_null(counter_name((enum counter)i));
		assert_true(strncmp(counter_name((enum counter)i), "dhcp_", 5) == 0);
		assert_true(strlen(counter_name((enum counter)i)) < sizeof(m.name));
		assert_true(strlen(counter_text((enum counter)i)) > 0);
		for (int j = i + 1; j < N_COUNTERS; j++)
			assert_string_not_equal(
				counter_name((enum counter)i), counter_name((enum counter)j));
	}
}

TEST(only_changed_counters_are_told_and_only_once)
{
	struct counters c = {0};

	counters_add(&c, COUNT_ACK, 1);
	counters_add(&c, COUNT_STALE, 7);
	assert_int_equal(counters_next_changed(&c, COUNT_NONE), COUNT_ACK);
	assert_int_equal(counters_next_changed(&c, COUNT_ACK), COUNT_STALE);
	assert_int_equal(counters_next_changed(&c, COUNT_STALE), COUNT_NONE);
	assert_int_equal(counters_next_changed(&c, COUNT_NONE), COUNT_NONE);
	assert_int_equal(c.value[COUNT_STALE], 7);
}

RUN(t(every_counter_has_a_name_that_fits_its_message_and_a_meaning),
	t(only_changed_counters_are_told_and_only_once))

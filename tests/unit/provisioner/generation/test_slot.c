#include "tests/unit/test.h"

#include "provisioner/generation/slot.h"
#include "provisioner/trust/token.h"

TEST(stand_ins_are_as_long_as_what_takes_their_place)
{
	assert_int_equal(strlen(SLOT_JOIN_TOKEN), TOKEN_TEXT_SIZE - 1);
	assert_int_equal(strlen(SLOT_BOOT_NONCE), TOKEN_NONCE_SIZE - 1);
}

TEST(each_of_several_slots_is_filled)
{
	char text[] = "a slot1 slot1b slot";

	assert_int_equal(slot_count(text, sizeof(text) - 1, "slot1"), 2);
	slot_fill(text, sizeof(text) - 1, "slot1", "12345");
	assert_string_equal(text, "a 12345 12345b slot");
}

TEST(slot_at_the_very_end_is_found)
{
	char text[] = "xslot1";

	slot_fill(text, sizeof(text) - 1, "slot1", "12345");
	assert_string_equal(text, "x12345");
}

TEST(text_without_a_slot_stays)
{
	char text[] = "nothing";

	assert_int_equal(slot_count(text, sizeof(text) - 1, "slot1"), 0);
	slot_fill(text, sizeof(text) - 1, "slot1", "12345");
	assert_string_equal(text, "nothing");
}

RUN(t(stand_ins_are_as_long_as_what_takes_their_place), t(each_of_several_slots_is_filled),
	t(slot_at_the_very_end_is_found), t(text_without_a_slot_stays))

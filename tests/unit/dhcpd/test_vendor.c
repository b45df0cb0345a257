#include "tests/unit/test.h"

#include "dhcpd/vendor.h"

#define BYTES(text) (text), sizeof(text) - 1

TEST(direct_boot_is_tag_6_with_bit_3_and_its_own_end)
{
	struct msg reply = {0};

	vendor_put_direct(&reply);
	struct rd v = opts_value(&reply.opts, OPT_VENDOR);
	assert_int_equal(v.left, 4);
	assert_memory_equal(v.p, "\x06\x01\x08\xff", 4);
}

/* Walks the tags: each within the value, the last one the end, no octet of padding. */
TEST(menu_of_the_raspberry_pi_is_whole_and_has_no_padding)
{
	struct msg reply = {0};
	bool has_menu = false, has_prompt = false;

	vendor_put_raspberry(&reply);
	struct rd v = opts_value(&reply.opts, OPT_VENDOR);
	while (v.left > 1) {
		uint8_t tag = rd_u8(&v);
		struct rd value = rd_slice(&v, rd_u8(&v));

		assert_int_not_equal(tag, 0);
		has_prompt = has_prompt || tag == 10;
		if (tag != 9)
			continue;
		has_menu = true;
		assert_int_equal(rd_be16(&value), 0);
		assert_int_equal(rd_u8(&value), 17);
		assert_int_equal(value.left, 17);
		assert_memory_equal(value.p, "Raspberry Pi Boot", 17);
	}
	assert_true(rd_ok(&v) && has_menu && has_prompt);
	assert_int_equal(rd_u8(&v), 255);
}

TEST(boot_item_comes_back_as_it_was_sent)
{
	static const struct {
		const char *what, *sent;
		size_t sent_len;
		const char *back;
		size_t back_len;
	} cases[] = {
		{"alone", BYTES("\x47\x04\x00\x01\x80\x02\xff"),
			BYTES("\x47\x04\x00\x01\x80\x02\xff")},
		{"behind padding and others, without an end",
			BYTES("\x00\x06\x01\x08\x47\x04\x00\x00\x00\x00"),
			BYTES("\x47\x04\x00\x00\x00\x00\xff")},
		{"behind the end", BYTES("\xff\x47\x04\x00\x01\x80\x02"), NULL, 0},
		{"too short", BYTES("\x47\x02\x00\x01\xff"), NULL, 0},
		{"its length lies", BYTES("\x47\x04\x00\x01"), NULL, 0},
		{"no length", BYTES("\x47"), NULL, 0},
		{"nothing", BYTES(""), NULL, 0},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct msg request = {0}, reply = {0};

		print_message("# %s\n", cases[i].what);
		opts_put(&request.opts, OPT_VENDOR, cases[i].sent, cases[i].sent_len);
		vendor_put_boot_item(&request, &reply);
		assert_int_equal(opts_has(&reply.opts, OPT_VENDOR), cases[i].back != NULL);
		if (!cases[i].back)
			continue;
		assert_int_equal(opts_value(&reply.opts, OPT_VENDOR).left, cases[i].back_len);
		assert_memory_equal(
			opts_value(&reply.opts, OPT_VENDOR).p, cases[i].back, cases[i].back_len);
	}
}

RUN(t(direct_boot_is_tag_6_with_bit_3_and_its_own_end),
	t(menu_of_the_raspberry_pi_is_whole_and_has_no_padding),
	t(boot_item_comes_back_as_it_was_sent))

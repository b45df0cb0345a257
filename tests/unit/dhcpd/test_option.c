#include "tests/unit/test.h"

#include <errno.h>

#include "dhcpd/option.h"

#define BYTES(text) (text), sizeof(text) - 1

static int decode(const char *options, size_t len, struct opts *ret)
{
	return opts_decode(rd_init(options, len), rd_init("", 0), rd_init("", 0), ret);
}

TEST(pads_are_skipped_and_what_follows_the_end_is_not_read)
{
	struct opts o;

	assert_int_equal(decode(BYTES("\x00\x00\x35\x01\x03\x00\xff\x32\x04\x01"), &o), 0);
	assert_int_equal(opts_u8(&o, OPT_TYPE), 3);
	assert_false(opts_has(&o, OPT_ADDRESS));
}

TEST(missing_end_is_tolerated)
{
	struct opts o;

	assert_int_equal(decode(BYTES("\x35\x01\x01"), &o), 0);
	assert_true(opts_has(&o, OPT_TYPE));
}

TEST(option_that_runs_past_the_end_spoils_the_packet)
{
	struct opts o;

	assert_int_equal(decode(BYTES("\x35\x01\x01\x0c\x05"
				      "abc"),
				 &o),
		-EBADMSG);
	assert_int_equal(decode(BYTES("\x35\x01\x01\x0c"), &o), -EBADMSG);
}

TEST(illegal_lengths_drop_what_decides_and_ignore_what_does_not)
{
	static const struct {
		uint8_t code, len;
		int rc;
		bool has;
	} cases[] = {
		{OPT_TYPE, 0, -EBADMSG, false}, {OPT_TYPE, 2, -EBADMSG, false},
		{OPT_ADDRESS, 3, -EBADMSG, false}, {OPT_ADDRESS, 4, 0, true},
		{OPT_SERVER, 5, -EBADMSG, false}, {OPT_LEASE, 1, -EBADMSG, false},
		{OPT_MAX_SIZE, 1, -EBADMSG, false}, {OPT_RELAY, 1, -EBADMSG, false},
		{OPT_RELAY, 2, 0, true}, {OPT_CLIENT_ID, 1, 0, false}, {OPT_CLIENT_ID, 2, 0, true},
		{OPT_ARCH, 1, 0, false}, {OPT_ARCH, 3, 0, false}, {OPT_ARCH, 4, 0, true},
		{OPT_UUID, 16, 0, false}, {OPT_UUID, 17, 0, true}, {OPT_UNDI, 2, 0, false},
		{OPT_WANTED, 0, 0, false}, {200, 0, 0, true}, /* not known to us: no opinion */
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char packet[64] = {(char)cases[i].code, (char)cases[i].len};
		struct opts o;

		memset(packet + 2, 1, cases[i].len);
		print_message("# option %u, %u bytes\n", cases[i].code, cases[i].len);
		assert_int_equal(decode(packet, 2u + cases[i].len, &o), cases[i].rc);
		if (cases[i].rc == 0)
			assert_int_equal(opts_has(&o, cases[i].code), cases[i].has);
	}
}

TEST(text_loses_its_trailing_nuls)
{
	struct opts o;

	assert_int_equal(decode(BYTES("\x0c\x05"
				      "abc\x00\x00"),
				 &o),
		0);
	assert_int_equal(opts_value(&o, OPT_HOSTNAME).left, 3);
	assert_int_equal(decode(BYTES("\x0c\x02\x00\x00"), &o), 0);
	assert_false(opts_has(&o, OPT_HOSTNAME));
}

TEST(pieces_of_one_option_are_joined_in_order_over_all_fields)
{
	struct opts o;
	struct rd options = rd_init(BYTES("\x34\x01\x03\x2b\x02"
					  "ab\xff"));
	struct rd file = rd_init(BYTES("\x2b\x02"
				       "cd\x34\x01\x02\xff\x2b\x01"
				       "X"));
	struct rd sname = rd_init(BYTES("\x2b\x01"
					"e\xff"));

	assert_int_equal(opts_decode(options, file, sname, &o), 0);
	assert_int_equal(opts_value(&o, OPT_VENDOR).left, 5);
	assert_true(opts_begins(&o, OPT_VENDOR, "abcde"));
	assert_int_equal(opts_u8(&o, OPT_OVERLOAD), 3);
}

TEST(fields_that_are_not_overloaded_are_not_read)
{
	struct opts o;
	struct rd file = rd_init(BYTES("\x2b\x02"
				       "cd")),
		  sname = rd_init(BYTES("\x0c\x01"
					"n"));

	assert_int_equal(opts_decode(rd_init(BYTES("\x35\x01\x01")), file, sname, &o), 0);
	assert_false(opts_has(&o, OPT_VENDOR));
	assert_int_equal(opts_decode(rd_init(BYTES("\x34\x01\x02")), file, sname, &o), 0);
	assert_false(opts_has(&o, OPT_VENDOR));
	assert_true(opts_has(&o, OPT_HOSTNAME));
}

TEST(overload_that_means_nothing_spoils_the_packet)
{
	struct opts o;

	assert_int_equal(decode(BYTES("\x34\x01\x00"), &o), -EBADMSG);
	assert_int_equal(decode(BYTES("\x34\x01\x04"), &o), -EBADMSG);
	assert_int_equal(decode(BYTES("\x34\x01\x01\x34\x01\x01"), &o), -EBADMSG);
}

TEST(repeated_option_of_fixed_length_spoils_the_packet)
{
	struct opts o;

	assert_int_equal(decode(BYTES("\x35\x01\x01\x35\x01\x03"), &o), -EBADMSG);
}

TEST(more_bytes_than_a_frame_can_carry_are_refused)
{
	static char packet[257 * 8];
	struct opts o;

	for (size_t i = 0; i < 8; i++) {
		packet[i * 257] = 43;
		packet[i * 257 + 1] = (char)255;
	}
	assert_int_equal(decode(packet, sizeof(packet), &o), -E2BIG);
}

/* What opts_encode() wrote, as a list of codes. */
static size_t codes_of(const struct wr *w, uint8_t codes[static 64])
{
	struct rd r = rd_init(w->p, w->len);
	size_t n = 0;

	while (r.left > 0 && n < 64) {
		codes[n] = rd_u8(&r);
		if (codes[n++] == OPT_END)
			break;
		rd_skip(&r, rd_u8(&r));
	}
	assert_true(rd_ok(&r));
	return n;
}

TEST(type_server_and_lease_come_first_then_the_wish_list_and_the_relay_last)
{
	static const uint8_t want[] = {OPT_TYPE, OPT_SERVER, OPT_LEASE, OPT_DNS, OPT_MASK,
		OPT_ROUTERS, OPT_CLASS, OPT_RELAY, OPT_END};
	struct opts o = {0};
	uint8_t bytes[512], codes[64];
	struct wr w = wr_init(bytes, sizeof(bytes));

	opts_put(&o, OPT_RELAY, "\x01\x01x", 3);
	opts_put_text(&o, OPT_CLASS, "PXEClient");
	opts_put_u32(&o, OPT_ROUTERS, 1);
	opts_put_u32(&o, OPT_DNS, 2);
	opts_put_u32(&o, OPT_MASK, 3);
	opts_put_u32(&o, OPT_LEASE, 4);
	opts_put_u32(&o, OPT_SERVER, 5);
	opts_put_u8(&o, OPT_TYPE, 2);
	opts_encode(&o, rd_init(BYTES("\x52\x06\x01\x06\xff\x00\x36")), 400, &w);
	assert_true(wr_ok(&w));
	assert_int_equal(codes_of(&w, codes), sizeof(want));
	assert_memory_equal(codes, want, sizeof(want));
}

TEST(long_option_is_split_and_comes_back_whole)
{
	struct opts o = {0}, back;
	uint8_t value[600], bytes[1024];
	struct wr w = wr_init(bytes, sizeof(bytes));

	for (size_t i = 0; i < sizeof(value); i++)
		value[i] = (uint8_t)i;
	opts_put(&o, OPT_VENDOR, value, sizeof(value));
	opts_encode(&o, rd_init("", 0), sizeof(bytes), &w);
	assert_int_equal(w.len, 600 + 3 * 2 + 1);
	assert_int_equal(bytes[1], 255);
	assert_int_equal(
		opts_decode(rd_init(bytes, w.len), rd_init("", 0), rd_init("", 0), &back), 0);
	assert_int_equal(opts_value(&back, OPT_VENDOR).left, sizeof(value));
	assert_memory_equal(opts_value(&back, OPT_VENDOR).p, value, sizeof(value));
}

/* RFC 3396 in both directions, for the options that grow long in the field. */
TEST(each_option_of_600_bytes_survives_the_wire)
{
	static const uint8_t codes[] = {OPT_VENDOR, OPT_TFTP_SERVER, OPT_BOOT_FILE, 119, 121};

	for (size_t c = 0; c < ARRAY_LEN(codes); c++) {
		struct opts o = {0}, back;
		uint8_t value[600], bytes[700];
		struct wr w = wr_init(bytes, sizeof(bytes));

		for (size_t i = 0; i < sizeof(value); i++)
			value[i] = (uint8_t)(1 + i % 250);
		opts_put(&o, codes[c], value, sizeof(value));
		opts_put_u8(&o, OPT_TYPE, 2);
		opts_encode(&o, rd_init(&codes[c], 1), sizeof(bytes), &w);
		assert_true(wr_ok(&w));
		assert_int_equal(bytes[0], OPT_TYPE);
		assert_int_equal(bytes[3], codes[c]);
		assert_int_equal(bytes[3 + 257], codes[c]); /* its pieces stand together */
		assert_int_equal(
			opts_decode(rd_init(bytes, w.len), rd_init("", 0), rd_init("", 0), &back),
			0);
		assert_int_equal(opts_value(&back, codes[c]).left, sizeof(value));
		assert_memory_equal(opts_value(&back, codes[c]).p, value, sizeof(value));
	}
}

TEST(long_server_and_file_names_go_out_together)
{
	struct opts o = {0}, back;
	char server[300], file[400];
	uint8_t bytes[800];
	struct wr w = wr_init(bytes, sizeof(bytes));

	memset(server, 's', sizeof(server));
	memset(file, 'f', sizeof(file));
	opts_put(&o, OPT_TFTP_SERVER, server, sizeof(server));
	opts_put(&o, OPT_BOOT_FILE, file, sizeof(file));
	opts_encode(&o, rd_init(BYTES("\x43\x42")), sizeof(bytes), &w);
	assert_int_equal(
		opts_decode(rd_init(bytes, w.len), rd_init("", 0), rd_init("", 0), &back), 0);
	assert_int_equal(opts_value(&back, OPT_TFTP_SERVER).left, sizeof(server));
	assert_int_equal(opts_value(&back, OPT_BOOT_FILE).left, sizeof(file));
}

/* A client that takes 576 bytes of IP gets 308 bytes of options. */
TEST(small_message_keeps_what_a_boot_needs_of_a_huge_set)
{
	static const uint8_t kept[] = {OPT_TYPE, OPT_SERVER, OPT_LEASE, OPT_MASK, OPT_ROUTERS,
		OPT_CLASS, OPT_VENDOR, OPT_UUID, OPT_CLIENT_ID, OPT_RELAY, OPT_BOOT_FILE};
	static const uint8_t filler[200];
	struct opts o = {0}, back;
	uint8_t bytes[400], wanted[256];
	struct wr w = wr_init(bytes, sizeof(bytes));

	for (unsigned code = 1; code < 255; code++)
		wanted[code] = (uint8_t)code;
	for (uint8_t code = 12; code < 18; code++)
		opts_put(&o, code, filler, sizeof(filler));
	for (size_t i = 0; i < ARRAY_LEN(kept); i++)
		opts_put(&o, kept[i], "\1\1\1\1",
			kept[i] == OPT_TYPE   ? 1
			: kept[i] == OPT_UUID ? 0
					      : 4);
	opts_put(&o, OPT_UUID, filler, 17);
	opts_encode(&o, rd_init(wanted + 1, 254), 308, &w);
	assert_true(wr_ok(&w) && w.len <= 308);
	assert_int_equal(
		opts_decode(rd_init(bytes, w.len), rd_init("", 0), rd_init("", 0), &back), 0);
	for (size_t i = 0; i < ARRAY_LEN(kept); i++)
		assert_true(opts_has(&back, kept[i]));
	/* file and sname are the boot file's own, never options': old ROMs would take them by their word. */
	assert_false(opts_has(&back, OPT_OVERLOAD));
}

TEST(when_not_all_fits_the_needed_ones_stay)
{
	struct opts o = {0};
	uint8_t bytes[512], codes[64];
	static const uint8_t want[] = {OPT_TYPE, OPT_SERVER, OPT_LEASE, OPT_MASK, OPT_END};
	struct wr w = wr_init(bytes, sizeof(bytes));

	opts_put_text(&o, OPT_DOMAIN, "a-domain-that-is-much-too-long.example.org");
	opts_put_u32(&o, OPT_MASK, 3);
	opts_put_u32(&o, OPT_LEASE, 4);
	opts_put_u32(&o, OPT_SERVER, 5);
	opts_put_u8(&o, OPT_TYPE, 2);
	opts_encode(&o, rd_init(BYTES("\x0f")), 30, &w);
	assert_true(w.len <= 30);
	assert_int_equal(codes_of(&w, codes), sizeof(want));
	assert_memory_equal(codes, want, sizeof(want));
}

TEST(put_replaces_and_refuses_what_does_not_fit)
{
	static const uint8_t big[OPTS_BYTES_MAX];
	struct opts o = {0};

	opts_put_text(&o, OPT_DOMAIN, "one");
	opts_put_text(&o, OPT_DOMAIN, "three");
	assert_true(opts_begins(&o, OPT_DOMAIN, "three"));
	opts_put(&o, OPT_VENDOR, big, sizeof(big));
	assert_false(opts_has(&o, OPT_VENDOR));
}

TEST(absent_options_read_as_nothing)
{
	struct opts o = {0};

	assert_int_equal(opts_u32(&o, OPT_ADDRESS), 0);
	assert_int_equal(opts_u16(&o, OPT_MAX_SIZE), 0);
	assert_int_equal(opts_value(&o, OPT_HOSTNAME).left, 0);
	assert_false(opts_begins(&o, OPT_CLASS, ""));
}

RUN(t(pads_are_skipped_and_what_follows_the_end_is_not_read), t(missing_end_is_tolerated),
	t(option_that_runs_past_the_end_spoils_the_packet),
	t(illegal_lengths_drop_what_decides_and_ignore_what_does_not),
	t(text_loses_its_trailing_nuls),
	t(pieces_of_one_option_are_joined_in_order_over_all_fields),
	t(fields_that_are_not_overloaded_are_not_read),
	t(overload_that_means_nothing_spoils_the_packet),
	t(repeated_option_of_fixed_length_spoils_the_packet),
	t(more_bytes_than_a_frame_can_carry_are_refused),
	t(type_server_and_lease_come_first_then_the_wish_list_and_the_relay_last),
	t(long_option_is_split_and_comes_back_whole), t(each_option_of_600_bytes_survives_the_wire),
	t(long_server_and_file_names_go_out_together),
	t(small_message_keeps_what_a_boot_needs_of_a_huge_set),
	t(when_not_all_fits_the_needed_ones_stay), t(put_replaces_and_refuses_what_does_not_fit),
	t(absent_options_read_as_nothing))

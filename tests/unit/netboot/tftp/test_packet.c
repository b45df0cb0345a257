#include "tests/unit/test.h"

#include <errno.h>
#include <stdio.h>

#include "netboot/tftp/packet.h"

/* A request of these texts, each with its NUL. */
#define RRQ "\0\1"
#define DECODE(bytes, ret) tftp_request_decode((bytes), sizeof(bytes) - 1, (ret))

TEST(plain_read_request_is_read)
{
	struct tftp_request r;

	assert_int_equal(DECODE(RRQ "snponly.efi\0octet\0", &r), 0);
	assert_int_equal(r.opcode, TFTP_RRQ);
	assert_int_equal(r.mode, TFTP_MODE_OCTET);
	assert_string_equal(r.name, "snponly.efi");
	assert_false(tftp_options_any(&r.options));
}

TEST(request_of_ovmf_is_read)
{
	struct tftp_request r;

	assert_int_equal(DECODE(RRQ "ipxe.efi\0octet\0tsize\0"
				    "0\0blksize\0"
				    "1468\0windowsize\0"
				    "4\0",
				 &r),
		0);
	assert_true(r.options.has_tsize);
	assert_int_equal(r.options.blksize, 1468);
	assert_int_equal(r.options.windowsize, 4);
	assert_int_equal(r.options.timeout_s, 0);
}

TEST(options_and_modes_are_read_in_any_case)
{
	struct tftp_request r;

	assert_int_equal(DECODE(RRQ "f\0OcTeT\0BLKSIZE\0"
				    "1024\0TimeOut\0"
				    "3\0",
				 &r),
		0);
	assert_int_equal(r.mode, TFTP_MODE_OCTET);
	assert_int_equal(r.options.blksize, 1024);
	assert_int_equal(r.options.timeout_s, 3);
}

TEST(other_modes_are_told_apart)
{
	struct tftp_request r;

	assert_int_equal(DECODE(RRQ "f\0netascii\0", &r), 0);
	assert_int_equal(r.mode, TFTP_MODE_NETASCII);
	assert_int_equal(DECODE(RRQ "f\0mail\0", &r), 0);
	assert_int_equal(r.mode, TFTP_MODE_MAIL);
	assert_int_equal(DECODE(RRQ "f\0\0", &r), 0);
	assert_int_equal(r.mode, TFTP_MODE_UNKNOWN);
}

TEST(values_out_of_range_are_as_if_not_sent)
{
	static const struct {
		const char *option, *value;
	} rows[] = {
		{"blksize", "7"},
		{"blksize", "65465"},
		{"blksize", "-512"},
		{"blksize", "0x200"},
		{"blksize", "512 "},
		{"blksize", ""},
		{"blksize", "99999999999999999999"},
		{"windowsize", "0"},
		{"windowsize", "65536"},
		{"timeout", "0"},
		{"timeout", "256"},
		{"rollover", "2"},
		{"multicast", ""},
		{"", ""},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char packet[128];
		struct tftp_request r;
		int n = snprintf(packet, sizeof(packet), "%c%cf%coctet%c%s%c%s%c", 0, 1, 0, 0,
			rows[i].option, 0, rows[i].value, 0);

		assert_int_equal(tftp_request_decode(packet, (size_t)n, &r), 0);
		assert_false(tftp_options_any(&r.options));
	}
}

TEST(first_of_repeated_options_counts)
{
	struct tftp_request r;

	assert_int_equal(DECODE(RRQ "f\0octet\0blksize\0"
				    "1024\0blksize\0"
				    "2048\0",
				 &r),
		0);
	assert_int_equal(r.options.blksize, 1024);
}

TEST(option_list_that_is_cut_short_counts_as_none)
{
	struct tftp_request r;

	assert_int_equal(DECODE(RRQ "f\0octet\0blksize\0"
				    "1024\0tsize\0",
				 &r),
		0);
	assert_false(tftp_options_any(&r.options));
	assert_int_equal(DECODE(RRQ "f\0octet\0blksize\0"
				    "1024",
				 &r),
		0);
	assert_false(tftp_options_any(&r.options));
}

TEST(what_is_no_request_is_refused)
{
	struct tftp_request r;

	assert_int_equal(DECODE("", &r), -EBADMSG);
	assert_int_equal(DECODE("\0", &r), -EBADMSG);
	assert_int_equal(DECODE("\0\1", &r), -EBADMSG);
	assert_int_equal(DECODE("\0\1f\0", &r), -EBADMSG);
	assert_int_equal(DECODE("\0\1f\0octet", &r), -EBADMSG);
	assert_int_equal(DECODE("\0\3f\0octet\0", &r), -EBADMSG);
	assert_int_equal(DECODE("\1\1f\0octet\0", &r), -EBADMSG);
}

TEST(name_that_does_not_fit_is_refused)
{
	char packet[2 + TFTP_NAME_SIZE + 7];
	struct tftp_request r;

	memset(packet, 'a', sizeof(packet));
	memcpy(packet, RRQ, 2);
	memcpy(packet + 2 + TFTP_NAME_SIZE, "\0octet", 7);
	assert_int_equal(tftp_request_decode(packet, sizeof(packet), &r), -EBADMSG);
	packet[2 + TFTP_NAME_SIZE - 1] = '\0'; /* one shorter, with an unknown mode behind it */
	assert_int_equal(tftp_request_decode(packet, sizeof(packet), &r), 0);
	assert_int_equal(strlen(r.name), TFTP_NAME_SIZE - 1);
}

TEST(names_are_cleaned_of_slashes_and_backslashes)
{
	static const char *const rows[][2] = {
		{"f.bin", "f.bin"},
		{"/f.bin", "f.bin"},
		{"///a//b", "a/b"},
		{"\\Boot\\x64\\f", "Boot/x64/f"},
		{"\\\\f", "f"},
		{"a/..b/...", "a/..b/..."},
		{"a/", "a"},
		{"\xc3\xa4", "\xc3\xa4"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char name[TFTP_NAME_SIZE];

		assert_int_equal(tftp_name_clean(rows[i][0], name), 0);
		assert_string_equal(name, rows[i][1]);
	}
}

TEST(names_that_climb_or_hold_controls_are_refused)
{
	static const char *const rows[] = {"", "/", "\\", "..", "../f", "a/../b", "a\\..\\b", "/..",
		"./f", "a/.", "a\nb", "a\x7f", "\x1b[2J"};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char name[TFTP_NAME_SIZE];

		assert_int_equal(tftp_name_clean(rows[i], name), -EACCES);
	}
}

TEST(longest_name_survives_cleaning)
{
	char sent[TFTP_NAME_SIZE], name[TFTP_NAME_SIZE];

	memset(sent, 'a', sizeof(sent));
	sent[TFTP_NAME_SIZE - 2] = '\0';
	assert_int_equal(tftp_name_clean(sent, name), 0);
	assert_string_equal(name, sent);
}

TEST(oack_has_blksize_first_and_only_what_is_granted)
{
	static const char want[] = "\0\6blksize\0"
				   "1024\0tsize\0"
				   "123456\0windowsize\0"
				   "4\0timeout\0"
				   "3\0rollover\0"
				   "0";
	const struct tftp_options all = {.blksize = 1024,
		.windowsize = 4,
		.timeout_s = 3,
		.has_tsize = true,
		.has_rollover = true};
	const struct tftp_options one = {.windowsize = 8};
	uint8_t packet[TFTP_REPLY_MAX];

	assert_int_equal(tftp_oack_encode(packet, &all, 123456), sizeof(want));
	assert_memory_equal(packet, want, sizeof(want));
	assert_int_equal(tftp_oack_encode(packet, &one, 123456), 15);
	assert_memory_equal(packet,
		"\0\6windowsize\0"
		"8",
		15);
}

TEST(error_ends_with_its_text_and_is_cut_to_a_line)
{
	uint8_t packet[TFTP_REPLY_MAX];
	char text[300];

	assert_int_equal(tftp_error_encode(packet, TFTP_ERROR_NOT_FOUND, "not found"), 4 + 9 + 1);
	assert_memory_equal(packet, "\0\5\0\1not found", 14);
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(tftp_error_encode(packet, TFTP_ERROR_OTHER, text), 4 + 80 + 1);
}

TEST(replies_of_clients_are_read)
{
	enum tftp_opcode opcode;
	uint16_t value;

	assert_true(tftp_reply_decode("\0\4\xff\xfe", 4, &opcode, &value));
	assert_int_equal(opcode, TFTP_ACK);
	assert_int_equal(value, 65534);
	assert_true(tftp_reply_decode("\0\5\0\10User aborted", 16, &opcode, &value));
	assert_int_equal(opcode, TFTP_ERROR);
	assert_int_equal(value, 8);
	assert_false(tftp_reply_decode("\0\4\0", 3, &opcode, &value));
	assert_false(tftp_reply_decode("\0\3\0\1data", 8, &opcode, &value));
	assert_false(tftp_reply_decode("", 0, &opcode, &value));
}

RUN(t(plain_read_request_is_read), t(request_of_ovmf_is_read),
	t(options_and_modes_are_read_in_any_case), t(other_modes_are_told_apart),
	t(values_out_of_range_are_as_if_not_sent), t(first_of_repeated_options_counts),
	t(option_list_that_is_cut_short_counts_as_none), t(what_is_no_request_is_refused),
	t(name_that_does_not_fit_is_refused), t(names_are_cleaned_of_slashes_and_backslashes),
	t(names_that_climb_or_hold_controls_are_refused), t(longest_name_survives_cleaning),
	t(oack_has_blksize_first_and_only_what_is_granted),
	t(error_ends_with_its_text_and_is_cut_to_a_line), t(replies_of_clients_are_read))

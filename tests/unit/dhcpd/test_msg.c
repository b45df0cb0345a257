#include "tests/unit/test.h"

#include "dhcpd/msg.h"

#define HEADER 240

/* A DISCOVER of 244 bytes: the shortest there is. */
static size_t discover(uint8_t p[static 600])
{
	struct wr w = wr_init(p, 600);

	wr_u8(&w, BOOTP_REQUEST);
	wr_u8(&w, MSG_HTYPE_ETHERNET);
	wr_u8(&w, 6);
	wr_u8(&w, 1);
	wr_be32(&w, 0x12345678);
	wr_be16(&w, 9);
	wr_be16(&w, 0x8080);
	for (uint32_t i = 1; i <= 4; i++)
		wr_be32(&w, i);
	wr_bytes(&w, "\x02\x00\x00\x00\x00\x01", 6);
	wr_fill(&w, 0, 10);
	wr_fill(&w, 's', 64);
	wr_fill(&w, 'f', 128);
	wr_be32(&w, 0x63825363);
	wr_bytes(&w, "\x35\x01\x01\xff", 4);
	return w.len;
}

TEST(message_of_244_bytes_is_read_whole)
{
	uint8_t p[600];
	struct msg m;

	assert_int_equal(discover(p), 244);
	assert_int_equal(msg_decode(p, 244, &m), MSG_OK);
	assert_int_equal(m.xid, 0x12345678);
	assert_int_equal(m.hops, 1);
	assert_int_equal(m.secs, 9);
	assert_int_equal(m.flags, 0x8080);
	assert_int_equal(m.ciaddr, 1);
	assert_int_equal(m.giaddr, 4);
	assert_memory_equal(m.chaddr, "\x02\x00\x00\x00\x00\x01", 6);
	assert_int_equal(strlen(m.sname), 64);
	assert_int_equal(strlen(m.file), 128);
	assert_int_equal(opts_u8(&m.opts, OPT_TYPE), DHCP_DISCOVER);
}

TEST(each_fault_of_a_message_has_its_name)
{
	static const struct {
		const char *what;
		size_t at;
		uint8_t byte;
		enum msg_result want;
	} cases[] = {
		{"op of a reply", 0, BOOTP_REPLY, MSG_NOT_REQUEST},
		{"op that is none", 0, 7, MSG_NOT_REQUEST},
		{"hardware address longer than its field", 2, 17, MSG_BAD_HARDWARE},
		{"hardware without a type", 1, 0, MSG_BAD_HARDWARE},
		{"no hardware and no client identifier", 2, 0, MSG_BAD_HARDWARE},
		{"other magic cookie", 236, 0, MSG_BOOTP},
		{"no message type", 240, 0xff, MSG_BOOTP},
		{"option longer than the packet", 241, 9, MSG_MALFORMED},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint8_t p[600];
		struct msg m;
		size_t len = discover(p);

		p[cases[i].at] = cases[i].byte;
		print_message("# %s\n", cases[i].what);
		assert_int_equal(msg_decode(p, len, &m), cases[i].want);
	}
}

TEST(every_truncation_is_refused)
{
	uint8_t p[600];
	struct msg m;
	size_t len = discover(p);

	for (size_t n = 0; n < HEADER; n++)
		assert_int_equal(msg_decode(p, n, &m), MSG_MALFORMED);
	for (size_t n = HEADER; n < len - 1; n++)
		assert_int_not_equal(msg_decode(p, n, &m), MSG_OK);
}

TEST(client_without_hardware_is_known_by_its_identifier)
{
	uint8_t p[600];
	struct msg m;
	size_t len = discover(p);

	p[1] = MSG_HTYPE_INFINIBAND;
	p[2] = 0;
	memcpy(p + len - 1, "\x3d\x03\x20gh\xff", 6);
	assert_int_equal(msg_decode(p, len + 5, &m), MSG_OK);
}

TEST(reply_is_never_shorter_than_300_bytes_and_reads_back)
{
	uint8_t p[600], out[MSG_SIZE_MAX];
	struct wr w = wr_init(out, sizeof(out));
	struct msg m, back;

	assert_int_equal(msg_decode(p, discover(p), &m), MSG_OK);
	msg_encode(&m, rd_init("", 0), 548, &w);
	assert_int_equal(w.len, MSG_SIZE_MIN);
	assert_int_equal(msg_decode(out, w.len, &back), MSG_OK);
	assert_int_equal(back.xid, m.xid);
	assert_int_equal(back.siaddr, m.siaddr);
	assert_string_equal(back.file, m.file);
	assert_memory_equal(back.chaddr, m.chaddr, MSG_HW_MAX);
	for (size_t i = 244; i < w.len; i++)
		assert_int_equal(out[i], 0);
}

TEST(limit_of_a_reply_follows_option_57_within_reason)
{
	static const struct {
		uint16_t said;
		size_t want;
	} cases[] = {{0, 548}, {300, 548}, {576, 548}, {1000, 972}, {1500, 1472}, {65535, 1472}};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct msg m = {0};
		uint8_t wire[2] = {(uint8_t)(cases[i].said >> 8), (uint8_t)cases[i].said};

		if (cases[i].said)
			opts_put(&m.opts, OPT_MAX_SIZE, wire, 2);
		assert_int_equal(msg_size_limit(&m), MSG_SIZE_MIN); /* BOOTP */
		opts_put_u8(&m.opts, OPT_TYPE, DHCP_DISCOVER);
		assert_int_equal(msg_size_limit(&m), cases[i].want);
	}
}

TEST(reply_keeps_to_its_limit)
{
	uint8_t out[MSG_SIZE_MAX];
	struct wr w = wr_init(out, sizeof(out));
	struct msg m = {.op = BOOTP_REPLY};
	char text[255];

	memset(text, 'x', sizeof(text));
	opts_put_u8(&m.opts, OPT_TYPE, DHCP_ACK);
	opts_put(&m.opts, OPT_DOMAIN, text, sizeof(text));
	opts_put(&m.opts, OPT_BOOT_FILE, text, sizeof(text));
	msg_encode(&m, rd_init("", 0), 548, &w);
	assert_true(wr_ok(&w));
	assert_true(w.len <= 548);
}

RUN(t(message_of_244_bytes_is_read_whole), t(each_fault_of_a_message_has_its_name),
	t(every_truncation_is_refused), t(client_without_hardware_is_known_by_its_identifier),
	t(reply_is_never_shorter_than_300_bytes_and_reads_back),
	t(limit_of_a_reply_follows_option_57_within_reason), t(reply_keeps_to_its_limit))

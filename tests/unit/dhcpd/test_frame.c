#include "tests/unit/test.h"

#include "dhcpd/frame.h"

#define IP_AT 14
#define UDP_AT 34

static const struct frame sample = {
	.src_mac = {{2, 0, 0, 0, 0, 1}},
	.dst_mac = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}},
	.src = 0x0a4d0002,
	.dst = 0xffffffff,
	.src_port = 68,
	.dst_port = 67,
};

static size_t build(uint8_t p[static FRAME_SIZE_MAX], const char *payload, size_t len)
{
	struct wr w = wr_init(p, FRAME_SIZE_MAX);

	frame_build(&sample, payload, len, &w);
	assert_true(wr_ok(&w));
	return w.len;
}

/* After a change to the IP header, so that only the change itself can be wrong. */
static void fix_ip_checksum(uint8_t *p)
{
	size_t len = (size_t)(p[IP_AT] & 15) * 4;

	p[IP_AT + 10] = p[IP_AT + 11] = 0;
	uint16_t sum = checksum_finish(checksum_add(0, p + IP_AT, len));
	p[IP_AT + 10] = (uint8_t)(sum >> 8);
	p[IP_AT + 11] = (uint8_t)sum;
}

TEST(what_is_built_parses_back)
{
	uint8_t p[FRAME_SIZE_MAX];
	struct frame f;
	size_t len = build(p, "hello", 5);

	assert_int_equal(frame_parse(p, len, &f), FRAME_UDP);
	assert_int_equal(f.src, sample.src);
	assert_int_equal(f.dst, sample.dst);
	assert_int_equal(f.src_port, 68);
	assert_int_equal(f.dst_port, 67);
	assert_true(mac_is_equal(&f.src_mac, &sample.src_mac));
	assert_int_equal(f.payload.left, 5);
	assert_memory_equal(f.payload.p, "hello", 5);
}

TEST(ethernet_padding_is_not_payload)
{
	uint8_t p[FRAME_SIZE_MAX] = {0};
	struct frame f;

	(void)build(p, "hi", 2);
	assert_int_equal(frame_parse(p, 60, &f), FRAME_UDP);
	assert_int_equal(f.payload.left, 2);
}

TEST(every_truncation_is_malformed)
{
	uint8_t p[FRAME_SIZE_MAX];
	struct frame f;
	size_t len = build(p, "hello", 5);

	for (size_t n = 0; n < len; n++)
		assert_int_equal(frame_parse(p, n, &f), FRAME_MALFORMED);
}

TEST(lying_headers_are_found_out)
{
	static const struct {
		const char *what;
		size_t at;
		uint8_t byte;
		enum frame_result want;
	} cases[] = {
		{"IP version 6 in an IPv4 frame", IP_AT, 0x65, FRAME_MALFORMED},
		{"header of 16 bytes", IP_AT, 0x44, FRAME_MALFORMED},
		{"header longer than the packet", IP_AT, 0x4f, FRAME_MALFORMED},
		{"total length shorter than the header", IP_AT + 3, 19, FRAME_MALFORMED},
		{"total length beyond the frame", IP_AT + 2, 1, FRAME_MALFORMED},
		{"more fragments", IP_AT + 6, 0x20, FRAME_FRAGMENT},
		{"fragment offset", IP_AT + 7, 1, FRAME_FRAGMENT},
		{"TCP", IP_AT + 9, 6, FRAME_OTHER},
		{"UDP length of 7", UDP_AT + 5, 7, FRAME_MALFORMED},
		{"UDP length beyond the packet", UDP_AT + 5, 14, FRAME_MALFORMED},
		{"wrong UDP checksum", UDP_AT + 6, 0x11, FRAME_BAD_CHECKSUM},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint8_t p[FRAME_SIZE_MAX];
		struct frame f;
		size_t len = build(p, "hello", 5);

		p[cases[i].at] = cases[i].byte;
		if (cases[i].want != FRAME_BAD_CHECKSUM && (p[IP_AT] & 15) == 5)
			fix_ip_checksum(p);
		print_message("# %s\n", cases[i].what);
		assert_int_equal(frame_parse(p, len, &f), cases[i].want);
	}
}

TEST(wrong_ip_checksum_is_refused)
{
	uint8_t p[FRAME_SIZE_MAX];
	struct frame f;
	size_t len = build(p, "hello", 5);

	p[IP_AT + 10] ^= 1;
	assert_int_equal(frame_parse(p, len, &f), FRAME_BAD_CHECKSUM);
}

TEST(no_udp_checksum_is_accepted)
{
	uint8_t p[FRAME_SIZE_MAX];
	struct frame f;
	size_t len = build(p, "hello", 5);

	p[UDP_AT + 6] = p[UDP_AT + 7] = 0;
	assert_int_equal(frame_parse(p, len, &f), FRAME_UDP);
}

TEST(checksum_left_to_the_nic_is_accepted)
{
	uint8_t p[FRAME_SIZE_MAX],
		pseudo[12] = {0x0a, 0x4d, 0, 2, 0xff, 0xff, 0xff, 0xff, 0, 17, 0, 13};
	struct frame f;
	size_t len = build(p, "hello", 5);
	uint16_t partial = (uint16_t)~checksum_finish(checksum_add(0, pseudo, sizeof(pseudo)));

	p[UDP_AT + 6] = (uint8_t)(partial >> 8);
	p[UDP_AT + 7] = (uint8_t)partial;
	assert_int_equal(frame_parse(p, len, &f), FRAME_UDP);
}

TEST(ip_options_are_passed_over)
{
	uint8_t p[FRAME_SIZE_MAX], longer[FRAME_SIZE_MAX];
	struct frame f;
	size_t len = build(p, "hello", 5);

	memcpy(longer, p, UDP_AT);
	memset(longer + UDP_AT, 1, 4); /* four no-operation options */
	memcpy(longer + UDP_AT + 4, p + UDP_AT, len - UDP_AT);
	longer[IP_AT] = 0x46;
	longer[IP_AT + 3] = (uint8_t)(longer[IP_AT + 3] + 4);
	fix_ip_checksum(longer);
	assert_int_equal(frame_parse(longer, len + 4, &f), FRAME_UDP);
	assert_memory_equal(f.payload.p, "hello", 5);
}

TEST(tagged_frames_are_of_another_network_unless_the_tag_is_a_priority)
{
	uint8_t p[FRAME_SIZE_MAX], tagged[FRAME_SIZE_MAX];
	struct frame f;
	size_t len = build(p, "hello", 5);

	memcpy(tagged, p, 12);
	memcpy(tagged + 12, "\x81\x00\x00\x05", 4);
	memcpy(tagged + 16, p + 12, len - 12);
	assert_int_equal(frame_parse(tagged, len + 4, &f), FRAME_VLAN);
	memcpy(tagged + 12, "\x81\x00\xe0\x00", 4);
	assert_int_equal(frame_parse(tagged, len + 4, &f), FRAME_UDP);
}

TEST(other_protocols_are_told_apart)
{
	uint8_t p[60] = {0};
	struct frame f;

	memcpy(p + 12, "\x88\xcc", 2);
	assert_int_equal(frame_parse(p, sizeof(p), &f), FRAME_OTHER);
	memcpy(p + 12, "\x08\x06", 2);
	assert_int_equal(frame_parse(p, sizeof(p), &f), FRAME_ARP);
	memcpy(p + 12, "\x86\xdd", 2);
	assert_int_equal(frame_parse(p, sizeof(p), &f), FRAME_IPV6);
	assert_int_equal(f.payload.left, sizeof(p) - 14);
}

TEST(computed_checksum_of_zero_is_sent_as_ffff)
{
	uint8_t p[FRAME_SIZE_MAX], payload[2] = {0};

	/* One 16-bit word of payload can bring the sum to any value; find the one that gives zero. */
	for (unsigned v = 0; v < 0x10000; v++) {
		struct wr w = wr_init(p, sizeof(p));

		payload[0] = (uint8_t)(v >> 8);
		payload[1] = (uint8_t)v;
		frame_build(&sample, payload, 2, &w);
		assert_false(p[UDP_AT + 6] == 0 && p[UDP_AT + 7] == 0);
	}
}

RUN(t(what_is_built_parses_back), t(ethernet_padding_is_not_payload),
	t(every_truncation_is_malformed), t(lying_headers_are_found_out),
	t(wrong_ip_checksum_is_refused), t(no_udp_checksum_is_accepted),
	t(checksum_left_to_the_nic_is_accepted), t(ip_options_are_passed_over),
	t(tagged_frames_are_of_another_network_unless_the_tag_is_a_priority),
	t(other_protocols_are_told_apart), t(computed_checksum_of_zero_is_sent_as_ffff))

#include "tests/unit/test.h"

#include "dhcpd/arp.h"
#include "dhcpd/frame.h"

#define ADDRESS 0x0a4d0064
#define SENDER_MAC_AT 8
#define SENDER_ADDRESS_AT 14
#define TARGET_ADDRESS_AT 24

static const struct mac ours = {{2, 0, 0, 0, 0, 1}}, holder = {{2, 0, 0, 0, 0, 9}};

/* What stands behind the Ethernet header of an answer to a probe. */
static void answer(uint8_t p[static 28])
{
	struct wr w = wr_init(p, 28);

	wr_bytes(&w, "\x00\x01\x08\x00\x06\x04\x00\x02", 8);
	wr_bytes(&w, holder.b, MAC_LEN);
	wr_be32(&w, ADDRESS);
	wr_bytes(&w, ours.b, MAC_LEN);
	wr_be32(&w, 0);
	assert_true(wr_ok(&w) && w.len == 28);
}

TEST(probe_is_a_broadcast_in_nobodys_name)
{
	static const uint8_t want[42] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1, 8, 6,
		0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 10, 77, 0,
		100};
	uint8_t p[ARP_FRAME_SIZE];
	struct wr w = wr_init(p, sizeof(p));
	struct frame f;

	arp_build_probe(&ours, ADDRESS, &w);
	assert_true(wr_ok(&w));
	assert_int_equal(w.len, ARP_FRAME_SIZE);
	assert_memory_equal(p, want, sizeof(want));
	assert_int_equal(frame_parse(p, w.len, &f), FRAME_ARP);
	assert_int_equal(f.payload.left, ARP_FRAME_SIZE - 14);
}

TEST(answer_tells_who_has_which_address)
{
	uint8_t p[28];
	struct arp_answer a;

	answer(p);
	assert_true(arp_read_answer(rd_init(p, sizeof(p)), &a));
	assert_int_equal(a.address, ADDRESS);
	assert_true(mac_is_equal(&a.mac, &holder));
}

TEST(every_truncation_is_no_answer)
{
	uint8_t p[28];
	struct arp_answer a;

	answer(p);
	for (size_t n = 0; n < sizeof(p); n++)
		assert_false(arp_read_answer(rd_init(p, n), &a));
}

TEST(what_answers_no_probe_is_passed_over)
{
	static const struct {
		const char *what;
		size_t at;
		uint8_t byte;
	} cases[] = {
		{"hardware that is not Ethernet", 1, 6},
		{"protocol that is not IPv4", 2, 0x86},
		{"hardware address of 8 bytes", 4, 8},
		{"protocol address of 16 bytes", 5, 16},
		{"request", 7, 1},
		{"answer in the name of a group", SENDER_MAC_AT, 3},
		{"answer to an address", TARGET_ADDRESS_AT + 3, 1},
	};
	struct arp_answer a;
	uint8_t p[28];

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		answer(p);
		p[cases[i].at] = cases[i].byte;
		print_message("# %s\n", cases[i].what);
		assert_false(arp_read_answer(rd_init(p, sizeof(p)), &a));
	}
	answer(p);
	memset(p + SENDER_ADDRESS_AT, 0, 4);
	assert_false(arp_read_answer(rd_init(p, sizeof(p)), &a));
}

RUN(t(probe_is_a_broadcast_in_nobodys_name), t(answer_tells_who_has_which_address),
	t(every_truncation_is_no_answer), t(what_answers_no_probe_is_passed_over))

#include "tests/unit/test.h"

#include "dhcpd/frame.h"
#include "dhcpd/icmp.h"

#define ID 0x1234
#define FROM 0x0a4e0064
#define HEADER 20
#define SIZE (HEADER + ICMP_ECHO_SIZE)

/* An answer as a raw socket hands it over, with `extra` words of IP options. */
static size_t answer(uint8_t *p, size_t extra)
{
	size_t header = HEADER + extra * 4;
	struct wr w = wr_init(p, header + ICMP_ECHO_SIZE);

	wr_u8(&w, (uint8_t)(0x40 | header / 4));
	wr_fill(&w, 0, 8);
	wr_u8(&w, 1);
	wr_be16(&w, 0);
	wr_be32(&w, FROM);
	wr_be32(&w, 0x0a4d0001);
	wr_fill(&w, 1, extra * 4);
	icmp_build_echo(ID, 7, &w);
	assert_true(wr_ok(&w));
	p[header] = 0; /* an echo's answer; the checksum's sum falls by 0x0800 */
	p[header + 2] = p[header + 3] = 0;
	wr_patch_be16(&w, header + 2, checksum_finish(checksum_add(0, p + header, ICMP_ECHO_SIZE)));
	return w.len;
}

TEST(echo_has_a_checksum_that_is_right)
{
	uint8_t p[ICMP_ECHO_SIZE];
	struct wr w = wr_init(p, sizeof(p));

	icmp_build_echo(ID, 7, &w);
	assert_int_equal(w.len, ICMP_ECHO_SIZE);
	assert_int_equal(p[0], 8);
	assert_int_equal(checksum_finish(checksum_add(0, p, sizeof(p))), 0);
}

TEST(answer_tells_its_sender)
{
	uint8_t p[SIZE + 40];
	uint32_t from;

	for (size_t extra = 0; extra <= 10; extra++) {
		size_t len = answer(p, extra);

		from = 0;
		assert_true(icmp_read_answer(p, len, ID, &from));
		assert_int_equal(from, FROM);
	}
}

TEST(every_truncation_is_no_answer)
{
	uint8_t p[SIZE];
	uint32_t from;
	size_t len = answer(p, 0);

	/* Behind the header only zeros follow, and those a checksum does not miss. */
	for (size_t n = 0; n < HEADER + 6; n++)
		assert_false(icmp_read_answer(p, n, ID, &from));
	assert_true(icmp_read_answer(p, len, ID, &from));
}

TEST(what_is_no_answer_of_ours_is_passed_over)
{
	static const struct {
		const char *what;
		size_t at;
		uint8_t byte;
	} cases[] = {
		{"IP version 6", 0, 0x65},
		{"IP header of 16 bytes", 0, 0x44},
		{"IP header longer than the packet", 0, 0x4f},
		{"UDP", 9, 17},
		{"echo request", HEADER, 8},
		{"code 1", HEADER + 1, 1},
		{"wrong checksum", HEADER + 2, 0x5a},
		{"somebody else's ping", HEADER + 4, 0x99},
	};
	uint8_t p[SIZE];
	uint32_t from;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		size_t len = answer(p, 0);

		p[cases[i].at] = cases[i].byte;
		print_message("# %s\n", cases[i].what);
		assert_false(icmp_read_answer(p, len, ID, &from));
	}
}

RUN(t(echo_has_a_checksum_that_is_right), t(answer_tells_its_sender),
	t(every_truncation_is_no_answer), t(what_is_no_answer_of_ours_is_passed_over))

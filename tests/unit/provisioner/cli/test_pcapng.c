#include "tests/unit/test.h"

#include <pcap/pcap.h>
#include <stdio.h>

#include "provisioner/base/rd.h"
#include "provisioner/cli/pcapng.h"

static uint8_t bytes[2 * PCAPNG_BLOCK_MAX];

/* Every block's length stands at both of its ends and is a multiple of four. */
static unsigned count_blocks(const struct wr *w)
{
	struct rd r = rd_init(w->p, w->len);
	unsigned n = 0;

	while (rd_ok(&r) && r.left > 0) {
		struct rd block = r;

		rd_skip(&block, 4);
		uint32_t len = rd_be32(&block);
		assert_true(len >= 12 && len % 4 == 0 && len <= r.left);
		rd_skip(&block, len - 12);
		assert_int_equal(rd_be32(&block), len);
		assert_true(rd_ok(&block));
		rd_skip(&r, len);
		n++;
	}
	assert_true(rd_ok(&r));
	return n;
}

static struct pcapng_packet packet(const char *comment, size_t len)
{
	static const uint8_t frame[2048] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2};

	return (struct pcapng_packet){
		.wall_us = 1795313469123456, .bytes = frame, .len = len, .comment = comment};
}

TEST(a_section_begins_with_its_header_and_its_interface)
{
	static const uint8_t want[] = {0x0a, 0x0d, 0x0d, 0x0a, 0, 0, 0, 44, 0x1a, 0x2b, 0x3c, 0x4d,
		0, 1, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 4, 0, 7, 's', 'l',
		'i', 'p', 'w', 'a', 'y', 0, 0, 0, 0, 0, 0, 0, 0, 44,
		/* the interface */
		0, 0, 0, 1, 0, 0, 0, 44, 0, 1, 0, 0, 0, 0, 8, 0, 0, 2, 0, 5, 'b', 'o', 'n', 'd',
		'0', 0, 0, 0, 0, 9, 0, 1, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 44};
	struct wr w = wr_init(bytes, sizeof(bytes));

	pcapng_begin(&w, "slipway", "bond0");
	assert_true(wr_ok(&w));
	assert_int_equal(w.len, sizeof(want));
	assert_memory_equal(bytes, want, sizeof(want));
	assert_int_equal(count_blocks(&w), 2);
}

TEST(all_lengths_of_frames_and_comments_are_padded)
{
	static const char text[] = "OFFER 10.0.0.5";

	for (size_t len = 14; len < 22; len++) {
		for (size_t at = 0; at < sizeof(text); at++) {
			struct wr w = wr_init(bytes, sizeof(bytes));
			struct pcapng_packet p = packet(text + at, len);

			pcapng_add(&w, &p);
			pcapng_end(&w, 1, 2, 3);
			assert_true(wr_ok(&w));
			assert_int_equal(count_blocks(&w), 2);
		}
	}
}

TEST(the_largest_frame_with_the_longest_comment_fits)
{
	char comment[1025];
	struct wr w = wr_init(bytes, PCAPNG_BLOCK_MAX);

	memset(comment, 'x', sizeof(comment));
	comment[sizeof(comment) - 1] = '\0';
	struct pcapng_packet p = packet(comment, 2048);
	p.n_lost = UINT64_MAX;
	pcapng_add(&w, &p);
	assert_true(wr_ok(&w));
	assert_int_equal(count_blocks(&w), 1);
}

TEST(what_does_not_fit_is_an_error)
{
	struct wr w = wr_init(bytes, 100);
	struct pcapng_packet p = packet("", 342);

	pcapng_add(&w, &p);
	assert_false(wr_ok(&w));
}

TEST(libpcap_reads_it)
{
	char error[PCAP_ERRBUF_SIZE] = "";
	struct wr w = wr_init(bytes, sizeof(bytes));
	struct pcapng_packet in = packet("dropped: pool exhausted", 342), out = packet("", 77);
	struct pcap_pkthdr *h;
	const u_char *frame;

	pcapng_begin(&w, "slipway", "bond0");
	pcapng_add(&w, &in);
	out.is_outbound = true;
	out.wall_us++;
	pcapng_add(&w, &out);
	pcapng_end(&w, out.wall_us, 2, 0);
	FILE *f = fmemopen(bytes, w.len, "rb");
	assert_non_null(f);
	pcap_t *pcap =
		pcap_fopen_offline_with_tstamp_precision(f, PCAP_TSTAMP_PRECISION_NANO, error);
	assert_string_equal(error, "");
	assert_non_null(pcap);
	assert_int_equal(pcap_datalink(pcap), DLT_EN10MB);
	assert_int_equal(pcap_next_ex(pcap, &h, &frame), 1);
	assert_int_equal(h->caplen, 342);
	assert_int_equal(h->ts.tv_sec, 1795313469);
	assert_int_equal(h->ts.tv_usec, 123456000);
	assert_memory_equal(frame, in.bytes, 342);
	assert_int_equal(pcap_next_ex(pcap, &h, &frame), 1);
	assert_int_equal(h->len, 77);
	assert_int_equal(h->ts.tv_usec, 123457000);
	assert_int_equal(pcap_next_ex(pcap, &h, &frame), PCAP_ERROR_BREAK);
	pcap_close(pcap);
}

RUN(t(a_section_begins_with_its_header_and_its_interface),
	t(all_lengths_of_frames_and_comments_are_padded),
	t(the_largest_frame_with_the_longest_comment_fits), t(what_does_not_fit_is_an_error),
	t(libpcap_reads_it))

#include "tests/unit/test.h"

#include "dhcpd/describe.h"

static const struct message_frame empty;

static struct msg discover(void)
{
	struct msg m = {.op = BOOTP_REQUEST, .htype = 1, .hlen = 6, .xid = 0x3903f326};

	opts_put_u8(&m.opts, OPT_TYPE, DHCP_DISCOVER);
	return m;
}

TEST(ends_are_written_as_tcpdump_does)
{
	struct message_frame f = empty;

	describe_ends(0, 68, UINT32_MAX, 67, &f);
	assert_string_equal(f.ends, "0.0.0.0.68 > 255.255.255.255.67");
	describe_ends(UINT32_MAX, 65535, UINT32_MAX, 65535, &f);
	assert_string_equal(f.ends, "255.255.255.255.65535 > 255.255.255.255.65535");
}

TEST(a_request_is_told_with_what_it_says)
{
	struct message_frame f = empty;
	struct msg m = discover();

	describe_request(&m, &f);
	assert_string_equal(f.text, "DISCOVER xid 0x3903f326");
	assert_int_equal(f.address, 0);

	m.giaddr = 0x0a010001;
	m.secs = 4;
	opts_put_u32(&m.opts, OPT_ADDRESS, 0x0a000005);
	opts_put(&m.opts, OPT_ARCH, "\0\7", 2);
	opts_put_text(&m.opts, OPT_HOSTNAME, "laptop");
	describe_request(&m, &f);
	assert_string_equal(f.text, "DISCOVER xid 0x3903f326 wants 10.0.0.5 by relay 10.1.0.1 "
				    "arch 7 name \"laptop\" secs 4");
	assert_int_equal(f.address, 0x0a000005);
}

TEST(what_a_machine_says_of_itself_is_printable_and_cut)
{
	struct message_frame f = empty;
	struct msg m = discover();
	uint8_t evil[255];

	for (size_t i = 0; i < sizeof(evil); i++)
		evil[i] = (uint8_t)(i * 7 + 27);
	opts_put(&m.opts, OPT_HOSTNAME, evil, sizeof(evil));
	opts_put(&m.opts, OPT_CLASS, evil, sizeof(evil));
	opts_put(&m.opts, OPT_USER_CLASS, evil, sizeof(evil));
	describe_request(&m, &f);
	assert_true(strlen(f.text) < sizeof(f.text));
	for (const char *c = f.text; *c; c++)
		assert_in_range(*c, ' ', '~');
}

TEST(a_verdict_names_the_answer_and_what_it_grants)
{
	struct decision d = {.what = COUNT_OFFER, .has_reply = true};
	struct message_frame f = empty;

	d.exchange = (struct message_exchange){.stage = STAGE_FIRMWARE,
		.reply = DHCP_OFFER,
		.address = 0x0a000005,
		.lease_s = 60,
		.boot_file = "snponly.efi"};
	describe_decision(&d, &f);
	assert_string_equal(
		f.verdict, "OFFER 10.0.0.5 for firmware, lease 60 s, boot file \"snponly.efi\"");

	d.exchange = (struct message_exchange){
		.stage = STAGE_OS, .reply = DHCP_NAK, .note = "address is not of this network"};
	describe_decision(&d, &f);
	assert_string_equal(f.verdict, "NAK (address is not of this network)");
}

TEST(a_verdict_says_why_there_is_no_answer)
{
	struct decision d = {.what = COUNT_POOL_EXHAUSTED};
	struct message_frame f = empty;

	describe_decision(&d, &f);
	assert_string_equal(f.verdict, "dropped: no address left in the pool");
	(void)stpcpy(d.exchange.note, "no address left in the pool");
	describe_decision(&d, &f);
	assert_string_equal(f.verdict, "dropped: no address left in the pool");
	(void)stpcpy(d.exchange.note, "of subnet 10.0.0.0/24");
	describe_decision(&d, &f);
	assert_string_equal(
		f.verdict, "dropped: no address left in the pool (of subnet 10.0.0.0/24)");
}

TEST(every_reason_to_drop_has_its_words)
{
	for (int i = COUNT_NONE + 1; i < N_COUNTERS; i++) {
		struct message_frame f = empty;

		describe_drop((enum counter)i, &f);
		assert_non_null(strstr(f.verdict, counter_text((enum counter)i)));
		assert_true(strlen(f.verdict) < sizeof(f.verdict) - 1);
	}
}

TEST(a_reply_is_told_by_its_type_and_its_own_transaction)
{
	static const uint8_t payload[] = {2, 1, 6, 0, 0x39, 0x03, 0xf3, 0x26};
	struct message_exchange x = {
		.reply = DHCP_ACK, .stage = STAGE_OS, .address = 0x0a000005, .lease_s = UINT32_MAX};
	struct message_frame f = empty;

	describe_reply(&x, payload, sizeof(payload), &f);
	assert_string_equal(f.text, "ACK xid 0x3903f326");
	assert_string_equal(f.verdict, "ACK 10.0.0.5, for ever");
	assert_int_equal(f.address, 0x0a000005);
	describe_reply(&x, payload, 3, &f);
	assert_string_equal(f.text, "ACK xid 0x00000000");
}

RUN(t(ends_are_written_as_tcpdump_does), t(a_request_is_told_with_what_it_says),
	t(what_a_machine_says_of_itself_is_printable_and_cut),
	t(a_verdict_names_the_answer_and_what_it_grants), t(a_verdict_says_why_there_is_no_answer),
	t(every_reason_to_drop_has_its_words),
	t(a_reply_is_told_by_its_type_and_its_own_transaction))

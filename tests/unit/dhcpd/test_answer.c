#include "tests/unit/test.h"

#include <stdio.h>

#include "dhcpd/answer.h"

static const struct message_network network = {
	.net = {0x0a4d0001, 24},
	.router = 0x0a4d00fe,
	.dns = {0x0a4d0001, 0x0a4d0002},
	.domain = "lab.internal",
};

TEST(reply_copies_what_identifies_the_exchange)
{
	struct msg in = {.op = BOOTP_REQUEST,
		.htype = 1,
		.hlen = 6,
		.hops = 3,
		.xid = 7,
		.secs = 12,
		.flags = 0x8080,
		.ciaddr = 1,
		.giaddr = 2,
		.chaddr = {2, 0, 0, 0, 0, 1, 9, 9}};
	struct msg out;

	opts_put(&in.opts, OPT_CLIENT_ID, "\x01\x02", 2);
	opts_put(&in.opts, OPT_RELAY, "\x01\x01x", 3);
	answer_begin(&in, DHCP_OFFER, 0x0a4d0001, &out);
	assert_int_equal(out.op, BOOTP_REPLY);
	assert_int_equal(out.xid, 7);
	assert_int_equal(out.flags, 0x8080);
	assert_int_equal(out.giaddr, 2);
	assert_int_equal(out.hops, 0);
	assert_int_equal(out.secs, 0);
	assert_int_equal(out.ciaddr, 0);
	assert_memory_equal(out.chaddr, in.chaddr, MSG_HW_MAX);
	assert_int_equal(opts_value(&out.opts, OPT_CLIENT_ID).left, 2);
	assert_int_equal(opts_value(&out.opts, OPT_RELAY).left, 3);
	assert_int_equal(opts_u32(&out.opts, OPT_SERVER), 0x0a4d0001);
}

TEST(relayed_nak_asks_the_relay_to_broadcast)
{
	struct msg in = {.giaddr = 2}, out;

	answer_begin(&in, DHCP_NAK, 1, &out);
	assert_int_equal(out.flags, BOOTP_BROADCAST);
	in.giaddr = 0;
	answer_begin(&in, DHCP_NAK, 1, &out);
	assert_int_equal(out.flags, 0);
}

TEST(times_are_half_and_seven_eighths_of_the_lease)
{
	static const uint32_t leases[] = {2, 60, 3600, 43200, UINT32_MAX - 1};

	for (size_t i = 0; i < ARRAY_LEN(leases); i++) {
		struct msg m = {0};
		uint32_t t1, t2;

		answer_lease(&m, 5, leases[i]);
		t1 = opts_u32(&m.opts, OPT_T1);
		t2 = opts_u32(&m.opts, OPT_T2);
		assert_int_equal(m.yiaddr, 5);
		assert_int_equal(opts_u32(&m.opts, OPT_LEASE), leases[i]);
		assert_int_equal(t1, leases[i] / 2);
		assert_true(t1 <= t2 && t2 < leases[i]);
	}
}

TEST(lease_without_an_end_has_no_times)
{
	struct msg m = {0};

	answer_lease(&m, 5, LEASE_INFINITE_S);
	assert_int_equal(opts_u32(&m.opts, OPT_LEASE), UINT32_MAX);
	assert_false(opts_has(&m.opts, OPT_T1) || opts_has(&m.opts, OPT_T2));
}

TEST(client_gets_what_it_wants_and_always_mask_and_router)
{
	struct message_node node = {.name = "worker1"};
	struct msg in = {0}, out = {0};

	opts_put(&in.opts, OPT_WANTED, "\x0f", 1);
	answer_parameters(&in, &network, &node, &out);
	assert_int_equal(opts_u32(&out.opts, OPT_MASK), 0xffffff00);
	assert_int_equal(opts_u32(&out.opts, OPT_ROUTERS), 0x0a4d00fe);
	assert_true(opts_begins(&out.opts, OPT_DOMAIN, "lab.internal"));
	assert_false(opts_has(&out.opts, OPT_DNS));
	assert_false(opts_has(&out.opts, OPT_HOSTNAME));
	assert_false(opts_has(&out.opts, OPT_BROADCAST));
}

TEST(client_that_names_nothing_gets_everything)
{
	struct message_node node = {.name = "worker1"};
	struct msg in = {0}, out = {0};

	answer_parameters(&in, &network, &node, &out);
	assert_int_equal(opts_value(&out.opts, OPT_DNS).left, 8);
	assert_true(opts_begins(&out.opts, OPT_HOSTNAME, "worker1"));
	assert_int_equal(opts_u32(&out.opts, OPT_BROADCAST), 0x0a4d00ff);
}

TEST(what_is_not_set_is_not_sent)
{
	struct message_network bare = {.net = {0x0a4d0001, 24}};
	struct msg in = {0}, out = {0};

	answer_parameters(&in, &bare, NULL, &out);
	assert_false(opts_has(&out.opts, OPT_ROUTERS));
	assert_false(opts_has(&out.opts, OPT_DNS));
	assert_false(opts_has(&out.opts, OPT_DOMAIN));
	assert_false(opts_has(&out.opts, OPT_HOSTNAME));
}

TEST(listed_option_is_sent_to_who_asks_for_it_or_always)
{
	struct message_network n = network;
	struct msg in = {0}, out = {0}, silent = {0}, old = {0};

	n.options_len = 8 + 6 + 5;
	memcpy(n.options, "\x2a\0\0\x04\x0a\0\0\x01\x72\x01\0\x02ht\x7d\0\0\x01x", n.options_len);
	opts_put(&in.opts, OPT_WANTED, "\x2a\x2a", 2);
	answer_listed(&in, &n, &out);
	assert_int_equal(opts_u32(&out.opts, 42), 0x0a000001);
	assert_true(opts_has(&out.opts, 114));
	assert_false(opts_has(&out.opts, 125));
	answer_listed(&silent, &n, &old);
	assert_false(opts_has(&old.opts, 42));
	assert_true(opts_has(&old.opts, 114));
	/* What is there already is ours. */
	old = (struct msg){0};
	opts_put_u8(&old.opts, 114, 7);
	answer_listed(&silent, &n, &old);
	assert_int_equal(opts_u8(&old.opts, 114), 7);
}

RUN(t(listed_option_is_sent_to_who_asks_for_it_or_always),
	t(reply_copies_what_identifies_the_exchange), t(relayed_nak_asks_the_relay_to_broadcast),
	t(times_are_half_and_seven_eighths_of_the_lease), t(lease_without_an_end_has_no_times),
	t(client_gets_what_it_wants_and_always_mask_and_router),
	t(client_that_names_nothing_gets_everything), t(what_is_not_set_is_not_sent))

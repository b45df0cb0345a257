#include "tests/unit/dhcpd/lab.h"

TEST(offer_holds_the_address_but_needs_no_disk)
{
	LAB;
	const struct decision *d = discover(lab, 10);

	assert_int_equal(d->what, COUNT_OFFER);
	assert_int_equal(d->reply.yiaddr, POOL);
	assert_null(d->commit);
	assert_int_equal(opts_u32(&d->reply.opts, OPT_SERVER), SERVER);
	assert_int_equal(discover(lab, 11)->reply.yiaddr, POOL + 1);
}

TEST(repeated_discover_gets_the_same_address)
{
	LAB;
	uint32_t first = discover(lab, 10)->reply.yiaddr;
	struct msg again = message(DHCP_DISCOVER, 10);

	again.xid = 99;
	assert_int_equal(hear(lab, &again)->reply.yiaddr, first);
	lab->now_ms += 10 * MINUTE;
	assert_int_equal(discover(lab, 10)->reply.yiaddr, first);
}

TEST(offer_that_nobody_takes_goes_to_another_in_the_end)
{
	LAB;

	for (uint8_t i = 0; i < POOL_SIZE; i++)
		assert_int_equal(discover(lab, (uint8_t)(10 + i))->reply.yiaddr, POOL + i);
	assert_int_equal(discover(lab, 30)->what, COUNT_POOL_EXHAUSTED);
	lab->now_ms += 2 * MINUTE;
	assert_int_equal(discover(lab, 30)->reply.yiaddr, POOL);
}

TEST(machine_finds_its_expired_lease_again)
{
	LAB;
	uint32_t first = get_address(lab, 10);

	lab->now_ms += (int64_t)LEASE_S * 1000 + 1;
	assert_int_equal(discover(lab, 11)->reply.yiaddr, POOL + 1);
	assert_int_equal(discover(lab, 10)->reply.yiaddr, first);
}

TEST(wished_address_is_given_when_it_is_free)
{
	LAB;
	struct msg m = message(DHCP_DISCOVER, 10);

	opts_put_u32(&m.opts, OPT_ADDRESS, POOL + 2);
	assert_int_equal(hear(lab, &m)->reply.yiaddr, POOL + 2);
}

TEST(wished_address_that_is_not_to_be_had_is_passed_over)
{
	LAB;
	uint32_t wishes[] = {
		FIXED, SERVER, FOREIGN, POOL + POOL_SIZE, 0x0a4d0000, 0x0a4d00ff, UINT32_MAX};

	for (size_t i = 0; i < ARRAY_LEN(wishes); i++) {
		struct msg m = message(DHCP_DISCOVER, 10);

		opts_put_u32(&m.opts, OPT_ADDRESS, wishes[i]);
		assert_int_equal(hear(lab, &m)->reply.yiaddr, POOL);
	}
}

TEST(ciaddr_in_a_discover_means_nothing)
{
	LAB;
	struct msg m = message(DHCP_DISCOVER, 10);

	m.ciaddr = POOL + 3;
	const struct decision *d = hear(lab, &m);
	assert_int_equal(d->reply.yiaddr, POOL);
	assert_int_equal(d->reply.ciaddr, 0);
}

TEST(addresses_of_the_network_itself_are_never_given)
{
	LAB;

	lab->network.router = POOL;
	lab->network.dns[0] = POOL + 1;
	lab_set_networks(lab);
	assert_int_equal(discover(lab, 10)->reply.yiaddr, POOL + 2);
	/* 10.77.0.98/29 ends with the broadcast address 10.77.0.103, the last one of the pool. */
	lab->settings.server = lab->network.net = (struct ipv4_net){0x0a4d0062, 29};
	lab->network.router = lab->network.dns[0] = 0;
	lab_set_networks(lab);
	assert_int_equal(discover(lab, 11)->reply.yiaddr, POOL);
	assert_int_equal(discover(lab, 12)->reply.yiaddr, POOL + 1);
	assert_int_equal(discover(lab, 13)->what, COUNT_POOL_EXHAUSTED);
}

/* RFC 4039. */
TEST(rapid_commit_leases_in_two_messages_where_it_is_configured)
{
	LAB;
	struct msg m = message(DHCP_DISCOVER, 10);

	m.ciaddr = FOREIGN; /* which means nothing in a DISCOVER */
	opts_put(&m.opts, OPT_RAPID_COMMIT, "", 0);
	assert_int_equal(hear(lab, &m)->what, COUNT_OFFER);
	assert_false(opts_has(&lab->d.reply.opts, OPT_RAPID_COMMIT));
	lab->settings.rapid_commit = 1;
	const struct decision *d = hear(lab, &m);
	assert_int_equal(d->what, COUNT_ACK);
	assert_int_equal(opts_u8(&d->reply.opts, OPT_TYPE), DHCP_ACK);
	assert_true(opts_has(&d->reply.opts, OPT_RAPID_COMMIT));
	assert_int_equal(d->reply.yiaddr, POOL);
	assert_int_equal(d->reply.ciaddr, 0);
	assert_int_equal(d->route.via, ROUTE_FRAME);
	assert_non_null(d->commit);                             /* the ACK waits for the disk */
	assert_int_equal(discover(lab, 11)->what, COUNT_OFFER); /* has not asked for it */
	assert_int_equal(renew(lab, 10, POOL)->what, COUNT_ACK);
}

RUN(with_lab(offer_holds_the_address_but_needs_no_disk),
	with_lab(repeated_discover_gets_the_same_address),
	with_lab(offer_that_nobody_takes_goes_to_another_in_the_end),
	with_lab(machine_finds_its_expired_lease_again),
	with_lab(wished_address_is_given_when_it_is_free),
	with_lab(wished_address_that_is_not_to_be_had_is_passed_over),
	with_lab(ciaddr_in_a_discover_means_nothing),
	with_lab(addresses_of_the_network_itself_are_never_given),
	with_lab(rapid_commit_leases_in_two_messages_where_it_is_configured))

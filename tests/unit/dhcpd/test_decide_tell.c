#include "tests/unit/dhcpd/lab.h"

TEST(declined_address_is_given_to_nobody_for_a_while)
{
	LAB;

	assert_int_equal(get_address(lab, 10), POOL);
	const struct decision *d = tell(lab, DHCP_DECLINE, 10, POOL);
	assert_int_equal(d->what, COUNT_DECLINED);
	assert_false(d->has_reply);
	assert_non_null(d->commit);
	assert_true(d->is_tellable);
	assert_int_equal(discover(lab, 10)->reply.yiaddr, POOL + 1);
	assert_int_equal(reboot(lab, 11, POOL)->what, COUNT_NAK);
	lab->now_ms += 11 * MINUTE;
	assert_int_equal(reboot(lab, 11, POOL)->what, COUNT_ACK);
}

TEST(nobody_declines_or_releases_for_another)
{
	LAB;

	assert_int_equal(get_address(lab, 10), POOL);
	assert_int_equal(tell(lab, DHCP_DECLINE, 11, POOL)->what, COUNT_NOT_THE_HOLDER);
	assert_int_equal(tell(lab, DHCP_RELEASE, 11, POOL)->what, COUNT_NOT_THE_HOLDER);
	assert_int_equal(tell(lab, DHCP_DECLINE, 10, POOL + 1)->what, COUNT_NOT_THE_HOLDER);
	assert_int_equal(tell(lab, DHCP_DECLINE, 10, 0)->what, COUNT_NOT_THE_HOLDER);
	assert_int_equal(renew(lab, 10, POOL)->what, COUNT_ACK);
}

TEST(one_machine_cannot_decline_the_whole_pool)
{
	LAB;

	lab->network.pool_last = POOL + 49;
	lab_set_networks(lab);
	for (int i = 0; i < 4; i++)
		assert_int_equal(
			tell(lab, DHCP_DECLINE, 10, get_address(lab, 10))->what, COUNT_DECLINED);
	assert_int_equal(
		tell(lab, DHCP_DECLINE, 10, get_address(lab, 10))->what, COUNT_TOO_MANY_DECLINES);
}

TEST(fixed_address_is_never_put_in_quarantine)
{
	LAB;

	assert_int_equal(get_address(lab, 1), FIXED);
	assert_int_equal(tell(lab, DHCP_DECLINE, 1, FIXED)->what, COUNT_DECLINED);
	assert_non_null(strstr(lab->d.exchange.note, "10.77.0.10"));
	assert_int_equal(discover(lab, 1)->reply.yiaddr, FIXED);
}

TEST(released_address_is_free_but_remembered)
{
	LAB;

	assert_int_equal(get_address(lab, 10), POOL);
	const struct decision *d = tell(lab, DHCP_RELEASE, 10, POOL);
	assert_int_equal(d->what, COUNT_RELEASED);
	assert_false(d->has_reply);
	assert_non_null(d->commit);
	assert_int_equal(discover(lab, 11)->reply.yiaddr, POOL + 1);
	assert_int_equal(discover(lab, 10)->reply.yiaddr, POOL);
	assert_int_equal(tell(lab, DHCP_RELEASE, 10, POOL)->what, COUNT_NOT_THE_HOLDER);
}

TEST(inform_gets_parameters_without_a_lease)
{
	LAB;
	struct msg m = message(DHCP_INFORM, 10);

	m.ciaddr = 0x0a4d0032;
	const struct decision *d = hear(lab, &m);
	assert_int_equal(d->what, COUNT_ACK);
	assert_null(d->commit);
	assert_int_equal(d->reply.yiaddr, 0);
	assert_int_equal(d->reply.ciaddr, m.ciaddr);
	assert_true(opts_has(&d->reply.opts, OPT_MASK));
	assert_false(opts_has(&d->reply.opts, OPT_LEASE));
	assert_false(opts_has(&d->reply.opts, OPT_T1));
	assert_int_equal(lease_count(lab->state.leases), 0);
}

RUN(with_lab(declined_address_is_given_to_nobody_for_a_while),
	with_lab(nobody_declines_or_releases_for_another),
	with_lab(one_machine_cannot_decline_the_whole_pool),
	with_lab(fixed_address_is_never_put_in_quarantine),
	with_lab(released_address_is_free_but_remembered),
	with_lab(inform_gets_parameters_without_a_lease))

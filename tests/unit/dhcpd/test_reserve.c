#include "tests/unit/dhcpd/lab.h"

#include "dhcpd/conflict.h"

/* Of the pool's four addresses one is kept for the only node without an address of its own (3, 4). */
static struct reserve reserve;
static struct probe_table *probes;

static int up(void **state)
{
	struct message_node pooled = {
		.name = "worker1", .n_macs = 2, .macs = {mac_of(3), mac_of(4)}};
	struct node_table *nodes = node_table_new(1);
	struct lab *lab;
	int rc = lab_up(state);

	lab = *state;
	node_table_free((struct node_table *)(uintptr_t)lab->state.nodes);
	assert_int_equal(node_table_add(nodes, &pooled), 0);
	lab->state.nodes = nodes;
	reserve = (struct reserve){0};
	lab->state.reserve = &reserve;
	probes = probe_table_new();
	return rc;
}

static int down(void **state)
{
	probe_table_free(probes);
	return lab_down(state);
}

static struct reserve_view view_of(const struct lab *lab)
{
	return (struct reserve_view){
		&lab->settings, lab->networks, lab->state.nodes, lab->state.leases, lab->now_ms};
}

static const struct decision *discover_far(struct lab *lab, uint8_t mac)
{
	struct msg m = message(DHCP_DISCOVER, mac);

	m.giaddr = RELAY;
	return hear(lab, &m);
}

TEST(strangers_leave_an_address_to_each_node_that_will_need_one)
{
	LAB;

	for (uint8_t i = 0; i < POOL_SIZE - 1; i++)
		(void)get_address(lab, (uint8_t)(10 + i));
	assert_int_equal(discover(lab, 20)->what, COUNT_KEPT_FOR_NODES);
	assert_false(lab->d.has_reply);
	assert_int_equal(get_address(lab, 3), POOL + 3);
	assert_int_equal(discover(lab, 20)->what, COUNT_KEPT_FOR_NODES);
}

TEST(offers_to_strangers_count_until_they_are_over)
{
	LAB;

	for (uint8_t i = 0; i < POOL_SIZE - 1; i++)
		assert_int_equal(discover(lab, (uint8_t)(10 + i))->what, COUNT_OFFER);
	assert_int_equal(discover(lab, 20)->what, COUNT_KEPT_FOR_NODES);
	lab->now_ms += MINUTE;
	assert_int_equal(discover(lab, 20)->what, COUNT_OFFER);
}

TEST(stranger_keeps_and_renews_what_it_holds)
{
	LAB;

	for (uint8_t i = 0; i < POOL_SIZE - 1; i++)
		(void)get_address(lab, (uint8_t)(10 + i));
	assert_int_equal(discover(lab, 10)->reply.yiaddr, POOL);
	assert_int_equal(renew(lab, 10, POOL)->what, COUNT_ACK);
	assert_int_equal(reboot(lab, 11, POOL + 1)->what, COUNT_ACK);
}

TEST(request_without_an_offer_is_no_way_round)
{
	LAB;

	for (uint8_t i = 0; i < POOL_SIZE - 1; i++)
		assert_int_equal(reboot(lab, (uint8_t)(10 + i), POOL + i)->what, COUNT_ACK);
	assert_int_equal(reboot(lab, 20, POOL + 3)->what, COUNT_NAK);
	assert_int_equal(renew(lab, 20, POOL + 3)->what, COUNT_NAK);
	assert_int_equal(get_address(lab, 4), POOL + 3);
}

TEST(when_the_node_has_its_address_strangers_get_all_others)
{
	LAB;

	assert_int_equal(get_address(lab, 3), POOL);
	for (uint8_t i = 1; i < POOL_SIZE; i++)
		assert_int_equal(get_address(lab, (uint8_t)(10 + i)), POOL + i);
}

TEST(node_that_holds_an_address_elsewhere_needs_none_here)
{
	LAB;

	assert_int_equal(discover_far(lab, 3)->what, COUNT_OFFER);
	lab->now_ms += RESERVE_AGAIN_MS;
	for (uint8_t i = 0; i < POOL_SIZE; i++)
		assert_int_equal(discover(lab, (uint8_t)(10 + i))->what, COUNT_OFFER);
}

TEST(each_pool_has_a_reserve_of_its_own)
{
	LAB;

	for (uint8_t i = 0; i < POOL_SIZE - 1; i++)
		assert_int_equal(discover_far(lab, (uint8_t)(10 + i))->what, COUNT_OFFER);
	assert_int_equal(discover_far(lab, 20)->what, COUNT_KEPT_FOR_NODES);
	assert_int_equal(discover(lab, 20)->what, COUNT_OFFER);
}

TEST(address_that_nobody_may_have_is_none_to_give)
{
	LAB;

	lab->network.router = POOL;
	lab->network.dns[0] = POOL; /* the same one, counted once */
	lab_set_networks(lab);
	for (uint8_t i = 0; i < POOL_SIZE - 2; i++)
		assert_int_equal(discover(lab, (uint8_t)(10 + i))->what, COUNT_OFFER);
	assert_int_equal(discover(lab, 20)->what, COUNT_KEPT_FOR_NODES);
	assert_int_equal(discover(lab, 3)->what, COUNT_OFFER);
}

TEST(node_takes_over_what_was_only_offered_to_a_stranger)
{
	LAB;

	lab->state.reserve = NULL; /* as before the node became known */
	for (uint8_t i = 0; i < POOL_SIZE - 1; i++)
		(void)get_address(lab, (uint8_t)(10 + i));
	assert_int_equal(discover(lab, 20)->reply.yiaddr, POOL + 3);
	lab->state.reserve = &reserve;
	assert_int_equal(get_address(lab, 3), POOL + 3);
	assert_int_equal(select_offer(lab, 20, POOL + 3)->what, COUNT_NAK);
}

TEST(offers_to_strangers_are_held_for_less_when_the_pool_runs_short)
{
	LAB;

	lab->network.pool_last = POOL + 8; /* nine addresses, eight for strangers */
	lab_set_networks(lab);
	assert_int_equal(discover(lab, 10)->what, COUNT_OFFER);
	assert_int_equal(lease_by_address(lab->state.leases, POOL)->until_ms, lab->now_ms + MINUTE);
	for (uint8_t i = 1; i < 7; i++)
		(void)discover(lab, (uint8_t)(10 + i));
	assert_int_equal(discover(lab, 20)->reply.yiaddr, POOL + 7);
	assert_int_equal(
		lease_by_address(lab->state.leases, POOL + 7)->until_ms, lab->now_ms + 10000);
	assert_int_equal(discover(lab, 3)->reply.yiaddr, POOL + 8);
	assert_int_equal(
		lease_by_address(lab->state.leases, POOL + 8)->until_ms, lab->now_ms + MINUTE);
}

TEST(last_of_all_an_address_is_asked_for_again_that_was_in_quarantine)
{
	struct mac squatter = mac_of(99);
	LAB;

	lab->settings.guard = (struct message_dhcp_guard){.probe_ms = 300, .quarantine_s = 600};
	for (uint8_t i = 1; i < POOL_SIZE - 1; i++)
		(void)get_address(lab, (uint8_t)(10 + i));
	lab->state.probes = probes;
	assert_int_equal(discover(lab, 20)->probe, POOL + 2);
	assert_true(conflict_found(&lab->state, &(struct conflict){POOL + 2, mac_of(20), &squatter},
		lab->now_ms, &lab->d));
	assert_int_equal(discover(lab, 20)->what, COUNT_KEPT_FOR_NODES);
	lab->now_ms += MINUTE / 2 - 1;
	assert_int_equal(discover(lab, 20)->what, COUNT_KEPT_FOR_NODES);
	lab->now_ms += RESERVE_AGAIN_MS;
	assert_int_equal(discover(lab, 20)->what, COUNT_PROBING);
	assert_int_equal(lab->d.probe, POOL + 2);
}

TEST(quarantine_is_not_searched_at_every_request)
{
	struct reserve_view v;
	LAB;

	v = view_of(lab);
	(void)get_address(lab, 10);
	(void)tell(lab, DHCP_DECLINE, 10, POOL);
	v.now_ms += MINUTE;
	assert_int_equal(reserve_find_quarantined(&reserve, &v, 0, 600000), POOL);
	assert_int_equal(reserve_find_quarantined(&reserve, &v, 0, 600000), 0);
	v.now_ms += RESERVE_AGAIN_MS;
	assert_int_equal(reserve_find_quarantined(&reserve, &v, 1, 600000), 0);
	v.now_ms += RESERVE_AGAIN_MS;
	assert_int_equal(reserve_find_quarantined(&reserve, &v, 0, 600000), POOL);
}

TEST(leases_are_counted_again_only_now_and_then)
{
	struct reserve_view v;
	LAB;

	for (uint8_t i = 0; i < POOL_SIZE - 1; i++)
		(void)get_address(lab, (uint8_t)(10 + i));
	v = view_of(lab);
	assert_false(reserve_allows(&reserve, &v, 0));
	(void)tell(lab, DHCP_RELEASE, 10, POOL);
	v.now_ms += RESERVE_AGAIN_MS - 1;
	assert_false(reserve_allows(&reserve, &v, 0));
	v.now_ms += 1;
	assert_true(reserve_allows(&reserve, &v, 0));
	reserve_took(&reserve, 0);
	assert_false(reserve_allows(&reserve, &v, 0));
}

#define T(sentence) cmocka_unit_test_setup_teardown(sentence, up, down)

RUN(T(strangers_leave_an_address_to_each_node_that_will_need_one),
	T(offers_to_strangers_count_until_they_are_over),
	T(stranger_keeps_and_renews_what_it_holds), T(request_without_an_offer_is_no_way_round),
	T(when_the_node_has_its_address_strangers_get_all_others),
	T(node_that_holds_an_address_elsewhere_needs_none_here),
	T(each_pool_has_a_reserve_of_its_own), T(address_that_nobody_may_have_is_none_to_give),
	T(node_takes_over_what_was_only_offered_to_a_stranger),
	T(offers_to_strangers_are_held_for_less_when_the_pool_runs_short),
	T(last_of_all_an_address_is_asked_for_again_that_was_in_quarantine),
	T(quarantine_is_not_searched_at_every_request),
	T(leases_are_counted_again_only_now_and_then))

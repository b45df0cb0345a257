#include "tests/unit/dhcpd/lab.h"

#include "dhcpd/conflict.h"

#define PROBE_MS 300
#define WIDE_SIZE 32

/* A probe that a decision asks for is begun and, unless a case says otherwise, ends in silence. */
static struct probe_table *probes;

static int up(void **state)
{
	struct lab *lab;
	int rc = lab_up(state);

	lab = *state;
	probes = probe_table_new();
	lab->state.probes = probes;
	lab->settings.guard.probe_ms = PROBE_MS;
	lab->network.pool_last = POOL + WIDE_SIZE - 1;
	lab_set_networks(lab);
	return rc;
}

static int down(void **state)
{
	probe_table_free(probes);
	return lab_down(state);
}

static const struct decision *begin_probe(struct lab *lab)
{
	if (lab->d.probe && !probe_by_address(probes, lab->d.probe))
		probe_begin(probes, lab->d.probe, lab->now_ms + PROBE_MS)->asker =
			lab->d.exchange.mac;
	return &lab->d;
}

static const struct decision *ask(struct lab *lab, uint8_t mac)
{
	(void)discover(lab, mac);
	return begin_probe(lab);
}

static const struct decision *ask_for(struct lab *lab, uint8_t mac, uint32_t wish)
{
	struct msg m = message(DHCP_DISCOVER, mac);

	opts_put_u32(&m.opts, OPT_ADDRESS, wish);
	(void)hear(lab, &m);
	return begin_probe(lab);
}

/* Nobody answers, and the request is decided again. */
static const struct decision *silence(struct lab *lab, uint8_t mac)
{
	struct probe *p;

	lab->now_ms += PROBE_MS;
	while ((p = probe_due(probes, lab->now_ms)))
		probe_free(probe_take(probes, p));
	return ask(lab, mac);
}

static bool taken(struct lab *lab, uint32_t address, uint8_t by)
{
	struct mac holder = mac_of(by);
	struct conflict c = {address, probe_by_address(probes, address)->asker, &holder};
	bool is_over = conflict_found(&lab->state, &c, lab->now_ms, &lab->d);

	if (is_over)
		probe_free(probe_take(probes, probe_by_address(probes, address)));
	return is_over;
}

static void lease(struct lab *lab, uint8_t mac, uint32_t address)
{
	assert_int_equal(reboot(lab, mac, address)->what, COUNT_ACK);
}

TEST(new_address_is_probed_before_it_is_offered)
{
	LAB;

	assert_int_equal(ask(lab, 10)->what, COUNT_PROBING);
	assert_int_equal(lab->d.probe, POOL);
	assert_false(lab->d.has_reply);
	assert_int_equal(silence(lab, 10)->what, COUNT_OFFER);
	assert_int_equal(lab->d.reply.yiaddr, POOL);
}

TEST(repeated_discover_joins_the_probe_under_way)
{
	LAB;

	(void)ask(lab, 10);
	lab->now_ms += 100;
	assert_int_equal(ask(lab, 10)->what, COUNT_PROBING);
	assert_int_equal(lab->d.probe, POOL);
}

TEST(address_being_probed_is_held_for_who_asked_first)
{
	LAB;

	(void)ask(lab, 10);
	assert_int_equal(ask(lab, 11)->probe, POOL + 1);
}

TEST(client_that_comes_back_to_its_lease_is_not_kept_waiting)
{
	LAB;

	(void)ask(lab, 10);
	(void)silence(lab, 10);
	lease(lab, 10, POOL);
	assert_int_equal(ask(lab, 10)->what, COUNT_OFFER);
	lab->now_ms += (int64_t)30 * 24 * 60 * MINUTE; /* long over, but remembered */
	assert_int_equal(ask(lab, 10)->what, COUNT_OFFER);
	assert_int_equal(lab->d.reply.yiaddr, POOL);
}

TEST(offer_that_was_never_taken_is_probed_anew_when_it_is_over)
{
	LAB;

	(void)ask(lab, 10);
	(void)silence(lab, 10);
	lab->now_ms += MINUTE;
	assert_int_equal(ask(lab, 10)->what, COUNT_PROBING);
}

TEST(address_that_changes_hands_is_probed)
{
	LAB;

	(void)ask(lab, 10);
	(void)silence(lab, 10);
	lease(lab, 10, POOL);
	lab->now_ms += (int64_t)120 * MINUTE;
	assert_int_equal(ask_for(lab, 11, POOL)->what, COUNT_PROBING);
	assert_int_equal(lab->d.probe, POOL);
}

TEST(without_probes_the_offer_goes_at_once)
{
	LAB;

	lab->state.probes = NULL;
	assert_int_equal(ask(lab, 10)->what, COUNT_OFFER);
}

TEST(when_too_many_are_probed_the_offer_goes_unprobed)
{
	LAB;

	for (uint32_t i = 0; i < PROBES_MAX; i++)
		(void)probe_begin(probes, 0x0b000000 + i, 1);
	assert_int_equal(ask(lab, 10)->what, COUNT_OFFER);
	assert_true(lab->d.is_unprobed);
}

TEST(address_in_use_goes_into_quarantine_under_the_mac_of_who_has_it)
{
	struct client squatter = {.htype = 1, .hlen = 6, .hw = {2, 0, 0, 0, 0, 99}};
	LAB;

	(void)ask(lab, 10);
	assert_true(taken(lab, POOL, 99));
	assert_int_equal(lab->d.what, COUNT_CONFLICT);
	assert_true(lab->d.is_tellable);
	assert_non_null(lab->d.commit); /* it outlives a restart */
	assert_int_equal(lab->d.commit->address, POOL);
	assert_int_equal(lab->d.commit->state, LEASE_DECLINED);
	assert_int_equal(lease_count_declined(lab->state.leases, &squatter), 1);
	assert_int_equal(lab->d.exchange.mac.b[5], 10);
	assert_string_equal(
		lab->d.exchange.note, "10.77.0.100 is in use by 02:00:00:00:00:63: quarantined");
	assert_int_equal(ask(lab, 10)->probe, POOL + 1);
	assert_int_equal(silence(lab, 10)->reply.yiaddr, POOL + 1);
}

TEST(quarantine_ends_when_the_operator_said)
{
	LAB;

	lab->settings.guard.quarantine_s = 60;
	lab->network.pool_last = POOL;
	lab_set_networks(lab);
	(void)ask(lab, 10);
	assert_true(taken(lab, POOL, 99));
	lab->now_ms += MINUTE - 1;
	assert_int_equal(ask(lab, 11)->what, COUNT_POOL_EXHAUSTED);
	lab->now_ms += 1;
	assert_int_equal(ask(lab, 11)->what, COUNT_PROBING);
}

TEST(machine_that_answers_for_itself_is_no_conflict)
{
	LAB;

	(void)ask(lab, 10);
	assert_false(taken(lab, POOL, 10));
	assert_int_equal(lab->d.what, COUNT_NONE);
	assert_int_equal(silence(lab, 10)->what, COUNT_OFFER);
}

TEST(other_nic_of_the_same_node_is_no_conflict)
{
	LAB;

	assert_int_equal(ask(lab, 2)->probe, FIXED);
	assert_false(taken(lab, FIXED, 1));
	assert_false(taken(lab, FIXED, 2));
	assert_int_equal(lab->d.what, COUNT_NONE);
}

TEST(fixed_address_in_use_is_offered_all_the_same_and_loudly)
{
	LAB;

	(void)ask(lab, 1);
	assert_true(taken(lab, FIXED, 99));
	assert_int_equal(lab->d.what, COUNT_FIXED_CONFLICT);
	assert_null(lab->d.commit);
	assert_string_equal(lab->d.exchange.node, "master1");
	assert_string_equal(lab->d.exchange.note,
		"ADDRESS CONFLICT: 02:00:00:00:00:63 uses this node's address 10.77.0.10");
	assert_int_equal(ask(lab, 1)->what, COUNT_OFFER);
	assert_int_equal(lab->d.reply.yiaddr, FIXED);
}

TEST(who_answers_for_everything_is_not_believed_for_ever)
{
	size_t n = 0;
	LAB;

	for (; n < WIDE_SIZE; n++) {
		uint32_t address = ask(lab, 10)->probe;

		if (!taken(lab, address, 99))
			break;
	}
	assert_int_equal(n, 8);
	assert_int_equal(lab->d.what, COUNT_TOO_MANY_CLAIMS);
	assert_false(lab->d.is_tellable);
	assert_non_null(
		strstr(lab->d.exchange.note, "02:00:00:00:00:63 answers for every address"));
	assert_int_equal(silence(lab, 10)->what, COUNT_OFFER);
}

TEST(answer_after_the_lease_was_taken_takes_nothing_away)
{
	LAB;

	(void)ask(lab, 10);
	lease(lab, 10, POOL);
	assert_false(taken(lab, POOL, 99));
	assert_int_equal(lab->d.what, COUNT_NONE);
	assert_int_equal(renew(lab, 10, POOL)->what, COUNT_ACK);
}

TEST(behind_a_relay_nobody_knows_the_mac)
{
	LAB;

	(void)ask(lab, 10);
	assert_true(conflict_found(
		&lab->state, &(struct conflict){.address = POOL}, lab->now_ms, &lab->d));
	assert_string_equal(lab->d.exchange.note,
		"10.77.0.100 is in use by a machine behind the relay: quarantined");
	assert_int_equal(lab->d.commit->state, LEASE_DECLINED);
}

#define T(sentence) cmocka_unit_test_setup_teardown(sentence, up, down)

RUN(T(new_address_is_probed_before_it_is_offered), T(repeated_discover_joins_the_probe_under_way),
	T(address_being_probed_is_held_for_who_asked_first),
	T(client_that_comes_back_to_its_lease_is_not_kept_waiting),
	T(offer_that_was_never_taken_is_probed_anew_when_it_is_over),
	T(address_that_changes_hands_is_probed), T(without_probes_the_offer_goes_at_once),
	T(when_too_many_are_probed_the_offer_goes_unprobed),
	T(address_in_use_goes_into_quarantine_under_the_mac_of_who_has_it),
	T(quarantine_ends_when_the_operator_said),
	T(machine_that_answers_for_itself_is_no_conflict),
	T(other_nic_of_the_same_node_is_no_conflict),
	T(fixed_address_in_use_is_offered_all_the_same_and_loudly),
	T(who_answers_for_everything_is_not_believed_for_ever),
	T(answer_after_the_lease_was_taken_takes_nothing_away),
	T(behind_a_relay_nobody_knows_the_mac))

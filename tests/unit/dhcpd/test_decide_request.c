#include "tests/unit/dhcpd/lab.h"

TEST(ack_waits_for_the_disk_and_echoes_ciaddr)
{
	LAB;
	uint32_t address = get_address(lab, 10);

	assert_false(lab->d.was_known);
	const struct decision *d = renew(lab, 10, address);
	assert_int_equal(d->what, COUNT_ACK);
	assert_int_equal(d->reply.ciaddr, address);
	assert_int_equal(d->commit->state, LEASE_BOUND);
	assert_true(d->was_known);
	assert_int_equal(d->route.via, ROUTE_SOCKET);
}

TEST(renewal_extends_the_lease)
{
	LAB;
	uint32_t address = get_address(lab, 10);

	lab->now_ms += 1000 * LEASE_S / 2;
	int64_t until = renew(lab, 10, address)->commit->until_ms;
	assert_true(until == lab->now_ms + (int64_t)LEASE_S * 1000);
}

TEST(choosing_another_server_frees_the_offer_and_is_told)
{
	LAB;
	struct msg m = message(DHCP_REQUEST, 10);

	assert_int_equal(discover(lab, 10)->reply.yiaddr, POOL);
	opts_put_u32(&m.opts, OPT_SERVER, 0x0a4d0009);
	opts_put_u32(&m.opts, OPT_ADDRESS, POOL);
	assert_int_equal(hear(lab, &m)->what, COUNT_OTHER_SERVER);
	assert_false(lab->d.has_reply);
	assert_non_null(strstr(lab->d.exchange.note, "10.77.0.9"));
	for (uint8_t i = 1; i < POOL_SIZE; i++)
		assert_int_equal(discover(lab, (uint8_t)(10 + i))->reply.yiaddr, POOL + i);
	assert_int_equal(discover(lab, 30)->reply.yiaddr, POOL);
}

TEST(choosing_another_server_does_not_end_a_lease)
{
	LAB;
	struct msg m = message(DHCP_REQUEST, 10);

	assert_int_equal(get_address(lab, 10), POOL);
	opts_put_u32(&m.opts, OPT_SERVER, 0x0a4d0009);
	(void)hear(lab, &m);
	assert_int_equal(discover(lab, 11)->reply.yiaddr, POOL + 1);
}

TEST(offer_lost_in_a_restart_is_granted_all_the_same)
{
	LAB;

	assert_int_equal(select_offer(lab, 10, POOL + 1)->what, COUNT_ACK);
	assert_int_equal(discover(lab, 10)->reply.yiaddr, POOL + 1);
}

TEST(lost_lease_whose_address_is_free_is_granted_again)
{
	LAB;

	assert_int_equal(renew(lab, 10, POOL + 2)->what, COUNT_ACK);
	assert_int_equal(reboot(lab, 11, POOL + 3)->what, COUNT_ACK);
}

TEST(request_for_what_the_machine_cannot_have_is_refused_at_once)
{
	LAB;
	static const struct {
		const char *what;
		uint8_t mac;
		uint32_t address;
	} cases[] = {
		{"another network", 11, FOREIGN},
		{"a node's address", 11, FIXED},
		{"the server's address", 11, SERVER},
		{"an address outside the pool", 11, POOL + POOL_SIZE},
		{"another machine's lease", 11, POOL},
		{"a pool address for a node with a fixed one", 1, POOL + 2},
		{"not the address it holds", 10, POOL + 1},
		{"the network's own address", 11, 0x0a4d0000},
	};

	assert_int_equal(get_address(lab, 10), POOL);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		print_message("# %s\n", cases[i].what);
		for (int kind = 0; kind < 3; kind++) {
			const struct decision *d =
				kind == 0   ? select_offer(lab, cases[i].mac, cases[i].address)
				: kind == 1 ? reboot(lab, cases[i].mac, cases[i].address)
					    : renew(lab, cases[i].mac, cases[i].address);

			assert_int_equal(d->what, COUNT_NAK);
			assert_null(d->commit);
		}
	}
	assert_int_equal(renew(lab, 10, POOL)->what, COUNT_ACK);
}

TEST(nak_carries_nothing_but_the_refusal)
{
	LAB;
	struct msg m = message(DHCP_REQUEST, 10);

	opts_put_u32(&m.opts, OPT_ADDRESS, FOREIGN);
	opts_put(&m.opts, OPT_ARCH, "\x00\x07", 2);
	const struct msg *r = &hear(lab, &m)->reply;
	assert_int_equal(r->yiaddr | r->siaddr | r->ciaddr, 0);
	assert_string_equal(r->file, "");
	for (unsigned code = 1; code < 255; code++)
		if (code != OPT_TYPE && code != OPT_SERVER && code != OPT_MESSAGE)
			assert_false(opts_has(&r->opts, (uint8_t)code));
	assert_int_equal(lab->d.route.dst, UINT32_MAX);
}

TEST(request_that_names_no_address_is_dropped)
{
	LAB;
	struct msg m = message(DHCP_REQUEST, 10);

	assert_int_equal(hear(lab, &m)->what, COUNT_INCOMPLETE);
	assert_false(lab->d.has_reply);
}

TEST(length_of_a_lease_follows_the_stage_and_the_wish)
{
	LAB;
	static const struct {
		bool is_firmware;
		uint32_t wish, want; /* wish 0: none */
	} cases[] = {{false, 0, LEASE_S}, {false, 600, 600}, {false, UINT32_MAX, LEASE_S},
		{false, 1, 60}, {true, 0, NETBOOT_S}, {true, 600, NETBOOT_S}};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct msg m = message(DHCP_DISCOVER, 10);

		if (cases[i].is_firmware)
			opts_put(&m.opts, OPT_ARCH, "\x00\x07", 2);
		if (cases[i].wish)
			opts_put_u32(&m.opts, OPT_LEASE, cases[i].wish);
		assert_int_equal(opts_u32(&hear(lab, &m)->reply.opts, OPT_LEASE), cases[i].want);
	}
}

RUN(with_lab(ack_waits_for_the_disk_and_echoes_ciaddr), with_lab(renewal_extends_the_lease),
	with_lab(choosing_another_server_frees_the_offer_and_is_told),
	with_lab(choosing_another_server_does_not_end_a_lease),
	with_lab(offer_lost_in_a_restart_is_granted_all_the_same),
	with_lab(lost_lease_whose_address_is_free_is_granted_again),
	with_lab(request_for_what_the_machine_cannot_have_is_refused_at_once),
	with_lab(nak_carries_nothing_but_the_refusal),
	with_lab(request_that_names_no_address_is_dropped),
	with_lab(length_of_a_lease_follows_the_stage_and_the_wish))

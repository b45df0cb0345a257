#include "tests/unit/dhcpd/lab.h"

TEST(relay_of_a_network_that_is_not_served_gets_nothing)
{
	LAB;
	struct msg m = message(DHCP_DISCOVER, 10);

	m.giaddr = FOREIGN;
	assert_int_equal(hear(lab, &m)->what, COUNT_UNKNOWN_SUBNET);
	opts_put(
		&m.opts, OPT_RELAY, "\x05\x04\x0a\x4d\x00\x00", 6); /* the client is in 10.77.0.0 */
	assert_int_equal(hear(lab, &m)->what, COUNT_OFFER);
	assert_int_equal(lab->d.route.dst, FOREIGN);
}

TEST(relay_may_lend_us_a_name)
{
	LAB;
	struct msg m = message(DHCP_DISCOVER, 10), r = message(DHCP_REQUEST, 10);

	m.giaddr = r.giaddr = 0x0a4d0002;
	opts_put(&m.opts, OPT_RELAY, "\x0b\x04\x0a\x4d\x00\x02", 6);
	assert_int_equal(opts_u32(&hear(lab, &m)->reply.opts, OPT_SERVER), 0x0a4d0002);
	opts_put(&r.opts, OPT_RELAY, "\x0b\x04\x0a\x4d\x00\x02", 6);
	opts_put_u32(&r.opts, OPT_SERVER, 0x0a4d0002);
	opts_put_u32(&r.opts, OPT_ADDRESS, POOL);
	assert_int_equal(hear(lab, &r)->what, COUNT_ACK);
}

TEST(loops_and_broken_relays_are_dropped)
{
	LAB;
	struct msg far = message(DHCP_DISCOVER, 10), own = far, broken = far;

	far.hops = 16;
	own.giaddr = SERVER;
	opts_put(&broken.opts, OPT_RELAY, "\x01\x09x", 3);
	assert_int_equal(hear(lab, &far)->what, COUNT_TOO_MANY_HOPS);
	assert_int_equal(hear(lab, &own)->what, COUNT_LOOPED);
	assert_int_equal(hear(lab, &broken)->what, COUNT_BAD_RELAY_INFO);
	assert_int_equal(lease_count(lab->state.leases), 0);
}

TEST(messages_that_no_client_sends_are_dropped)
{
	LAB;
	static const uint8_t types[] = {0, DHCP_OFFER, DHCP_ACK, DHCP_NAK, 9, 10, 13, 255};

	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		struct msg m = message(types[i], 10);

		assert_int_equal(hear(lab, &m)->what, COUNT_UNKNOWN_TYPE);
		assert_false(lab->d.has_reply);
	}
}

TEST(port_4011_answers_pxe_clients_only_and_leases_nothing)
{
	LAB;
	struct arrival from = {POOL, 4011, PXE_PORT, SERVER, {{0}}};
	struct msg m = message(DHCP_REQUEST, 10), os = m, offer = message(DHCP_DISCOVER, 10);

	m.ciaddr = offer.ciaddr = POOL;
	opts_put(&m.opts, OPT_ARCH, "\x00\x07", 2);
	opts_put(&offer.opts, OPT_ARCH, "\x00\x07", 2);
	decide(&lab->state, &m, &from, 0, &lab->d);
	assert_int_equal(lab->d.what, COUNT_PXE_ACK);
	assert_string_equal(lab->d.reply.file, "snponly.efi");
	assert_int_equal(lab->d.reply.yiaddr, 0);
	assert_int_equal(lab->d.reply.ciaddr, POOL);
	assert_true(opts_begins(&lab->d.reply.opts, OPT_CLASS, "PXEClient"));
	assert_int_equal(lab->d.route.via, ROUTE_PXE_SOCKET);
	assert_int_equal(lab->d.route.dst, POOL);
	assert_int_equal(lab->d.route.dst_port, 4011);
	decide(&lab->state, &os, &from, 0, &lab->d);
	assert_int_equal(lab->d.what, COUNT_NOT_PXE);
	decide(&lab->state, &offer, &from, 0, &lab->d);
	assert_int_equal(lab->d.what, COUNT_NOT_PXE);
	assert_int_equal(lease_count(lab->state.leases), 0);
}

TEST(machine_that_loops_on_its_loader_is_given_the_script)
{
	LAB;
	struct msg m = message(DHCP_REQUEST, 10);

	opts_put_u32(&m.opts, OPT_ADDRESS, POOL);
	opts_put(&m.opts, OPT_ARCH, "\x00\x00", 2);
	for (int i = 0; i < 3; i++) {
		assert_string_equal(hear(lab, &m)->reply.file, "undionly.kpxe");
		lab->now_ms += 5000;
	}
	assert_string_equal(hear(lab, &m)->reply.file, "http://10.77.0.1/boot.ipxe");
	assert_true(lab->d.exchange.note[0] != '\0');
}

TEST(exchange_tells_what_happened)
{
	LAB;
	struct msg m = message(DHCP_DISCOVER, 1);
	struct mac first = mac_of(1);

	opts_put(&m.opts, OPT_ARCH, "\x00\x10", 2);
	opts_put_text(&m.opts, OPT_CLASS, "HTTPClient:Arch:00016");
	opts_put_text(&m.opts, OPT_HOSTNAME,
		"a-name-that-is-much-longer-than-the-sixty-four-bytes-that-there-are-for-it");
	const struct message_exchange *x = &hear(lab, &m)->exchange;
	assert_true(mac_is_equal(&x->mac, &first));
	assert_int_equal(x->stage, STAGE_FIRMWARE);
	assert_int_equal(x->request, DHCP_DISCOVER);
	assert_int_equal(x->reply, DHCP_OFFER);
	assert_int_equal(x->arch, 16);
	assert_int_equal(x->address, FIXED);
	assert_int_equal(x->lease_s, NETBOOT_S);
	assert_string_equal(x->boot_file, "http://10.77.0.1/firmware/snponly.efi");
	assert_int_equal(strlen(x->hostname), sizeof(x->hostname) - 1);
}

TEST(grant_that_did_not_reach_the_disk_is_taken_back)
{
	LAB;
	uint32_t offered = discover(lab, 10)->reply.yiaddr;
	struct msg m = message(DHCP_REQUEST, 10);
	struct arrival from = {0, 68, DHCP_SERVER_PORT, UINT32_MAX, {{0}}};

	opts_put_u32(&m.opts, OPT_ADDRESS, offered);
	decide(&lab->state, &m, &from, lab->now_ms, &lab->d);
	assert_false(lab->d.was_known);
	decide_undo(&lab->state, lab->d.commit, lab->now_ms);
	assert_int_equal(lab->d.commit->state, LEASE_OFFERED);
	decide(&lab->state, &m, &from, lab->now_ms, &lab->d);
	assert_false(lab->d.was_known);
}

TEST(lease_is_known_only_once_it_is_on_disk_for_this_machine)
{
	LAB;
	struct msg m = message(DHCP_REQUEST, 10);
	struct arrival from = {0, 68, DHCP_SERVER_PORT, UINT32_MAX, {{0}}};

	/* Twice in one batch: nothing is on disk at the second one either. */
	opts_put_u32(&m.opts, OPT_ADDRESS, POOL);
	decide(&lab->state, &m, &from, lab->now_ms, &lab->d);
	decide(&lab->state, &m, &from, lab->now_ms, &lab->d);
	assert_int_equal(lab->d.what, COUNT_ACK);
	assert_false(lab->d.was_known);
	lab->d.commit->stored = true;
	assert_true(reboot(lab, 10, POOL)->was_known);
	/* What is on disk then says that another machine has it. */
	lab->now_ms += (int64_t)LEASE_S * 1000 + 1;
	assert_int_equal(reboot(lab, 11, POOL)->what, COUNT_ACK);
	assert_false(lab->d.was_known);
}

RUN(with_lab(relay_of_a_network_that_is_not_served_gets_nothing),
	with_lab(relay_may_lend_us_a_name), with_lab(loops_and_broken_relays_are_dropped),
	with_lab(messages_that_no_client_sends_are_dropped),
	with_lab(port_4011_answers_pxe_clients_only_and_leases_nothing),
	with_lab(machine_that_loops_on_its_loader_is_given_the_script),
	with_lab(exchange_tells_what_happened),
	with_lab(grant_that_did_not_reach_the_disk_is_taken_back),
	with_lab(lease_is_known_only_once_it_is_on_disk_for_this_machine))

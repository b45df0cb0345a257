/* What decide() makes of boot firmware: quirks and all that goes by them from request to reply. */
#include "tests/unit/dhcpd/lab.h"

static struct msg firmware(enum dhcp_type type, uint8_t mac)
{
	struct msg m = message(type, mac);

	opts_put(&m.opts, OPT_ARCH, "\x00\x07", 2);
	opts_put_text(&m.opts, OPT_CLASS, "PXEClient:Arch:00007:UNDI:003016");
	opts_put(&m.opts, OPT_UUID,
		"\0"
		"0123456789abcdef",
		17);
	opts_put(&m.opts, OPT_WANTED, "\x42\x43", 2);
	return m;
}

TEST(quirk_of_the_firmware_is_told_with_the_exchange)
{
	LAB;
	struct msg m = firmware(DHCP_DISCOVER, 1);

	assert_string_equal(hear(lab, &m)->exchange.quirks, "");
	m.flags = 0x8080;
	m.ciaddr = FIXED;
	const struct decision *d = hear(lab, &m);
	assert_string_equal(d->exchange.quirks, "undefined header flags, ciaddr in DISCOVER");
	/* Bit 15 means what it says, the others nothing; an OFFER has no ciaddr and goes to everybody. */
	assert_int_equal(d->reply.flags, 0x8080);
	assert_int_equal(d->reply.ciaddr, 0);
	assert_int_equal(d->route.via, ROUTE_FRAME);
	assert_int_equal(d->route.dst, UINT32_MAX);
}

TEST(system_guid_as_hardware_address_gets_a_lease_by_broadcast)
{
	LAB;
	struct msg m = firmware(DHCP_DISCOVER, 1);
	static const struct mac none;

	m.hlen = 16;
	const struct decision *d = hear(lab, &m);
	assert_int_equal(d->what, COUNT_OFFER);
	/* The first bytes are those of a node's MAC, but this is none. */
	assert_int_not_equal(d->reply.yiaddr, FIXED);
	assert_true(mac_is_equal(&d->exchange.mac, &none));
	assert_int_equal(d->route.dst, UINT32_MAX);
	assert_int_equal(d->reply.hlen, 16);
	uint32_t address = d->reply.yiaddr;
	struct msg r = firmware(DHCP_REQUEST, 1);
	r.hlen = 16;
	opts_put_u32(&r.opts, OPT_SERVER, SERVER);
	opts_put_u32(&r.opts, OPT_ADDRESS, address);
	assert_int_equal(hear(lab, &r)->what, COUNT_ACK);
	assert_int_equal(hear(lab, &m)->reply.yiaddr, address);
	m.chaddr[15] = 1; /* another machine */
	assert_int_not_equal(hear(lab, &m)->reply.yiaddr, address);
}

TEST(infiniband_is_known_by_its_identifier_and_answered_by_broadcast)
{
	LAB;
	struct msg m = firmware(DHCP_DISCOVER, 10), other;

	m.htype = MSG_HTYPE_INFINIBAND;
	m.hlen = 0;
	assert_int_equal(hear(lab, &m)->what, COUNT_BAD_HARDWARE);
	opts_put(&m.opts, OPT_CLIENT_ID, "\xff\1\2\3\4", 5);
	const struct decision *d = hear(lab, &m);
	assert_int_equal(d->what, COUNT_OFFER);
	assert_int_equal(d->route.dst, UINT32_MAX);
	assert_string_equal(d->exchange.quirks, "InfiniBand");
	uint32_t address = d->reply.yiaddr;
	other = m;
	opts_put(&other.opts, OPT_CLIENT_ID, "\xff\1\2\3\5", 5);
	assert_int_not_equal(hear(lab, &other)->reply.yiaddr, address);
	/* Without a MAC nobody is counted as a loop: they would all be one. */
	struct msg r = m;
	opts_put_u8(&r.opts, OPT_TYPE, DHCP_REQUEST);
	opts_put_u32(&r.opts, OPT_ADDRESS, address);
	for (int i = 0; i < 6; i++)
		assert_string_equal(hear(lab, &r)->reply.file, "snponly.efi");
}

TEST(what_a_snooping_switch_put_in_comes_back_to_it)
{
	LAB;
	struct msg m = firmware(DHCP_DISCOVER, 10);

	opts_put(&m.opts, OPT_RELAY, "\x01\x04port", 6);
	struct rd v = opts_value(&hear(lab, &m)->reply.opts, OPT_RELAY);
	assert_int_equal(v.left, 6);
	assert_memory_equal(v.p, "\x01\x04port", 6);
}

TEST(raspberry_pi_behind_a_relay_asks_us_for_files_and_not_the_relay)
{
	LAB;
	struct msg m = firmware(DHCP_DISCOVER, 10), pi = m;

	m.giaddr = pi.giaddr = 0x0a4d0002;
	opts_put(&m.opts, OPT_RELAY, "\x0b\x04\x0a\x4d\x00\x02", 6);
	opts_put(&pi.opts, OPT_RELAY, "\x0b\x04\x0a\x4d\x00\x02", 6);
	opts_put(&pi.opts, OPT_ARCH, "\0\0", 2);
	memcpy(pi.chaddr, "\xb8\x27\xeb", 3);
	assert_int_equal(opts_u32(&hear(lab, &m)->reply.opts, OPT_SERVER), 0x0a4d0002);
	assert_int_equal(opts_u32(&hear(lab, &pi)->reply.opts, OPT_SERVER), SERVER);
}

TEST(offer_to_a_machine_that_loops_says_what_its_acknowledgement_says)
{
	LAB;
	struct msg discover_it = firmware(DHCP_DISCOVER, 1), request = firmware(DHCP_REQUEST, 1);

	opts_put_u32(&request.opts, OPT_ADDRESS, FIXED);
	for (int i = 0; i < 6; i++) {
		char offered[129];

		(void)stpcpy(offered, hear(lab, &discover_it)->reply.file);
		assert_string_equal(hear(lab, &request)->reply.file, offered);
		assert_string_equal(offered, i < 3 ? "snponly.efi" : "http://10.77.0.1/boot.ipxe");
	}
}

TEST(address_that_a_client_of_port_4011_claims_is_not_told_on)
{
	LAB;
	struct arrival from = {POOL, 4011, PXE_PORT, SERVER, {{0}}};
	struct msg m = firmware(DHCP_REQUEST, 1);

	m.ciaddr = POOL;
	decide(&lab->state, &m, &from, 0, &lab->d);
	assert_int_equal(lab->d.exchange.address, 0);
	assert_string_equal(lab->d.exchange.boot_file, "snponly.efi");
}

RUN(with_lab(quirk_of_the_firmware_is_told_with_the_exchange),
	with_lab(system_guid_as_hardware_address_gets_a_lease_by_broadcast),
	with_lab(infiniband_is_known_by_its_identifier_and_answered_by_broadcast),
	with_lab(what_a_snooping_switch_put_in_comes_back_to_it),
	with_lab(raspberry_pi_behind_a_relay_asks_us_for_files_and_not_the_relay),
	with_lab(offer_to_a_machine_that_loops_says_what_its_acknowledgement_says),
	with_lab(address_that_a_client_of_port_4011_claims_is_not_told_on))

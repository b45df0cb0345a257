#include "tests/unit/test.h"

#include <stdio.h>

#include "dhcpd/frame.h"
#include "dhcpd/ra.h"

#define PACKET_LEN 56 /* IPv6 header, solicitation, one option */

static const struct mac nic = {{0x52, 0x54, 0x00, 0x12, 0x34, 0x56}};
static const struct ipv6 nobody;

static void set_checksum(uint8_t p[static PACKET_LEN])
{
	uint8_t pseudo[8] = {0, 0, 0, 16, 0, 0, 0, 58};

	p[42] = p[43] = 0;
	uint16_t sum = checksum_finish(
		checksum_add(checksum_add(checksum_add(0, p + 8, 32), pseudo, 8), p + 40, 16));
	p[42] = (uint8_t)(sum >> 8);
	p[43] = (uint8_t)sum;
}

static void solicitation(uint8_t p[static PACKET_LEN])
{
	struct ipv6 from = ra_link_local(&nic);
	struct wr w = wr_init(p, PACKET_LEN);

	wr_be32(&w, 6u << 28);
	wr_be16(&w, 16);
	wr_u8(&w, 58);
	wr_u8(&w, 255);
	wr_bytes(&w, from.b, IPV6_LEN);
	wr_bytes(&w, "\xff\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\x02", IPV6_LEN);
	wr_be32(&w, 133u << 24);
	wr_be32(&w, 0);
	wr_bytes(&w, "\x01\x01", 2);
	wr_bytes(&w, nic.b, MAC_LEN);
	assert_true(wr_ok(&w));
	set_checksum(p);
}

TEST(valid_solicitation_is_recognised_with_its_sender)
{
	uint8_t p[PACKET_LEN];
	struct ipv6 src, want = ra_link_local(&nic);

	solicitation(p);
	assert_true(ra_is_solicitation(rd_init(p, sizeof(p)), &src));
	assert_memory_equal(src.b, want.b, IPV6_LEN);
}

TEST(what_rfc_4861_6_1_1_calls_invalid_is_refused)
{
	static const struct {
		const char *what;
		size_t at;
		uint8_t byte;
		bool fix;
	} cases[] = {
		{"IP version", 0, 0x40, true},
		{"hop limit 254: came through a router", 7, 254, true},
		{"UDP", 6, 17, true},
		{"payload longer than the packet", 5, 17, false},
		{"payload shorter than a solicitation", 5, 7, false},
		{"advertisement", 40, 134, true},
		{"code", 41, 1, true},
		{"checksum", 42, 0xaa, false},
		{"option of length zero", 49, 0, true},
		{"option longer than the packet", 49, 2, true},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint8_t p[PACKET_LEN];
		struct ipv6 src;

		solicitation(p);
		p[cases[i].at] = cases[i].byte;
		if (cases[i].fix)
			set_checksum(p);
		print_message("# %s\n", cases[i].what);
		assert_false(ra_is_solicitation(rd_init(p, sizeof(p)), &src));
	}
	for (size_t n = 0; n < PACKET_LEN; n++) {
		uint8_t p[PACKET_LEN];
		struct ipv6 src;

		solicitation(p);
		assert_false(ra_is_solicitation(rd_init(p, n), &src));
	}
}

TEST(host_without_an_address_may_not_name_its_link)
{
	uint8_t p[PACKET_LEN];
	struct ipv6 src;

	solicitation(p);
	memset(p + 8, 0, IPV6_LEN);
	set_checksum(p);
	assert_false(ra_is_solicitation(rd_init(p, sizeof(p)), &src));
	p[48] = 14; /* a nonce instead */
	set_checksum(p);
	assert_true(ra_is_solicitation(rd_init(p, sizeof(p)), &src));
	assert_memory_equal(src.b, nobody.b, IPV6_LEN);
}

TEST(link_local_address_follows_from_the_mac)
{
	struct ipv6 a = ra_link_local(&nic);

	assert_memory_equal(a.b, "\xfe\x80\0\0\0\0\0\0\x50\x54\x00\xff\xfe\x12\x34\x56", IPV6_LEN);
}

TEST(advertisement_offers_no_router_no_prefix_and_no_dhcpv6)
{
	struct mac to = {{2, 0, 0, 0, 0, 9}};
	struct ipv6 own = ra_link_local(&nic), host = ra_link_local(&to);
	uint8_t p[128], pseudo[8] = {0, 0, 0, 24, 0, 0, 0, 58};
	struct wr w = wr_init(p, sizeof(p));

	ra_build(&nic, &own, &to, &host, &w);
	assert_true(wr_ok(&w));
	assert_int_equal(w.len, 14 + 40 + 24);
	assert_memory_equal(p, to.b, MAC_LEN);
	assert_memory_equal(p + 14 + 24, host.b, IPV6_LEN);
	assert_int_equal(p[14 + 7], 255);
	assert_int_equal(p[54], 134);
	for (size_t i = 58; i < 70; i++)
		assert_int_equal(p[i], 0); /* hop limit, flags, lifetime and both timers */
	assert_memory_equal(p + 70, "\x01\x01", 2);
	assert_memory_equal(p + 72, nic.b, MAC_LEN);
	assert_int_equal(checksum_finish(checksum_add(
				 checksum_add(checksum_add(0, p + 22, 32), pseudo, 8), p + 54, 24)),
		0);
}

TEST(host_without_an_address_is_answered_by_multicast)
{
	struct mac to = {{2, 0, 0, 0, 0, 9}};
	struct ipv6 own = ra_link_local(&nic);
	uint8_t p[128];
	struct wr w = wr_init(p, sizeof(p));

	ra_build(&nic, &own, &to, &nobody, &w);
	assert_memory_equal(p, "\x33\x33\0\0\0\x01", MAC_LEN);
	assert_memory_equal(p + 14 + 24, "\xff\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\x01", IPV6_LEN);
}

RUN(t(valid_solicitation_is_recognised_with_its_sender),
	t(what_rfc_4861_6_1_1_calls_invalid_is_refused),
	t(host_without_an_address_may_not_name_its_link),
	t(link_local_address_follows_from_the_mac),
	t(advertisement_offers_no_router_no_prefix_and_no_dhcpv6),
	t(host_without_an_address_is_answered_by_multicast))

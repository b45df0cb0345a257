#include "tests/unit/test.h"

#include <errno.h>

#include "provisioner/base/addr.h"

TEST(mac_is_read_in_its_two_spellings_and_no_other)
{
	static const struct {
		const char *text, *out;
	} rows[] = {
		{"52:54:00:ab:cd:ef", "52:54:00:ab:cd:ef"},
		{"52-54-00-AB-CD-EF", "52:54:00:ab:cd:ef"},
		{"00:00:00:00:00:00", "00:00:00:00:00:00"},
		{"52:54:00:ab:cd", NULL},
		{"52:54:00:ab:cd:e", NULL},
		{"52:54:00:ab:cd:ef:", NULL},
		{"52:54:00:ab:cd:ef:00", NULL},
		{"52:54-00:ab:cd:ef", NULL},
		{"5254.00ab.cdef", NULL},
		{"52:54:00:ab:cd:zz", NULL},
		{" 52:54:00:ab:cd:ef", NULL},
		{"52:54:00:ab:cd: f", NULL},
		{"52.54.00.ab.cd.ef", NULL},
		{"", NULL},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct mac m = {{1}};
		char buf[MAC_TEXT_SIZE];
		int rc = mac_parse(rows[i].text, &m);

		assert_int_equal(rc, rows[i].out ? 0 : -EINVAL);
		if (rows[i].out)
			assert_string_equal(mac_text(&m, buf), rows[i].out);
		else
			assert_int_equal(m.b[0], 1);
	}
}

TEST(only_an_address_that_a_nic_can_have_is_unicast)
{
	static const struct {
		struct mac m;
		bool unicast;
	} rows[] = {
		{{{0x52, 0x54, 0, 0, 0, 1}}, true},
		{{{0, 0, 0, 0, 0, 1}}, true},
		{{{0}}, false},
		{{{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}}, false},
		{{{0x01, 0x00, 0x5e, 0, 0, 1}}, false},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(mac_is_unicast(&rows[i].m), rows[i].unicast);
}

TEST(address_is_four_plain_octets)
{
	static const struct {
		const char *text;
		int rc;
		uint32_t addr;
	} rows[] = {
		{"10.10.0.1", 0, 0x0a0a0001},
		{"0.0.0.0", 0, 0},
		{"255.255.255.255", 0, 0xffffffff},
		{"256.0.0.1", -EINVAL, 0},
		{"1.2.3", -EINVAL, 0},
		{"1.2.3.4.5", -EINVAL, 0},
		{"1.2.3.04", -EINVAL, 0},
		{"1.2.3.4 ", -EINVAL, 0},
		{" 1.2.3.4", -EINVAL, 0},
		{"0x1.2.3.4", -EINVAL, 0},
		{"1.2..4", -EINVAL, 0},
		{"-1.2.3.4", -EINVAL, 0},
		{"", -EINVAL, 0},
		{"::1", -EINVAL, 0},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		uint32_t addr = 7;
		char buf[IPV4_TEXT_SIZE];

		assert_int_equal(ipv4_parse(rows[i].text, &addr), rows[i].rc);
		assert_int_equal(addr, rows[i].rc == 0 ? rows[i].addr : 7);
		if (rows[i].rc == 0)
			assert_string_equal(ipv4_text(addr, buf), rows[i].text);
	}
}

TEST(network_needs_a_length_from_1_to_32)
{
	static const struct {
		const char *text;
		int rc;
	} rows[] = {
		{"10.10.0.1/24", 0},
		{"10.10.0.1/1", 0},
		{"255.255.255.255/32", 0},
		{"10.10.0.1", -EINVAL},
		{"10.10.0.1/", -EINVAL},
		{"10.10.0.1/0", -EINVAL},
		{"10.10.0.1/33", -EINVAL},
		{"10.10.0.1/-1", -EINVAL},
		{"10.10.0.1/24/8", -EINVAL},
		{"10.10.0.1/255.255.255.0", -EINVAL},
		{"10.10.0/24", -EINVAL},
		{"255.255.255.255.255.255/24", -EINVAL},
		{"/24", -EINVAL},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct ipv4_net n;
		char buf[IPV4_NET_TEXT_SIZE];

		assert_int_equal(ipv4_net_parse(rows[i].text, &n), rows[i].rc);
		if (rows[i].rc == 0)
			assert_string_equal(ipv4_net_text(n, buf), rows[i].text);
	}
}

TEST(network_knows_its_bounds)
{
	static const struct {
		uint8_t len;
		uint32_t mask, first, broadcast;
	} rows[] = {
		{0, 0, 0, 0xffffffff},
		{1, 0x80000000, 0, 0x7fffffff},
		{24, 0xffffff00, 0x0a0a0100, 0x0a0a01ff},
		{30, 0xfffffffc, 0x0a0a0104, 0x0a0a0107},
		{31, 0xfffffffe, 0x0a0a0106, 0x0a0a0107},
		{32, 0xffffffff, 0x0a0a0106, 0x0a0a0106},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct ipv4_net n = {.addr = 0x0a0a0106, .len = rows[i].len};

		assert_int_equal(ipv4_net_mask(n), rows[i].mask);
		assert_int_equal(ipv4_net_first(n), rows[i].first);
		assert_int_equal(ipv4_net_broadcast(n), rows[i].broadcast);
		assert_true(ipv4_net_has(n, rows[i].first));
		assert_true(ipv4_net_has(n, rows[i].broadcast));
		assert_int_equal(ipv4_net_has(n, rows[i].broadcast + 1), rows[i].len == 0);
	}
}

TEST(socket_address_is_in_wire_order)
{
	struct sockaddr_in sa = ipv4_sockaddr(0x0a0a0001, 67);

	assert_int_equal(sa.sin_family, AF_INET);
	assert_memory_equal(&sa.sin_addr, "\x0a\x0a\x00\x01", 4);
	assert_memory_equal(&sa.sin_port, "\x00\x43", 2);
}

RUN(t(mac_is_read_in_its_two_spellings_and_no_other),
	t(only_an_address_that_a_nic_can_have_is_unicast), t(address_is_four_plain_octets),
	t(network_needs_a_length_from_1_to_32), t(network_knows_its_bounds),
	t(socket_address_is_in_wire_order))

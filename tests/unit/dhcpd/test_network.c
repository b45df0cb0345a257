#include "tests/unit/test.h"

#include <errno.h>

#include "dhcpd/lease.h"
#include "dhcpd/network.h"

static struct message_network network(uint32_t addr, uint8_t len)
{
	return (struct message_network){
		.net = {addr, len}, .pool_first = addr + 8, .pool_last = addr + 9};
}

TEST(address_is_found_in_the_network_that_has_it)
{
	struct networks *s = networks_new(2);
	struct message_network a = network(0x0a4d0000, 24), b = network(0x0a4e0000, 25);
	size_t i = 9;

	assert_int_equal(networks_add(s, &a), 0);
	assert_int_equal(networks_add(s, &b), 0);
	assert_int_equal(networks_count(s), 2);
	assert_int_equal(networks_find(s, 0x0a4d0000, NULL)->net.addr, 0x0a4d0000);
	assert_int_equal(networks_find(s, 0x0a4e007f, &i)->net.addr, 0x0a4e0000);
	assert_int_equal(i, 1);
	assert_null(networks_find(s, 0x0a4e0080, &i));
	assert_null(networks_find(s, 0, &i));
	assert_null(networks_at(s, 2));
	assert_null(networks_at(NULL, 0));
	assert_int_equal(networks_add(s, &a), -ENOSPC);
	networks_free(s);
	networks_free(NULL);
}

TEST(network_that_makes_no_sense_is_refused)
{
	static const struct {
		const char *what;
		uint32_t addr;
		uint8_t len;
		uint32_t first, last;
	} cases[] = {
		{"overlaps", 0x0a4d0080, 25, 1, 0},
		{"holds another", 0x0a000000, 8, 1, 0},
		{"pool outside", 0x0a4e0000, 24, 0x0a4f0001, 0x0a4f0002},
		{"pool too long", 0x0a4e0000, 24, 0x0a4e0001, 0x0a4f0002},
		{"no prefix", 0x0a4e0000, 0, 1, 0},
		{"prefix too long", 0x0a4e0000, 33, 1, 0},
	};
	struct networks *s = networks_new(8);
	struct message_network a = network(0x0a4d0000, 24);

	assert_int_equal(networks_add(s, &a), 0);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct message_network n = network(cases[i].addr, cases[i].len);

		n.pool_first = cases[i].first;
		n.pool_last = cases[i].last;
		print_message("# %s\n", cases[i].what);
		assert_int_equal(networks_add(s, &n), -EINVAL);
	}
	struct message_network unended = network(0x0a4e0000, 24);
	memset(unended.domain, 'x', sizeof(unended.domain));
	assert_int_equal(networks_add(s, &unended), -EINVAL);
	assert_int_equal(networks_count(s), 1);
	networks_free(s);
}

TEST(each_network_has_its_pool)
{
	static const struct hash_key key = {1, 2};
	struct lease_table *t = lease_table_new(&key);
	struct networks *s = networks_new(2);
	struct message_network a = network(0x0a4d0000, 24), b = network(0x0a4e0000, 24);

	b.pool_first = 1, b.pool_last = 0;
	assert_int_equal(networks_add(s, &a), 0);
	assert_int_equal(networks_add(s, &b), 0);
	networks_set_pools(s, t);
	assert_true(lease_is_in_pool(t, 0, 0x0a4d0008));
	assert_false(lease_is_in_pool(t, 0, 0x0a4d000a));
	assert_false(lease_is_in_pool(t, 1, 0x0a4e0008));
	networks_free(s);
	lease_table_free(t);
}

TEST(options_that_lie_about_their_length_are_refused)
{
	static const struct {
		const char *bytes;
		uint16_t len;
	} cases[] = {{"\x2a", 1}, {"\x2a\0\0", 3}, {"\x2a\0\0\x04x", 5}, {"\0\0\0\x01x", 5},
		{"\xff\0\0\x01x", 5}, {"\x2a\0\0\0", 4}, {"\x2a\0\0\x01x\x2b", 6},
		{"", MESSAGE_OPTIONS_MAX + 1}};
	struct networks *s = networks_new(1);
	struct message_network n = network(0x0a4d0000, 24);

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		if (cases[i].bytes[0] || i == 3)
			memcpy(n.options, cases[i].bytes, cases[i].len);
		n.options_len = cases[i].len;
		assert_int_equal(networks_add(s, &n), -EINVAL);
	}
	memcpy(n.options, "\x2a\x01\0\x02xy", 6);
	n.options_len = 6;
	assert_int_equal(networks_add(s, &n), 0);
	struct rd r = network_options(networks_at(s, 0));
	struct network_option o;
	assert_true(network_next_option(&r, &o));
	assert_int_equal(o.code, 42);
	assert_true(o.is_always);
	assert_int_equal(o.value.left, 2);
	assert_false(network_next_option(&r, &o));
	networks_free(s);
}

RUN(t(options_that_lie_about_their_length_are_refused),
	t(address_is_found_in_the_network_that_has_it), t(network_that_makes_no_sense_is_refused),
	t(each_network_has_its_pool))

#include "tests/unit/test.h"

#include "provisioner/cluster/cluster.h"
#include "provisioner/cluster/options.h"

static void check(const struct cluster_subnet *s, const char *want, size_t len)
{
	uint8_t bytes[1024];
	struct wr w = wr_init(bytes, sizeof(bytes));

	options_encode(s, &w);
	assert_true(wr_ok(&w));
	assert_int_equal(w.len, len);
	assert_memory_equal(bytes, want, len);
}

#define ENCODES(s, want) check(s, want, sizeof(want) - 1)

TEST(network_without_options_has_none)
{
	struct cluster_subnet s = {.router = 0x0a000001};

	ENCODES(&s, "");
}

TEST(time_servers_and_mtu_are_numbers)
{
	uint32_t ntp[] = {0x0a000001, 0x0a000002};
	struct cluster_subnet s = {.ntp = {ntp, 2}, .mtu = 9000};

	ENCODES(&s, "\x2a\0\0\x08\x0a\0\0\x01\x0a\0\0\x02"
		    "\x1a\0\0\x02\x23\x28");
}

/* The example of RFC 3397 section 2. */
TEST(domains_share_their_ends)
{
	const char *names[] = {"eng.apple.com", "marketing.apple.com", "apple.com", "org"};
	struct cluster_subnet s = {.search = {names, 2}}, more = {.search = {names, 4}};

	ENCODES(&s, "\x77\0\0\x1b\x03"
		    "eng\x05"
		    "apple\x03"
		    "com\0\x09marketing\xc0\x04");
	ENCODES(&more, "\x77\0\0\x22\x03"
		       "eng\x05"
		       "apple\x03"
		       "com\0\x09marketing\xc0\x04\xc0\x04\x03org\0");
}

/* The examples of RFC 3442, and the default router, which a client would not know otherwise. */
TEST(routes_have_significant_octets_only_and_the_default_router_at_the_end)
{
	struct cluster_route routes[] = {
		{.to = {0x0a000000, 8}, .via = 0x01010101},
		{.to = {0x0a110000, 16}, .via = 0x01010101},
		{.to = {0x0a1b8100, 24}, .via = 0x01010101},
		{.to = {0x0ae50080, 25}, .via = 0x01010101},
		{.to = {0x0ac67a2f, 32}, .via = 0x01010101},
	};
	struct cluster_subnet s = {.routes = routes, .n_routes = 1, .router = 0x02020202};
	struct cluster_subnet all = {.routes = routes, .n_routes = 5};

	ENCODES(&s, "\x79\0\0\x0b\x08\x0a\1\1\1\1\0\2\2\2\2"
		    "\xf9\0\0\x0b\x08\x0a\1\1\1\1\0\2\2\2\2");
#define ALL                          \
	"\x08\x0a\1\1\1\1"           \
	"\x10\x0a\x11\1\1\1\1"       \
	"\x18\x0a\x1b\x81\1\1\1\1"   \
	"\x19\x0a\xe5\0\x80\1\1\1\1" \
	"\x20\x0a\xc6\x7a\x2f\1\1\1\1"
	ENCODES(&all, "\x79\0\0\x27" ALL "\xf9\0\0\x27" ALL);
}

TEST(listed_option_goes_out_as_it_is)
{
	struct cluster_option o[] = {
		{.code = 125, .value = {(const uint8_t *)"\0\0\x01\x37\x01x", 6}},
		{.code = 114, .value = {(const uint8_t *)"ab", 2}, .always = true}};
	struct cluster_subnet s = {.options = o, .n_options = 2};

	ENCODES(&s, "\x7d\0\0\x06\0\0\x01\x37\x01x"
		    "\x72\x01\0\x02"
		    "ab");
}

TEST(too_many_options_are_an_error)
{
	uint8_t bytes[16], value[16] = {0};
	struct cluster_option o = {.code = 125, .value = {value, sizeof(value)}};
	struct cluster_subnet s = {.options = &o, .n_options = 1};
	struct wr w = wr_init(bytes, sizeof(bytes));

	options_encode(&s, &w);
	assert_false(wr_ok(&w));
}

TEST(codes_of_the_protocol_have_an_owner)
{
	static const uint32_t owned[] = {1, 3, 6, 51, 53, 54, 61, 67, 82, 97, 119, 121, 249};

	for (size_t i = 0; i < ARRAY_LEN(owned); i++)
		assert_non_null(options_owner(owned[i]));
	assert_null(options_owner(125));
	assert_null(options_owner(4));
}

RUN(t(network_without_options_has_none), t(time_servers_and_mtu_are_numbers),
	t(domains_share_their_ends),
	t(routes_have_significant_octets_only_and_the_default_router_at_the_end),
	t(listed_option_goes_out_as_it_is), t(too_many_options_are_an_error),
	t(codes_of_the_protocol_have_an_owner))

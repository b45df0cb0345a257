#include "tests/unit/test.h"

#include "dhcpd/hash.h"

/* The vectors of the SipHash paper: key 00 01 .. 0f, input 00 01 .. n-1. */
TEST(hash_is_siphash_2_4)
{
	static const struct hash_key key = {0x0706050403020100, 0x0f0e0d0c0b0a0908};
	uint8_t in[16];

	for (uint8_t i = 0; i < sizeof(in); i++)
		in[i] = i;
	assert_true(hash_bytes(&key, in, 15) == 0xa129ca6149be45e5);
	assert_true(hash_bytes(&key, in, 0) == 0x726fdb47dd0e0e31);
	assert_true(hash_bytes(&key, in, 8) == 0x93f5f5799a932462);
}

RUN(t(hash_is_siphash_2_4))

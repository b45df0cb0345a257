#include "provisioner/trust/token.h"

#include <errno.h>

#include "tests/unit/test.h"

TEST(a_token_is_43_characters_of_base64url)
{
	char token[TOKEN_TEXT_SIZE];

	for (int i = 0; i < 200; i++) {
		assert_int_equal(token_new(token), 0);
		assert_int_equal(strlen(token), 43);
		assert_true(token_is_well_formed(token));
		/* 43 * 6 bits are two more than 32 bytes have: the last character ends in 00. */
		assert_non_null(strchr("AEIMQUYcgkosw048", token[42]));
	}
}

TEST(no_two_tokens_are_the_same)
{
	char a[TOKEN_TEXT_SIZE], b[TOKEN_TEXT_SIZE], c[TOKEN_NONCE_SIZE], d[TOKEN_NONCE_SIZE];

	assert_int_equal(token_new(a), 0);
	assert_int_equal(token_new(b), 0);
	assert_string_not_equal(a, b);
	assert_int_equal(token_nonce(c), 0);
	assert_int_equal(token_nonce(d), 0);
	assert_string_not_equal(c, d);
}

TEST(a_nonce_is_32_hex_characters)
{
	char nonce[TOKEN_NONCE_SIZE];

	assert_int_equal(token_nonce(nonce), 0);
	assert_int_equal(strspn(nonce, "0123456789abcdef"), 32);
	assert_int_equal(nonce[32], '\0');
}

TEST(the_hash_is_sha256_of_the_text)
{
	uint8_t hash[TOKEN_HASH_LEN];
	/* printf %043d 0 | sha256sum */
	static const uint8_t want[] = {0xb9, 0x18, 0xb2, 0x2a, 0x15, 0x81, 0xfe, 0xdd, 0x39, 0x05,
		0x80, 0x65, 0xf0, 0x0e, 0x6a, 0xad, 0x35, 0xbd, 0x56, 0x1f, 0x20, 0x25, 0x71, 0x51,
		0x13, 0x1a, 0x1d, 0xdc, 0xd2, 0x18, 0x03, 0xde};
	char text[TOKEN_TEXT_SIZE];

	memset(text, '0', 43);
	text[43] = '\0';
	assert_int_equal(token_hash(text, hash), 0);
	assert_memory_equal(hash, want, sizeof(want));
}

TEST(what_is_not_a_token_is_not_hashed)
{
	static const char *const texts[] = {
		"",
		"short",
		"000000000000000000000000000000000000000000",   /* 42 */
		"00000000000000000000000000000000000000000000", /* 44 */
		"000000000000000000000000000000000000000000=",
		"000000000000000000000 000000000000000000000",
		"000000000000000000000/000000000000000000000",
	};
	uint8_t hash[TOKEN_HASH_LEN];

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		assert_int_equal(token_hash(texts[i], hash), -EINVAL);
}

RUN(t(a_token_is_43_characters_of_base64url), t(no_two_tokens_are_the_same),
	t(a_nonce_is_32_hex_characters), t(the_hash_is_sha256_of_the_text),
	t(what_is_not_a_token_is_not_hashed))

#include "provisioner/trust/token.h"

#include <errno.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/rand.h>

#include "provisioner/base/str.h"

#define TOKEN_BYTES 32
#define NONCE_BYTES 16

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

int token_new(char ret[static TOKEN_TEXT_SIZE])
{
	uint8_t random[TOKEN_BYTES + 1] = {
		0}; /* one zero byte more fills the last group of three */
	char text[TOKEN_BYTES / 3 * 4 + 4];

	if (RAND_bytes(random, TOKEN_BYTES) != 1)
		return -EIO;
	for (size_t i = 0, at = 0; i < sizeof(random); i += 3) {
		uint32_t group =
			(uint32_t)random[i] << 16 | (uint32_t)random[i + 1] << 8 | random[i + 2];

		for (unsigned shift = 24; shift > 0; shift -= 6)
			text[at++] = alphabet[group >> (shift - 6) & 63];
	}
	memcpy(ret, text, TOKEN_TEXT_SIZE - 1); /* what the zero byte made is cut off */
	ret[TOKEN_TEXT_SIZE - 1] = '\0';
	OPENSSL_cleanse(random, sizeof(random));
	OPENSSL_cleanse(text, sizeof(text));
	return 0;
}

int token_nonce(char ret[static TOKEN_NONCE_SIZE])
{
	AUTO(str_done) struct str hex = str_init(TOKEN_NONCE_SIZE - 1);
	uint8_t random[NONCE_BYTES];

	if (RAND_bytes(random, sizeof(random)) != 1)
		return -EIO;
	str_add_hex(&hex, random, sizeof(random));
	memcpy(ret, hex.s, TOKEN_NONCE_SIZE);
	return 0;
}

bool token_is_well_formed(const char *text)
{
	size_t len = strspn(text, alphabet);

	return len == TOKEN_TEXT_SIZE - 1 && text[len] == '\0';
}

int token_hash(const char *text, uint8_t ret[static TOKEN_HASH_LEN])
{
	size_t len = 0;

	if (!token_is_well_formed(text))
		return -EINVAL;
	if (EVP_Q_digest(NULL, "SHA256", NULL, text, TOKEN_TEXT_SIZE - 1, ret, &len) != 1)
		return -EIO;
	return len == TOKEN_HASH_LEN ? 0 : -EIO;
}

/* token.h - one-time secrets that travel in a URL or a configuration.
 *
 * A join token is 256 random bits as base64url (RFC 4648 section 5) without padding. Only its
 * sha256 is ever stored: who reads the database can't join. A nonce makes a URL unguessable. */
#ifndef SLIPWAY_TRUST_TOKEN_H
#define SLIPWAY_TRUST_TOKEN_H

#include <stdbool.h>
#include <stdint.h>

#include "provisioner/base/mem.h"

#define TOKEN_TEXT_SIZE 44 /* 43 characters and the NUL */
#define TOKEN_HASH_LEN 32
#define TOKEN_NONCE_SIZE 33 /* 32 hex characters and the NUL */

/* 0, or -EIO when there is no randomness. */
int token_new(char ret[static TOKEN_TEXT_SIZE]) MUST_USE;
int token_nonce(char ret[static TOKEN_NONCE_SIZE]) MUST_USE;

/* True for the 43 characters that token_new() can write. */
bool token_is_well_formed(const char *text);

/* sha256 of the text. 0; -EINVAL (not a token's text) or -EIO. */
int token_hash(const char *text, uint8_t ret[static TOKEN_HASH_LEN]) MUST_USE;

#endif

/* pin.h - a TLS client that trusts one CA, known by its fingerprint alone.
 *
 * The server's chain must contain the CA certificate with that sha256, the leaf must be signed by it
 * for use as a server, and must name the address that was dialled. Times are not looked at: a
 * machine whose clock stands in 1970 must get in, and the pin is stronger than any date. */
#ifndef SLIPWAY_TRUST_PIN_H
#define SLIPWAY_TRUST_PIN_H

#include <stddef.h>
#include <stdint.h>

#include <openssl/types.h>

#include "provisioner/base/err.h"
#include "provisioner/trust/cert.h"

struct pin {
	uint8_t sha256[CERT_SHA256_LEN];
};

/* 64 hex digits of any case. 0 or -EINVAL. */
int pin_parse(const char *hex, struct pin *ret) MUST_USE;

/* A client context (TLS 1.2 or newer) that keeps `pin`. With `cert` and `key` (both or neither) it
 * shows them to a server that asks. The caller frees with SSL_CTX_free(). 0, or -EIO with *e. */
int pin_client_ctx(
	struct pin *pin, X509 *cert, EVP_PKEY *key, SSL_CTX **ret, struct err *e) MUST_USE;

/* A connection of such a context to `address`. NULL when OpenSSL refuses. */
SSL *pin_client_ssl(SSL_CTX *ctx, uint32_t address) MUST_USE;

/* What a node was handed by mail, so to say: `ca` must be the pinned one, `cert` signed by it and made
 * for `key`. Times are not looked at. 0, or -EACCES with *e saying which of these does not hold. */
int pin_check(const struct pin *pin, X509 *ca, X509 *cert, EVP_PKEY *key, struct err *e) MUST_USE;

#endif

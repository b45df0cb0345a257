#include "provisioner/trust/pin.h"

#include <errno.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "provisioner/base/addr.h"
#include "provisioner/base/parse.h"

int pin_parse(const char *hex, struct pin *ret)
{
	struct pin pin;

	if (strlen(hex) != 2 * sizeof(pin.sha256))
		return -EINVAL;
	for (size_t i = 0; i < sizeof(pin.sha256); i++) {
		int high = parse_hex_digit(hex[2 * i]), low = parse_hex_digit(hex[2 * i + 1]);

		if (high < 0 || low < 0)
			return -EINVAL;
		pin.sha256[i] = (uint8_t)(high << 4 | low);
	}
	*ret = pin;
	return 0;
}

static bool is_pinned(const struct pin *pin, const X509 *cert)
{
	uint8_t sha256[CERT_SHA256_LEN];

	return cert_sha256(cert, sha256) == 0 &&
	       CRYPTO_memcmp(sha256, pin->sha256, sizeof(sha256)) == 0;
}

static X509 *find_pinned(const struct pin *pin, const STACK_OF(X509) * chain)
{
	for (int i = 0; i < sk_X509_num(chain); i++)
		if (is_pinned(pin, sk_X509_value(chain, i)))
			return sk_X509_value(chain, i);
	return NULL;
}

/* The ordinary verification of RFC 5280, with `ca` as the only thing trusted and without the clock. */
static int verify_below(X509_STORE_CTX *ctx, X509 *ca)
{
	STACK_OF(X509) *trusted = sk_X509_new_null();
	int ok = 0;

	if (trusted && sk_X509_push(trusted, ca) > 0) {
		X509_STORE_CTX_set0_trusted_stack(ctx, trusted);
		X509_STORE_CTX_set_flags(ctx, X509_V_FLAG_NO_CHECK_TIME | X509_V_FLAG_X509_STRICT);
		ok = X509_verify_cert(ctx);
		X509_STORE_CTX_set0_trusted_stack(ctx, NULL);
	}
	sk_X509_free(trusted);
	return ok > 0;
}

/* In place of OpenSSL's own check of the server's chain. Purpose and address were set on the SSL. */
static int verify_chain(X509_STORE_CTX *ctx, void *arg)
{
	const struct pin *pin = arg;
	X509 *ca = find_pinned(pin, X509_STORE_CTX_get0_untrusted(ctx));

	if (!ca) {
		X509_STORE_CTX_set_error(ctx, X509_V_ERR_CERT_UNTRUSTED);
		return 0;
	}
	return verify_below(ctx, ca);
}

static void ctx_free_p(SSL_CTX **ctx)
{
	SSL_CTX_free(*ctx);
}

int pin_client_ctx(struct pin *pin, X509 *cert, EVP_PKEY *key, SSL_CTX **ret, struct err *e)
{
	AUTO(ctx_free_p) SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	if (!ctx || SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1)
		return cert_fail(e, -EIO, "cannot set up TLS");
	if (cert &&
		(SSL_CTX_use_certificate(ctx, cert) != 1 || SSL_CTX_use_PrivateKey(ctx, key) != 1))
		return cert_fail(e, -EIO, "cannot use the node's certificate");
	SSL_CTX_set_cert_verify_callback(ctx, verify_chain, pin);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	(void)SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	(void)SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION |
					       SSL_OP_NO_COMPRESSION |
					       SSL_OP_IGNORE_UNEXPECTED_EOF);
	(void)SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
	*ret = TAKE(ctx);
	return 0;
}

SSL *pin_client_ssl(SSL_CTX *ctx, uint32_t address)
{
	char text[IPV4_TEXT_SIZE];
	SSL *ssl = SSL_new(ctx);

	if (ssl &&
		X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), ipv4_text(address, text)) == 1)
		return ssl;
	SSL_free(ssl);
	ERR_clear_error();
	return NULL;
}

static void store_ctx_free_p(X509_STORE_CTX **ctx)
{
	X509_STORE_CTX_free(*ctx);
}

int pin_check(const struct pin *pin, X509 *ca, X509 *cert, EVP_PKEY *key, struct err *e)
{
	AUTO(store_ctx_free_p) X509_STORE_CTX *ctx = X509_STORE_CTX_new();

	if (!is_pinned(pin, ca))
		return err_msg(e, -EACCES, "the CA does not have the pinned fingerprint");
	if (X509_check_private_key(cert, key) != 1) {
		ERR_clear_error();
		return err_msg(e, -EACCES, "the certificate is for another key");
	}
	if (!ctx || X509_STORE_CTX_init(ctx, NULL, cert, NULL) != 1 ||
		X509_STORE_CTX_set_purpose(ctx, X509_PURPOSE_SSL_CLIENT) != 1)
		return cert_fail(e, -EACCES, "the certificate cannot be checked");
	int ok = verify_below(ctx, ca);
	ERR_clear_error();
	return ok ? 0
		  : err_msg(e, -EACCES, "the certificate is not signed by the CA: %s",
			    X509_verify_cert_error_string(X509_STORE_CTX_get_error(ctx)));
}

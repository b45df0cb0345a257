/* cert.h - keys, certificates and signing requests: made, read from PEM, written as PEM.
 *
 * The one place that spells X.509 out (RFC 5280); who may sign what is ca.h's matter. Texts may come
 * from strangers: at most CERT_PEM_MAX bytes are looked at, a passphrase is never asked for. */
#ifndef SLIPWAY_TRUST_CERT_H
#define SLIPWAY_TRUST_CERT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/x509.h>

#include "provisioner/base/err.h"
#include "provisioner/base/str.h"

#define CERT_PEM_MAX ((size_t)16 << 10)
#define CERT_NAME_SIZE 65 /* RFC 5280 appendix A: a common name has 64 characters at most */
#define CERT_SHA256_LEN 32
#define CERT_SHA256_HEX_SIZE 65
#define CERT_NEVER_EXPIRES 0

/* A new EC P-256 key. 0, or -EIO with *e filled; the caller frees with cert_key_free_p(). */
int cert_key_new(EVP_PKEY **ret_key, struct err *e) MUST_USE;

/* A new RSA key of 2048 bits, for firmware that knows no other. Likewise. */
int cert_key_new_rsa(EVP_PKEY **ret_key, struct err *e) MUST_USE;

/* Each gives one object read from the first PEM block of its kind. 0, or -EINVAL with *e filled. */
int cert_key_parse(const char *pem, size_t len, EVP_PKEY **ret_key, struct err *e) MUST_USE;
int cert_parse(const char *pem, size_t len, X509 **ret_cert, struct err *e) MUST_USE;
int cert_request_parse(const char *pem, size_t len, X509_REQ **ret_request, struct err *e) MUST_USE;

/* Each appends PEM to `out`. 0 or -EIO. Whoever holds a key's text wipes it: cert_wipe(). */
int cert_key_pem(EVP_PKEY *key, struct str *out) MUST_USE;
int cert_public_pem(EVP_PKEY *key, struct str *out) MUST_USE;
int cert_pem(const X509 *cert, struct str *out) MUST_USE;

/* Appends a request for `key`, signed with it, whose subject is `name`. 0 or -EIO. */
int cert_request_pem(EVP_PKEY *key, const char *name, struct str *out) MUST_USE;

/* What a certificate is to say. Its time begins in 1970, so that a machine whose clock lost its
 * battery still takes it. */
struct cert_spec {
	const char *common_name, *organization; /* the latter may be NULL */
	EVP_PKEY *key;                          /* whose certificate it is */
	EVP_PKEY *issuer_key;
	X509 *issuer;          /* NULL: signs itself */
	bool is_ca;            /* may sign others, one level deep */
	const char *usage;     /* extended key usage ("serverAuth,clientAuth"), or NULL */
	const char *alt_names; /* as OpenSSL writes them: "IP:10.10.0.1,DNS:m1"; or NULL */
	int64_t not_after_s;   /* wall-clock seconds, or CERT_NEVER_EXPIRES */
};

/* Makes and signs it. 0, or -EIO with *e filled. */
int cert_issue(const struct cert_spec *spec, X509 **ret_cert, struct err *e) MUST_USE;

/* sha256 of the certificate's DER form. 0 or -EIO. */
int cert_sha256(const X509 *cert, uint8_t ret[static CERT_SHA256_LEN]) MUST_USE;

/* The one common name of the subject, when it is printable ASCII that fits. 0 or -EINVAL. */
int cert_common_name(const X509 *cert, char *ret, size_t size) MUST_USE;

/* The last second at which it is good. 0 or -EINVAL. */
int cert_expiry(const X509 *cert, int64_t *ret_s) MUST_USE;
bool cert_has_organization(const X509 *cert, const char *organization);

/* Overwrites a secret text, then frees it like str_done(). For AUTO(). */
void cert_wipe(struct str *secret);

/* Says why OpenSSL refused, behind "what"; empties its error queue. Returns `code`. */
int cert_fail(struct err *e, int code, const char *what);

void cert_key_free_p(EVP_PKEY **key);
void cert_free_p(X509 **cert);
void cert_request_free_p(X509_REQ **request);

#endif

#include "provisioner/trust/cert.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#define RSA_BITS 2048
#define SERIAL_LEN 16 /* RFC 5280 4.1.2.2: 20 octets at most; ours is 127 random bits */
#define NOT_BEFORE "19700101000000Z"
#define NO_EXPIRY "99991231235959Z" /* RFC 5280 4.1.2.5 */

static void bio_free_p(BIO **b)
{
	BIO_free(*b);
}

void cert_key_free_p(EVP_PKEY **key)
{
	EVP_PKEY_free(*key);
}

void cert_free_p(X509 **cert)
{
	X509_free(*cert);
}

void cert_request_free_p(X509_REQ **request)
{
	X509_REQ_free(*request);
}

void cert_wipe(struct str *secret)
{
	if (secret->s)
		OPENSSL_cleanse(secret->s, secret->cap);
	str_done(secret);
}

int cert_fail(struct err *e, int code, const char *what)
{
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());
	int rc = err_msg(e, code, "%s: %s", what, reason ? reason : "refused by OpenSSL");

	ERR_clear_error();
	return rc;
}

/* Without this, PEM_read would ask the terminal for the passphrase of an encrypted key. */
static int no_passphrase(char *buf, int size, int for_writing, void *arg)
{
	(void)buf, (void)size, (void)for_writing, (void)arg;
	return -1;
}

static BIO *pem_reader(const char *pem, size_t len)
{
	return BIO_new_mem_buf(pem, (int)(len < CERT_PEM_MAX ? len : CERT_PEM_MAX));
}

int cert_key_new(EVP_PKEY **ret_key, struct err *e)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");

	if (!key)
		return cert_fail(e, -EIO, "cannot make a key");
	*ret_key = key;
	return 0;
}

int cert_key_new_rsa(EVP_PKEY **ret_key, struct err *e)
{
	EVP_PKEY *key = EVP_RSA_gen(RSA_BITS);

	if (!key)
		return cert_fail(e, -EIO, "cannot make a key");
	*ret_key = key;
	return 0;
}

int cert_key_parse(const char *pem, size_t len, EVP_PKEY **ret_key, struct err *e)
{
	AUTO(bio_free_p) BIO *in = pem_reader(pem, len);
	EVP_PKEY *key = in ? PEM_read_bio_PrivateKey(in, NULL, no_passphrase, NULL) : NULL;

	if (!key)
		return cert_fail(e, -EINVAL, "not a private key in PEM");
	*ret_key = key;
	return 0;
}

int cert_parse(const char *pem, size_t len, X509 **ret_cert, struct err *e)
{
	AUTO(bio_free_p) BIO *in = pem_reader(pem, len);
	X509 *cert = in ? PEM_read_bio_X509(in, NULL, no_passphrase, NULL) : NULL;

	if (!cert)
		return cert_fail(e, -EINVAL, "not a certificate in PEM");
	*ret_cert = cert;
	return 0;
}

int cert_request_parse(const char *pem, size_t len, X509_REQ **ret_request, struct err *e)
{
	AUTO(bio_free_p) BIO *in = pem_reader(pem, len);
	X509_REQ *request = in ? PEM_read_bio_X509_REQ(in, NULL, no_passphrase, NULL) : NULL;

	if (!request)
		return cert_fail(e, -EINVAL, "not a certificate signing request in PEM");
	*ret_request = request;
	return 0;
}

/* Appends what was written to `from`; `wrote` is the writer's own verdict. */
static int take_pem(BIO *from, int wrote, struct str *out)
{
	char *data = NULL;
	long len = wrote == 1 ? BIO_get_mem_data(from, &data) : 0;

	ERR_clear_error();
	if (len <= 0)
		return -EIO;
	str_addn(out, data, (size_t)len);
	return str_ok(out) ? 0 : -EIO;
}

int cert_key_pem(EVP_PKEY *key, struct str *out)
{
	AUTO(bio_free_p) BIO *to = BIO_new(BIO_s_mem()); /* wiped when freed */

	if (!to)
		return -EIO;
	return take_pem(to, PEM_write_bio_PrivateKey(to, key, NULL, NULL, 0, NULL, NULL), out);
}

int cert_public_pem(EVP_PKEY *key, struct str *out)
{
	AUTO(bio_free_p) BIO *to = BIO_new(BIO_s_mem());

	if (!to)
		return -EIO;
	return take_pem(to, PEM_write_bio_PUBKEY(to, key), out);
}

int cert_pem(const X509 *cert, struct str *out)
{
	AUTO(bio_free_p) BIO *to = BIO_new(BIO_s_mem());

	if (!to)
		return -EIO;
	return take_pem(to, PEM_write_bio_X509(to, cert), out);
}

static int set_name(X509_NAME *to, const char *common_name, const char *organization)
{
	const unsigned char *cn = (const unsigned char *)common_name;
	const unsigned char *o = (const unsigned char *)organization;

	if (o && X509_NAME_add_entry_by_txt(to, "O", MBSTRING_UTF8, o, -1, -1, 0) != 1)
		return -EIO;
	return X509_NAME_add_entry_by_txt(to, "CN", MBSTRING_UTF8, cn, -1, -1, 0) == 1 ? 0 : -EIO;
}

int cert_request_pem(EVP_PKEY *key, const char *name, struct str *out)
{
	AUTO(cert_request_free_p) X509_REQ *request = X509_REQ_new();
	AUTO(bio_free_p) BIO *to = BIO_new(BIO_s_mem());

	if (!request || !to || set_name(X509_REQ_get_subject_name(request), name, NULL) < 0 ||
		X509_REQ_set_pubkey(request, key) != 1 ||
		X509_REQ_sign(request, key, EVP_sha256()) <= 0) {
		ERR_clear_error();
		return -EIO;
	}
	return take_pem(to, PEM_write_bio_X509_REQ(to, request), out);
}

static int set_serial(X509 *cert)
{
	unsigned char random[SERIAL_LEN];

	if (RAND_bytes(random, sizeof(random)) != 1)
		return -EIO;
	random[0] = (unsigned char)((random[0] & 0x7f) | 0x40); /* positive and never zero */
	BIGNUM *n = BN_bin2bn(random, sizeof(random), NULL);
	bool ok = n && BN_to_ASN1_INTEGER(n, X509_get_serialNumber(cert));
	BN_free(n);
	return ok ? 0 : -EIO;
}

static int set_times(X509 *cert, int64_t not_after_s)
{
	ASN1_TIME *after = X509_getm_notAfter(cert);

	if (ASN1_TIME_set_string_X509(X509_getm_notBefore(cert), NOT_BEFORE) != 1)
		return -EIO;
	if (not_after_s == CERT_NEVER_EXPIRES)
		return ASN1_TIME_set_string_X509(after, NO_EXPIRY) == 1 ? 0 : -EIO;
	return ASN1_TIME_set(after, (time_t)not_after_s) ? 0 : -EIO;
}

static int add_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;

	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	X509_EXTENSION *ext = X509V3_EXT_nconf_nid(NULL, &ctx, nid, value);
	bool ok = ext && X509_add_ext(cert, ext, -1) == 1;
	X509_EXTENSION_free(ext);
	return ok ? 0 : -EIO;
}

/* RFC 5280 4.2.1: who may do what with the key. */
static int add_extensions(X509 *cert, X509 *issuer, const struct cert_spec *spec)
{
	const struct {
		int nid;
		const char *value; /* NULL: left out */
	} rows[] = {
		{NID_basic_constraints,
			spec->is_ca ? "critical,CA:TRUE,pathlen:0" : "critical,CA:FALSE"},
		{NID_key_usage,
			spec->is_ca ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature"},
		{NID_ext_key_usage, spec->usage},
		{NID_subject_alt_name, spec->alt_names},
		{NID_subject_key_identifier, "hash"},
		{NID_authority_key_identifier, spec->is_ca ? NULL : "keyid:always"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].value && add_extension(cert, issuer, rows[i].nid, rows[i].value) < 0)
			return -EIO;
	return 0;
}

/* Ed25519 signs without a digest of its own choice (RFC 8410). */
static const EVP_MD *digest_for(const EVP_PKEY *key)
{
	return EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519 ? NULL : EVP_sha256();
}

int cert_issue(const struct cert_spec *spec, X509 **ret_cert, struct err *e)
{
	AUTO(cert_free_p) X509 *cert = X509_new();
	X509 *issuer = spec->issuer ? spec->issuer : cert;

	if (!cert || X509_set_version(cert, X509_VERSION_3) != 1 || set_serial(cert) < 0 ||
		set_times(cert, spec->not_after_s) < 0 ||
		set_name(X509_get_subject_name(cert), spec->common_name, spec->organization) < 0 ||
		X509_set_issuer_name(cert, X509_get_subject_name(issuer)) != 1 ||
		X509_set_pubkey(cert, spec->key) != 1 || add_extensions(cert, issuer, spec) < 0 ||
		X509_sign(cert, spec->issuer_key, digest_for(spec->issuer_key)) <= 0)
		return cert_fail(e, -EIO, "cannot make a certificate");
	*ret_cert = TAKE(cert);
	return 0;
}

int cert_sha256(const X509 *cert, uint8_t ret[static CERT_SHA256_LEN])
{
	unsigned len = 0;

	return X509_digest(cert, EVP_sha256(), ret, &len) == 1 && len == CERT_SHA256_LEN ? 0 : -EIO;
}

/* The text of the only entry `nid` of the subject; NULL when there is none or more than one. */
static const ASN1_STRING *subject_entry(const X509 *cert, int nid)
{
	const X509_NAME *name = X509_get_subject_name(cert);
	int at = X509_NAME_get_index_by_NID(name, nid, -1);

	if (at < 0 || X509_NAME_get_index_by_NID(name, nid, at) >= 0)
		return NULL;
	return X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at));
}

int cert_common_name(const X509 *cert, char *ret, size_t size)
{
	const ASN1_STRING *text = subject_entry(cert, NID_commonName);
	size_t len = text ? (size_t)ASN1_STRING_length(text) : 0;
	const unsigned char *p = text ? ASN1_STRING_get0_data(text) : NULL;

	if (len == 0 || len >= size)
		return -EINVAL;
	for (size_t i = 0; i < len; i++)
		if (p[i] <= ' ' || p[i] > '~')
			return -EINVAL;
	memcpy(ret, p, len);
	ret[len] = '\0';
	return 0;
}

int cert_expiry(const X509 *cert, int64_t *ret_s)
{
	struct tm tm;

	if (ASN1_TIME_to_tm(X509_get0_notAfter(cert), &tm) != 1)
		return -EINVAL;
	*ret_s = (int64_t)timegm(&tm);
	return 0;
}

bool cert_has_organization(const X509 *cert, const char *organization)
{
	const ASN1_STRING *text = subject_entry(cert, NID_organizationName);
	size_t len = strlen(organization);

	return text && (size_t)ASN1_STRING_length(text) == len &&
	       memcmp(ASN1_STRING_get0_data(text), organization, len) == 0;
}

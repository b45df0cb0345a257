#include "provisioner/trust/ca.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "provisioner/base/addr.h"
#include "provisioner/base/parse.h"
#include "provisioner/trust/authority.h"
#include "provisioner/trust/cert.h"

#define DAY_S 86400
#define RSA_BITS_MIN 2048
#define RSA_BITS_MAX 8192 /* beyond it a signature check costs us more than the node */

struct ca {
	struct authority pair;
	uint8_t sha256[CERT_SHA256_LEN];
};

void ca_free(struct ca *ca)
{
	if (!ca)
		return;
	authority_done(&ca->pair);
	free(ca);
}

void ca_free_p(struct ca **ca)
{
	ca_free(*ca);
}

/* A label for people, nothing more: RFC 5280 appendix A lets a common name have 64 characters. */
static void label(const char *cluster, char ret[static CERT_NAME_SIZE])
{
	if (snprintf(ret, CERT_NAME_SIZE, "slipway CA %s", cluster) >= CERT_NAME_SIZE)
		(void)snprintf(ret, CERT_NAME_SIZE, "slipway CA");
}

int ca_open(int dir, const char *cluster, struct ca **ret, struct err *e)
{
	AUTO(ca_free_p) struct ca *ca = xcalloc(1, sizeof(*ca));
	char name[CERT_NAME_SIZE];

	label(cluster, name);
	int rc = authority_open(dir, "ca", name, &ca->pair, e);
	if (rc < 0)
		return rc;
	if (cert_sha256(ca->pair.cert, ca->sha256) < 0)
		return cert_fail(e, -EIO, "cannot hash the CA certificate");
	*ret = TAKE(ca);
	return 0;
}

int ca_fingerprint(const struct ca *ca, char ret[static CA_FINGERPRINT_SIZE])
{
	AUTO(str_done) struct str hex = str_init(CA_FINGERPRINT_SIZE - 1);

	str_add_hex(&hex, ca->sha256, sizeof(ca->sha256));
	if (!str_ok(&hex))
		return -EIO;
	memcpy(ret, hex.s, CA_FINGERPRINT_SIZE);
	return 0;
}

int ca_pem(const struct ca *ca, struct str *out)
{
	return cert_pem(ca->pair.cert, out);
}

static void ctx_free_p(SSL_CTX **ctx)
{
	SSL_CTX_free(*ctx);
}

/* Issues one for a server of ours on `address`, whose fresh key dies with the process. */
static int issue_server(
	const struct ca *ca, struct cert_spec spec, uint32_t address, X509 **ret, struct err *e)
{
	char quad[IPV4_TEXT_SIZE], san[IPV4_TEXT_SIZE + 3];

	(void)snprintf(san, sizeof(san), "IP:%s", ipv4_text(address, quad)); /* fits */
	spec.issuer = ca->pair.cert;
	spec.issuer_key = ca->pair.key;
	spec.alt_names = san;
	spec.not_after_s = CERT_NEVER_EXPIRES;
	return cert_issue(&spec, ret, e);
}

static int use_certificate(const struct ca *ca, uint32_t address, SSL_CTX *ctx, struct err *e)
{
	AUTO(cert_key_free_p) EVP_PKEY *key = NULL;
	AUTO(cert_free_p) X509 *cert = NULL;
	int rc = cert_key_new(&key, e);

	if (rc < 0)
		return rc;
	struct cert_spec spec = {
		.common_name = "slipway provisioner", .key = key, .usage = "serverAuth,clientAuth"};
	rc = issue_server(ca, spec, address, &cert, e);
	if (rc < 0)
		return rc;
	if (SSL_CTX_use_certificate(ctx, cert) != 1 || SSL_CTX_use_PrivateKey(ctx, key) != 1 ||
		SSL_CTX_add1_chain_cert(ctx, ca->pair.cert) != 1)
		return cert_fail(e, -EIO, "cannot use the server's certificate");
	return 0;
}

int ca_issue_boot(const struct ca *ca, uint32_t address, struct str *out, struct err *e)
{
	AUTO(cert_key_free_p) EVP_PKEY *key = NULL;
	AUTO(cert_free_p) X509 *cert = NULL;
	int rc = cert_key_new_rsa(&key, e);

	if (rc < 0)
		return rc;
	struct cert_spec spec = {.common_name = "slipway boot", .key = key, .usage = "serverAuth"};
	rc = issue_server(ca, spec, address, &cert, e);
	if (rc < 0)
		return rc;
	if (cert_key_pem(key, out) < 0 || cert_pem(cert, out) < 0 ||
		cert_pem(ca->pair.cert, out) < 0)
		return cert_fail(e, -EIO, "cannot write the certificate of boot HTTP");
	return 0;
}

/* A bad certificate is as good as none, and is told so by the handler: an alert that ends the
 * handshake of TLS 1.3 races with the client's request and is often lost. */
static int judge_client(X509_STORE_CTX *ctx, void *arg)
{
	(void)arg;
	if (X509_verify_cert(ctx) <= 0 && X509_STORE_CTX_get_error(ctx) == X509_V_OK)
		X509_STORE_CTX_set_error(ctx, X509_V_ERR_UNSPECIFIED);
	ERR_clear_error();
	return 1; /* the verdict stays: SSL_get_verify_result() */
}

int ca_server_ctx(const struct ca *ca, uint32_t address, SSL_CTX **ret, struct err *e)
{
	AUTO(ctx_free_p) SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	if (!ctx || SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1 ||
		X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), ca->pair.cert) != 1 ||
		SSL_CTX_add_client_CA(ctx, ca->pair.cert) != 1)
		return cert_fail(e, -EIO, "cannot set up TLS");
	/* Not FAIL_IF_NO_PEER_CERT: a node that wants to join has none yet. */
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_cert_verify_callback(ctx, judge_client, NULL);
	SSL_CTX_set_verify_depth(ctx, 1);
	/* Connections are kept alive; a resumed session would only skip the check of a certificate. */
	(void)SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	(void)SSL_CTX_set_num_tickets(ctx, 0);
	(void)SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION |
					       SSL_OP_NO_COMPRESSION |
					       SSL_OP_IGNORE_UNEXPECTED_EOF);
	(void)SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS); /* 34 KiB less per idle node */
	int rc = use_certificate(ca, address, ctx, e);
	if (rc < 0)
		return rc;
	*ret = TAKE(ctx);
	return 0;
}

static int check_ec(EVP_PKEY *key, struct err *e)
{
	static const char *const curves[] = {"prime256v1", "secp384r1"};
	char curve[64];
	int explicit_curve = 0;

	/* Parameters written out could describe any curve that looks like a good one. */
	(void)EVP_PKEY_get_int_param(
		key, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS, &explicit_curve);
	if (explicit_curve || EVP_PKEY_get_group_name(key, curve, sizeof(curve), NULL) != 1)
		return err_msg(e, -EINVAL, "the key's curve is not a named one");
	for (size_t i = 0; i < ARRAY_LEN(curves); i++)
		if (strcmp(curve, curves[i]) == 0)
			return 0;
	return err_msg(e, -EINVAL, "the key's curve %s is not allowed (P-256, P-384)", curve);
}

static int check_key(EVP_PKEY *key, struct err *e)
{
	int type = EVP_PKEY_get_base_id(key), bits = EVP_PKEY_get_bits(key);

	if (type == EVP_PKEY_ED25519)
		return 0;
	if (type == EVP_PKEY_EC)
		return check_ec(key, e);
	if (type == EVP_PKEY_RSA && bits >= RSA_BITS_MIN && bits <= RSA_BITS_MAX)
		return 0;
	if (type == EVP_PKEY_RSA)
		return err_msg(e, -EINVAL, "the RSA key has %d bits (%d to %d are allowed)", bits,
			RSA_BITS_MIN, RSA_BITS_MAX);
	return err_msg(e, -EINVAL, "the key's type is not allowed (EC, Ed25519, RSA)");
}

/* The public key of a request, once it is of a good kind and has signed the request. */
static int request_key(const char *pem, size_t len, EVP_PKEY **ret_key, struct err *e)
{
	AUTO(cert_request_free_p) X509_REQ *request = NULL;
	int rc = cert_request_parse(pem, len, &request, e);

	if (rc < 0)
		return rc;
	AUTO(cert_key_free_p) EVP_PKEY *key = X509_REQ_get_pubkey(request);
	if (!key)
		return cert_fail(e, -EINVAL, "the request's key cannot be read");
	rc = check_key(key, e);
	if (rc < 0)
		return rc;
	if (X509_REQ_verify(request, key) != 1)
		return cert_fail(e, -EINVAL, "the request is not signed by its own key");
	*ret_key = TAKE(key);
	return 0;
}

/* NOLINTNEXTLINE(readability-function-size): eight facts that only meet here. */
int ca_sign_node(const struct ca *ca, const char *request_pem, size_t len, const char *node,
	int64_t now_s, unsigned days, struct str *out, struct err *e)
{
	AUTO(cert_key_free_p) EVP_PKEY *key = NULL;
	AUTO(cert_free_p) X509 *cert = NULL;

	if (!parse_is_label(node))
		return err_msg(e, -EINVAL, "the node's name is not a host name");
	int rc = request_key(request_pem, len, &key, e);
	if (rc < 0)
		return rc;
	struct cert_spec spec = {
		.common_name = node,
		.organization = CA_NODE_ORGANIZATION,
		.key = key,
		.issuer = ca->pair.cert,
		.issuer_key = ca->pair.key,
		.usage = "clientAuth",
		.not_after_s = now_s + (int64_t)days * DAY_S,
	};
	rc = cert_issue(&spec, &cert, e);
	if (rc < 0)
		return rc;
	return cert_pem(cert, out) < 0 ? err_msg(e, -EIO, "cannot write the certificate as PEM")
				       : 0;
}

int ca_request_key(
	const char *request_pem, size_t len, uint8_t ret[static CA_KEY_HASH_LEN], struct err *e)
{
	AUTO(cert_key_free_p) EVP_PKEY *key = NULL;
	unsigned char *der = NULL;
	size_t hash_len = 0;
	int rc = request_key(request_pem, len, &key, e);

	if (rc < 0)
		return rc;
	int der_len = i2d_PUBKEY(key, &der);
	if (der_len <= 0 ||
		EVP_Q_digest(NULL, "SHA256", NULL, der, (size_t)der_len, ret, &hash_len) != 1)
		rc = cert_fail(e, -EIO, "cannot hash the request's key");
	OPENSSL_free(der);
	return rc;
}

int ca_node_name(const X509 *verified, char ret[static CA_NODE_NAME_SIZE])
{
	char name[CA_NODE_NAME_SIZE];

	if (!cert_has_organization(verified, CA_NODE_ORGANIZATION) ||
		cert_common_name(verified, name, sizeof(name)) < 0 || !parse_is_label(name))
		return -EINVAL;
	memcpy(ret, name, sizeof(name));
	return 0;
}

int ca_peer_name(const SSL *ssl, char ret[static CA_NODE_NAME_SIZE])
{
	AUTO(cert_free_p) X509 *cert = SSL_get1_peer_certificate(ssl);

	if (!cert)
		return -ENOENT;
	if (SSL_get_verify_result(ssl) != X509_V_OK || ca_node_name(cert, ret) < 0)
		return -EACCES;
	return 0;
}

int ca_peer_expiry(const SSL *ssl, int64_t *ret_s)
{
	AUTO(cert_free_p) X509 *cert = SSL_get1_peer_certificate(ssl);

	return cert && cert_expiry(cert, ret_s) == 0 ? 0 : -ENOENT;
}

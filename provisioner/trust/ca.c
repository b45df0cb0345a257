#include "provisioner/trust/ca.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "provisioner/base/files.h"
#include "provisioner/base/parse.h"
#include "provisioner/trust/cert.h"

#define KEY_FILE "ca.key"
#define CERT_FILE "ca.crt"
#define DAY_S 86400
#define RSA_BITS_MIN 2048
#define RSA_BITS_MAX 8192 /* beyond it a signature check costs us more than the node */

struct ca {
	EVP_PKEY *key;
	X509 *cert;
	uint8_t sha256[CERT_SHA256_LEN];
};

void ca_free(struct ca *ca)
{
	if (!ca)
		return;
	EVP_PKEY_free(ca->key);
	X509_free(ca->cert);
	free(ca);
}

void ca_free_p(struct ca **ca)
{
	ca_free(*ca);
}

static int save(const struct ca *ca, int dir, struct err *e)
{
	AUTO(cert_wipe) struct str key = str_init(CERT_PEM_MAX);
	AUTO(str_done) struct str cert = str_init(CERT_PEM_MAX);

	if (cert_key_pem(ca->key, &key) < 0 || cert_pem(ca->cert, &cert) < 0)
		return err_msg(e, -EIO, "cannot write the CA as PEM");
	int rc = file_write(dir, KEY_FILE, key.s, key.len, 0600);
	if (rc < 0)
		return err_msg(e, rc, "cannot write " KEY_FILE ": %s", strerror(-rc));
	rc = file_write(dir, CERT_FILE, cert.s, cert.len, 0644);
	if (rc < 0)
		return err_msg(e, rc, "cannot write " CERT_FILE ": %s", strerror(-rc));
	return 0;
}

static int make(struct ca *ca, const char *cluster, struct err *e)
{
	char name[65]; /* RFC 5280 appendix A: a common name has 64 characters at most */
	int rc = cert_key_new(&ca->key, e);

	if (rc < 0)
		return rc;
	if (snprintf(name, sizeof(name), "slipway CA %s", cluster) >= (int)sizeof(name))
		(void)snprintf(
			name, sizeof(name), "slipway CA"); /* a label for people, nothing more */
	struct cert_spec spec = {
		.common_name = name,
		.key = ca->key,
		.issuer_key = ca->key,
		.is_ca = true,
		.not_after_s = CERT_NEVER_EXPIRES,
	};
	return cert_issue(&spec, &ca->cert, e);
}

/* The two files must be one key pair that signs itself and may sign others. */
static int check_pair(const struct ca *ca, struct err *e)
{
	int rc = 0;

	if (X509_check_private_key(ca->cert, ca->key) != 1)
		rc = err_msg(e, -EINVAL,
			KEY_FILE " is not the key of " CERT_FILE
				 ": restore both from the same backup");
	else if (X509_verify(ca->cert, ca->key) != 1 || X509_check_ca(ca->cert) != 1)
		rc = err_msg(e, -EINVAL, CERT_FILE " is not the certificate of a CA");
	ERR_clear_error();
	return rc;
}

static int load_key(struct ca *ca, int dir, struct err *e)
{
	AUTO(free_p) char *pem = NULL;
	size_t len = 0;
	struct stat st;
	int rc = file_read(dir, KEY_FILE, CERT_PEM_MAX, &pem, &len);

	if (rc < 0)
		return err_msg(e, rc, "cannot read " KEY_FILE ": %s", strerror(-rc));
	struct err why = {0};
	rc = cert_key_parse(pem, len, &ca->key, &why);
	OPENSSL_cleanse(pem, len);
	if (rc < 0)
		return err_msg(e, rc, KEY_FILE ": %s", why.msg);
	if (fstatat(dir, KEY_FILE, &st, AT_SYMLINK_NOFOLLOW) < 0 || (st.st_mode & 077) != 0)
		return err_msg(e, -EINVAL,
			KEY_FILE " may be read by others: chmod 600 it, and make a new CA"
				 " if somebody did");
	return 0;
}

static int load_cert(struct ca *ca, int dir, struct err *e)
{
	AUTO(free_p) char *pem = NULL;
	size_t len = 0;
	int rc = file_read(dir, CERT_FILE, CERT_PEM_MAX, &pem, &len);

	if (rc < 0)
		return err_msg(e, rc, "cannot read " CERT_FILE ": %s", strerror(-rc));
	struct err why = {0};
	rc = cert_parse(pem, len, &ca->cert, &why);
	return rc < 0 ? err_msg(e, rc, CERT_FILE ": %s", why.msg) : 0;
}

static int load(struct ca *ca, int dir, struct err *e)
{
	int rc = load_key(ca, dir, e);

	if (rc < 0)
		return rc;
	rc = load_cert(ca, dir, e);
	return rc < 0 ? rc : check_pair(ca, e);
}

/* 1 when something of that name is in the folder, 0 when not, or a negative errno. */
static int is_there(int dir, const char *name)
{
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return 1;
	return errno == ENOENT ? 0 : -errno;
}

static int load_or_make(struct ca *ca, int dir, const char *cluster, struct err *e)
{
	int has_key = is_there(dir, KEY_FILE), has_cert = is_there(dir, CERT_FILE);

	if (has_key < 0 || has_cert < 0)
		return err_msg(e, has_key < 0 ? has_key : has_cert, "cannot look for the CA: %s",
			strerror(has_key < 0 ? -has_key : -has_cert));
	if (has_key && has_cert)
		return load(ca, dir, e);
	if (has_key)
		return err_msg(e, -EINVAL,
			CERT_FILE " is missing beside " KEY_FILE ": restore it from a"
				  " backup; if no node has joined yet, remove " KEY_FILE
				  " to begin anew");
	if (has_cert)
		return err_msg(e, -EINVAL,
			KEY_FILE " is missing beside " CERT_FILE ": restore it from a"
				 " backup; a new CA means that every node has to join again");
	int rc = make(ca, cluster, e);
	return rc < 0 ? rc : save(ca, dir, e);
}

int ca_open(int dir, const char *cluster, struct ca **ret, struct err *e)
{
	AUTO(ca_free_p) struct ca *ca = xcalloc(1, sizeof(*ca));
	int rc = load_or_make(ca, dir, cluster, e);

	if (rc < 0)
		return rc;
	if (cert_sha256(ca->cert, ca->sha256) < 0)
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
	return cert_pem(ca->cert, out);
}

static void ctx_free_p(SSL_CTX **ctx)
{
	SSL_CTX_free(*ctx);
}

static int use_certificate(const struct ca *ca, uint32_t address, SSL_CTX *ctx, struct err *e)
{
	AUTO(cert_key_free_p) EVP_PKEY *key = NULL;
	AUTO(cert_free_p) X509 *cert = NULL;
	int rc = cert_key_new(&key, e);

	if (rc < 0)
		return rc;
	struct cert_spec spec = {
		.common_name = "slipway provisioner",
		.key = key,
		.issuer = ca->cert,
		.issuer_key = ca->key,
		.usage = "serverAuth,clientAuth",
		.address = address,
		.not_after_s = CERT_NEVER_EXPIRES, /* the key dies with the process */
	};
	rc = cert_issue(&spec, &cert, e);
	if (rc < 0)
		return rc;
	if (SSL_CTX_use_certificate(ctx, cert) != 1 || SSL_CTX_use_PrivateKey(ctx, key) != 1 ||
		SSL_CTX_add1_chain_cert(ctx, ca->cert) != 1)
		return cert_fail(e, -EIO, "cannot use the server's certificate");
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
		X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), ca->cert) != 1 ||
		SSL_CTX_add_client_CA(ctx, ca->cert) != 1)
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
		.issuer = ca->cert,
		.issuer_key = ca->key,
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

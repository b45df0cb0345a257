/* trust.h - what the tests of provisioner/trust share: a scratch folder, a CA in it, and a TLS
 * handshake in memory. */
#ifndef SLIPWAY_TESTS_UNIT_TRUST_H
#define SLIPWAY_TESTS_UNIT_TRUST_H

#include <stdlib.h>
#include <unistd.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "provisioner/base/files.h"
#include "provisioner/trust/ca.h"
#include "provisioner/trust/cert.h"
#include "provisioner/trust/pin.h"
#include "tests/unit/test.h"

#define SERVER_ADDRESS 0x0a0a0001U /* 10.10.0.1 */
#define NOW_S 1800000000

struct folder {
	char path[64];
	int fd;
};

static inline struct folder folder_new(void)
{
	struct folder f = {.path = "/tmp/slipway-trust.XXXXXX"};

	assert_non_null(mkdtemp(f.path));
	f.fd = dir_open(f.path);
	assert_true(f.fd >= 0);
	return f;
}

static inline void folder_done(struct folder *f)
{
	(void)unlinkat(f->fd, "ca.key", 0);
	(void)unlinkat(f->fd, "ca.crt", 0);
	close_p(&f->fd);
	assert_int_equal(rmdir(f->path), 0);
}

static inline struct ca *ca_in(const struct folder *f)
{
	struct ca *ca = NULL;
	struct err e = {0};

	if (ca_open(f->fd, "acm", &ca, &e) < 0)
		fail_msg("%s", e.msg);
	return ca;
}

static inline struct pin pin_of(const struct ca *ca)
{
	char hex[CA_FINGERPRINT_SIZE];
	struct pin pin;

	assert_int_equal(ca_fingerprint(ca, hex), 0);
	assert_int_equal(pin_parse(hex, &pin), 0);
	return pin;
}

static inline X509 *ca_cert(const struct ca *ca)
{
	AUTO(str_done) struct str pem = str_init(CERT_PEM_MAX);
	X509 *cert = NULL;

	assert_int_equal(ca_pem(ca, &pem), 0);
	assert_int_equal(cert_parse(pem.s, pem.len, &cert, NULL), 0);
	return cert;
}

/* A node's certificate for `key`, signed by the CA. */
static inline X509 *node_cert(const struct ca *ca, const char *node, EVP_PKEY *key)
{
	AUTO(str_done) struct str request = str_init(CERT_PEM_MAX), pem = str_init(CERT_PEM_MAX);
	struct err e = {0};
	X509 *cert = NULL;

	assert_int_equal(cert_request_pem(key, "anything", &request), 0);
	if (ca_sign_node(ca, request.s, request.len, node, NOW_S, 3650, &pem, &e) < 0)
		fail_msg("%s", e.msg);
	assert_int_equal(cert_parse(pem.s, pem.len, &cert, NULL), 0);
	return cert;
}

/* Both ends of one connection, joined in memory. */
struct wire {
	SSL *client, *server;
};

static inline bool wire_is_finished(SSL *ssl, int rc, bool *failed)
{
	int why = SSL_get_error(ssl, rc);

	if (rc == 1)
		return true;
	*failed |= why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE;
	return false;
}

/* True when both ends finish the handshake and the server has read what the client then wrote. Takes
 * both; wire_done() frees them. */
static inline bool wire_shakes_hands(struct wire *w, SSL *client, SSL *server)
{
	BIO *a = NULL, *b = NULL;
	bool c = false, s = false, failed = false;
	char byte = 0;

	*w = (struct wire){.client = client, .server = server};
	assert_int_equal(BIO_new_bio_pair(&a, 0, &b, 0), 1);
	SSL_set_bio(client, a, a);
	SSL_set_bio(server, b, b);
	for (int i = 0; i < 20 && !(c && s) && !failed; i++) {
		c = wire_is_finished(client, SSL_connect(client), &failed);
		s = wire_is_finished(server, SSL_accept(server), &failed);
	}
	bool ok = c && s && SSL_write(client, "x", 1) == 1 && SSL_read(server, &byte, 1) == 1;
	ERR_clear_error();
	return ok && byte == 'x';
}

static inline void wire_done(struct wire *w)
{
	SSL_free(w->client);
	SSL_free(w->server);
}

#endif

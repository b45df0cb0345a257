#include "provisioner/trust/pin.h"

#include <errno.h>

#include "tests/unit/provisioner/trust/trust.h"

/* A server context with a certificate made to order, and a chain of one more certificate. */
static SSL_CTX *server_with(X509 *leaf, EVP_PKEY *key, X509 *chain)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	assert_int_equal(SSL_CTX_use_certificate(ctx, leaf), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(ctx, key), 1);
	if (chain)
		assert_int_equal(SSL_CTX_add1_chain_cert(ctx, chain), 1);
	return ctx;
}

/* Whether a client with this pin, dialling `address`, finishes the handshake. Takes the server. */
static bool accepts(struct pin pin, SSL_CTX *server, uint32_t address)
{
	SSL_CTX *client = NULL;
	struct wire w;

	assert_int_equal(pin_client_ctx(&pin, NULL, NULL, &client, NULL), 0);
	bool ok = wire_shakes_hands(&w, pin_client_ssl(client, address), SSL_new(server));
	wire_done(&w);
	SSL_CTX_free(client);
	SSL_CTX_free(server);
	return ok;
}

/* A CA and a leaf below it, of which a case bends one thing. */
struct site {
	EVP_PKEY *ca_key, *key;
	X509 *ca;
	struct cert_spec leaf;
	struct pin pin;
};

static struct site site_new(void)
{
	struct site s = {0};

	assert_int_equal(cert_key_new(&s.ca_key, NULL), 0);
	assert_int_equal(cert_key_new(&s.key, NULL), 0);
	struct cert_spec ca = {
		.common_name = "ca", .key = s.ca_key, .issuer_key = s.ca_key, .is_ca = true};
	assert_int_equal(cert_issue(&ca, &s.ca, NULL), 0);
	assert_int_equal(cert_sha256(s.ca, s.pin.sha256), 0);
	s.leaf = (struct cert_spec){.common_name = "server",
		.key = s.key,
		.issuer = s.ca,
		.issuer_key = s.ca_key,
		.usage = "serverAuth",
		.alt_names = "IP:10.10.0.1"};
	return s;
}

static void site_done(struct site *s)
{
	EVP_PKEY_free(s->ca_key);
	EVP_PKEY_free(s->key);
	X509_free(s->ca);
}

static bool site_is_accepted(struct site *s, X509 *chain)
{
	AUTO(cert_free_p) X509 *leaf = NULL;

	assert_int_equal(cert_issue(&s->leaf, &leaf, NULL), 0);
	return accepts(s->pin, server_with(leaf, s->key, chain), SERVER_ADDRESS);
}

TEST(our_own_server_is_accepted_by_its_fingerprint)
{
	AUTO(folder_done) struct folder f = folder_new();
	AUTO(ca_free_p) struct ca *ca = ca_in(&f);
	SSL_CTX *server = NULL;

	assert_int_equal(ca_server_ctx(ca, SERVER_ADDRESS, &server, NULL), 0);
	assert_true(accepts(pin_of(ca), server, SERVER_ADDRESS));
}

TEST(a_fingerprint_with_one_bit_wrong_is_refused)
{
	AUTO(site_done) struct site s = site_new();

	assert_true(site_is_accepted(&s, s.ca));
	s.pin.sha256[31] ^= 1;
	assert_false(site_is_accepted(&s, s.ca));
}

TEST(a_certificate_for_another_address_is_refused)
{
	AUTO(site_done) struct site s = site_new();

	s.leaf.alt_names = "IP:10.10.0.2";
	assert_false(site_is_accepted(&s, s.ca));
	s.leaf.alt_names = NULL;
	assert_false(site_is_accepted(&s, s.ca));
}

TEST(a_chain_without_the_ca_is_refused)
{
	AUTO(site_done) struct site s = site_new();

	assert_false(site_is_accepted(&s, NULL));
}

/* The pinned certificate is public: anyone can put it in his chain. */
TEST(a_leaf_of_another_ca_is_refused_even_beside_the_pinned_one)
{
	AUTO(site_done) struct site s = site_new();
	AUTO(site_done) struct site forger = site_new();

	forger.pin = s.pin;
	assert_false(site_is_accepted(&forger, s.ca));
}

TEST(a_node_certificate_can_not_play_the_server)
{
	AUTO(site_done) struct site s = site_new();

	s.leaf.usage = "clientAuth";
	assert_false(site_is_accepted(&s, s.ca));
}

/* It expired a minute into 1970: had the clock a say, this would fail. */
TEST(the_clock_has_no_say)
{
	AUTO(site_done) struct site s = site_new();

	s.leaf.not_after_s = 60;
	assert_true(site_is_accepted(&s, s.ca));
}

TEST(a_clock_that_stands_before_the_certificates_has_no_say_either)
{
	AUTO(site_done) struct site s = site_new();
	AUTO(cert_free_p) X509 *leaf = NULL;

	assert_int_equal(cert_issue(&s.leaf, &leaf, NULL), 0);
	assert_non_null(X509_time_adj_ex(X509_getm_notBefore(leaf), 365 * 20, 0, NULL));
	assert_true(X509_sign(leaf, s.ca_key, EVP_sha256()) > 0);
	assert_true(X509_cmp_current_time(X509_get0_notBefore(leaf)) > 0);
	assert_true(accepts(s.pin, server_with(leaf, s.key, s.ca), SERVER_ADDRESS));
}

TEST(tls_below_1_2_is_refused)
{
	AUTO(site_done) struct site s = site_new();
	AUTO(cert_free_p) X509 *leaf = NULL;

	assert_int_equal(cert_issue(&s.leaf, &leaf, NULL), 0);
	SSL_CTX *server = server_with(leaf, s.key, s.ca);
	SSL_CTX_set_security_level(server, 0);
	assert_int_equal(SSL_CTX_set_max_proto_version(server, TLS1_1_VERSION), 1);
	assert_false(accepts(s.pin, server, SERVER_ADDRESS));
}

TEST(a_fingerprint_is_64_hex_digits)
{
	static const char *const bad[] = {"", "00",
		"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde",
		"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0",
		"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdeg",
		"0123456789abcdef:123456789abcdef0123456789abcdef0123456789abcdef"};
	struct pin pin;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(pin_parse(bad[i], &pin), -EINVAL);
	assert_int_equal(
		pin_parse("00fF000000000000000000000000000000000000000000000000000000000080", &pin),
		0);
	assert_int_equal(pin.sha256[1], 0xff);
	assert_int_equal(pin.sha256[31], 0x80);
}

TEST(a_delivered_certificate_must_be_ours_and_of_the_pinned_ca)
{
	AUTO(folder_done) struct folder f = folder_new();
	AUTO(folder_done) struct folder other = folder_new();
	AUTO(ca_free_p) struct ca *ca = ca_in(&f), *foreign = ca_in(&other);
	AUTO(cert_key_free_p) EVP_PKEY *key = EVP_EC_gen("P-256"), *other_key = EVP_EC_gen("P-256");
	AUTO(cert_free_p) X509 *root = ca_cert(ca), *foreign_root = ca_cert(foreign);
	AUTO(cert_free_p)
	X509 *good = node_cert(ca, "n", key), *forged = node_cert(foreign, "n", key);
	struct pin pin = pin_of(ca);
	struct err e = {0};

	assert_int_equal(pin_check(&pin, root, good, key, &e), 0);
	assert_int_equal(pin_check(&pin, foreign_root, forged, key, &e), -EACCES);
	assert_non_null(strstr(e.msg, "fingerprint"));
	assert_int_equal(pin_check(&pin, root, forged, key, &e), -EACCES);
	assert_non_null(strstr(e.msg, "not signed by the CA"));
	assert_int_equal(pin_check(&pin, root, good, other_key, &e), -EACCES);
	assert_non_null(strstr(e.msg, "another key"));
}

RUN(t(our_own_server_is_accepted_by_its_fingerprint),
	t(a_fingerprint_with_one_bit_wrong_is_refused),
	t(a_certificate_for_another_address_is_refused), t(a_chain_without_the_ca_is_refused),
	t(a_leaf_of_another_ca_is_refused_even_beside_the_pinned_one),
	t(a_node_certificate_can_not_play_the_server), t(the_clock_has_no_say),
	t(a_clock_that_stands_before_the_certificates_has_no_say_either),
	t(tls_below_1_2_is_refused), t(a_fingerprint_is_64_hex_digits),
	t(a_delivered_certificate_must_be_ours_and_of_the_pinned_ca))

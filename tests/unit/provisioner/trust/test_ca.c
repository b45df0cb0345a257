#include "provisioner/trust/ca.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "tests/unit/provisioner/trust/trust.h"

TEST(the_first_start_makes_a_ca_and_the_next_one_finds_it)
{
	AUTO(folder_done) struct folder f = folder_new();
	AUTO(ca_free_p) struct ca *first = ca_in(&f);
	AUTO(ca_free_p) struct ca *second = ca_in(&f);
	char a[CA_FINGERPRINT_SIZE], b[CA_FINGERPRINT_SIZE];
	struct stat st;

	assert_int_equal(ca_fingerprint(first, a), 0);
	assert_int_equal(ca_fingerprint(second, b), 0);
	assert_string_equal(a, b);
	assert_int_equal(strspn(a, "0123456789abcdef"), 64);
	assert_int_equal(fstatat(f.fd, "ca.key", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(fstatat(f.fd, "ca.crt", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
}

TEST(the_ca_signs_itself_may_sign_leaves_only_and_never_expires)
{
	AUTO(folder_done) struct folder f = folder_new();
	AUTO(ca_free_p) struct ca *ca = ca_in(&f);
	AUTO(cert_free_p) X509 *cert = ca_cert(ca);

	assert_int_equal(X509_self_signed(cert, 1), 1);
	assert_int_equal(X509_check_ca(cert), 1);
	assert_int_equal(X509_get_pathlen(cert), 0);
	assert_int_equal(X509_get_key_usage(cert), KU_KEY_CERT_SIGN | KU_CRL_SIGN);
	assert_int_equal(ASN1_TIME_cmp_time_t(X509_get0_notAfter(cert), 253402300799), 0);
}

/* Opens the CA, expects a refusal that says `word`, and that both files stay as they were. */
static void refuses(const struct folder *f, const char *word)
{
	struct ca *ca = NULL;
	struct err e = {0};

	assert_int_equal(ca_open(f->fd, "acm", &ca, &e), -EINVAL);
	assert_null(ca);
	if (!strstr(e.msg, word))
		fail_msg("\"%s\" does not say \"%s\"", e.msg, word);
}

TEST(half_a_pair_is_refused_and_never_replaced)
{
	static const char *const rows[][2] = {
		{"ca.key", "ca.key is missing"}, {"ca.crt", "ca.crt is missing"}};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(folder_done) struct folder f = folder_new();

		ca_free(ca_in(&f));
		assert_int_equal(unlinkat(f.fd, rows[i][0], 0), 0);
		refuses(&f, rows[i][1]);
		assert_int_equal(faccessat(f.fd, rows[i][0], F_OK, 0), -1);
	}
}

TEST(a_damaged_file_is_refused_and_kept)
{
	static const char *const names[] = {"ca.key", "ca.crt"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		AUTO(folder_done) struct folder f = folder_new();
		AUTO(free_p) char *kept = NULL;
		size_t len = 0;

		ca_free(ca_in(&f));
		assert_int_equal(file_write(f.fd, names[i], "junk", 4, 0600), 0);
		refuses(&f, names[i]);
		assert_int_equal(file_read(f.fd, names[i], 100, &kept, &len), 0);
		assert_string_equal(kept, "junk");
	}
}

TEST(a_key_of_another_ca_is_refused)
{
	AUTO(folder_done) struct folder f = folder_new();
	AUTO(folder_done) struct folder other = folder_new();
	AUTO(free_p) char *key = NULL;
	size_t len = 0;

	ca_free(ca_in(&f));
	ca_free(ca_in(&other));
	assert_int_equal(file_read(other.fd, "ca.key", CERT_PEM_MAX, &key, &len), 0);
	assert_int_equal(file_write(f.fd, "ca.key", key, len, 0600), 0);
	refuses(&f, "ca.key is not the key of ca.crt");
}

TEST(a_key_that_others_can_read_is_refused)
{
	AUTO(folder_done) struct folder f = folder_new();

	ca_free(ca_in(&f));
	assert_int_equal(fchmodat(f.fd, "ca.key", 0640, 0), 0);
	refuses(&f, "chmod 600");
}

TEST(a_certificate_that_is_not_a_ca_is_refused)
{
	AUTO(folder_done) struct folder f = folder_new();
	AUTO(cert_key_free_p) EVP_PKEY *key = NULL;
	AUTO(cert_free_p) X509 *cert = NULL;
	AUTO(str_done) struct str key_pem = str_init(CERT_PEM_MAX), pem = str_init(CERT_PEM_MAX);

	assert_int_equal(cert_key_new(&key, NULL), 0);
	struct cert_spec spec = {.common_name = "x", .key = key, .issuer_key = key};
	assert_int_equal(cert_issue(&spec, &cert, NULL), 0);
	assert_int_equal(cert_key_pem(key, &key_pem), 0);
	assert_int_equal(cert_pem(cert, &pem), 0);
	assert_int_equal(file_write(f.fd, "ca.key", key_pem.s, key_pem.len, 0600), 0);
	assert_int_equal(file_write(f.fd, "ca.crt", pem.s, pem.len, 0644), 0);
	refuses(&f, "not the certificate of a CA");
}

TEST(a_node_certificate_says_who_it_is_and_nothing_from_the_request)
{
	AUTO(folder_done) struct folder f = folder_new();
	AUTO(ca_free_p) struct ca *ca = ca_in(&f);
	AUTO(cert_key_free_p) EVP_PKEY *key = NULL;
	char name[CA_NODE_NAME_SIZE];

	assert_int_equal(cert_key_new(&key, NULL), 0);
	AUTO(cert_free_p) X509 *cert = node_cert(ca, "worker1", key);
	assert_int_equal(ca_node_name(cert, name), 0);
	assert_string_equal(name, "worker1");
	assert_int_equal(X509_NAME_entry_count(X509_get_subject_name(cert)), 2);
	assert_int_equal(X509_check_private_key(cert, key), 1);
	assert_int_equal(X509_get_extended_key_usage(cert), XKU_SSL_CLIENT);
	assert_int_equal(X509_check_ca(cert), 0);
	assert_int_equal(X509_get_ext_by_NID(cert, NID_subject_alt_name, -1), -1);
	assert_int_equal(ASN1_TIME_cmp_time_t(X509_get0_notAfter(cert), NOW_S + 3650LL * 86400), 0);
}

/* What a request signed by `key` gets. */
static int sign(const struct ca *ca, EVP_PKEY *key, const EVP_MD *md, struct err *e)
{
	AUTO(str_done) struct str out = str_init(CERT_PEM_MAX);
	AUTO(cert_request_free_p) X509_REQ *request = X509_REQ_new();
	BIO *to = BIO_new(BIO_s_mem());
	char *pem = NULL;

	assert_int_equal(X509_REQ_set_pubkey(request, key), 1);
	assert_true(X509_REQ_sign(request, key, md) > 0);
	assert_int_equal(PEM_write_bio_X509_REQ(to, request), 1);
	long len = BIO_get_mem_data(to, &pem);
	int rc = ca_sign_node(ca, pem, (size_t)len, "n", NOW_S, 1, &out, e);
	assert_int_equal(rc == 0, out.len > 0);
	BIO_free(to);
	return rc;
}

TEST(good_kinds_of_key_are_signed_and_others_refused)
{
	AUTO(folder_done) struct folder f = folder_new();
	AUTO(ca_free_p) struct ca *ca = ca_in(&f);
	const struct {
		EVP_PKEY *key;
		const EVP_MD *md;
		const char *refusal; /* NULL: signed */
	} rows[] = {
		{EVP_EC_gen("P-256"), EVP_sha256(), NULL},
		{EVP_EC_gen("P-384"), EVP_sha384(), NULL},
		{EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), NULL, NULL},
		{EVP_RSA_gen(2048), EVP_sha256(), NULL},
		{EVP_RSA_gen(1024), EVP_sha256(), "1024 bits"},
		{EVP_EC_gen("secp256k1"), EVP_sha256(), "secp256k1 is not allowed"},
		{EVP_EC_gen("P-521"), EVP_sha256(), "secp521r1 is not allowed"},
		{EVP_PKEY_Q_keygen(NULL, NULL, "ED448"), NULL, "type is not allowed"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		EVP_PKEY *key = rows[i].key;
		struct err e = {0};

		assert_non_null(key);
		int rc = sign(ca, key, rows[i].md, &e);
		if (rc != (rows[i].refusal ? -EINVAL : 0) ||
			(rows[i].refusal && !strstr(e.msg, rows[i].refusal)))
			fail_msg("row %zu: %d %s", i, rc, e.msg);
		EVP_PKEY_free(key);
	}
}

TEST(a_curve_with_its_parameters_written_out_is_refused)
{
	AUTO(folder_done) struct folder f = folder_new();
	AUTO(ca_free_p) struct ca *ca = ca_in(&f);
	AUTO(cert_key_free_p) EVP_PKEY *key = EVP_EC_gen("P-256");
	struct err e = {0};

	assert_int_equal(
		EVP_PKEY_set_utf8_string_param(key, OSSL_PKEY_PARAM_EC_ENCODING, "explicit"), 1);
	assert_int_equal(sign(ca, key, EVP_sha256(), &e), -EINVAL);
	assert_non_null(strstr(e.msg, "curve is not a named one"));
}

TEST(a_request_that_its_key_did_not_sign_is_refused)
{
	AUTO(folder_done) struct folder f = folder_new();
	AUTO(ca_free_p) struct ca *ca = ca_in(&f);
	AUTO(cert_key_free_p) EVP_PKEY *key = EVP_EC_gen("P-256"), *other = EVP_EC_gen("P-256");
	AUTO(cert_request_free_p) X509_REQ *request = X509_REQ_new();
	AUTO(str_done) struct str out = str_init(CERT_PEM_MAX);
	BIO *to = BIO_new(BIO_s_mem());
	struct err e = {0};
	char *pem = NULL;

	assert_int_equal(X509_REQ_set_pubkey(request, key), 1);
	assert_true(X509_REQ_sign(request, other, EVP_sha256()) > 0);
	assert_int_equal(PEM_write_bio_X509_REQ(to, request), 1);
	long len = BIO_get_mem_data(to, &pem);
	assert_int_equal(ca_sign_node(ca, pem, (size_t)len, "n", NOW_S, 1, &out, &e), -EINVAL);
	assert_non_null(strstr(e.msg, "not signed by its own key"));
	assert_int_equal(out.len, 0);
	BIO_free(to);
}

TEST(a_request_is_known_by_its_key_alone)
{
	AUTO(cert_key_free_p) EVP_PKEY *key = EVP_EC_gen("P-256"), *other = EVP_EC_gen("P-256");
	const struct {
		EVP_PKEY *key;
		const char *name;
	} rows[] = {{key, "a"}, {key, "b"}, {other, "a"}};
	uint8_t hash[3][CA_KEY_HASH_LEN];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(str_done) struct str request = str_init(CERT_PEM_MAX);

		assert_int_equal(cert_request_pem(rows[i].key, rows[i].name, &request), 0);
		assert_int_equal(ca_request_key(request.s, request.len, hash[i], NULL), 0);
	}
	assert_memory_equal(hash[0], hash[1], CA_KEY_HASH_LEN);
	assert_memory_not_equal(hash[0], hash[2], CA_KEY_HASH_LEN);
	assert_int_equal(ca_request_key("junk", 4, hash[0], NULL), -EINVAL);
}

TEST(a_name_that_is_no_label_is_never_signed)
{
	static const char *const names[] = {
		"", "a.b", "A", "a b", "-a", "a/CN=root", "caf\xc3\xa9"};
	AUTO(folder_done) struct folder f = folder_new();
	AUTO(ca_free_p) struct ca *ca = ca_in(&f);
	AUTO(cert_key_free_p) EVP_PKEY *key = EVP_EC_gen("P-256");
	AUTO(str_done) struct str request = str_init(CERT_PEM_MAX), out = str_init(CERT_PEM_MAX);
	struct err e = {0};

	assert_int_equal(cert_request_pem(key, "n", &request), 0);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		assert_int_equal(
			ca_sign_node(ca, request.s, request.len, names[i], NOW_S, 1, &out, &e),
			-EINVAL);
	assert_int_equal(out.len, 0);
}

/* A handshake between our server and a client that shows `cert` (or none); the server's verdict. */
static int peer_of(const struct ca *ca, X509 *cert, EVP_PKEY *key, char *ret_name)
{
	SSL_CTX *server = NULL, *client = NULL;
	struct pin pin = pin_of(ca);
	struct wire w;

	assert_int_equal(ca_server_ctx(ca, SERVER_ADDRESS, &server, NULL), 0);
	assert_int_equal(pin_client_ctx(&pin, cert, key, &client, NULL), 0);
	int rc = -ECONNABORTED;
	if (wire_shakes_hands(&w, pin_client_ssl(client, SERVER_ADDRESS), SSL_new(server)))
		rc = ca_peer_name(w.server, ret_name);
	wire_done(&w);
	SSL_CTX_free(server);
	SSL_CTX_free(client);
	return rc;
}

TEST(the_server_tells_a_node_a_stranger_and_a_forger_apart)
{
	AUTO(folder_done) struct folder f = folder_new();
	AUTO(folder_done) struct folder other = folder_new();
	AUTO(ca_free_p) struct ca *ca = ca_in(&f), *foreign = ca_in(&other);
	AUTO(cert_key_free_p) EVP_PKEY *key = EVP_EC_gen("P-256");
	AUTO(cert_free_p) X509 *good = node_cert(ca, "worker1", key);
	AUTO(cert_free_p) X509 *forged = node_cert(foreign, "worker1", key);
	char name[CA_NODE_NAME_SIZE] = "";

	assert_int_equal(peer_of(ca, good, key, name), 0);
	assert_string_equal(name, "worker1");
	assert_int_equal(peer_of(ca, NULL, NULL, name), -ENOENT);
	assert_int_equal(peer_of(ca, forged, key, name), -EACCES);
}

TEST(an_expired_node_is_turned_away)
{
	AUTO(folder_done) struct folder f = folder_new();
	AUTO(ca_free_p) struct ca *ca = ca_in(&f);
	AUTO(cert_key_free_p) EVP_PKEY *key = EVP_EC_gen("P-256");
	AUTO(str_done) struct str request = str_init(CERT_PEM_MAX), pem = str_init(CERT_PEM_MAX);
	AUTO(cert_free_p) X509 *cert = NULL;
	char name[CA_NODE_NAME_SIZE];

	assert_int_equal(cert_request_pem(key, "n", &request), 0);
	assert_int_equal(ca_sign_node(ca, request.s, request.len, "n", 86400, 1, &pem, NULL), 0);
	assert_int_equal(cert_parse(pem.s, pem.len, &cert, NULL), 0);
	assert_int_equal(peer_of(ca, cert, key, name), -EACCES);
}

/* A server's certificate of the same CA: the signature is good, the purpose is not. */
TEST(a_certificate_of_the_ca_that_is_no_nodes_is_turned_away)
{
	AUTO(folder_done) struct folder f = folder_new();
	AUTO(ca_free_p) struct ca *ca = ca_in(&f);
	AUTO(free_p) char *pem = NULL;
	AUTO(cert_key_free_p) EVP_PKEY *ca_key = NULL, *key = EVP_EC_gen("P-256");
	AUTO(cert_free_p) X509 *root = ca_cert(ca);
	const struct {
		const char *usage, *organization;
	} rows[] = {{"serverAuth", CA_NODE_ORGANIZATION}, {"clientAuth", "slipway:admin"},
		{"clientAuth", NULL}};
	char name[CA_NODE_NAME_SIZE];
	size_t len = 0;

	assert_int_equal(file_read(f.fd, "ca.key", CERT_PEM_MAX, &pem, &len), 0);
	assert_int_equal(cert_key_parse(pem, len, &ca_key, NULL), 0);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(cert_free_p) X509 *cert = NULL;
		struct cert_spec spec = {.common_name = "worker1",
			.organization = rows[i].organization,
			.key = key,
			.issuer = root,
			.issuer_key = ca_key,
			.usage = rows[i].usage};

		assert_int_equal(cert_issue(&spec, &cert, NULL), 0);
		assert_int_equal(peer_of(ca, cert, key, name), -EACCES);
	}
}

TEST(the_provisioners_own_certificate_is_not_a_node)
{
	AUTO(folder_done) struct folder f = folder_new();
	AUTO(ca_free_p) struct ca *ca = ca_in(&f);
	SSL_CTX *ctx = NULL;
	char name[CA_NODE_NAME_SIZE];

	assert_int_equal(ca_server_ctx(ca, SERVER_ADDRESS, &ctx, NULL), 0);
	X509 *cert = SSL_CTX_get0_certificate(ctx);
	assert_int_equal(ca_node_name(cert, name), -EINVAL);
	assert_int_equal(X509_check_ip_asc(cert, "10.10.0.1", 0), 1);
	assert_int_equal(X509_check_ip_asc(cert, "10.10.0.2", 0), 0);
	assert_int_equal(X509_get_extended_key_usage(cert), XKU_SSL_SERVER | XKU_SSL_CLIENT);
	SSL_CTX_free(ctx);
}

RUN(t(the_first_start_makes_a_ca_and_the_next_one_finds_it),
	t(the_ca_signs_itself_may_sign_leaves_only_and_never_expires),
	t(half_a_pair_is_refused_and_never_replaced), t(a_damaged_file_is_refused_and_kept),
	t(a_key_of_another_ca_is_refused), t(a_key_that_others_can_read_is_refused),
	t(a_certificate_that_is_not_a_ca_is_refused),
	t(a_node_certificate_says_who_it_is_and_nothing_from_the_request),
	t(good_kinds_of_key_are_signed_and_others_refused),
	t(a_curve_with_its_parameters_written_out_is_refused),
	t(a_request_that_its_key_did_not_sign_is_refused), t(a_request_is_known_by_its_key_alone),
	t(a_name_that_is_no_label_is_never_signed),
	t(the_server_tells_a_node_a_stranger_and_a_forger_apart), t(an_expired_node_is_turned_away),
	t(a_certificate_of_the_ca_that_is_no_nodes_is_turned_away),
	t(the_provisioners_own_certificate_is_not_a_node))

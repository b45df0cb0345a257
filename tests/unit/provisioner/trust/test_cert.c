#include "provisioner/trust/cert.h"

#include <errno.h>

#include <openssl/asn1.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "tests/unit/provisioner/trust/trust.h"

TEST(a_key_survives_its_way_through_pem)
{
	AUTO(cert_key_free_p) EVP_PKEY *key = NULL, *again = NULL;
	AUTO(cert_wipe) struct str pem = str_init(CERT_PEM_MAX);

	assert_int_equal(cert_key_new(&key, NULL), 0);
	assert_int_equal(cert_key_pem(key, &pem), 0);
	assert_int_equal(strncmp(pem.s, "-----BEGIN PRIVATE KEY-----", 27), 0);
	assert_int_equal(cert_key_parse(pem.s, pem.len, &again, NULL), 0);
	assert_int_equal(EVP_PKEY_eq(key, again), 1);
}

TEST(an_encrypted_key_is_refused_without_asking_for_a_passphrase)
{
	AUTO(cert_key_free_p) EVP_PKEY *key = NULL, *again = NULL;
	BIO *to = BIO_new(BIO_s_mem());
	unsigned char pass[] = "secret";
	struct err e = {0};
	char *pem = NULL;

	assert_int_equal(cert_key_new(&key, NULL), 0);
	assert_int_equal(
		PEM_write_bio_PrivateKey(to, key, EVP_aes_128_cbc(), pass, 6, NULL, NULL), 1);
	long len = BIO_get_mem_data(to, &pem);
	assert_int_equal(cert_key_parse(pem, (size_t)len, &again, &e), -EINVAL);
	assert_null(again);
	BIO_free(to);
}

TEST(what_is_not_pem_is_refused_and_leaves_no_error_behind)
{
	static const char *const texts[] = {"", "hello", "-----BEGIN CERTIFICATE-----\n",
		"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
		"-----BEGIN CERTIFICATE REQUEST-----\n====\n-----END CERTIFICATE REQUEST-----\n",
		"-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n"};
	X509_REQ *request = NULL;
	EVP_PKEY *key = NULL;
	X509 *cert = NULL;
	struct err e = {0};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		assert_int_equal(cert_parse(texts[i], strlen(texts[i]), &cert, &e), -EINVAL);
		assert_int_equal(
			cert_request_parse(texts[i], strlen(texts[i]), &request, &e), -EINVAL);
		assert_int_equal(cert_key_parse(texts[i], strlen(texts[i]), &key, &e), -EINVAL);
		assert_int_equal(ERR_peek_error(), 0);
		assert_true(e.msg[0] != '\0');
	}
}

TEST(a_certificate_is_good_from_1970_on)
{
	AUTO(cert_key_free_p) EVP_PKEY *key = NULL;
	AUTO(cert_free_p) X509 *cert = NULL;

	assert_int_equal(cert_key_new(&key, NULL), 0);
	struct cert_spec spec = {
		.common_name = "x", .key = key, .issuer_key = key, .not_after_s = NOW_S};
	assert_int_equal(cert_issue(&spec, &cert, NULL), 0);
	assert_int_equal(ASN1_TIME_cmp_time_t(X509_get0_notBefore(cert), 0), 0);
	assert_int_equal(ASN1_TIME_cmp_time_t(X509_get0_notAfter(cert), NOW_S), 0);
	/* RFC 5280 4.1.2.5: dates through 2049 are UTCTime. */
	assert_int_equal(ASN1_STRING_type(X509_get0_notBefore(cert)), V_ASN1_UTCTIME);
	assert_int_equal(ASN1_STRING_type(X509_get0_notAfter(cert)), V_ASN1_UTCTIME);
}

TEST(serial_numbers_differ_and_are_positive)
{
	AUTO(cert_key_free_p) EVP_PKEY *key = NULL;
	AUTO(cert_free_p) X509 *a = NULL, *b = NULL;

	assert_int_equal(cert_key_new(&key, NULL), 0);
	struct cert_spec spec = {.common_name = "x", .key = key, .issuer_key = key};
	assert_int_equal(cert_issue(&spec, &a, NULL), 0);
	assert_int_equal(cert_issue(&spec, &b, NULL), 0);
	assert_int_not_equal(
		ASN1_INTEGER_cmp(X509_get0_serialNumber(a), X509_get0_serialNumber(b)), 0);
	assert_int_equal(ASN1_STRING_type(X509_get0_serialNumber(a)), V_ASN1_INTEGER);
	assert_int_equal(ASN1_STRING_length(X509_get0_serialNumber(a)), 16);
}

TEST(a_common_name_must_be_single_printable_and_fit)
{
	static const struct {
		const char *first, *second;
		int want;
	} rows[] = {
		{"node1", NULL, 0},
		{"node1", "node2", -EINVAL},
		{NULL, NULL, -EINVAL},
		{"a b", NULL, -EINVAL},
		{"caf\xc3\xa9", NULL, -EINVAL},
		{"node1234567890", NULL, -EINVAL},
	};
	char name[14];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(cert_free_p) X509 *cert = X509_new();
		X509_NAME *subject = X509_get_subject_name(cert);

		for (int k = 0; k < 2; k++) {
			const char *text = k ? rows[i].second : rows[i].first;

			if (text)
				(void)X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
					(const unsigned char *)text, -1, -1, 0);
		}
		assert_int_equal(cert_common_name(cert, name, sizeof(name)), rows[i].want);
	}
}

RUN(t(a_key_survives_its_way_through_pem),
	t(an_encrypted_key_is_refused_without_asking_for_a_passphrase),
	t(what_is_not_pem_is_refused_and_leaves_no_error_behind),
	t(a_certificate_is_good_from_1970_on), t(serial_numbers_differ_and_are_positive),
	t(a_common_name_must_be_single_printable_and_fit))

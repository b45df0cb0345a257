#include "provisioner/trust/secrets.h"

#include <errno.h>
#include <jansson.h>

#include "netboot/join/delivery.h"
#include "provisioner/base/json.h"
#include "tests/unit/provisioner/trust/trust.h"

struct site {
	struct folder folder;
	struct secrets *secrets;
};

static const char *const names[] = {"etcd-ca.key", "etcd-ca.crt", "kubernetes-ca.key",
	"kubernetes-ca.crt", "front-proxy-ca.key", "front-proxy-ca.crt", "service-account.key"};

static void open_secrets(struct site *s)
{
	struct err e = {0};

	if (secrets_open(s->folder.fd, &s->secrets, &e) < 0)
		fail_msg("%s", e.msg);
}

static struct site site_new(void)
{
	struct site s = {.folder = folder_new()};

	open_secrets(&s);
	return s;
}

static void site_done(struct site *s)
{
	secrets_free(s->secrets);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		(void)unlinkat(s->folder.fd, names[i], 0);
	folder_done(&s->folder);
}

static struct secrets_node node_with(const char *words)
{
	return (struct secrets_node){.name = "m1",
		.domain = "acm.internal",
		.address = SERVER_ADDRESS,
		.words = secrets_words(words)};
}

/* What a node with these words is given, as its agent reads it. */
static void deliver(const struct site *s, const char *words, struct delivery *ret)
{
	const struct secrets_node n = node_with(words);
	AUTO(cert_wipe) struct str out = str_init(64 << 10);
	struct json j = json_init(&out);
	struct err e = {0};

	json_map(&j);
	json_key_text(&j, "version", "v1");
	json_key(&j, "files");
	if (secrets_write(s->secrets, &n, NOW_S, &j, &e) < 0)
		fail_msg("%s", e.msg);
	json_map_end(&j);
	if (!str_ok(&out) || delivery_read(out.s, out.len, ret, &e) < 0)
		fail_msg("%s", e.msg);
}

TEST(every_word_has_a_bit_and_other_text_has_none)
{
	uint32_t all = 0;

	for (size_t i = 0; secrets_word_name(i); i++) {
		uint32_t bit = secrets_word(secrets_word_name(i));

		assert_true(bit != 0 && (all & bit) == 0);
		all |= bit;
	}
	assert_int_equal(secrets_word("etcd"), 0);
	assert_int_equal(secrets_word(""), 0);
	assert_int_equal(secrets_words(""), 0);
	assert_int_equal(secrets_words("etcd-member\nnonsense\n\netcd-client"),
		secrets_word("etcd-member") | secrets_word("etcd-client"));
	assert_int_equal(secrets_words("etcd-memberx\netcd-membe\n"), 0);
}

TEST(the_agent_takes_everything_that_the_table_gives)
{
	AUTO(site_done) struct site s = site_new();
	AUTO(str_done) struct str all = str_init(1024);
	AUTO(delivery_done) struct delivery d;

	for (size_t i = 0; secrets_word_name(i); i++)
		str_printf(&all, "%s\n", secrets_word_name(i));
	deliver(&s, str_text(&all), &d);
	assert_int_equal(d.n, 17);
}

TEST(who_is_no_master_sees_no_authoritys_key)
{
	AUTO(site_done) struct site s = site_new();
	AUTO(delivery_done) struct delivery d;

	deliver(&s, "etcd-member\netcd-client\nkubernetes-join\nkubernetes-kubelet\n", &d);
	assert_int_equal(d.n, 10);
	for (size_t i = 0; i < d.n; i++)
		assert_null(strstr(d.files[i].path, "ca.key"));
	for (size_t i = 0; i < d.n; i++)
		assert_null(strstr(d.files[i].path, "sa.key"));
}

TEST(no_word_no_file)
{
	AUTO(site_done) struct site s = site_new();
	AUTO(delivery_done) struct delivery d;

	deliver(&s, "", &d);
	assert_int_equal(d.n, 0);
}

TEST(keys_are_never_open_to_others)
{
	AUTO(site_done) struct site s = site_new();
	AUTO(str_done) struct str all = str_init(1024);
	AUTO(delivery_done) struct delivery d;

	for (size_t i = 0; secrets_word_name(i); i++)
		str_printf(&all, "%s\n", secrets_word_name(i));
	deliver(&s, str_text(&all), &d);
	for (size_t i = 0; i < d.n; i++)
		assert_true(!strstr(d.files[i].content, "PRIVATE KEY") || d.files[i].mode == 0600);
}

TEST(each_answer_has_keys_of_its_own)
{
	AUTO(site_done) struct site s = site_new();
	AUTO(delivery_done) struct delivery a, b;

	deliver(&s, "etcd-member", &a);
	deliver(&s, "etcd-member", &b);
	assert_string_equal(a.files[0].content, b.files[0].content); /* the authority */
	for (size_t i = 1; i < a.n; i++)
		assert_string_not_equal(a.files[i].content, b.files[i].content);
}

TEST(a_restart_finds_the_same_authorities)
{
	AUTO(site_done) struct site s = site_new();
	AUTO(delivery_done) struct delivery a, b;

	deliver(&s, "kubernetes-master\nkubernetes-etcd", &a);
	secrets_free(s.secrets);
	open_secrets(&s);
	deliver(&s, "kubernetes-master\nkubernetes-etcd", &b);
	assert_int_equal(a.n, b.n);
	for (size_t i = 0; i < a.n; i++)
		assert_string_equal(a.files[i].content, b.files[i].content);
}

TEST(half_a_pair_is_refused)
{
	AUTO(site_done) struct site s = site_new();
	struct secrets *again = NULL;
	struct err e = {0};

	assert_int_equal(unlinkat(s.folder.fd, "front-proxy-ca.key", 0), 0);
	assert_int_equal(secrets_open(s.folder.fd, &again, &e), -EINVAL);
	assert_non_null(strstr(e.msg, "front-proxy-ca.key is missing"));
}

static void version_of(const struct site *s, const struct secrets_node *n, int64_t now_s, char *ret)
{
	assert_int_equal(secrets_version(s->secrets, n, now_s, ret), 0);
	assert_true(delivery_is_version(ret));
}

TEST(the_version_changes_with_what_the_node_is_to_have)
{
	AUTO(site_done) struct site s = site_new();
	struct secrets_node n = node_with("etcd-member"), other;
	char was[SECRETS_VERSION_SIZE], now[SECRETS_VERSION_SIZE];

	version_of(&s, &n, NOW_S, was);
	version_of(&s, &n, NOW_S, now);
	assert_string_equal(was, now);
	other = n, other.words = secrets_words("etcd-client");
	version_of(&s, &other, NOW_S, now);
	assert_string_not_equal(was, now);
	other = n, other.address++;
	version_of(&s, &other, NOW_S, now);
	assert_string_not_equal(was, now);
	other = n, other.name = "m2";
	version_of(&s, &other, NOW_S, now);
	assert_string_not_equal(was, now);
}

TEST(the_version_changes_before_half_of_a_life_has_passed)
{
	AUTO(site_done) struct site s = site_new();
	const struct secrets_node n = node_with("etcd-member");
	char was[SECRETS_VERSION_SIZE], now[SECRETS_VERSION_SIZE];
	int changes = 0;

	version_of(&s, &n, NOW_S, was);
	for (int64_t at = 0; at < SECRETS_LIFE_S / 2; at += 86400) {
		version_of(&s, &n, NOW_S + at, now);
		changes += strcmp(was, now) != 0;
		memcpy(was, now, sizeof(was));
	}
	assert_in_range(changes, 1, 2);
}

TEST(a_name_too_long_for_kubernetes_is_refused_with_the_reason)
{
	AUTO(site_done) struct site s = site_new();
	AUTO(str_done) struct str out = str_init(64 << 10);
	struct secrets_node n = node_with("kubernetes-kubelet");
	struct json j = json_init(&out);
	struct err e = {0};

	n.name = "abcdefghijklmnopqrstuvwxyz-abcdefghijklmnopqrstuvwxyz";
	assert_int_equal(secrets_write(s.secrets, &n, NOW_S, &j, &e), -EINVAL);
	assert_non_null(strstr(e.msg, "too long"));
}

TEST(our_own_client_certificate_is_of_etcds_authority)
{
	AUTO(site_done) struct site s = site_new();
	AUTO(secrets_client_done) struct secrets_client made = {0};
	AUTO(cert_free_p) X509 *issuer = NULL, *leaf = NULL;
	AUTO(cert_key_free_p) EVP_PKEY *pair = NULL;
	struct err e = {0};
	int64_t expiry;

	assert_int_equal(secrets_etcd_client(s.secrets, "slipway", NOW_S, &made, &e), 0);
	assert_int_equal(cert_parse(made.ca.s, made.ca.len, &issuer, NULL), 0);
	assert_int_equal(cert_parse(made.cert.s, made.cert.len, &leaf, NULL), 0);
	assert_int_equal(cert_key_parse(made.key.s, made.key.len, &pair, NULL), 0);
	assert_int_equal(X509_verify(leaf, X509_get0_pubkey(issuer)), 1);
	assert_int_equal(X509_check_private_key(leaf, pair), 1);
	assert_int_equal(cert_expiry(leaf, &expiry), 0);
	assert_int_equal(expiry, NOW_S + SECRETS_LIFE_S);
}

RUN(t(every_word_has_a_bit_and_other_text_has_none),
	t(the_agent_takes_everything_that_the_table_gives),
	t(who_is_no_master_sees_no_authoritys_key), t(no_word_no_file),
	t(keys_are_never_open_to_others), t(each_answer_has_keys_of_its_own),
	t(a_restart_finds_the_same_authorities), t(half_a_pair_is_refused),
	t(the_version_changes_with_what_the_node_is_to_have),
	t(the_version_changes_before_half_of_a_life_has_passed),
	t(a_name_too_long_for_kubernetes_is_refused_with_the_reason),
	t(our_own_client_certificate_is_of_etcds_authority))

#include "netboot/join/identity.h"

#include <errno.h>
#include <sys/stat.h>

#include "provisioner/base/json.h"
#include "tests/unit/provisioner/trust/trust.h"

struct place {
	struct folder state, authority;
	struct ca *ca;
	struct pin pin;
	struct identity id;
};

static void open_identity(struct place *p, const char *why_not)
{
	struct err e = {0}, why = {0};

	if (identity_open(p->state.fd, &p->pin, &p->id, &why, &e) < 0)
		fail_msg("%s", e.msg);
	if (!strstr(why.msg, why_not) || (!why_not[0] && why.msg[0]))
		fail_msg("want \"%s\", got \"%s\"", why_not, why.msg);
}

static struct place place_new(void)
{
	struct place p = {.state = folder_new(), .authority = folder_new()};

	p.ca = ca_in(&p.authority);
	p.pin = pin_of(p.ca);
	open_identity(&p, "");
	return p;
}

static void place_done(struct place *p)
{
	static const char *const names[] = {"node.key", "node.crt", "joined.json"};

	identity_done(&p->id);
	ca_free(p->ca);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		(void)unlinkat(p->state.fd, names[i], 0);
	folder_done(&p->state);
	folder_done(&p->authority);
}

/* The answer to a join of `key` as `certified`, which names the node `named`. */
static struct str answer(
	const struct ca *ca, EVP_PKEY *key, const char *certified, const char *named)
{
	AUTO(str_done) struct str cert = str_init(CERT_PEM_MAX), root = str_init(CERT_PEM_MAX);
	AUTO(cert_free_p) X509 *x = node_cert(ca, certified, key);
	struct str out = str_init(API_REPLY_MAX);
	struct json j = json_init(&out);

	assert_int_equal(cert_pem(x, &cert), 0);
	assert_int_equal(ca_pem(ca, &root), 0);
	json_map(&j);
	json_key_text(&j, "certificate", cert.s);
	json_key_text(&j, "ca", root.s);
	json_key_text(&j, "node", named);
	json_key_text(&j, "cluster", "acm");
	json_map_end(&j);
	return out;
}

/* Takes and saves the answer, then starts anew. */
static void join_and_restart(struct place *p, const char *why_not)
{
	AUTO(str_done) struct str reply = answer(p->ca, p->id.key, "worker1", "worker1");
	struct err e = {0};

	if (identity_accept(&p->id, reply.s, reply.len, &e) < 0)
		fail_msg("%s", e.msg);
	assert_int_equal(identity_save(&p->id, reply.s, reply.len, &e), 0);
	identity_done(&p->id);
	open_identity(p, why_not);
}

TEST(the_key_is_made_once_and_is_for_root_only)
{
	AUTO(place_done) struct place p = place_new();
	struct identity again;
	struct err e = {0};
	struct stat st;

	assert_null(p.id.cert);
	assert_int_equal(fstatat(p.state.fd, "node.key", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(identity_open(p.state.fd, &p.pin, &again, &e, &e), 0);
	assert_int_equal(EVP_PKEY_eq(again.key, p.id.key), 1);
	identity_done(&again);
}

TEST(a_joined_node_is_still_joined_after_a_restart)
{
	AUTO(place_done) struct place p = place_new();

	join_and_restart(&p, "");
	assert_non_null(p.id.cert);
	assert_string_equal(p.id.joined.node, "worker1");
	assert_int_equal(X509_check_private_key(p.id.cert, p.id.key), 1);
}

TEST(what_another_cluster_left_is_not_used)
{
	AUTO(place_done) struct place p = place_new();

	p.pin.sha256[0] ^= 1;
	p.id.pin = pin_of(p.ca); /* joined under the old pin, restarted under a new one */
	join_and_restart(&p, "fingerprint");
	assert_null(p.id.cert);
}

TEST(a_certificate_for_a_key_that_was_lost_is_not_used)
{
	AUTO(place_done) struct place p = place_new();

	join_and_restart(&p, "");
	identity_done(&p.id);
	assert_int_equal(file_write(p.state.fd, "node.key", "junk", 4, 0600), 0);
	open_identity(&p, "another key");
	assert_null(p.id.cert);
	assert_non_null(p.id.key);
}

TEST(half_an_answer_on_disk_is_not_used)
{
	AUTO(place_done) struct place p = place_new();
	AUTO(free_p) char *text = NULL;
	size_t len = 0;

	join_and_restart(&p, "");
	identity_done(&p.id);
	assert_int_equal(file_read(p.state.fd, "joined.json", API_REPLY_MAX, &text, &len), 0);
	assert_int_equal(file_write(p.state.fd, "joined.json", text, len / 2, 0644), 0);
	open_identity(&p, "not JSON");
	assert_null(p.id.cert);
}

TEST(an_answer_that_does_not_hold_changes_nothing)
{
	AUTO(place_done) struct place p = place_new();
	AUTO(folder_done) struct folder other = folder_new();
	AUTO(ca_free_p) struct ca *foreign = ca_in(&other);
	AUTO(cert_key_free_p) EVP_PKEY *key = EVP_EC_gen("P-256");
	struct {
		struct str reply;
		const char *word;
	} rows[] = {
		{answer(foreign, p.id.key, "worker1", "worker1"), "fingerprint"},
		{answer(p.ca, key, "worker1", "worker1"), "another key"},
		{answer(p.ca, p.id.key, "worker2", "worker1"), "does not name the node worker1"},
	};

	join_and_restart(&p, "");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err e = {0};

		assert_true(identity_accept(&p.id, rows[i].reply.s, rows[i].reply.len, &e) < 0);
		if (!strstr(e.msg, rows[i].word))
			fail_msg("row %zu: \"%s\"", i, e.msg);
		assert_non_null(p.id.cert);
		assert_string_equal(p.id.joined.node, "worker1");
		str_done(&rows[i].reply);
	}
}

RUN(t(the_key_is_made_once_and_is_for_root_only), t(a_joined_node_is_still_joined_after_a_restart),
	t(what_another_cluster_left_is_not_used),
	t(a_certificate_for_a_key_that_was_lost_is_not_used), t(half_an_answer_on_disk_is_not_used),
	t(an_answer_that_does_not_hold_changes_nothing))

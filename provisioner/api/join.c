#include "provisioner/api/join.h"

#include <errno.h>
#include <jansson.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

#include "provisioner/api/entitle.h"
#include "provisioner/api/peer.h"
#include "provisioner/api/report.h"
#include "provisioner/base/clock.h"
#include "provisioner/base/json.h"
#include "provisioner/cluster/cluster.h"
#include "provisioner/generation/generation.h"
#include "provisioner/nodes/nodes.h"
#include "provisioner/trust/ca.h"
#include "provisioner/trust/token.h"

#define HEARTBEAT_S 5
#define ETCD_CLIENT_PORT 2379
#define RETRY_LATER "2"

static void free_json(json_t **j)
{
	json_decref(*j);
}

static void write_endpoints(struct json *j, const struct cluster *c, bool may_talk)
{
	AUTO(str_done) struct str url = str_init(128);
	char quad[IPV4_TEXT_SIZE];

	json_key(j, "endpoints");
	json_list(j);
	for (uint32_t i = 0; may_talk && i < c->n_nodes; i++) {
		if (!c->nodes[i].role->etcd_member)
			continue;
		str_reset(&url);
		str_printf(&url, "%s://%s:%d", c->etcd.tls ? "https" : "http",
			ipv4_text(c->nodes[i].address, quad), ETCD_CLIENT_PORT);
		json_text(j, str_text(&url));
	}
	json_list_end(j);
}

static void reply_joined(struct api_request *r, struct machine *m, const char *certificate)
{
	const struct join *join = r->arg;
	const struct cluster *c = join->generation->cluster;
	AUTO(str_done)
	struct str out = str_init(API_REPLY_MAX), ca = str_init(16 << 10), prefix = str_init(1024);
	struct json j = json_init(&out);

	if (ca_pem(join->ca, &ca) < 0) {
		api_reply_error(r, HTTP_INTERNAL, "the CA certificate can not be written");
		return;
	}
	str_printf(&prefix, "%s/%s", c->etcd.prefix, c->name);
	json_map(&j);
	json_key_text(&j, "certificate", certificate);
	json_key_text(&j, "ca", str_text(&ca));
	json_key_text(&j, "node", m->key);
	json_key_text(&j, "role", m->node->role_name);
	json_key_text(&j, "cluster", c->name);
	json_key(&j, "etcd");
	json_map(&j);
	write_endpoints(&j, c, entitle_may_talk_to_etcd(join, m));
	json_key_text(&j, "prefix", str_text(&prefix));
	json_map_end(&j);
	json_key_int(&j, "heartbeat_s", HEARTBEAT_S);
	json_map_end(&j);
	api_reply_json(r, HTTP_OK, &out);
}

static void refuse_token(struct api_request *r, int rc, const char *node)
{
	static const struct {
		int rc;
		int status;
		const char *why;
	} rows[] = {
		{-ENOENT, 403, "this token was never given out"},
		{-EALREADY, 403,
			"this token has been used: a token is good for one join; boot again for "
			"another"},
		{-ETIME, 403,
			"this token has expired: it is good for ten minutes; boot again for "
			"another"},
	};
	const struct join *join = r->arg;
	struct machine *m = nodes_by_key(join->nodes, node);

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (rows[i].rc != rc)
			continue;
		if (m)
			nodes_trouble(join->nodes, m, clock_wall_ms(), "refused", "join: %s",
				rows[i].why);
		api_reply_error(r, rows[i].status, "%s", rows[i].why);
		return;
	}
	(void)evhttp_add_header(
		evhttp_request_get_output_headers(r->http), "Retry-After", RETRY_LATER);
	api_reply_error(r, HTTP_SERVUNAVAIL, "the provisioner can not write its state");
}

static void keep_facts(struct machine *m, const json_t *body)
{
	AUTO(free_p) char *text = report_facts(body);

	if (text)
		nodes_set_facts(m, text);
	report_boot_id(json_object_get(body, "facts"), m->boot_id, sizeof(m->boot_id));
}

/* A join asked for once more with the same token for the same key: its answer was lost on the way. */
static bool is_repeated(
	const struct join *join, const char *node, const uint8_t *token, const uint8_t *key)
{
	const struct machine *m = nodes_by_key(join->nodes, node);

	return m && CRYPTO_memcmp(m->joined_token, token, sizeof(m->joined_token)) == 0 &&
	       CRYPTO_memcmp(m->joined_key, key, sizeof(m->joined_key)) == 0;
}

/* Uses the token up, durably. 0 and the node it was made for, or why not. */
static int use_token(const struct join *join, const char *node, const uint8_t *token,
	const uint8_t *key, int64_t now_ms, char ret_key[static STORE_KEY_SIZE])
{
	if (nodes_flush(join->nodes) < 0)
		return -EIO;
	int rc = store_token_use(join->store, token, now_ms, ret_key);
	if (rc == -EALREADY && is_repeated(join, node, token, key)) {
		(void)snprintf(ret_key, STORE_KEY_SIZE, "%s", node);
		return 0;
	}
	return rc;
}

static void post_join(struct api_request *r)
{
	const struct join *join = r->arg;
	AUTO(free_json) json_t *body = peer_body(r);
	AUTO(str_done) struct str certificate = str_init(16 << 10);
	uint8_t hash[TOKEN_HASH_LEN], public_key[TOKEN_HASH_LEN];
	char key[STORE_KEY_SIZE] = "";
	int64_t now_ms = clock_wall_ms();
	struct err e;

	if (!body)
		return;
	const char *token = report_text(body, "token", TOKEN_TEXT_SIZE);
	const char *csr = report_text(body, "csr", API_BODY_MAX);
	const char *node = report_text(body, "node", STORE_KEY_SIZE - 1);
	if (!token || !csr || !node || token_hash(token, hash) < 0) {
		api_reply_error(r, HTTP_BADREQUEST,
			"expected the texts token (43 characters), csr and node");
		return;
	}
	/* Signed before the token is used up: a bad request must not cost the node its token. */
	int rc = ca_sign_node(join->ca, csr, strlen(csr), node, now_ms / 1000,
		JOIN_CERTIFICATE_DAYS, &certificate, &e);
	if (rc == 0)
		rc = ca_request_key(csr, strlen(csr), public_key, &e);
	if (rc < 0) {
		api_reply_error(r, HTTP_BADREQUEST, "csr: %s", e.msg);
		return;
	}
	rc = use_token(join, node, hash, public_key, now_ms, key);
	if (rc < 0) {
		refuse_token(r, rc, node);
		return;
	}
	struct machine *m = nodes_by_key(join->nodes, key);
	if (!m || !m->node || strcmp(key, node) != 0) {
		api_reply_error(r, 403, "this token belongs to another node");
		return;
	}
	memcpy(m->joined_token, hash, sizeof(m->joined_token));
	memcpy(m->joined_key, public_key, sizeof(m->joined_key));
	keep_facts(m, body);
	(void)nodes_step(join->nodes, m, STEP_JOINED, /* begins_boot= */ false, now_ms);
	nodes_event(join->nodes, m, now_ms, "joined", STORE_INFO, "certificate issued");
	reply_joined(r, m, str_text(&certificate));
}

static void post_renew(struct api_request *r)
{
	const struct join *join = r->arg;
	AUTO(str_done) struct str certificate = str_init(16 << 10);
	struct machine *m = peer_machine(r);
	int64_t now_ms = clock_wall_ms();
	struct err e;

	if (!m)
		return;
	AUTO(free_json) json_t *body = peer_body(r);
	if (!body || !peer_is_named(r, m, body) || !peer_may_have_more(r, m))
		return;
	const char *csr = report_text(body, "csr", API_BODY_MAX);
	if (!csr) {
		api_reply_error(r, HTTP_BADREQUEST, "expected the text csr");
		return;
	}
	if (ca_sign_node(join->ca, csr, strlen(csr), m->key, now_ms / 1000, JOIN_CERTIFICATE_DAYS,
		    &certificate, &e) < 0) {
		api_reply_error(r, HTTP_BADREQUEST, "csr: %s", e.msg);
		return;
	}
	nodes_event(join->nodes, m, now_ms, "renewed", STORE_INFO, "certificate renewed");
	reply_joined(r, m, str_text(&certificate));
}

/* What keeps a node that says it is well from being ready, into `health` if there is room for it. */
static void add_unready(const struct join *join, const struct machine *m, const json_t *beat,
	const char *secrets, char *health, size_t size)
{
	const char *has = report_text(beat, "secrets", SECRETS_VERSION_SIZE - 1);

	/* Once it was ready, these are looked for again only because we or a year began anew. */
	if (health[0] || m->life.step >= STEP_READY)
		return;
	if (!has || strcmp(has, secrets) != 0)
		(void)snprintf(health, size, "the secrets of its role are not in place yet");
	else if (m->node->role->etcd_member && !*join->etcd_seeded)
		(void)snprintf(health, size, "its etcd is not seeded yet");
}

static void take_heartbeat(const struct join *join, struct machine *m, const json_t *beat,
	const char *secrets, int64_t now_ms)
{
	char health[sizeof(m->health)];
	bool has_etcd = entitle_may_talk_to_etcd(join, m);
	bool registered = report_is_registered(beat) || !has_etcd,
	     was_ready = m->life.state == NODE_READY;

	int64_t runs = report_generation(beat, join->generation->number);

	if (runs)
		m->generation = runs;
	report_boot_id(beat, m->boot_id, sizeof(m->boot_id));
	(void)nodes_step(join->nodes, m, STEP_JOINED, /* begins_boot= */ false, now_ms);
	if (registered && has_etcd &&
		nodes_step(join->nodes, m, STEP_REGISTERED, /* begins_boot= */ false, now_ms))
		nodes_event(join->nodes, m, now_ms, "registered", STORE_INFO,
			"stands in the masters' etcd");
	m->registered = registered;

	report_health(beat, health, sizeof(health));
	if (m->node->role->etcd_member && !*join->etcd_seeded)
		join->on_unseeded(join->arg);
	add_unready(join, m, beat, secrets, health, sizeof(health));
	if (strcmp(health, m->health) != 0 && health[0])
		nodes_event(join->nodes, m, now_ms, "health", STORE_WARN, "%s", health);
	memcpy(m->health, health, sizeof(health));
	if (!registered || health[0]) {
		nodes_fall(m, registered ? STEP_REGISTERED : STEP_JOINED, now_ms);
		return;
	}
	(void)nodes_step(join->nodes, m, STEP_READY, /* begins_boot= */ false, now_ms);
	if (!was_ready)
		nodes_event(join->nodes, m, now_ms, "ready", STORE_INFO,
			"joined, registered and healthy");
}

static void reply_heartbeat(
	struct api_request *r, struct machine *m, const char *secrets, int64_t now_s)
{
	AUTO(str_done) struct str out = str_init(1024);
	struct json j = json_init(&out);

	json_map(&j);
	json_key(&j, "commands");
	json_list(&j);
	if (m->must_register)
		json_text(&j, "register");
	if (peer_must_renew(r, now_s))
		json_text(&j, "renew");
	json_list_end(&j);
	json_key_text(&j, "secrets", secrets);
	json_map_end(&j);
	m->must_register = false;
	api_reply_json(r, HTTP_OK, &out);
}

static void post_heartbeat(struct api_request *r)
{
	const struct join *join = r->arg;
	char secrets[SECRETS_VERSION_SIZE];
	struct machine *m = peer_machine(r);
	int64_t now_ms = clock_wall_ms();

	if (!m)
		return;
	AUTO(free_json) json_t *beat = peer_body(r);
	if (!beat)
		return;
	if (entitle_version(join, m, now_ms / 1000, secrets) < 0) {
		api_reply_error(r, HTTP_SERVUNAVAIL, "the node's role can not be looked up");
		return;
	}
	take_heartbeat(join, m, beat, secrets, now_ms);
	reply_heartbeat(r, m, secrets, now_ms / 1000);
}

const struct api_route join_routes[] = {
	{EVHTTP_REQ_POST, "/v1/join", post_join},
	{EVHTTP_REQ_POST, "/v1/renew", post_renew},
	{EVHTTP_REQ_POST, "/v1/secrets", entitle_post_secrets},
	{EVHTTP_REQ_POST, "/v1/heartbeat", post_heartbeat},
	{.path = NULL},
};

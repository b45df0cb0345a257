/* join_host - the provisioner's side of joining, for tests of the agent: the real CA and TLS of
 * provisioner/trust and evhttp, with one token and knobs for what can go wrong.
 *
 *   join_host --dir DIR --address A --port P --token T --node N [--etcd URL]... [--busy N] [--days N]
 *
 * Prints its CA's fingerprint, then one line per request. As long as DIR/reject is there, heartbeats
 * are answered 403; each DIR/forget lets the token be used by another key once more; each DIR/renew is
 * told to the node as a command. DIR/words names the secrets of its role, a word a line; what stands
 * in DIR/delivery is answered in their place. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <event2/http.h>
#include <jansson.h>
#include <openssl/ssl.h>

#include "provisioner/base/addr.h"
#include "provisioner/base/clock.h"
#include "provisioner/base/files.h"
#include "provisioner/base/json.h"
#include "provisioner/base/parse.h"
#include "provisioner/trust/ca.h"
#include "provisioner/trust/cert.h"
#include "provisioner/trust/secrets.h"
#include "provisioner/trust/token.h"

#define ETCD_MAX 4
#define BODY_MAX ((size_t)1 << 20)

struct host {
	int dir;
	struct ca *ca;
	struct secrets *secrets;
	SSL_CTX *tls;
	const char *node, *etcd[ETCD_MAX];
	size_t n_etcd;
	uint8_t token[TOKEN_HASH_LEN], key[CA_KEY_HASH_LEN];
	bool used;
	uint32_t busy, days;
};

static void answer(struct evhttp_request *req, int status, const char *body)
{
	struct evbuffer *out = evbuffer_new();

	(void)evbuffer_add(out, body, strlen(body));
	(void)evhttp_add_header(
		evhttp_request_get_output_headers(req), "Content-Type", "application/json");
	evhttp_send_reply(req, status, NULL, out);
	evbuffer_free(out);
}

static void refuse(struct evhttp_request *req, int status, const char *why)
{
	AUTO(str_done) struct str body = str_init(1024);
	struct json j = json_init(&body);

	json_map(&j);
	json_key_text(&j, "error", why);
	json_map_end(&j);
	printf("%s %d %s\n", evhttp_request_get_uri(req), status, why);
	answer(req, status, str_text(&body));
}

static json_t *read_body(struct evhttp_request *req)
{
	struct evbuffer *in = evhttp_request_get_input_buffer(req);
	size_t len = evbuffer_get_length(in);

	return len > 0 ? json_loadb((const char *)evbuffer_pullup(in, -1), len, 0, NULL) : NULL;
}

static bool take_file(const struct host *h, const char *name)
{
	return unlinkat(h->dir, name, 0) == 0;
}

static void write_joined(const struct host *h, const char *cert, struct str *out)
{
	AUTO(str_done) struct str ca = str_init(CERT_PEM_MAX);
	struct json j = json_init(out);

	if (ca_pem(h->ca, &ca) < 0)
		return;
	json_map(&j);
	json_key_text(&j, "certificate", cert);
	json_key_text(&j, "ca", str_text(&ca));
	json_key_text(&j, "node", h->node);
	json_key_text(&j, "cluster", "acm");
	json_key_text(&j, "role", "worker");
	json_key_int(&j, "heartbeat_s", 1);
	json_key(&j, "etcd");
	json_map(&j);
	json_key(&j, "endpoints");
	json_list(&j);
	for (size_t i = 0; i < h->n_etcd; i++)
		json_text(&j, h->etcd[i]);
	json_list_end(&j);
	json_key_text(&j, "prefix", "/slipway/acm");
	json_map_end(&j);
	json_map_end(&j);
}

static void join(struct host *h, struct evhttp_request *req, const json_t *in)
{
	const char *token = json_string_value(json_object_get(in, "token"));
	const char *csr = json_string_value(json_object_get(in, "csr"));
	const json_t *facts = json_object_get(in, "facts");
	AUTO(str_done) struct str cert = str_init(CERT_PEM_MAX), out = str_init(BODY_MAX);
	uint8_t hash[TOKEN_HASH_LEN], key[CA_KEY_HASH_LEN];
	struct err e = {0};

	if (h->busy > 0) {
		h->busy--;
		refuse(req, 503, "not yet");
		return;
	}
	if (!token || !csr || token_hash(token, hash) < 0 ||
		memcmp(hash, h->token, sizeof(hash)) != 0) {
		refuse(req, 403, "this token is not known");
		return;
	}
	if (ca_request_key(csr, strlen(csr), key, &e) < 0 ||
		ca_sign_node(h->ca, csr, strlen(csr), h->node, clock_wall_ms() / 1000, h->days,
			&cert, &e) < 0) {
		refuse(req, 400, e.msg);
		return;
	}
	if (h->used && memcmp(key, h->key, sizeof(key)) != 0 && !take_file(h, "forget")) {
		refuse(req, 403, "this token has been used");
		return;
	}
	h->used = true;
	memcpy(h->key, key, sizeof(key));
	write_joined(h, str_text(&cert), &out);
	printf("/v1/join 200 nics=%zu kernel=%s\n", json_array_size(json_object_get(facts, "nics")),
		json_string_value(json_object_get(facts, "kernel")));
	answer(req, 200, str_text(&out));
}

static struct secrets_node role_of(const struct host *h)
{
	struct secrets_node n = {.name = h->node, .domain = "acm.internal", .address = 0x7f000001};
	AUTO(free_p) char *words = NULL;
	size_t len;

	if (file_read(h->dir, "words", BODY_MAX, &words, &len) == 0)
		n.words = secrets_words(words);
	return n;
}

static bool is_peer(const struct host *h, struct evhttp_request *req, const json_t *in)
{
	struct bufferevent *bev =
		evhttp_connection_get_bufferevent(evhttp_request_get_connection(req));
	const char *node = json_string_value(json_object_get(in, "node"));
	char peer[CA_NODE_NAME_SIZE];

	if (ca_peer_name(bufferevent_openssl_get_ssl(bev), peer) == 0 && node &&
		strcmp(peer, node) == 0 && strcmp(peer, h->node) == 0)
		return true;
	refuse(req, 403, "not this node's certificate");
	return false;
}

static void renew(struct host *h, struct evhttp_request *req, const json_t *in)
{
	const char *csr = json_string_value(json_object_get(in, "csr"));
	AUTO(str_done) struct str cert = str_init(CERT_PEM_MAX), out = str_init(BODY_MAX);
	struct err e = {0};

	if (!is_peer(h, req, in))
		return;
	if (!csr || ca_sign_node(h->ca, csr, strlen(csr), h->node, clock_wall_ms() / 1000, h->days,
			    &cert, &e) < 0) {
		refuse(req, 400, e.msg);
		return;
	}
	write_joined(h, str_text(&cert), &out);
	puts("/v1/renew 200");
	answer(req, 200, str_text(&out));
}

static void secrets(struct host *h, struct evhttp_request *req, const json_t *in)
{
	const struct secrets_node n = role_of(h);
	AUTO(str_done) struct str out = str_init(BODY_MAX);
	AUTO(free_p) char *instead = NULL;
	int64_t now_s = clock_wall_ms() / 1000;
	char version[SECRETS_VERSION_SIZE];
	struct json j = json_init(&out);
	struct err e = {0};
	size_t len;

	if (!is_peer(h, req, in))
		return;
	puts("/v1/secrets 200");
	if (file_read(h->dir, "delivery", BODY_MAX, &instead, &len) == 0) {
		answer(req, 200, instead);
		return;
	}
	json_map(&j);
	json_key_text(
		&j, "version", secrets_version(h->secrets, &n, now_s, version) == 0 ? version : "");
	json_key(&j, "files");
	if (secrets_write(h->secrets, &n, now_s, &j, &e) < 0) {
		refuse(req, 500, e.msg);
		return;
	}
	json_map_end(&j);
	answer(req, 200, str_text(&out));
}

static void tell(const struct host *h, struct evhttp_request *req)
{
	const struct secrets_node n = role_of(h);
	AUTO(str_done) struct str out = str_init(BODY_MAX);
	char version[SECRETS_VERSION_SIZE];
	struct json j = json_init(&out);

	json_map(&j);
	json_key(&j, "commands");
	json_list(&j);
	json_text(&j, "dance");
	if (take_file(h, "renew"))
		json_text(&j, "renew");
	json_list_end(&j);
	if (secrets_version(h->secrets, &n, clock_wall_ms() / 1000, version) == 0)
		json_key_text(&j, "secrets", version);
	json_map_end(&j);
	answer(req, 200, str_text(&out));
}

static void beat(struct host *h, struct evhttp_request *req, const json_t *in)
{
	struct bufferevent *bev =
		evhttp_connection_get_bufferevent(evhttp_request_get_connection(req));
	const char *node = json_string_value(json_object_get(in, "node"));
	char peer[CA_NODE_NAME_SIZE];

	int rc = ca_peer_name(bufferevent_openssl_get_ssl(bev), peer);
	if (rc < 0) {
		refuse(req, rc == -ENOENT ? 401 : 403, "not a node's certificate");
		return;
	}
	if (!node || strcmp(peer, node) != 0) {
		refuse(req, 400, "this certificate is another node's");
		return;
	}
	if (faccessat(h->dir, "reject", F_OK, 0) == 0) {
		refuse(req, 403, "this certificate is not welcome");
		return;
	}
	printf("/v1/heartbeat 200 peer=%s registered=%d secrets=%d system=%s\n", peer,
		json_is_true(json_object_get(in, "registered")),
		json_string_length(json_object_get(in, "secrets")) > 0,
		json_string_value(json_object_get(in, "system")));
	tell(h, req);
}

static void on_request(struct evhttp_request *req, void *arg)
{
	static const struct {
		const char *path;
		void (*handle)(struct host *h, struct evhttp_request *req, const json_t *in);
	} routes[] = {{"/v1/join", join}, {"/v1/renew", renew}, {"/v1/secrets", secrets},
		{"/v1/heartbeat", beat}};
	json_t *in = read_body(req);
	bool found = false;

	for (size_t i = 0; i < ARRAY_LEN(routes) && !found; i++) {
		found = strcmp(evhttp_request_get_uri(req), routes[i].path) == 0;
		if (found)
			routes[i].handle(arg, req, in);
	}
	if (!found)
		refuse(req, 404, "no such path");
	json_decref(in);
}

static struct bufferevent *on_connection(struct event_base *base, void *arg)
{
	const struct host *h = arg;
	struct bufferevent *bev = bufferevent_openssl_socket_new(
		base, -1, SSL_new(h->tls), BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);

	bufferevent_openssl_set_allow_dirty_shutdown(bev, 1);
	puts("connection");
	return bev;
}

static int serve(struct host *h, uint32_t address, uint16_t port)
{
	struct event_base *base = event_base_new();
	struct evhttp *http = evhttp_new(base);
	char text[IPV4_TEXT_SIZE];

	evhttp_set_bevcb(http, on_connection, h);
	evhttp_set_gencb(http, on_request, h);
	evhttp_set_max_body_size(http, (ev_ssize_t)BODY_MAX);
	evhttp_set_timeout(http, 30);
	if (evhttp_bind_socket(http, ipv4_text(address, text), port) < 0) {
		fprintf(stderr, "cannot bind %s:%u\n", text, port);
		return EXIT_FAILURE;
	}
	puts("serving");
	(void)event_base_dispatch(base);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"dir", required_argument, NULL, 'd'},
		{"address", required_argument, NULL, 'a'}, {"port", required_argument, NULL, 'p'},
		{"token", required_argument, NULL, 't'}, {"node", required_argument, NULL, 'n'},
		{"etcd", required_argument, NULL, 'e'}, {"busy", required_argument, NULL, 'b'},
		{"days", required_argument, NULL, 'D'}, {0}};
	char fingerprint[CA_FINGERPRINT_SIZE];
	uint32_t address = 0, port = 0;
	struct host h = {.dir = -1, .days = 365};
	struct err e = {0};
	int c;

	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	(void)signal(SIGPIPE, SIG_IGN);
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		bool ok = c == 'd'   ? (h.dir = dir_open(optarg)) >= 0
			  : c == 'a' ? ipv4_parse(optarg, &address) == 0
			  : c == 'p' ? parse_u32(optarg, 1, 65535, &port) == 0
			  : c == 't' ? token_hash(optarg, h.token) == 0
			  : c == 'b' ? parse_u32(optarg, 0, 100, &h.busy) == 0
			  : c == 'D' ? parse_u32(optarg, 0, 10000, &h.days) == 0
			  : c == 'n' ? (h.node = optarg) != NULL
			  : c == 'e' ? h.n_etcd < ETCD_MAX && (h.etcd[h.n_etcd++] = optarg) != NULL
				     : false;
		if (!ok) {
			fprintf(stderr, "bad option\n");
			return 2;
		}
	}
	if (ca_open(h.dir, "acm", &h.ca, &e) < 0 || ca_fingerprint(h.ca, fingerprint) < 0 ||
		ca_server_ctx(h.ca, address, &h.tls, &e) < 0 ||
		secrets_open(h.dir, &h.secrets, &e) < 0) {
		err_print(&e, stderr);
		return EXIT_FAILURE;
	}
	printf("fingerprint %s\n", fingerprint);
	return serve(&h, address, (uint16_t)port);
}

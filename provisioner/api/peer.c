#include "provisioner/api/peer.h"

#include <errno.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <string.h>

#include "provisioner/api/join.h"
#include "provisioner/api/report.h"
#include "provisioner/base/clock.h"
#include "provisioner/nodes/nodes.h"
#include "provisioner/trust/ca.h"

#define DAY_S 86400
#define PAUSE_MS 1000

json_t *peer_body(struct api_request *r)
{
	json_error_t why;
	json_t *body = json_loadb(r->body, r->body_len, JSON_REJECT_DUPLICATES, &why);

	if (json_is_object(body))
		return body;
	json_decref(body);
	api_reply_error(r, HTTP_BADREQUEST, "the body is not a JSON object");
	return NULL;
}

static SSL *ssl_of(const struct api_request *r)
{
	struct bufferevent *bev =
		evhttp_connection_get_bufferevent(evhttp_request_get_connection(r->http));

	return bev ? bufferevent_openssl_get_ssl(bev) : NULL;
}

struct machine *peer_machine(struct api_request *r)
{
	const struct join *join = r->arg;
	char name[CA_NODE_NAME_SIZE];
	SSL *ssl = ssl_of(r);
	int rc = ssl ? ca_peer_name(ssl, name) : -ENOENT;

	if (rc < 0) {
		api_reply_error(r, rc == -ENOENT ? 401 : 403,
			rc == -ENOENT ? "show the certificate that /v1/join gave"
				      : "not a node's certificate");
		return NULL;
	}
	struct machine *m = nodes_by_key(join->nodes, name);
	if (!m || !m->node) {
		api_reply_error(r, 403, "%s is no longer a node of this cluster", name);
		return NULL;
	}
	api_is_known(r);
	return m;
}

bool peer_is_named(struct api_request *r, const struct machine *m, const json_t *body)
{
	const char *node = report_text(body, "node", STORE_KEY_SIZE - 1);

	if (!node || strcmp(node, m->key) == 0)
		return true;
	api_reply_error(r, 403, "this certificate is %s's", m->key);
	return false;
}

bool peer_must_renew(const struct api_request *r, int64_t now_s)
{
	const SSL *ssl = ssl_of(r);
	int64_t expiry_s = 0;

	return ssl && ca_peer_expiry(ssl, &expiry_s) == 0 &&
	       expiry_s - now_s < (int64_t)JOIN_CERTIFICATE_DAYS * DAY_S * 2 / 3;
}

bool peer_may_have_more(struct api_request *r, struct machine *m)
{
	int64_t now_ms = clock_mono_ms();

	if (m->given_ms != 0 && now_ms - m->given_ms < PAUSE_MS) {
		(void)evhttp_add_header(
			evhttp_request_get_output_headers(r->http), "Retry-After", "1");
		api_reply_error(r, 429, "once a second is enough");
		return false;
	}
	m->given_ms = now_ms;
	return true;
}

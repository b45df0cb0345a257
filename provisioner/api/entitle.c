#include "provisioner/api/entitle.h"

#include <jansson.h>

#include "provisioner/api/join.h"
#include "provisioner/api/peer.h"
#include "provisioner/base/clock.h"
#include "provisioner/base/json.h"
#include "provisioner/cluster/cluster.h"
#include "provisioner/generation/generation.h"
#include "provisioner/nodes/nodes.h"
#include "provisioner/trust/cert.h"

#define WORDS_MAX ((size_t)4 << 10)
#define REPLY_MAX ((size_t)64 << 10) /* as the join protocol allows */

static void free_json(json_t **j)
{
	json_decref(*j);
}

/* The words of the node's role, which the published generation holds; read once per generation. */
static int words_of(const struct join *join, struct machine *m)
{
	AUTO(str_done) struct str text = str_init(WORDS_MAX);

	if (m->words_number == join->generation->number)
		return 0;
	int rc = generation_text(join->generation, m->node->name, ARTEFACT_SECRETS, &text);
	if (rc < 0)
		return rc;
	m->words = secrets_words(str_text(&text));
	m->words_number = join->generation->number;
	return 0;
}

static int node_of(const struct join *join, struct machine *m, struct secrets_node *ret)
{
	int rc = words_of(join, m);

	*ret = (struct secrets_node){.name = m->node->name,
		.domain = join->generation->cluster->domain,
		.address = m->node->address,
		.words = m->words};
	return rc;
}

int entitle_version(const struct join *join, struct machine *m, int64_t now_s,
	char ret[static SECRETS_VERSION_SIZE])
{
	struct secrets_node node;
	int rc = node_of(join, m, &node);

	return rc < 0 ? rc : secrets_version(join->secrets, &node, now_s, ret);
}

bool entitle_may_talk_to_etcd(const struct join *join, struct machine *m)
{
	const struct cluster *c = join->generation->cluster;
	const uint32_t words = secrets_word("etcd-member") | secrets_word("etcd-client");
	struct secrets_node node;
	bool has_members = false;

	for (uint32_t i = 0; i < c->n_nodes; i++)
		has_members = has_members || c->nodes[i].role->etcd_member;
	return has_members &&
	       (!c->etcd.tls || (node_of(join, m, &node) == 0 && (node.words & words) != 0));
}

static int write_reply(const struct join *join, const struct secrets_node *node, int64_t now_s,
	struct str *out, struct err *e)
{
	char version[SECRETS_VERSION_SIZE];
	struct json j = json_init(out);

	int rc = secrets_version(join->secrets, node, now_s, version);
	if (rc < 0)
		return err_msg(e, rc, "the secrets can not be made");
	json_map(&j);
	json_key_text(&j, "version", version);
	json_key(&j, "files");
	rc = secrets_write(join->secrets, node, now_s, &j, e);
	json_map_end(&j);
	return rc;
}

void entitle_post_secrets(struct api_request *r)
{
	const struct join *join = r->arg;
	AUTO(cert_wipe) struct str out = str_init(REPLY_MAX);
	struct machine *m = peer_machine(r);
	struct err e = {0};

	if (!m)
		return;
	AUTO(free_json) json_t *body = peer_body(r);
	if (!body || !peer_is_named(r, m, body) || !peer_may_have_more(r, m))
		return;
	struct secrets_node node;
	int64_t now_ms = clock_wall_ms();
	if (node_of(join, m, &node) < 0) {
		api_reply_error(r, HTTP_SERVUNAVAIL, "the node's role can not be looked up");
		return;
	}
	if (write_reply(join, &node, now_ms / 1000, &out, &e) < 0) {
		nodes_trouble(join->nodes, m, now_ms, "secrets", "%s", e.msg);
		api_reply_error(r, HTTP_INTERNAL, "%s", e.msg);
		return;
	}
	if (node.words)
		nodes_event(join->nodes, m, now_ms, "secrets", STORE_INFO,
			"given the secrets of its role");
	api_reply_json(r, HTTP_OK, &out);
}

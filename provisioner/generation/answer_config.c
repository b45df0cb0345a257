#include "provisioner/generation/answer_config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "provisioner/cluster/cluster.h"
#include "provisioner/config/ignition_version.h"
#include "provisioner/generation/slot.h"
#include "provisioner/messages/messages.h"
#include "provisioner/nodes/nodes.h"
#include "provisioner/trust/token.h"

#define TOKEN_LIFE_MS INT64_C(600000)

/* Puts a fresh join token into the configuration; only its hash is kept. */
static bool fill_token(const struct question *q, const struct store_boot *boot)
{
	struct store_token token = {.node = boot->node,
		.nonce = boot->nonce,
		.created_ms = q->now_ms,
		.expires_ms = q->now_ms + TOKEN_LIFE_MS};
	char text[TOKEN_TEXT_SIZE];

	if (token_new(text) < 0 || token_hash(text, token.hash) < 0)
		return false;
	question_record(q);
	if (store_token_add(q->a->store, &token) < 0)
		return false;
	slot_fill(q->ret->body, q->ret->len, SLOT_JOIN_TOKEN, text);
	slot_fill(q->ret->body, q->ret->len, SLOT_BOOT_NONCE, boot->nonce);
	return true;
}

/* The address that was given the nonce. Beside another DHCP server the RAM disk may have got another one
 * than iPXE had: then it is the one that the node was last heard to take. */
bool answer_is_of_boot(const struct question *q, const struct store_boot *boot)
{
	const struct machine *m = nodes_by_key(q->a->nodes, boot->node);
	bool is_proxy = q->a->generation->cluster->dhcp.mode == DHCP_MODE_PROXY;

	return boot->client == q->ask->client ||
	       (is_proxy && m && nodes_holds(q->a->nodes, m, q->ask->client));
}

/* The image that the node boots, if all of its documents may be given out in this boot; else NULL, and
 * the client is told why. */
static const struct generation_image *image_of_boot(
	const struct question *q, const struct store_boot *boot)
{
	const struct generation *g = q->a->generation;
	const struct cluster_node *n = cluster_node_find(g->cluster, boot->node);
	const struct generation_image *image = n ? generation_image(g, &n->settings->image) : NULL;
	const struct machine *m = nodes_by_key(q->a->nodes, boot->node);

	if (!image || !m) {
		question_refuse(q, 410, "%s is no longer a node of this cluster", boot->node);
		return NULL;
	}
	/* Whatever runs on a joined node could trade its boot's URL for another token. */
	if (m->life.step >= STEP_JOINED) {
		question_refuse(q, 403,
			"%s has joined: this boot's configuration is not given out again", m->key);
		return NULL;
	}
	return image;
}

/* Ignition says which versions of its specification it knows. One that is too old would stop with a
 * message about the text; the timeline has a better one. */
static bool fit_ignition(const struct question *q, struct machine *m)
{
	unsigned needs = ignition_minor(q->ret->body, q->ret->len);
	char reason[QUESTION_REASON_SIZE];

	if (needs == 0)
		return true;
	if (ignition_fit(q->ret->body, q->ret->len, q->ask->accept) == 0) {
		q->ret->content_type =
			ignition_media_type(ignition_minor(q->ret->body, q->ret->len));
		return true;
	}
	(void)snprintf(reason, sizeof(reason),
		"the Ignition of %s is too old: this configuration needs specification 3.%u.0, "
		"and it accepts %.80s",
		m->key, needs, q->ask->accept); /* fits */
	nodes_trouble(q->a->nodes, m, q->now_ms, "refused", "%s", reason);
	free(TAKE(q->ret->body));
	question_refuse(q, 406, "%s", reason);
	return false;
}

void answer_config_of(const struct question *q, const struct store_boot *boot)
{
	const struct generation *g = q->a->generation;
	const struct generation_image *image = image_of_boot(q, boot);
	struct machine *m = nodes_by_key(q->a->nodes, boot->node);

	if (!image ||
		!question_give_text(
			q, config_media_type(image->config), boot->node, ARTEFACT_CONFIG) ||
		!fit_ignition(q, m) || question_is_head(q))
		return;
	m->generation = g->number;
	(void)nodes_step(q->a->nodes, m, STEP_CONFIG, /* begins_boot= */ false, q->now_ms);
	nodes_event(q->a->nodes, m, q->now_ms, "config", STORE_INFO,
		"%s of generation %" PRId64 ", %zu bytes", config_kind_title(image->config),
		g->number, q->ret->len);
	if (!fill_token(q, boot)) {
		free(TAKE(q->ret->body));
		question_refuse(q, 503, "the provisioner can not write its state: see its log");
	}
}

/* ---- cloud-init's seed: three documents below one address (ds=nocloud-net;s=ADDRESS/) ---- */

static bool has_seed(const struct question *q, const struct store_boot *boot)
{
	const struct generation_image *image = image_of_boot(q, boot);

	if (image && image->config != CONFIG_CLOUD_INIT)
		question_refuse(q, 404, "%s reads no seed of cloud-init", boot->node);
	return image && image->config == CONFIG_CLOUD_INIT;
}

static void give_user_data(const struct question *q, const struct store_boot *boot)
{
	if (has_seed(q, boot))
		answer_config_of(q, boot);
}

/* Another instance with each boot: what lives in memory has everything to do again. */
static void give_meta_data(const struct question *q, const struct store_boot *boot)
{
	AUTO(str_done) struct str text = str_init(QUESTION_REASON_SIZE);

	if (!has_seed(q, boot))
		return;
	str_printf(&text, "instance-id: %s-%s\nlocal-hostname: %s\n", boot->node, boot->nonce,
		boot->node);
	question_give(q, QUESTION_TYPE_TEXT,
		&(struct artefact){.data = str_text(&text), .len = text.len});
}

static void give_vendor_data(const struct question *q, const struct store_boot *boot)
{
	if (has_seed(q, boot))
		question_give(q, QUESTION_TYPE_TEXT, &(struct artefact){.data = "", .len = 0});
}

void answer_config(const struct question *q)
{
	static const struct {
		const char *suffix;
		void (*give)(const struct question *q, const struct store_boot *boot);
	} documents[] = {
		{"/config", answer_config_of},
		{"/config/user-data", give_user_data},
		{"/config/meta-data", give_meta_data},
		{"/config/vendor-data", give_vendor_data},
	};
	static const char prefix[] = "/n/";
	const char *nonce = q->ask->path + sizeof(prefix) - 1;
	char text[TOKEN_NONCE_SIZE] = "";
	struct store_boot boot;
	size_t i = 0, len = strlen(nonce) < TOKEN_NONCE_SIZE ? strlen(nonce) : TOKEN_NONCE_SIZE - 1;

	while (i < ARRAY_LEN(documents) && strcmp(nonce + len, documents[i].suffix) != 0)
		i++;
	if (i == ARRAY_LEN(documents)) {
		question_refuse(q, 404, "no such path");
		return;
	}
	(void)snprintf(text, sizeof(text), "%.*s", (int)len, nonce); /* fits */
	int rc = store_boot_find(q->a->store, text, &boot);
	if (rc == -ENOENT)
		question_refuse(q, 404, "no boot has this nonce (or it is long past): boot again");
	else if (rc < 0)
		question_refuse(
			q, 503, "the provisioner can not read its state: %s", strerror(-rc));
	else if (!answer_is_of_boot(q, &boot))
		question_refuse(q, 403, "this configuration belongs to another address");
	else
		documents[i].give(q, &boot);
}

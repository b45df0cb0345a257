#include "provisioner/generation/answer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "netboot/boot/distro.h"
#include "provisioner/base/human.h"
#include "provisioner/base/log.h"
#include "provisioner/base/str.h"
#include "provisioner/cluster/cluster.h"
#include "provisioner/generation/answer_config.h"
#include "provisioner/generation/generation.h"
#include "provisioner/generation/query.h"
#include "provisioner/generation/slot.h"
#include "provisioner/messages/messages.h"
#include "provisioner/nodes/nodes.h"
#include "provisioner/trust/token.h"

#define TURN_BYTES_MAX 512

/* Keeps what the machine said of itself, as printable text. */
static void keep_identity(const struct question *q, struct machine *m)
{
	char text[128];

	if (!query_get(q->ask->query, "serial", text, sizeof(text)))
		return;
	(void)log_safe(m->serial, sizeof(m->serial), text, strlen(text));
	m->dirty = true;
}

static void give_with_reason(const struct question *q, const struct artefact *by_ipxe,
	const struct artefact *by_grub, const char *reason)
{
	q->ret->status = 200;
	q->ret->content_type = QUESTION_TYPE_TEXT;
	q->ret->body = generation_with_reason(q->is_grub ? by_grub : by_ipxe, reason, &q->ret->len);
}

static void refuse_with_script(const struct question *q, const char *reason)
{
	const struct generation *g = q->a->generation;

	give_with_reason(q, &g->refusal, &g->refusal_grub, reason);
}

/* True, with the reason in the timeline, when this machine could load its image and do nothing with it. */
static bool has_hindrance(
	const struct question *q, struct machine *m, char reason[static QUESTION_REASON_SIZE])
{
	const struct cluster_image *image = &m->node->settings->image;
	const char *arch = distro_arch(image->version);
	const char *refused = q->a->refusal_of_image(q->a->arg, image);

	if (refused) /* its files would all be refused: say so at once, and why */
		(void)snprintf(reason, QUESTION_REASON_SIZE, "image %s/%s is refused: %s",
			image->distro, image->version, refused); /* cut to fit */
	else if (m->arch && strcmp(m->arch, arch) != 0)
		(void)snprintf(reason, QUESTION_REASON_SIZE,
			"%s is a machine for %s, and image %s/%s is made for %s", m->key, m->arch,
			image->distro, image->version, arch); /* cut to fit */
	else
		return false;
	nodes_trouble(q->a->nodes, m, q->now_ms, "refused", "%s", reason);
	return true;
}

/* Begins a boot of a known node: a nonce that only this client's address may use. False when refused. */
static bool begin_boot(const struct question *q, struct machine *m, const struct cluster_node *n,
	char ret_nonce[static TOKEN_NONCE_SIZE])
{
	const struct generation *g = q->a->generation;
	struct store_boot boot = {
		.client = q->ask->client, .generation = g->number, .created_ms = q->now_ms};

	if (token_nonce(boot.nonce) < 0) {
		question_refuse(q, 503, "no randomness");
		return false;
	}
	(void)snprintf(boot.node, sizeof(boot.node), "%s", m->key);
	(void)nodes_step(q->a->nodes, m, STEP_SCRIPT, /* begins_boot= */ true, q->now_ms);
	nodes_event(q->a->nodes, m, q->now_ms, "script", STORE_INFO,
		"boots %s/%s as %s, generation %" PRId64, n->settings->image.distro,
		n->settings->image.version, n->role_name, g->number);
	question_record(q);
	int rc = store_boot_add(q->a->store, &boot);
	if (rc < 0) {
		question_refuse(
			q, 503, "the provisioner can not write its state: %s", strerror(-rc));
		return false;
	}
	memcpy(ret_nonce, boot.nonce, TOKEN_NONCE_SIZE);
	return true;
}

static void give_boot_script(const struct question *q, struct machine *m)
{
	const struct cluster_node *n = cluster_node_find(q->a->generation->cluster, m->key);
	enum artefact_kind kind = q->is_grub ? ARTEFACT_GRUB : ARTEFACT_IPXE;
	char reason[QUESTION_REASON_SIZE], nonce[TOKEN_NONCE_SIZE];

	if (!n) {
		question_refuse(q, 503, "%s is not in the published generation yet", m->key);
		return;
	}
	if (question_is_head(q)) {
		(void)question_give_text(q, QUESTION_TYPE_TEXT, n->name, kind);
		return;
	}
	if (has_hindrance(q, m, reason)) {
		refuse_with_script(q, reason);
		return;
	}
	if (!question_give_text(q, QUESTION_TYPE_TEXT, n->name, kind))
		return;
	if (begin_boot(q, m, n, nonce))
		slot_fill(q->ret->body, q->ret->len, SLOT_BOOT_NONCE, nonce);
	else
		free(TAKE(q->ret->body));
}

/* It was a stranger until now, and still has the address that strangers get. Whoever lies about that is told to ask for
 * an address, which it may anyway. */
static bool must_renew(const struct question *q, const struct machine *m)
{
	const struct cluster_subnet *s =
		cluster_subnet_of(q->a->generation->cluster, q->ask->client);

	return s && s->pool.first <= q->ask->client && q->ask->client <= s->pool.last &&
	       m->first_seen_ms != 0 && m->life.step == STEP_NONE &&
	       q->a->generation->renew_script.data;
}

static void tell_to_renew(const struct question *q, const struct machine *m)
{
	const struct generation *g = q->a->generation;
	char reason[QUESTION_REASON_SIZE], address[IPV4_TEXT_SIZE];

	(void)snprintf(reason, sizeof(reason), "It is %s, and takes %s as its address.", m->key,
		ipv4_text(m->address, address)); /* a label: it fits */
	give_with_reason(q, &g->renew_script, &g->renew_grub, reason);
}

/* Whoever says this MAC must hold its lease: a URL is easily made up. */
static bool is_at_its_address(const struct question *q, struct machine *m)
{
	char reason[160], has[IPV4_TEXT_SIZE], asks[IPV4_TEXT_SIZE];

	if (!m || !m->node || nodes_holds(q->a->nodes, m, q->ask->client))
		return true;
	if (must_renew(q, m)) {
		tell_to_renew(q, m);
		return false;
	}
	(void)snprintf(reason, sizeof(reason), "%s has %s%s, but this request came from %s", m->key,
		m->address ? "address " : "not been heard to ask for an address",
		m->address ? ipv4_text(m->address, has) : "", ipv4_text(q->ask->client, asks));
	nodes_trouble(q->a->nodes, m, q->now_ms, "refused", "%s", reason);
	refuse_with_script(q, reason);
	return false;
}

static void let_wait(const struct question *q, struct machine *m, const struct mac *mac)
{
	const struct generation *g = q->a->generation;
	const char *reason = NULL;

	if (g->enroll_script.data && q->a->enroll && !question_is_head(q) &&
		nodes_holds(q->a->nodes, m, q->ask->client))
		reason = q->a->enroll(q->a->arg, m, mac);
	if (reason)
		give_with_reason(q, &g->enroll_script, &g->enroll_grub, reason);
	else
		question_give(q, QUESTION_TYPE_TEXT, q->is_grub ? &g->wait_grub : &g->wait_script);
}

/* DHCP knew the node by its UUID, and cluster.yaml does not know this card. Two machines may have one UUID, but hardly
 * one serial number. */
static void tell_of_card(const struct question *q, struct machine *m, const struct mac *mac)
{
	const struct cluster_node *n = m->node;
	char serial[sizeof(m->serial)], safe[sizeof(m->serial)], text[MAC_TEXT_SIZE];

	if (!n || !q->a->enroll || question_is_head(q) || cluster_node_has_mac(n, mac) ||
		!cluster_node_is_enrolled(n))
		return;
	if (query_get(q->ask->query, "serial", serial, sizeof(serial)) && m->serial[0] &&
		strcmp(log_safe(safe, sizeof(safe), serial, strlen(serial)), m->serial) != 0)
		nodes_trouble(q->a->nodes, m, q->now_ms, "enroll",
			"%s has the UUID of %s, whose serial number is %s and not %s: two machines "
			"that only mac tells apart",
			mac_text(mac, text), m->key, m->serial, safe);
	else
		(void)q->a->enroll(q->a->arg, m, mac);
}

static void script_for_mac(const struct question *q, const struct mac *mac)
{
	struct machine *m = nodes_by_mac(q->a->nodes, mac);

	if (!is_at_its_address(q, m))
		return;
	m = nodes_meet(q->a->nodes, mac, q->now_ms);
	tell_of_card(q, m, mac);
	if (nodes_holds(q->a->nodes, m, q->ask->client) || m->address == 0)
		keep_identity(q, m);
	if (m->node)
		give_boot_script(q, m);
	else
		let_wait(q, m, mac);
}

static void script(const struct question *q)
{
	char text[MAC_TEXT_SIZE];
	struct mac mac;

	if (!query_get(q->ask->query, "mac", text, sizeof(text)) || mac_parse(text, &mac) < 0 ||
		!mac_is_unicast(&mac))
		question_refuse(q, 400, "expected /script.ipxe?mac=52-54-00-00-00-01");
	else
		script_for_mac(q, &mac);
}

/* "/grub/grub.cfg-01-52-54-00-00-00-01"; or "/grub/grub.cfg", which names only the address it comes from. */
static void grub(const struct question *q)
{
	static const char name[] = "/grub.cfg", with_mac[] = "-01-";
	const char *rest = strstr(q->ask->path, name) + sizeof(name) - 1;
	struct question by_grub = *q;
	struct mac mac;

	by_grub.is_grub = true;
	if (strncmp(rest, with_mac, sizeof(with_mac) - 1) == 0) {
		if (mac_parse(rest + sizeof(with_mac) - 1, &mac) == 0 && mac_is_unicast(&mac))
			script_for_mac(&by_grub, &mac);
		else
			question_refuse(q, 404, "no such path");
		return;
	}
	const struct machine *m = nodes_by_address(q->a->nodes, q->ask->client);
	if (*rest != '\0')
		question_refuse(q, 404, "no such path");
	else if (m && m->n_macs > 0)
		script_for_mac(&by_grub, &m->macs[0]);
	else
		question_give(q, QUESTION_TYPE_TEXT, &q->a->generation->wait_grub);
}

static void first_script(const struct question *q)
{
	question_give(q, QUESTION_TYPE_TEXT, &q->a->generation->first_script);
}

/* For a node that got nothing for a while: it goes on asking while this says so. */
static void turn(const struct question *q)
{
	AUTO(str_done) struct str text = str_init(TURN_BYTES_MAX);
	const struct message_hall_row *waits = q->a->waits;
	char time[HUMAN_SIZE];

	str_printf(&text, "#!ipxe\nset turn %s\n", waits ? "yes" : "no");
	if (waits)
		str_printf(&text, "echo Slipway: this machine waits for others to load: place %u",
			waits->place);
	if (waits && waits->expected_ms >= 0)
		str_printf(&text, ", about %s", human_duration(waits->expected_ms, time));
	str_add(&text, "\n");
	q->ret->status = 200;
	q->ret->len = text.len;
	q->ret->body = str_take(&text);
}

/* The node that asks from its own address, if it boots a unified kernel image; else it is refused. */
static struct machine *unified_machine(const struct question *q, const struct cluster_node **ret)
{
	struct machine *m = nodes_by_address(q->a->nodes, q->ask->client);

	*ret = m && m->node ? cluster_node_find(q->a->generation->cluster, m->key) : NULL;
	if (*ret && cluster_node_boots_unified(*ret))
		return m;
	question_refuse(q, 404, "no node with boot-file: uki has this address");
	return NULL;
}

/* To such a node this is what the boot script is to others. Firmware shows nobody our words: they stand in the
 * timeline. It asks with HEAD first. */
static void unified(const struct question *q)
{
	const struct cluster_node *n;
	struct machine *m = unified_machine(q, &n);
	char reason[QUESTION_REASON_SIZE], nonce[TOKEN_NONCE_SIZE];

	if (!m)
		return;
	if (has_hindrance(q, m, reason)) {
		question_refuse(q, 403, "%s", reason);
		return;
	}
	if (!question_is_head(q) && !begin_boot(q, m, n, nonce))
		return;
	const struct generation_image *image =
		generation_image(q->a->generation, &n->settings->image);
	if (!image) {
		question_refuse(q, 503, "%s is not in the published generation yet", m->key);
		return;
	}
	(void)snprintf(q->ret->image, sizeof(q->ret->image), "%s/%s/%s", image->distro,
		image->version, image->unified); /* checked: it is there */
	q->ret->status = 200;
}

/* The image is the same for all nodes, so its kernel arguments name no nonce. The address takes its place: the one
 * that was sent the image for the boot that goes on. */
static void unified_config(const struct question *q)
{
	const struct cluster_node *n;
	const struct machine *m = unified_machine(q, &n);
	struct store_boot boot;

	if (!m)
		return;
	int rc = store_boot_last(q->a->store, m->key, &boot);
	if (rc < 0 && rc != -ENOENT)
		question_refuse(
			q, 503, "the provisioner can not read its state: %s", strerror(-rc));
	else if (rc == -ENOENT || !answer_is_of_boot(q, &boot) || m->life.step < STEP_SCRIPT)
		question_refuse(q, 403, "%s has not been sent its kernel in this boot", m->key);
	else
		answer_config_of(q, &boot);
}

void answer_ask(
	const struct answerer *a, const struct message_ask *ask, int64_t now_ms, struct answer *ret)
{
	static const struct {
		const char *path;
		bool is_prefix;
		void (*handle)(const struct question *q);
	} routes[] = {
		{"/boot.ipxe", false, first_script},
		{"/script.ipxe", false, script},
		{"/turn.ipxe", false, turn},
		{"/n/", true, answer_config},
		{BOOT_UNIFIED_PATH, false, unified},
		{"/config", false, unified_config},
	};
	struct question q = {.a = a, .ask = ask, .now_ms = now_ms, .ret = ret};

	*ret = (struct answer){.content_type = QUESTION_TYPE_TEXT};
	if (ask->protocol == PROTOCOL_TFTP && strstr(ask->path, "/grub.cfg")) {
		grub(&q);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(routes); i++) {
		size_t len = strlen(routes[i].path);

		if (routes[i].is_prefix ? strncmp(ask->path, routes[i].path, len) == 0
					: strcmp(ask->path, routes[i].path) == 0) {
			routes[i].handle(&q);
			return;
		}
	}
	question_refuse(&q, 404, "no such path");
}

#include "provisioner/api/admin.h"

#include <errno.h>
#include <string.h>

#include "provisioner/api/changes.h"
#include "provisioner/api/explain.h"
#include "provisioner/api/images.h"
#include "provisioner/api/leases.h"
#include "provisioner/api/statistics.h"
#include "provisioner/api/trace.h"
#include "provisioner/base/clock.h"
#include "provisioner/base/json.h"
#include "provisioner/base/parse.h"
#include "provisioner/cluster/cluster.h"
#include "provisioner/generation/convert.h"
#include "provisioner/generation/drift.h"
#include "provisioner/generation/generation.h"
#include "provisioner/generation/slot.h"
#include "provisioner/nodes/nodes.h"

#define EVENTS_LIMIT_DEFAULT 200
#define EVENTS_LIMIT_MAX 10000
#define HTTP_UNPROCESSABLE 422 /* RFC 9110; libevent has no name for it */

/* A worker that was taken over must not write to the operator's terminal. */
static bool is_counter(const char *name)
{
	return name[0] && name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_")] == '\0';
}

void admin_count(struct admin *a, const struct message_counter *c)
{
	for (size_t i = 0; i < a->n_counters; i++) {
		if (strcmp(a->counters[i].name, c->name) == 0) {
			a->counters[i].value = c->value;
			return;
		}
	}
	if (a->n_counters < ADMIN_COUNTERS_MAX && is_counter(c->name))
		a->counters[a->n_counters++] = *c;
}

static void write_node(struct json *j, const struct admin *a, const struct machine *m)
{
	char text[IPV4_TEXT_SIZE], mac[MAC_TEXT_SIZE];

	json_key_text(j, "name", m->key);
	json_key_bool(j, "known", m->node != NULL);
	json_key_text(j, "role", m->node ? m->node->role_name : "");
	json_key_text(j, "state", node_state_name(m->life.state));
	json_key_int(j, "state_since_ms", m->life.since_ms);
	json_key_text(j, "step", step_name(m->life.step));
	json_key_int(j, "step_ms", m->life.step_ms);
	json_key_text(j, "address", m->address ? ipv4_text(m->address, text) : "");
	json_key(j, "macs");
	json_list(j);
	for (uint32_t i = 0; i < m->n_macs; i++)
		json_text(j, mac_text(&m->macs[i], mac));
	json_list_end(j);
	json_key_text(j, "uuid", m->uuid);
	json_key_text(j, "serial", m->serial);
	json_key_int(j, "generation", m->generation);
	json_key_text(j, "needs",
		m->node ? drift_name(drift_of_node(a->drift, a->generation->archive,
				  a->generation->number, m->key, m->generation))
			: "");
	json_key_bool(j, "registered", m->registered);
	json_key_text(j, "health", m->health);
	json_key_text(j, "waits_for", m->waits_for ? m->waits_for : "");
	json_key_text(j, "boot_id", m->boot_id);
	json_key_int(j, "first_seen_ms", m->first_seen_ms);
	json_key_int(j, "last_seen_ms", m->last_seen_ms);
}

static void get_nodes(struct api_request *r)
{
	const struct admin *a = r->arg;
	AUTO(str_done) struct str out = str_init(API_REPLY_MAX);
	struct json j = json_init(&out);

	json_list(&j);
	for (size_t i = 0; i < nodes_count(a->nodes); i++) {
		json_map(&j);
		write_node(&j, a, nodes_at(a->nodes, i));
		json_map_end(&j);
	}
	json_list_end(&j);
	api_reply_json(r, HTTP_OK, &out);
}

/* By name, or by any of its MACs. */
static const struct machine *find(const struct admin *a, const char *name)
{
	const struct machine *m = nodes_by_key(a->nodes, name);
	struct mac mac;

	return m || mac_parse(name, &mac) < 0 ? m : nodes_by_mac(a->nodes, &mac);
}

/* What belongs into a unified kernel image: the arguments as for others, but that they name no boot. */
static void reply_unified_args(struct api_request *r, const struct str *boot)
{
	static const char of_boot[] = "/n/" SLOT_BOOT_NONCE, key[] = "\nargs: ";
	AUTO(str_done) struct str text = str_init(API_REPLY_MAX);
	const char *at = strstr(str_text(boot), key);

	if (at)
		slot_replace(
			at + sizeof(key) - 1, strlen(at + sizeof(key) - 1), of_boot, "", &text);
	api_reply_text(r, "text/plain", str_text(&text), text.len);
}

/* In a language that the node does not read. */
static void get_converted(struct api_request *r, const char *name, const char *as)
{
	const struct admin *a = r->arg;
	AUTO(str_done) struct str text = str_init(API_REPLY_MAX);
	struct err_list errors = {0};
	char first[700];

	int rc = convert_node(a->generation, name, as, &text, &errors);
	if (rc == 0)
		api_reply_text(r, "text/plain", str_text(&text), text.len);
	else if (rc == -ENOENT)
		api_reply_error(
			r, HTTP_NOTFOUND, ADMIN_NO_NODE, name, (long long)a->generation->number);
	else if (errors.n == 0)
		api_reply_error(r, HTTP_SERVUNAVAIL, "generations.db: %s",
			archive_reason(a->generation->archive));
	else
		api_reply_error(r, HTTP_UNPROCESSABLE, "%s%s",
			err_text(&errors.list[0], first, sizeof(first)),
			errors.n > 1 ? " (and more)" : "");
}

static void get_artefact(struct api_request *r, const char *name, const char *kind)
{
	const struct admin *a = r->arg;
	AUTO(str_done) struct str text = str_init(API_REPLY_MAX);
	bool is_unified = strcmp(kind, "uki") == 0;
	int which = is_unified ? ARTEFACT_BOOT : artefact_find(kind);

	if (which < 0 && convert_is_language(kind)) {
		get_converted(r, name, kind);
		return;
	}
	if (which < 0) {
		api_reply_error(r, HTTP_NOTFOUND,
			"\"%s\" is not one of cloud-config, config, ipxe, grub, boot, dhcp, "
			"secrets, uki, %s",
			kind, convert_languages());
		return;
	}
	int rc = generation_text(a->generation, name, (enum artefact_kind)which, &text);
	if (rc == -ENOENT)
		api_reply_error(
			r, HTTP_NOTFOUND, ADMIN_NO_NODE, name, (long long)a->generation->number);
	else if (rc < 0)
		api_reply_error(r, HTTP_SERVUNAVAIL, "generations.db: %s",
			archive_reason(a->generation->archive));
	else if (is_unified)
		reply_unified_args(r, &text);
	else
		api_reply_text(r, "text/plain", str_text(&text), text.len);
}

static void get_node(struct api_request *r)
{
	const struct admin *a = r->arg;
	AUTO(str_done) struct str out = str_init(API_REPLY_MAX);
	struct json j = json_init(&out);
	const char *slash = strchr(r->rest, '/');

	if (slash) {
		AUTO(free_p) char *name = xstrndup(r->rest, (size_t)(slash - r->rest));
		const struct machine *of_mac = find(a, name);
		const char *key = of_mac ? of_mac->key : name;

		if (strcmp(slash, "/explain") == 0)
			explain_reply(r, key);
		else
			get_artefact(r, key, slash + 1);
		return;
	}
	const struct machine *m = find(a, r->rest);
	if (!m) {
		api_reply_error(r, HTTP_NOTFOUND, "no machine \"%s\"", r->rest);
		return;
	}
	json_map(&j);
	write_node(&j, a, m);
	json_key_int(&j, "published", a->generation->number);
	json_key(&j, "facts");
	json_raw(&j, m->facts && m->facts[0] ? m->facts : "null");
	json_map_end(&j);
	api_reply_json(r, HTTP_OK, &out);
}

static int write_event(const struct store_event *e, void *arg)
{
	static const char *const severities[] = {
		[STORE_INFO] = "info", [STORE_WARN] = "warn", [STORE_ERROR] = "error"};
	struct json *j = arg;

	json_map(j);
	json_key_int(j, "id", e->id);
	json_key_int(j, "wall_ms", e->wall_ms);
	json_key_text(j, "node", e->node);
	json_key_text(j, "kind", e->kind);
	json_key_text(j, "severity", severities[e->severity]);
	json_key_text(j, "text", e->text);
	json_map_end(j);
	return 0;
}

/* A number from the query, or its default; false, with the request answered, when it is none. */
static bool query_number(
	struct api_request *r, const char *key, int64_t max, int64_t preset, int64_t *ret)
{
	AUTO(free_p) char *text = api_query(r, key);

	*ret = preset;
	if (!text || parse_i64(text, 0, max, ret) == 0)
		return true;
	api_reply_error(
		r, HTTP_BADREQUEST, "%s: expected a number from 0 to %lld", key, (long long)max);
	return false;
}

/* ?after=ID: what came since; without it the newest. ?node=NAME, ?limit=N */
static void get_events(struct api_request *r)
{
	const struct admin *a = r->arg;
	AUTO(str_done) struct str out = str_init(API_REPLY_MAX);
	AUTO(free_p) char *node = api_query(r, "node");
	struct json j = json_init(&out);
	int64_t after, limit;

	if (!query_number(r, "after", INT64_MAX, -1, &after) ||
		!query_number(r, "limit", EVENTS_LIMIT_MAX, EVENTS_LIMIT_DEFAULT, &limit))
		return;
	if (nodes_flush(a->nodes) < 0) {
		api_reply_error(r, HTTP_SERVUNAVAIL, "state.db can not be written: %s",
			store_reason(a->store));
		return;
	}
	json_list(&j);
	int rc = after < 0 ? store_events_last(a->store, node, (unsigned)limit, write_event, &j)
			   : store_events_each(
				     a->store, node, after, (unsigned)limit, write_event, &j);
	json_list_end(&j);
	if (rc < 0)
		api_reply_error(r, HTTP_SERVUNAVAIL, "state.db: %s", store_reason(a->store));
	else
		api_reply_json(r, HTTP_OK, &out);
}

static void write_rivals(struct json *j, const struct rivals_seen *seen)
{
	char address[IPV4_TEXT_SIZE], mac[MAC_TEXT_SIZE];
	const struct message_rival *m;
	int64_t now_ms = clock_wall_ms(), seen_ms;

	json_list(j);
	for (size_t i = 0; (m = rivals_at(seen, i, now_ms, &seen_ms)); i++) {
		json_map(j);
		json_key_text(j, "address", ipv4_text(m->address, address));
		json_key_text(j, "mac", mac_is_unicast(&m->mac) ? mac_text(&m->mac, mac) : "");
		json_key_text(j, "offered", m->offered ? ipv4_text(m->offered, address) : "");
		json_key_int(j, "seen_ms", seen_ms);
		json_map_end(j);
	}
	json_list_end(j);
}

static void get_status(struct api_request *r)
{
	const struct admin *a = r->arg;
	AUTO(str_done) struct str out = str_init(API_REPLY_MAX);
	const struct cluster *c = a->generation->cluster;
	struct json j = json_init(&out);
	char text[IPV4_NET_TEXT_SIZE];

	json_map(&j);
	json_key_text(&j, "version", SLIPWAY_VERSION);
	json_key_text(&j, "cluster", c->name);
	json_key_text(&j, "interface", c->network.internal.interface);
	json_key_text(&j, "address", ipv4_net_text(c->network.internal.address, text));
	images_write_status(a, &j);
	generations_write_status(a, &j);
	json_key_int(&j, "nodes", c->n_nodes);
	json_key_text(&j, "enroll", cluster_enroll_name(c));
	json_key_text(&j, "enroll_held_up", a->enroll_held_up);
	json_key_bool(&j, "etcd_seeded", a->etcd_seeded);
	json_key_int(&j, "uptime_ms", clock_mono_ms() - a->started_ms);
	json_key(&j, "rivals");
	write_rivals(&j, &a->rivals);
	json_key(&j, "queue");
	hall_write(&j, &a->hall, a->nodes);
	json_key(&j, "counters");
	json_map(&j);
	for (size_t i = 0; i < a->n_counters; i++)
		json_key_int(&j, a->counters[i].name, (int64_t)a->counters[i].value);
	json_map_end(&j);
	json_map_end(&j);
	api_reply_json(r, HTTP_OK, &out);
}

const struct api_route admin_routes[] = {
	{EVHTTP_REQ_GET, "/v1/status", get_status},
	{EVHTTP_REQ_GET, "/v1/nodes", get_nodes},
	{EVHTTP_REQ_GET, "/v1/nodes/*", get_node},
	{EVHTTP_REQ_GET, "/v1/objects/*", changes_get_objects},
	{EVHTTP_REQ_GET, "/v1/events", get_events},
	{EVHTTP_REQ_GET, "/v1/leases", leases_get},
	{EVHTTP_REQ_POST, "/v1/leases/*", leases_post},
	{EVHTTP_REQ_GET, "/v1/generations", generations_get},
	{EVHTTP_REQ_GET, "/v1/generations/*", generations_get_one},
	{EVHTTP_REQ_POST, "/v1/generations/*", generations_post_one},
	{EVHTTP_REQ_POST, "/v1/apply", generations_post_apply},
	{EVHTTP_REQ_POST, "/v1/plan", generations_post_plan},
	{EVHTTP_REQ_GET, "/v1/trace", tracing_get},
	{EVHTTP_REQ_GET, "/v1/counters", statistics_get},
	{EVHTTP_REQ_GET, "/metrics", statistics_get_metrics},
	{.path = NULL},
};

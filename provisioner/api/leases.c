#include "provisioner/api/leases.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <string.h>
#include <sys/queue.h>

#include "provisioner/api/admin.h"
#include "provisioner/api/lease_filter.h"
#include "provisioner/api/stream.h"
#include "provisioner/base/clock.h"
#include "provisioner/base/ipc.h"
#include "provisioner/base/json.h"
#include "provisioner/base/parse.h"
#include "provisioner/cluster/cluster.h"
#include "provisioner/generation/generation.h"

#define WAITING_MAX 8
#define PATIENCE_S 20
#define PIECE_BYTES_MAX ((size_t)64 << 10)
#define AHEAD_BYTES_MAX ((size_t)256 << 10) /* that the reader has not taken yet */
#define WITHIN_MS_MAX ((int64_t)100 * 366 * 86400 * 1000)
#define CLEAR_SUFFIX "/clear-quarantine"

/* A list, or (with `address`) the end of a quarantine, from the request to the last byte. */
struct wish {
	TAILQ_ENTRY(wish) next;
	struct leases *owner;
	struct api_stream *stream;
	uint32_t id;
	uint32_t address;
	struct lease_filter filter;
	bool has_rows, is_paused;
};

struct leases {
	struct ipc *dhcpd;
	const struct admin *admin;
	struct event *late;
	TAILQ_HEAD(, wish) wishes; /* the first is dhcpd's business now */
	size_t n_wishes;
	uint32_t last_id;
};

static void ask(struct leases *l)
{
	static const struct timeval patience = {.tv_sec = PATIENCE_S};
	struct wish *w = TAILQ_FIRST(&l->wishes);

	if (!w) {
		(void)evtimer_del(l->late);
		return;
	}
	(void)evtimer_add(l->late, &patience);
	w->id = ++l->last_id;
	if (w->address) {
		struct message_lease_clear m = {.id = w->id, .address = w->address};

		(void)ipc_send(l->dhcpd, MESSAGE_LEASE_CLEAR, &m, sizeof(m), -1);
		return;
	}
	struct message_leases_ask m = {.id = w->id};
	lease_filter_ask(&w->filter, &m);
	(void)ipc_send(l->dhcpd, MESSAGE_LEASES_ASK, &m, sizeof(m), -1);
}

static void forget(struct wish *w)
{
	struct leases *l = w->owner;
	bool was_first = w == TAILQ_FIRST(&l->wishes);

	TAILQ_REMOVE(&l->wishes, w, next);
	l->n_wishes--;
	free(w);
	if (was_first)
		ask(l);
}

static void ask_more(struct wish *w)
{
	static const struct timeval patience = {.tv_sec = PATIENCE_S};
	struct message_leases_more m = {.id = w->id};

	w->is_paused = false;
	(void)evtimer_add(w->owner->late, &patience);
	(void)ipc_send(w->owner->dhcpd, MESSAGE_LEASES_MORE, &m, sizeof(m), -1);
}

static void on_drained(void *arg)
{
	struct wish *w = arg;

	if (w->is_paused)
		ask_more(w);
}

static void on_gone(void *arg)
{
	forget(arg);
}

static void fail(struct wish *w, const char *why)
{
	AUTO(str_done) struct str out = str_init(PIECE_BYTES_MAX);

	if (!api_stream_has_begun(w->stream)) {
		api_stream_refuse(w->stream, HTTP_SERVUNAVAIL, "%s", why);
	} else {
		struct json j = json_init(&out);

		str_add(&out, "\n],\"complete\":false,\"error\":");
		json_text(&j, why);
		str_add(&out, "}\n");
		api_stream_send(w->stream, &out);
		api_stream_end(w->stream);
	}
	forget(w);
}

static void on_late(evutil_socket_t fd, short what, void *arg)
{
	struct leases *l = arg;
	struct wish *w = TAILQ_FIRST(&l->wishes);

	(void)fd, (void)what;
	if (w)
		fail(w, w->is_paused ? "nobody read the list" : "dhcpd does not answer");
}

struct leases *leases_new(struct event_base *base, struct ipc *dhcpd, const struct admin *admin)
{
	struct leases *l = xcalloc(1, sizeof(*l));

	*l = (struct leases){.dhcpd = dhcpd, .admin = admin, .last_id = (uint32_t)clock_wall_ms()};
	TAILQ_INIT(&l->wishes);
	l->late = evtimer_new(base, on_late, l);
	assert(l->late);
	return l;
}

void leases_free(struct leases *l)
{
	struct wish *w;

	if (!l)
		return;
	while ((w = TAILQ_FIRST(&l->wishes))) {
		TAILQ_REMOVE(&l->wishes, w, next);
		api_stream_end(w->stream);
		free(w);
	}
	event_free(l->late);
	free(l);
}

static void enqueue(struct leases *l, const struct wish *wish, struct api_request *r)
{
	if (l->n_wishes == WAITING_MAX) {
		api_reply_error(
			r, HTTP_SERVUNAVAIL, "%d others are asking dhcpd, try again", WAITING_MAX);
		return;
	}
	struct wish *w = xcalloc(1, sizeof(*w));
	*w = *wish;
	w->owner = l;
	w->stream = api_stream_new(r, on_drained, on_gone, w);
	TAILQ_INSERT_TAIL(&l->wishes, w, next);
	if (l->n_wishes++ == 0)
		ask(l);
}

/* --- requests ------------------------------------------------------------------------------------ */

static int read_query(struct lease_filter *f, const struct api_request *r, struct err *e)
{
	const struct admin *a = r->arg;
	AUTO(free_p) char *match = api_query(r, "match");
	AUTO(free_p) char *state = api_query(r, "state");
	AUTO(free_p) char *within = api_query(r, "within_ms");
	AUTO(free_p) char *unknown = api_query(r, "unknown");

	f->uses = 1U << USE_BOUND | 1U << USE_OFFERED | 1U << USE_DECLINED;
	if (unknown && parse_bool(unknown, &f->is_unknown) < 0)
		return err_msg(e, -EINVAL, "unknown: \"%.40s\" is not true or false", unknown);
	if (within && parse_i64(within, 1, WITHIN_MS_MAX, &f->within_ms) < 0)
		return err_msg(e, -EINVAL, "within_ms: expected a number of milliseconds");
	int rc = state ? lease_filter_uses(f, state, e) : 0;
	return rc == 0 && match ? lease_filter_add(f, match, a->nodes, e) : rc;
}

void leases_get(struct api_request *r)
{
	const struct admin *a = r->arg;
	struct wish w = {.address = 0};
	struct err e;

	int rc = read_query(&w.filter, r, &e);
	if (rc < 0)
		api_reply_error(r, rc == -ENOENT ? HTTP_NOTFOUND : HTTP_BADREQUEST, "%s", e.msg);
	else
		enqueue(a->leases, &w, r);
}

void leases_post(struct api_request *r)
{
	const struct admin *a = r->arg;
	size_t len = strcspn(r->rest, "/");
	AUTO(free_p) char *address = xstrndup(r->rest, len);
	struct wish w = {.address = 0};

	if (strcmp(r->rest + len, CLEAR_SUFFIX) != 0)
		api_reply_error(r, HTTP_NOTFOUND, "no such path");
	else if (ipv4_parse(address, &w.address) < 0 || w.address == 0)
		api_reply_error(r, HTTP_BADREQUEST, "\"%.40s\" is not an IPv4 address", address);
	else
		enqueue(a->leases, &w, r);
}

/* --- rows ---------------------------------------------------------------------------------------- */

/* Of the machine as it calls itself; a node is known by its name. */
static const char *hostname_of(const struct leases *l, const struct message_lease *row)
{
	const struct machine *m = NULL;
	struct mac mac;

	if (row->hlen == MAC_LEN) {
		memcpy(mac.b, row->hw, MAC_LEN);
		m = nodes_by_mac(l->admin->nodes, &mac);
	}
	return m ? m->hostname : "";
}

static const char *subnet_of(
	const struct leases *l, uint32_t address, char buf[static IPV4_NET_TEXT_SIZE])
{
	const struct cluster_subnet *subnet =
		cluster_subnet_of(l->admin->generation->cluster, address);

	if (!subnet)
		return "";
	struct ipv4_net net = subnet->net;
	net.addr = ipv4_net_first(net);
	return ipv4_net_text(net, buf);
}

static void write_client(struct json *j, const struct message_lease *row)
{
	char mac[MAC_TEXT_SIZE];
	AUTO(str_done) struct str id = str_init((size_t)2 * MESSAGE_LEASE_ID_MAX);
	struct mac m;

	memcpy(m.b, row->hw, MAC_LEN);
	json_key_text(j, "mac", row->hlen == MAC_LEN ? mac_text(&m, mac) : "");
	str_add_hex(&id, row->client_id,
		row->id_len < MESSAGE_LEASE_ID_MAX ? row->id_len : MESSAGE_LEASE_ID_MAX);
	json_key_text(j, "client_id", str_text(&id));
}

static void write_row(
	const struct leases *l, struct json *j, const struct message_lease *row, int64_t wall_ms)
{
	char text[IPV4_NET_TEXT_SIZE];

	json_map(j);
	json_key_text(j, "address", ipv4_text(row->address, text));
	json_key_text(j, "state", lease_use_name(row->use));
	write_client(j, row);
	json_key_text(j, "node", row->node);
	json_key_text(j, "hostname", hostname_of(l, row));
	json_key_text(j, "subnet", subnet_of(l, row->address, text));
	json_key(j, "since_ms");
	if (row->age_ms < 0)
		json_none(j);
	else
		json_int(j, wall_ms - row->age_ms);
	json_key(j, "ends_ms");
	if (row->left_ms > WITHIN_MS_MAX)
		json_none(j);
	else
		json_int(j, wall_ms + row->left_ms);
	json_key_int(j, "lease_s", row->lease_s);
	json_map_end(j);
}

static void write_rows(struct wish *w, const struct message_leases *m, struct str *out)
{
	int64_t wall_ms = clock_wall_ms();

	if (!api_stream_has_begun(w->stream))
		str_add(out, "{\"leases\":[");
	for (uint32_t i = 0; i < m->n_rows && i < MESSAGE_LEASES_ROWS; i++) {
		struct message_lease row = m->rows[i];
		struct json j = json_init(out);

		IPC_TEXT(row.node);
		str_defang(row.node);
		if (!lease_filter_has(&w->filter, &row))
			continue;
		str_add(out, w->has_rows ? ",\n" : "\n");
		write_row(w->owner, &j, &row, wall_ms);
		w->has_rows = true;
	}
	if (m->is_end)
		str_add(out, "\n],\"complete\":true}\n");
}

void leases_on_rows(struct leases *l, const struct message_leases *m)
{
	struct wish *w = TAILQ_FIRST(&l->wishes);
	AUTO(str_done) struct str out = str_init(PIECE_BYTES_MAX);

	if (!w || w->address || w->id != m->id)
		return; /* for a reader who has left */
	write_rows(w, m, &out);
	api_stream_send(w->stream, &out);
	if (m->is_end) {
		api_stream_end(w->stream);
		forget(w);
		return;
	}
	w->is_paused = m->is_paused;
	if (w->is_paused && api_stream_waiting(w->stream) < AHEAD_BYTES_MAX)
		ask_more(w);
}

/* --- the end of a quarantine ---------------------------------------------------------------------- */

static void tell_cleared(const struct leases *l, const struct wish *w, const struct mac *mac)
{
	const struct machine *m = mac_is_unicast(mac) ? nodes_by_mac(l->admin->nodes, mac) : NULL;
	char address[IPV4_TEXT_SIZE], by[MAC_TEXT_SIZE];

	nodes_event(l->admin->nodes, m, clock_wall_ms(), "lease", STORE_INFO,
		"the operator let %s out of quarantine, which %s had declined",
		ipv4_text(w->address, address), mac_text(mac, by));
}

void leases_on_cleared(struct leases *l, const struct message_lease_cleared *m)
{
	struct wish *w = TAILQ_FIRST(&l->wishes);
	AUTO(str_done) struct str out = str_init(PIECE_BYTES_MAX);
	char address[IPV4_TEXT_SIZE];

	if (!w || !w->address || w->id != m->id)
		return;
	if (m->result == CLEARED) {
		tell_cleared(l, w, &m->mac);
		str_printf(&out, "{\"address\":\"%s\",\"cleared\":true}\n",
			ipv4_text(w->address, address));
		api_stream_send(w->stream, &out);
		api_stream_end(w->stream);
	} else if (m->result == CLEARED_NOT_DECLINED) {
		api_stream_refuse(w->stream, HTTP_NOTFOUND, "%s is not in quarantine",
			ipv4_text(w->address, address));
	} else {
		api_stream_refuse(w->stream, HTTP_SERVUNAVAIL,
			"the lease of %s could not be written to disk; it stays in quarantine",
			ipv4_text(w->address, address));
	}
	forget(w);
}

void leases_on_hello(struct leases *l)
{
	struct wish *w = l ? TAILQ_FIRST(&l->wishes) : NULL;

	if (w)
		fail(w, "dhcpd was started anew meanwhile, ask again");
}

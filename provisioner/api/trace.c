#include "provisioner/api/trace.h"

#include <errno.h>
#include <string.h>
#include <sys/queue.h>

#include "provisioner/api/admin.h"
#include "provisioner/api/lease_filter.h"
#include "provisioner/api/stream.h"
#include "provisioner/base/ipc.h"
#include "provisioner/base/json.h"
#include "provisioner/cluster/cluster.h"
#include "provisioner/generation/generation.h"

#define READERS_MAX 8
#define LINE_BYTES_MAX ((size_t)16 << 10)
#define AHEAD_BYTES_MAX ((size_t)4 << 20) /* that a reader has not taken yet */
#define HOST_BITS 32

struct reader {
	TAILQ_ENTRY(reader) next;
	struct tracing *owner;
	struct api_stream *stream;
	struct lease_filter filter; /* of one term at most */
	uint64_t n_lost;
};

struct tracing {
	struct ipc *dhcpd;
	const struct admin *admin;
	TAILQ_HEAD(, reader) readers;
	size_t n_readers;
};

/* --- which packets --------------------------------------------------------------------------------- */

static bool is_for(const struct reader *r, const struct message_frame *f)
{
	struct message_lease l = {.address = f->address, .hlen = MAC_LEN};

	memcpy(l.hw, f->mac.b, MAC_LEN);
	return lease_filter_has(&r->filter, &l);
}

/* False when all readers' wishes together are more than a message holds. */
static bool add_wish(struct message_trace *m, const struct reader *r)
{
	const struct lease_term *term = &r->filter.terms[0];
	uint32_t address = term->net.len ? term->net.addr : term->address;

	if (r->filter.n_terms == 0 || m->n_macs + term->n_macs > MESSAGE_TRACE_MACS_MAX)
		return false;
	if (address && m->address && address != m->address)
		return false;
	for (uint32_t i = 0; i < term->n_macs; i++)
		m->macs[m->n_macs++] = term->macs[i];
	m->address = address ? address : m->address;
	return true;
}

static void tell_dhcpd(const struct tracing *t)
{
	struct message_trace m = {.is_on = t->n_readers > 0};
	const struct reader *r;

	TAILQ_FOREACH(r, &t->readers, next)
	m.is_all = m.is_all || !add_wish(&m, r);
	(void)ipc_send(
		t->dhcpd, MESSAGE_TRACE, &m, sizeof(m), -1); /* it says HELLO if it was away */
}

/* --- readers --------------------------------------------------------------------------------------- */

static void forget(struct reader *r)
{
	struct tracing *t = r->owner;

	TAILQ_REMOVE(&t->readers, r, next);
	t->n_readers--;
	free(r);
	tell_dhcpd(t);
}

static void on_gone(void *arg)
{
	forget(arg);
}

struct tracing *tracing_new(struct ipc *dhcpd, const struct admin *admin)
{
	struct tracing *t = xcalloc(1, sizeof(*t));

	*t = (struct tracing){.dhcpd = dhcpd, .admin = admin};
	TAILQ_INIT(&t->readers);
	tell_dhcpd(t); /* the provisioner before us may have had readers */
	return t;
}

void tracing_free(struct tracing *t)
{
	struct reader *r, *after;

	if (!t)
		return;
	for (r = TAILQ_FIRST(&t->readers); r; r = after) {
		after = TAILQ_NEXT(r, next);
		api_stream_end(r->stream);
		free(r);
	}
	t->n_readers = 0;
	TAILQ_INIT(&t->readers);
	tell_dhcpd(t);
	free(t);
}

static void begin(struct reader *r)
{
	const struct cluster *c = r->owner->admin->generation->cluster;
	AUTO(str_done) struct str out = str_init(LINE_BYTES_MAX);
	struct json j = json_init(&out);

	json_map(&j);
	json_key_text(&j, "interface", c->network.internal.interface);
	json_key_text(&j, "version", SLIPWAY_VERSION);
	json_map_end(&j);
	str_addc(&out, '\n');
	api_stream_send(r->stream, &out);
	api_stream_take_time(r->stream);
}

static int read_query(struct lease_filter *f, const struct api_request *r, struct err *e)
{
	const struct admin *a = r->arg;
	AUTO(free_p) char *match = api_query(r, "match");

	int rc = match ? lease_filter_add(f, match, a->nodes, e) : 0;
	if (rc < 0)
		return rc;
	if (f->n_terms > 1 || (f->terms[0].net.len && f->terms[0].net.len != HOST_BITS))
		return err_msg(e, -EINVAL, "match: expected one machine, MAC or address");
	return 0;
}

void tracing_get(struct api_request *request)
{
	const struct admin *a = request->arg;
	struct tracing *t = a->tracing;
	struct lease_filter filter = {0};
	struct err e;

	int rc = read_query(&filter, request, &e);
	if (rc < 0) {
		api_reply_error(
			request, rc == -ENOENT ? HTTP_NOTFOUND : HTTP_BADREQUEST, "%s", e.msg);
		return;
	}
	if (t->n_readers == READERS_MAX) {
		api_reply_error(
			request, HTTP_SERVUNAVAIL, "%d others are tracing already", READERS_MAX);
		return;
	}
	struct reader *r = xcalloc(1, sizeof(*r));
	*r = (struct reader){.owner = t, .filter = filter};
	r->stream = api_stream_new(request, NULL, on_gone, r);
	TAILQ_INSERT_TAIL(&t->readers, r, next);
	t->n_readers++;
	begin(r);
	tell_dhcpd(t);
}

/* --- packets --------------------------------------------------------------------------------------- */

static void write_frame(
	const struct tracing *t, const struct message_frame *f, uint64_t n_lost, struct str *out)
{
	const struct machine *m = nodes_by_mac(t->admin->nodes, &f->mac);
	AUTO(str_done) struct str base64 = str_init(LINE_BYTES_MAX);
	struct json j = json_init(out);
	char mac[MAC_TEXT_SIZE];

	str_add_base64(&base64, f->bytes, f->len);
	json_map(&j);
	json_key_int(&j, "wall_us", f->wall_us);
	json_key_bool(&j, "reply", f->is_reply);
	json_key_text(&j, "mac", mac_text(&f->mac, mac));
	json_key_text(&j, "node", m && m->node ? m->key : "");
	json_key_text(&j, "ends", f->ends);
	json_key_text(&j, "text", f->text);
	json_key_text(&j, "verdict", f->verdict);
	json_key_int(&j, "lost", (int64_t)n_lost);
	json_key_text(&j, "frame", str_text(&base64));
	json_map_end(&j);
	str_addc(out, '\n');
}

static void pass_on(struct reader *r, const struct message_frame *f)
{
	AUTO(str_done) struct str out = str_init(LINE_BYTES_MAX);

	if (api_stream_waiting(r->stream) > AHEAD_BYTES_MAX) {
		r->n_lost += f->n_lost + 1;
		return;
	}
	write_frame(r->owner, f, r->n_lost + f->n_lost, &out);
	r->n_lost = 0;
	api_stream_send(r->stream, &out);
}

void tracing_on_frame(struct tracing *t, const struct message_frame *f)
{
	struct message_frame copy = *f;
	struct reader *r;

	IPC_TEXT(copy.ends);
	IPC_TEXT(copy.text);
	IPC_TEXT(copy.verdict);
	str_defang(copy.ends);
	str_defang(copy.text);
	str_defang(copy.verdict);
	if (copy.len > MESSAGE_FRAME_SIZE)
		return;
	TAILQ_FOREACH(r, &t->readers, next)
	{
		if (is_for(r, &copy))
			pass_on(r, &copy);
		else
			r->n_lost += copy.n_lost; /* nobody knows whose they were */
	}
}

void tracing_on_hello(struct tracing *t)
{
	AUTO(str_done) struct str out = str_init(LINE_BYTES_MAX);
	struct reader *r;

	if (!t || t->n_readers == 0)
		return;
	str_add(&out, "{\"note\":\"dhcpd has been started; what came while it was away is "
		      "not here\"}\n");
	TAILQ_FOREACH(r, &t->readers, next)
	api_stream_send(r->stream, &out);
	tell_dhcpd(t);
}

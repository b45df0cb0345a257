#include "dhcpd/service.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "dhcpd/batch.h"
#include "dhcpd/capture.h"
#include "dhcpd/conflict.h"
#include "dhcpd/control.h"
#include "dhcpd/decide.h"
#include "dhcpd/frame.h"
#include "dhcpd/limit.h"
#include "dhcpd/prober.h"
#include "dhcpd/sender.h"
#include "dhcpd/tap.h"
#include "dhcpd/watch.h"
#include "provisioner/base/clock.h"
#include "provisioner/base/log.h"

#define STALE_MS 2000

struct service {
	struct sender sender;
	struct tap tap;
	struct control control;
	struct lease_table *leases;
	struct batch *batch;
	struct prober *prober;
	struct watch watch;
	struct limits *limits;
	struct pxe_loops loops;
	struct relay_strangers strangers;
	struct counters counters;
	struct log_rate malformed, unsent, liars;

	/* the message in hand, and what is done about it */
	struct msg msg;
	struct decision decision;
};

static struct decide_state state_of(struct service *s)
{
	return (struct decide_state){.settings = &s->control.settings,
		.networks = s->control.networks,
		.nodes = s->control.nodes,
		.leases = s->leases,
		.loops = &s->loops,
		.strangers = &s->strangers,
		.reserve = &s->control.reserve,
		.probes = s->control.settings.guard.probe_ms > 0 ? prober_table(s->prober) : NULL};
}

static void count(struct service *s, enum counter what)
{
	counters_add(&s->counters, what, 1);
}

/* Nothing becomes of the packet in hand. */
static void drop(struct service *s, enum counter why, const struct msg *m)
{
	count(s, why);
	tap_dropped(&s->tap, why, m);
}

/* --- answering --- */

static void send_reply(struct service *s, const struct message_exchange *x, const struct route *to,
	const void *bytes, size_t len)
{
	char address[IPV4_TEXT_SIZE];
	unsigned held;
	int rc = sender_send(&s->sender, to, bytes, len);

	tap_replied(&s->tap, x, to, bytes, len, rc);

	if (rc == 0)
		return;
	count(s, COUNT_NOT_SENT);
	if (log_rate_allows(&s->unsent, clock_mono_ms(), &held))
		log_warn("reply to %s port %u could not be sent: %s (%u more)",
			ipv4_text(to->dst, address), to->dst_port, strerror(-rc), held);
}

/* A lease that could not be written is no promise: the client hears nothing, and asks again. */
static void take_back(struct service *s, struct pending *p)
{
	struct decide_state state = state_of(s);

	decide_undo(&state, p->lease, clock_mono_ms());
	count(s, COUNT_NOT_STORED);
	tap_took_back(&s->tap, &p->exchange);
	p->exchange.reply = 0;
	p->exchange.address = 0;
	(void)stpncpy(
		p->exchange.note, counter_text(COUNT_NOT_STORED), sizeof(p->exchange.note) - 1);
}

static void on_stored(void *arg, struct pending *p, bool may_go)
{
	struct service *s = arg;

	if (p->has_reply && may_go)
		send_reply(s, &p->exchange, &p->route, p->bytes, p->len);
	else if (p->has_reply)
		take_back(s, p);
	control_tell(&s->control, &p->exchange);
}

static void act(struct service *s)
{
	const struct decision *x = &s->decision;
	struct pending *p = batch_next(s->batch);
	struct wr w = wr_init(p->bytes, sizeof(p->bytes));

	count(s, x->what);
	if (x->is_unprobed)
		count(s, COUNT_UNPROBED);
	if (x->has_reply)
		msg_encode(&x->reply, opts_value(&s->msg.opts, OPT_WANTED), msg_size_limit(&s->msg),
			&w);
	if (x->commit) {
		p->lease = x->commit;
		p->was_known = x->was_known;
		p->has_reply = x->has_reply;
		p->route = x->route;
		p->exchange = x->exchange;
		p->len = w.len;
		batch_add(s->batch);
		return;
	}
	if (x->has_reply)
		send_reply(s, &x->exchange, &x->route, p->bytes, w.len);
	if (x->is_tellable)
		control_tell(&s->control, &x->exchange);
}

static void count_request(struct service *s, uint8_t type)
{
	static const enum counter by_type[] = {[DHCP_DISCOVER] = COUNT_DISCOVER,
		[DHCP_REQUEST] = COUNT_REQUEST,
		[DHCP_DECLINE] = COUNT_DECLINE,
		[DHCP_RELEASE] = COUNT_RELEASE,
		[DHCP_INFORM] = COUNT_INFORM};

	if (type < ARRAY_LEN(by_type) && by_type[type] != COUNT_NONE)
		count(s, by_type[type]);
}

static void drop_message(struct service *s, enum msg_result result, const struct mac *from)
{
	static const enum counter why[] = {[MSG_MALFORMED] = COUNT_MALFORMED,
		[MSG_NOT_REQUEST] = COUNT_NOT_REQUEST,
		[MSG_BAD_HARDWARE] = COUNT_BAD_HARDWARE};
	char mac[MAC_TEXT_SIZE];
	unsigned held;

	drop(s, why[result], NULL);
	if (log_rate_allows(&s->malformed, clock_mono_ms(), &held))
		log_warn("message from %s: %s, ignoring (%u more)", mac_text(from, mac),
			counter_text(why[result]), held);
}

/* Decides the message that was decoded. When its address has to be probed first it is kept until then. */
static void answer(struct service *s, const struct probe_request *r, unsigned tries)
{
	const struct message_dhcp_settings *settings = &s->control.settings;
	struct decide_state state = state_of(s);

	decide(&state, &s->msg, &r->from, clock_mono_ms(), &s->decision);
	tap_decided(&s->tap, &s->msg, &s->decision);
	act(s);
	if (s->decision.what == COUNT_OTHER_SERVER)
		watch_named(&s->watch, opts_u32(&s->msg.opts, OPT_SERVER),
			&s->decision.exchange.mac, clock_mono_ms());
	if (s->decision.probe == 0)
		return;
	struct probe_order o = {.address = s->decision.probe,
		.is_local = ipv4_net_has(settings->server, s->decision.probe),
		.timeout_ms = settings->guard.probe_ms,
		.tries = tries,
		.asker = s->decision.exchange.mac,
		.request = tries < CONFLICT_TRIES_MAX ? r : NULL};
	if (prober_ask(s->prober, &o) < 0)
		count(s, COUNT_NOT_SENT);
}

/* Too much from one source. Each is told of once in a minute, a relay in the log alone. */
static bool is_too_much(struct service *s, const struct arrival *from)
{
	struct message_exchange x = {
		.mac = from->src_mac, .request = opts_u8(&s->msg.opts, OPT_TYPE)};
	struct mac mac;
	bool tell;

	memcpy(mac.b, s->msg.chaddr, MAC_LEN);
	struct limit_ask a = {.m = &s->msg,
		.from = from,
		.is_node = node_table_by_mac(s->control.nodes, &mac) != NULL,
		.per_s = s->control.settings.guard.limit_per_s,
		.now_ms = clock_mono_ms()};
	enum counter what = limits_judge(s->limits, &a, &tell);
	if (what == COUNT_NONE)
		return false;
	count(s, what);
	if (what == COUNT_LIMIT_CLIENT)
		x.mac = mac;
	(void)stpncpy(x.note, counter_text(what), sizeof(x.note) - 1);
	if (tell)
		control_tell(&s->control, &x);
	return true;
}

/* One message, from the capture or from port 4011. */
static void serve(struct service *s, const struct probe_request *r, int64_t age_ms)
{
	enum msg_result result = msg_decode(r->payload.p, r->payload.left, &s->msg);

	if (result != MSG_OK && result != MSG_BOOTP) {
		drop_message(s, result, &r->from.src_mac);
		return;
	}
	uint8_t type = opts_u8(&s->msg.opts, OPT_TYPE);
	count_request(s, type);
	if (!s->control.is_ready) {
		drop(s, COUNT_NOT_READY, &s->msg);
		return;
	}
	if (watch_is_ours(&s->watch, &s->msg)) {
		drop(s, COUNT_OWN_QUESTION, &s->msg);
		return;
	}
	/* It has asked again since; an answer to the old question would only meet one to the new. */
	if (type == DHCP_DISCOVER && age_ms > STALE_MS) {
		drop(s, COUNT_STALE, &s->msg);
		return;
	}
	if (is_too_much(s, &r->from))
		return;
	answer(s, r, /* tries= */ 0);
}

static bool on_taken(void *arg, const struct probe *p, const struct mac *holder)
{
	struct service *s = arg;
	struct decide_state state = state_of(s);
	struct conflict c = {p->address, p->asker, holder};
	unsigned held;
	bool is_over = conflict_found(&state, &c, clock_mono_ms(), &s->decision);

	if (s->decision.what != COUNT_NONE)
		act(s);
	if (s->decision.what == COUNT_TOO_MANY_CLAIMS &&
		log_rate_allows(&s->liars, clock_mono_ms(), &held))
		log_warn("%s (%u more)", s->decision.exchange.note, held);
	return is_over;
}

static void on_probed(void *arg, const struct probe *p)
{
	struct service *s = arg;
	struct rd payload = p->request.payload;

	if (payload.left > 0 && msg_decode(payload.p, payload.left, &s->msg) == MSG_OK)
		answer(s, &p->request, p->tries);
}

static void on_probes_told(void *arg)
{
	struct service *s = arg;

	batch_flush(s->batch);
}

static const struct prober_calls prober_calls = {on_taken, on_probed, on_probes_told};

static void on_solicitation(struct service *s, const struct frame *f)
{
	struct ipv6 from;

	if (!s->control.is_ready || !s->control.settings.router_advertisements ||
		!ra_is_solicitation(f->payload, &from))
		return;
	count(s, COUNT_SOLICITATION);
	tap_heard(&s->tap, "is answered");
	count(s, sender_advertise(&s->sender, &f->src_mac, &from) == 0 ? COUNT_ADVERTISEMENT
								       : COUNT_NOT_SENT);
}

/* Others may have switched the interface to see everything; what is meant for another server is not ours. */
static bool is_for_us(const struct service *s, uint32_t dst)
{
	return dst == UINT32_MAX || !s->control.is_ready ||
	       dst == s->control.settings.server.addr ||
	       dst == ipv4_net_broadcast(s->control.settings.server);
}

/* The quarantine ends as if its time were over: who had declined the address does not hold it. */
static enum lease_cleared on_clear(void *arg, uint32_t address, struct mac *ret_mac)
{
	struct service *s = arg;
	struct lease *l = lease_by_address(s->leases, address);
	int64_t now_ms = clock_mono_ms();

	if (!l || l->state != LEASE_DECLINED || lease_is_over(l, now_ms))
		return CLEARED_NOT_DECLINED;
	const struct client c = lease_client(l);
	if (c.hlen == MAC_LEN)
		memcpy(ret_mac->b, c.hw, MAC_LEN);
	int64_t until_ms = l->until_ms;
	lease_change(s->leases, l, LEASE_DECLINED, now_ms);
	if (batch_write(s->batch, l) == 0)
		return CLEARED;
	lease_change(s->leases, l, LEASE_DECLINED, until_ms);
	return CLEARED_NOT_STORED;
}

/* --- what comes in --- */

void service_take_frame(void *arg, const uint8_t *bytes, size_t len, int64_t wall_us)
{
	static const enum counter dropped[] = {[FRAME_MALFORMED] = COUNT_MALFORMED,
		[FRAME_FRAGMENT] = COUNT_FRAGMENT,
		[FRAME_BAD_CHECKSUM] = COUNT_BAD_CHECKSUM,
		[FRAME_VLAN] = COUNT_VLAN};
	struct service *s = arg;
	struct frame f;
	enum frame_result result = frame_parse(bytes, len, &f);

	tap_take_frame(&s->tap, bytes, len, wall_us, &f);
	if (result == FRAME_IPV6) {
		on_solicitation(s, &f);
		return;
	}
	if (result == FRAME_ARP) {
		tap_heard(&s->tap, "somebody has this address");
		prober_hear(s->prober, f.payload);
		return;
	}
	if (result == FRAME_UDP && f.dst_port == DHCP_CLIENT_PORT) {
		tap_dropped(&s->tap, COUNT_NOT_REQUEST, NULL);
		watch_hear(&s->watch, &f, clock_mono_ms());
	}
	if (result == FRAME_OTHER || (result == FRAME_UDP && f.dst_port != DHCP_SERVER_PORT))
		return;
	if (result != FRAME_UDP) {
		drop(s, dropped[result], NULL);
		return;
	}
	if (!is_for_us(s, f.dst)) {
		drop(s, COUNT_NOT_FOR_US, NULL);
		return;
	}
	struct probe_request r = {{f.src, f.src_port, f.dst_port, f.dst, f.src_mac}, f.payload};
	serve(s, &r, clock_wall_ms() - wall_us / 1000);
}

void service_take_datagram(
	struct service *s, const uint8_t *bytes, size_t len, uint32_t src, uint16_t src_port)
{
	struct probe_request r = {.from = {.src = src,
					  .src_port = src_port,
					  .dst_port = PXE_PORT,
					  .dst = s->control.settings.server.addr},
		.payload = rd_init(bytes, len)};

	tap_take_datagram(&s->tap, bytes, len, &r.from);
	serve(s, &r, /* age_ms= */ 0);
}

void service_flush(struct service *s)
{
	tap_let_go(&s->tap);
	batch_flush(s->batch);
}

void service_report(struct service *s)
{
	counters_add(&s->counters, COUNT_CAPTURE_OVERRUN, capture_lost(s->sender.capture));
	capture_refresh_mac(s->sender.capture);
	watch_tick(&s->watch, clock_mono_ms());
	control_tell_counters(&s->control, &s->counters);
	trace_tell_lost(&s->control.trace, s->control.provisioner);
	batch_tidy(s->batch);
}

/* --- life --- */

struct service *service_open(const struct service_options *o, struct err *e)
{
	struct service *s = xcalloc(1, sizeof(*s));
	struct hash_key key;

	if (getrandom(&key, sizeof(key), 0) != sizeof(key)) {
		(void)err_msg(e, -EIO, "no random numbers: %s", strerror(errno));
		goto fail;
	}
	s->leases = lease_table_new(&key);
	s->limits = limits_new(&key);
	s->batch = batch_new(o->lease_dir, s->leases, on_stored, s, e);
	if (!s->batch)
		goto fail;
	s->prober = prober_open(o->interface, o->capture, &prober_calls, s, e);
	if (!s->prober)
		goto fail;
	s->sender = (struct sender){.capture = o->capture,
		.bootps_fd = o->bootps_fd,
		.pxe_fd = o->pxe_fd,
		.settings = &s->control.settings};
	s->watch = (struct watch){
		.capture = o->capture, .control = &s->control, .counters = &s->counters};
	tap_init(&s->tap, &s->control, &s->sender);
	return s;
fail:
	service_free(s);
	return NULL;
}

int service_load(struct service *s, struct err *e)
{
	return batch_load(s->batch, e);
}

void service_start(struct service *s, struct event_base *base, int provisioner_fd)
{
	control_open(&s->control, base, provisioner_fd, s->leases, on_clear, s);
	prober_start(s->prober, base);
}

void service_finish(struct service *s)
{
	batch_flush(s->batch);
	control_tell_counters(&s->control, &s->counters);
}

void service_free(struct service *s)
{
	if (!s)
		return;
	control_close(&s->control);
	prober_free(s->prober);
	batch_free(s->batch);
	lease_table_free(s->leases);
	limits_free(s->limits);
	free(s);
}

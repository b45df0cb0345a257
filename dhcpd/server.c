#include "dhcpd/server.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <linux/filter.h>
#include <signal.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

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
#define REPORT_S 5

struct dhcpd {
	struct dhcpd_options o;
	struct sender sender;
	struct tap tap;

	struct event_base *base;
	struct event *captured, *asked_pxe, *report, *terminated, *interrupted;
	int status;

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

	struct msg msg;
	struct decision decision;
};

static struct decide_state state_of(struct dhcpd *d)
{
	return (struct decide_state){.settings = &d->control.settings,
		.networks = d->control.networks,
		.nodes = d->control.nodes,
		.leases = d->leases,
		.loops = &d->loops,
		.strangers = &d->strangers,
		.reserve = &d->control.reserve,
		.probes = d->control.settings.guard.probe_ms > 0 ? prober_table(d->prober) : NULL};
}

static void count(struct dhcpd *d, enum counter what)
{
	counters_add(&d->counters, what, 1);
}

/* Nothing becomes of the packet in hand. */
static void drop(struct dhcpd *d, enum counter why, const struct msg *m)
{
	count(d, why);
	tap_dropped(&d->tap, why, m);
}

/* --- answering --- */

static void send_reply(struct dhcpd *d, const struct message_exchange *x, const struct route *to,
	const void *bytes, size_t len)
{
	char address[IPV4_TEXT_SIZE];
	unsigned held;
	int rc = sender_send(&d->sender, to, bytes, len);

	tap_replied(&d->tap, x, to, bytes, len, rc);

	if (rc == 0)
		return;
	count(d, COUNT_NOT_SENT);
	if (log_rate_allows(&d->unsent, clock_mono_ms(), &held))
		log_warn("reply to %s port %u could not be sent: %s (%u more)",
			ipv4_text(to->dst, address), to->dst_port, strerror(-rc), held);
}

/* A lease that could not be written is no promise: the client hears nothing, and asks again. */
static void take_back(struct dhcpd *d, struct pending *p)
{
	struct decide_state state = state_of(d);

	decide_undo(&state, p->lease, clock_mono_ms());
	count(d, COUNT_NOT_STORED);
	tap_took_back(&d->tap, &p->exchange);
	p->exchange.reply = 0;
	p->exchange.address = 0;
	(void)stpncpy(
		p->exchange.note, counter_text(COUNT_NOT_STORED), sizeof(p->exchange.note) - 1);
}

static void on_stored(void *arg, struct pending *p, bool may_go)
{
	struct dhcpd *d = arg;

	if (p->has_reply && may_go)
		send_reply(d, &p->exchange, &p->route, p->bytes, p->len);
	else if (p->has_reply)
		take_back(d, p);
	control_tell(&d->control, &p->exchange);
}

static void act(struct dhcpd *d)
{
	const struct decision *x = &d->decision;
	struct pending *p = batch_next(d->batch);
	struct wr w = wr_init(p->bytes, sizeof(p->bytes));

	count(d, x->what);
	if (x->is_unprobed)
		count(d, COUNT_UNPROBED);
	if (x->has_reply)
		msg_encode(&x->reply, opts_value(&d->msg.opts, OPT_WANTED), msg_size_limit(&d->msg),
			&w);
	if (x->commit) {
		p->lease = x->commit;
		p->was_known = x->was_known;
		p->has_reply = x->has_reply;
		p->route = x->route;
		p->exchange = x->exchange;
		p->len = w.len;
		batch_add(d->batch);
		return;
	}
	if (x->has_reply)
		send_reply(d, &x->exchange, &x->route, p->bytes, w.len);
	if (x->is_tellable)
		control_tell(&d->control, &x->exchange);
}

static void count_request(struct dhcpd *d, uint8_t type)
{
	static const enum counter by_type[] = {[DHCP_DISCOVER] = COUNT_DISCOVER,
		[DHCP_REQUEST] = COUNT_REQUEST,
		[DHCP_DECLINE] = COUNT_DECLINE,
		[DHCP_RELEASE] = COUNT_RELEASE,
		[DHCP_INFORM] = COUNT_INFORM};

	if (type < ARRAY_LEN(by_type) && by_type[type] != COUNT_NONE)
		count(d, by_type[type]);
}

static void drop_message(struct dhcpd *d, enum msg_result result, const struct mac *from)
{
	static const enum counter why[] = {[MSG_MALFORMED] = COUNT_MALFORMED,
		[MSG_NOT_REQUEST] = COUNT_NOT_REQUEST,
		[MSG_BAD_HARDWARE] = COUNT_BAD_HARDWARE};
	char mac[MAC_TEXT_SIZE];
	unsigned held;

	drop(d, why[result], NULL);
	if (log_rate_allows(&d->malformed, clock_mono_ms(), &held))
		log_warn("message from %s: %s, ignoring (%u more)", mac_text(from, mac),
			counter_text(why[result]), held);
}

/* Decides the message that was decoded. When its address has to be probed first it is kept until then. */
static void answer(struct dhcpd *d, const struct probe_request *r, unsigned tries)
{
	const struct message_dhcp_settings *s = &d->control.settings;
	struct decide_state state = state_of(d);

	decide(&state, &d->msg, &r->from, clock_mono_ms(), &d->decision);
	tap_decided(&d->tap, &d->msg, &d->decision);
	act(d);
	if (d->decision.what == COUNT_OTHER_SERVER)
		watch_named(&d->watch, opts_u32(&d->msg.opts, OPT_SERVER),
			&d->decision.exchange.mac, clock_mono_ms());
	if (d->decision.probe == 0)
		return;
	struct probe_order o = {.address = d->decision.probe,
		.is_local = ipv4_net_has(s->server, d->decision.probe),
		.timeout_ms = s->guard.probe_ms,
		.tries = tries,
		.asker = d->decision.exchange.mac,
		.request = tries < CONFLICT_TRIES_MAX ? r : NULL};
	if (prober_ask(d->prober, &o) < 0)
		count(d, COUNT_NOT_SENT);
}

/* Too much from one source. Each is told of once in a minute, a relay in the log alone. */
static bool is_too_much(struct dhcpd *d, const struct arrival *from)
{
	struct message_exchange x = {
		.mac = from->src_mac, .request = opts_u8(&d->msg.opts, OPT_TYPE)};
	struct mac mac;
	bool tell;

	memcpy(mac.b, d->msg.chaddr, MAC_LEN);
	struct limit_ask a = {.m = &d->msg,
		.from = from,
		.is_node = node_table_by_mac(d->control.nodes, &mac) != NULL,
		.per_s = d->control.settings.guard.limit_per_s,
		.now_ms = clock_mono_ms()};
	enum counter what = limits_judge(d->limits, &a, &tell);
	if (what == COUNT_NONE)
		return false;
	count(d, what);
	if (what == COUNT_LIMIT_CLIENT)
		x.mac = mac;
	(void)stpncpy(x.note, counter_text(what), sizeof(x.note) - 1);
	if (tell)
		control_tell(&d->control, &x);
	return true;
}

/* One message, from the capture or from port 4011. */
static void serve(struct dhcpd *d, const struct probe_request *r, int64_t age_ms)
{
	enum msg_result result = msg_decode(r->payload.p, r->payload.left, &d->msg);

	if (result != MSG_OK && result != MSG_BOOTP) {
		drop_message(d, result, &r->from.src_mac);
		return;
	}
	uint8_t type = opts_u8(&d->msg.opts, OPT_TYPE);
	count_request(d, type);
	if (!d->control.is_ready) {
		drop(d, COUNT_NOT_READY, &d->msg);
		return;
	}
	if (watch_is_ours(&d->watch, &d->msg)) {
		drop(d, COUNT_OWN_QUESTION, &d->msg);
		return;
	}
	/* It has asked again since; an answer to the old question would only meet one to the new. */
	if (type == DHCP_DISCOVER && age_ms > STALE_MS) {
		drop(d, COUNT_STALE, &d->msg);
		return;
	}
	if (is_too_much(d, &r->from))
		return;
	answer(d, r, /* tries= */ 0);
}

static bool on_taken(void *arg, const struct probe *p, const struct mac *holder)
{
	struct dhcpd *d = arg;
	struct decide_state state = state_of(d);
	struct conflict c = {p->address, p->asker, holder};
	unsigned held;
	bool is_over = conflict_found(&state, &c, clock_mono_ms(), &d->decision);

	if (d->decision.what != COUNT_NONE)
		act(d);
	if (d->decision.what == COUNT_TOO_MANY_CLAIMS &&
		log_rate_allows(&d->liars, clock_mono_ms(), &held))
		log_warn("%s (%u more)", d->decision.exchange.note, held);
	return is_over;
}

static void on_probed(void *arg, const struct probe *p)
{
	struct dhcpd *d = arg;
	struct rd payload = p->request.payload;

	if (payload.left > 0 && msg_decode(payload.p, payload.left, &d->msg) == MSG_OK)
		answer(d, &p->request, p->tries);
}

static void on_probes_told(void *arg)
{
	struct dhcpd *d = arg;

	batch_flush(d->batch);
}

static const struct prober_calls prober_calls = {on_taken, on_probed, on_probes_told};

static void on_solicitation(struct dhcpd *d, const struct frame *f)
{
	struct ipv6 from;

	if (!d->control.is_ready || !d->control.settings.router_advertisements ||
		!ra_is_solicitation(f->payload, &from))
		return;
	count(d, COUNT_SOLICITATION);
	tap_heard(&d->tap, "is answered");
	count(d, sender_advertise(&d->sender, &f->src_mac, &from) == 0 ? COUNT_ADVERTISEMENT
								       : COUNT_NOT_SENT);
}

/* Others may have switched the interface to see everything; what is meant for another server is not ours. */
static bool is_for_us(const struct dhcpd *d, uint32_t dst)
{
	return dst == UINT32_MAX || !d->control.is_ready ||
	       dst == d->control.settings.server.addr ||
	       dst == ipv4_net_broadcast(d->control.settings.server);
}

static void on_frame(void *arg, const uint8_t *bytes, size_t len, int64_t wall_us)
{
	static const enum counter dropped[] = {[FRAME_MALFORMED] = COUNT_MALFORMED,
		[FRAME_FRAGMENT] = COUNT_FRAGMENT,
		[FRAME_BAD_CHECKSUM] = COUNT_BAD_CHECKSUM,
		[FRAME_VLAN] = COUNT_VLAN};
	struct dhcpd *d = arg;
	struct frame f;
	enum frame_result result = frame_parse(bytes, len, &f);

	tap_take_frame(&d->tap, bytes, len, wall_us, &f);
	if (result == FRAME_IPV6) {
		on_solicitation(d, &f);
		return;
	}
	if (result == FRAME_ARP) {
		tap_heard(&d->tap, "somebody has this address");
		prober_hear(d->prober, f.payload);
		return;
	}
	if (result == FRAME_UDP && f.dst_port == DHCP_CLIENT_PORT) {
		tap_dropped(&d->tap, COUNT_NOT_REQUEST, NULL);
		watch_hear(&d->watch, &f, clock_mono_ms());
	}
	if (result == FRAME_OTHER || (result == FRAME_UDP && f.dst_port != DHCP_SERVER_PORT))
		return;
	if (result != FRAME_UDP) {
		drop(d, dropped[result], NULL);
		return;
	}
	if (!is_for_us(d, f.dst)) {
		drop(d, COUNT_NOT_FOR_US, NULL);
		return;
	}
	struct probe_request r = {{f.src, f.src_port, f.dst_port, f.dst, f.src_mac}, f.payload};
	serve(d, &r, clock_wall_ms() - wall_us / 1000);
}

/* --- events --- */

static void on_captured(evutil_socket_t fd, short what, void *arg)
{
	struct dhcpd *d = arg;

	(void)fd, (void)what;
	int rc = capture_read(d->sender.capture, BATCH_MAX, on_frame, d);
	tap_let_go(&d->tap);
	batch_flush(d->batch);
	if (rc >= 0)
		return;
	log_error("capture on %s: %s", d->o.interface, capture_error(d->sender.capture));
	d->status = EXIT_FAILURE;
	(void)event_base_loopbreak(d->base);
}

static void on_pxe(evutil_socket_t fd, short what, void *arg)
{
	struct dhcpd *d = arg;
	uint8_t bytes[MSG_SIZE_MAX];

	(void)what;
	for (int i = 0; i < BATCH_MAX; i++) {
		struct sockaddr_in from = {0};
		socklen_t size = sizeof(from);
		ssize_t n = recvfrom(
			fd, bytes, sizeof(bytes), MSG_DONTWAIT, (struct sockaddr *)&from, &size);

		if (n < 0)
			break;
		struct probe_request r = {.from = {.src = ntohl(from.sin_addr.s_addr),
						  .src_port = ntohs(from.sin_port),
						  .dst_port = PXE_PORT,
						  .dst = d->control.settings.server.addr},
			.payload = rd_init(bytes, (size_t)n)};
		tap_take_datagram(&d->tap, bytes, (size_t)n, &r.from);
		serve(d, &r, 0);
	}
	tap_let_go(&d->tap);
	batch_flush(d->batch);
}

static void on_report(evutil_socket_t fd, short what, void *arg)
{
	struct dhcpd *d = arg;

	(void)fd, (void)what;
	counters_add(&d->counters, COUNT_CAPTURE_OVERRUN, capture_lost(d->sender.capture));
	capture_refresh_mac(d->sender.capture);
	watch_tick(&d->watch, clock_mono_ms());
	control_tell_counters(&d->control, &d->counters);
	trace_tell_lost(&d->control.trace, d->control.provisioner);
	batch_tidy(d->batch);
}

static void on_signal(evutil_socket_t number, short what, void *arg)
{
	struct dhcpd *d = arg;

	(void)number, (void)what;
	(void)event_base_loopbreak(d->base);
}

/* The quarantine ends as if its time were over: who had declined the address does not hold it. */
static enum lease_cleared on_clear(void *arg, uint32_t address, struct mac *ret_mac)
{
	struct dhcpd *d = arg;
	struct lease *l = lease_by_address(d->leases, address);
	int64_t now_ms = clock_mono_ms();

	if (!l || l->state != LEASE_DECLINED || lease_is_over(l, now_ms))
		return CLEARED_NOT_DECLINED;
	const struct client c = lease_client(l);
	if (c.hlen == MAC_LEN)
		memcpy(ret_mac->b, c.hw, MAC_LEN);
	int64_t until_ms = l->until_ms;
	lease_change(d->leases, l, LEASE_DECLINED, now_ms);
	if (batch_write(d->batch, l) == 0)
		return CLEARED;
	lease_change(d->leases, l, LEASE_DECLINED, until_ms);
	return CLEARED_NOT_STORED;
}

/* --- life --- */

/* Everything that comes to port 67 is read from the capture; the socket shall not even queue it. */
static int refuse_all_input(int fd, struct err *e)
{
	struct sock_filter nothing = BPF_STMT(BPF_RET | BPF_K, 0);
	struct sock_fprog program = {.len = 1, .filter = &nothing};

	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) == 0)
		return 0;
	return err_msg(e, -errno, "port 67: %s", strerror(errno));
}

struct dhcpd *dhcpd_open(const struct dhcpd_options *o, struct err *e)
{
	struct dhcpd *d = xcalloc(1, sizeof(*d));
	struct hash_key key;

	d->o = (struct dhcpd_options){.interface = o->interface,
		.lease_dir = o->lease_dir,
		.provisioner_fd = -1,
		.bootps_fd = -1,
		.pxe_fd = -1};
	if (getrandom(&key, sizeof(key), 0) != sizeof(key)) {
		(void)err_msg(e, -EIO, "no random numbers: %s", strerror(errno));
		goto fail;
	}
	d->leases = lease_table_new(&key);
	d->limits = limits_new(&key);
	d->batch = batch_new(o->lease_dir, d->leases, on_stored, d, e);
	d->sender.capture = d->batch ? capture_open(o->interface, e) : NULL;
	if (!d->sender.capture || refuse_all_input(o->bootps_fd, e) < 0)
		goto fail;
	d->prober = prober_open(o->interface, d->sender.capture, &prober_calls, d, e);
	if (!d->prober)
		goto fail;
	d->o = *o;
	d->sender.bootps_fd = o->bootps_fd;
	d->sender.pxe_fd = o->pxe_fd;
	d->sender.settings = &d->control.settings;
	d->watch = (struct watch){
		.capture = d->sender.capture, .control = &d->control, .counters = &d->counters};
	tap_init(&d->tap, &d->control, &d->sender);
	return d;
fail:
	dhcpd_free(d);
	return NULL;
}

static struct event *add_event(
	struct dhcpd *d, int fd, short what, event_callback_fn call, const struct timeval *every)
{
	struct event *ev = event_new(d->base, fd, (short)(what | EV_PERSIST), call, d);

	assert(ev);
	(void)event_add(ev, every);
	return ev;
}

static void start(struct dhcpd *d)
{
	struct timeval every = {.tv_sec = REPORT_S};

	d->base = event_base_new();
	assert(d->base);
	control_open(&d->control, d->base, d->o.provisioner_fd, d->leases, on_clear, d);
	d->o.provisioner_fd = -1; /* taken */
	prober_start(d->prober, d->base);
	d->captured = add_event(d, capture_fd(d->sender.capture), EV_READ, on_captured, NULL);
	d->asked_pxe = add_event(d, d->o.pxe_fd, EV_READ, on_pxe, NULL);
	d->report = add_event(d, -1, 0, on_report, &every);
	d->terminated = add_event(d, SIGTERM, EV_SIGNAL, on_signal, NULL);
	d->interrupted = add_event(d, SIGINT, EV_SIGNAL, on_signal, NULL);
}

int dhcpd_run(struct dhcpd *d)
{
	struct err e;

	if (batch_load(d->batch, &e) < 0) {
		log_error("%s", e.msg);
		return EXIT_FAILURE;
	}
	start(d);
	(void)event_base_dispatch(d->base);
	batch_flush(d->batch);
	control_tell_counters(&d->control, &d->counters);
	return d->status;
}

static void event_free_p(struct event *ev)
{
	if (ev)
		event_free(ev);
}

void dhcpd_free(struct dhcpd *d)
{
	if (!d)
		return;
	event_free_p(d->captured);
	event_free_p(d->asked_pxe);
	event_free_p(d->report);
	event_free_p(d->terminated);
	event_free_p(d->interrupted);
	control_close(&d->control);
	prober_free(d->prober);
	if (d->base)
		event_base_free(d->base);
	batch_free(d->batch);
	capture_close(d->sender.capture);
	lease_table_free(d->leases);
	limits_free(d->limits);
	close_p(&d->o.provisioner_fd);
	close_p(&d->o.bootps_fd);
	close_p(&d->o.pxe_fd);
	free(d);
}

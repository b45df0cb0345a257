#include "dhcpd/watch.h"

#include <string.h>
#include <sys/random.h>

static void ask(struct watch *w, int64_t now_ms)
{
	uint8_t payload[MSG_SIZE_MAX], bytes[FRAME_SIZE_MAX];
	struct wr p = wr_init(payload, sizeof(payload)), out = wr_init(bytes, sizeof(bytes));
	struct frame f = {.src_mac = *capture_mac(w->capture),
		.dst_mac = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}},
		.dst = UINT32_MAX,
		.src_port = DHCP_CLIENT_PORT,
		.dst_port = DHCP_SERVER_PORT};

	if (getrandom(&w->xid, sizeof(w->xid), 0) != sizeof(w->xid))
		return;
	rival_question(&f.src_mac, w->xid, &p);
	frame_build(&f, payload, p.len, &out);
	/* With the link down it is tried again at the next tick. */
	if (wr_ok(&p) && wr_ok(&out) && capture_send(w->capture, bytes, out.len) == 0)
		w->next_ms = now_ms + RIVAL_AGAIN_MS;
}

void watch_tick(struct watch *w, int64_t now_ms)
{
	if (w->control->is_ready && w->control->settings.guard.watch_others && now_ms >= w->next_ms)
		ask(w, now_ms);
}

/* Beside us as a proxy there is to be one server, that leases addresses: the first that does. */
static bool is_expected(struct watch *w, const struct message_rival *m)
{
	if (w->control->settings.mode != DHCP_MODE_PROXY ||
		(m->reply == DHCP_OFFER && m->offered == 0))
		return false;
	if (w->expected == 0)
		w->expected = m->address;
	return w->expected == m->address;
}

static void notice(struct watch *w, const struct message_rival *m, int64_t now_ms)
{
	if (is_expected(w, m))
		return;
	counters_add(w->counters, COUNT_RIVAL, 1);
	if (rivals_notice(&w->rivals, m, now_ms))
		control_tell_rival(w->control, m);
}

void watch_hear(struct watch *w, const struct frame *f, int64_t now_ms)
{
	struct rival_self self = {*capture_mac(w->capture), w->control->settings.server.addr};
	struct message_rival m;

	if (w->control->is_ready && rival_read(f, &self, &m))
		notice(w, &m, now_ms);
}

void watch_named(struct watch *w, uint32_t server, const struct mac *client, int64_t now_ms)
{
	struct message_rival m = {.address = server, .client = *client};

	if (server != 0)
		notice(w, &m, now_ms);
}

bool watch_is_ours(const struct watch *w, const struct msg *m)
{
	return m->hlen == MAC_LEN && memcmp(m->chaddr, capture_mac(w->capture)->b, MAC_LEN) == 0;
}

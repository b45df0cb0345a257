#include "dhcpd/tap.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "dhcpd/arp.h"
#include "dhcpd/describe.h"
#include "provisioner/base/clock.h"

#define ARP_TARGET_AT 24 /* RFC 826, for IPv4 over Ethernet */
#define IPV6_SOURCE_AT 8

static struct message_frame *frame_new(struct tap *t, int64_t wall_us)
{
	struct message_frame *f = &t->control->trace.frame;

	/* The bytes are copied when it is known how many there are. */
	memset(f, 0, offsetof(struct message_frame, bytes));
	f->wall_us = wall_us;
	return f;
}

static bool is_on(const struct tap *t)
{
	return trace_is_on(&t->control->trace);
}

static void send_bytes(struct tap *t, const void *bytes, size_t len)
{
	trace_send(&t->control->trace, t->control->provisioner, bytes, len);
}

/* --- the packet in hand ---------------------------------------------------------------------------- */

void tap_take_frame(
	struct tap *t, const uint8_t *bytes, size_t len, int64_t wall_us, const struct frame *f)
{
	t->bytes = bytes;
	t->len = len;
	t->wall_us = wall_us;
	t->is_datagram = false;
	if (is_on(t))
		t->frame = *f;
}

void tap_take_datagram(struct tap *t, const uint8_t *bytes, size_t len, const struct arrival *from)
{
	t->bytes = bytes;
	t->len = len;
	t->is_datagram = true;
	if (!is_on(t))
		return;
	t->wall_us = clock_wall_us();
	t->frame = (struct frame){.dst_mac = *capture_mac(t->sender->capture),
		.src = from->src,
		.dst = from->dst,
		.src_port = from->src_port,
		.dst_port = from->dst_port};
}

void tap_let_go(struct tap *t)
{
	t->bytes = NULL;
}

/* Sends the packet in hand, or what is to be said when there is none any more. */
static void send_in_hand(struct tap *t, const struct message_frame *f)
{
	uint8_t bytes[FRAME_SIZE_MAX];
	struct wr w = wr_init(bytes, sizeof(bytes));

	if (!t->bytes || !t->is_datagram) {
		send_bytes(t, t->bytes, t->bytes ? t->len : 0);
		return;
	}
	t->frame.src_mac = f->mac;
	frame_build(&t->frame, t->bytes, t->len, &w);
	send_bytes(t, bytes, wr_ok(&w) ? w.len : 0);
}

static struct message_frame *begin_request(struct tap *t, const struct msg *m)
{
	struct message_frame *f = frame_new(t, t->bytes ? t->wall_us : clock_wall_us());

	if (t->bytes) {
		f->mac = t->frame.src_mac;
		if (t->frame.dst_port)
			describe_ends(t->frame.src, t->frame.src_port, t->frame.dst,
				t->frame.dst_port, f);
	}
	if (!m) {
		describe_garbage(t->len, f);
		return f;
	}
	if (m->hlen == MAC_LEN)
		memcpy(f->mac.b, m->chaddr, MAC_LEN);
	describe_request(m, f);
	return f;
}

void tap_dropped(struct tap *t, enum counter why, const struct msg *m)
{
	if (!is_on(t))
		return;
	struct message_frame *f = begin_request(t, m);
	describe_drop(why, f);
	send_in_hand(t, f);
}

void tap_decided(struct tap *t, const struct msg *m, const struct decision *d)
{
	if (!is_on(t) || (!t->bytes && (d->has_reply || d->probe)))
		return; /* without a packet in hand there must be something to say */
	struct message_frame *f = begin_request(t, m);
	describe_decision(d, f);
	if (d->exchange.address)
		f->address = d->exchange.address;
	send_in_hand(t, f);
}

/* --- ARP and IPv6 ---------------------------------------------------------------------------------- */

static void describe_arp(struct rd packet, struct message_frame *f)
{
	struct arp_answer a;
	char mac[MAC_TEXT_SIZE], address[IPV4_TEXT_SIZE];

	if (arp_read_answer(packet, &a)) {
		f->address = a.address;
		(void)snprintf(f->text, sizeof(f->text), "ARP %s is at %s",
			ipv4_text(a.address, address), mac_text(&a.mac, mac));
		return;
	}
	rd_skip(&packet, ARP_TARGET_AT);
	f->address = rd_be32(&packet);
	(void)snprintf(f->text, sizeof(f->text), "ARP who has %s", ipv4_text(f->address, address));
}

static void describe_ipv6(struct rd packet, struct message_frame *f)
{
	struct in6_addr src, dst;
	char from[INET6_ADDRSTRLEN] = "?", to[INET6_ADDRSTRLEN] = "?";

	rd_skip(&packet, IPV6_SOURCE_AT);
	rd_copy(&packet, &src, sizeof(src));
	rd_copy(&packet, &dst, sizeof(dst));
	(void)inet_ntop(AF_INET6, &src, from, sizeof(from)); /* there is room for any */
	(void)inet_ntop(AF_INET6, &dst, to, sizeof(to));
	(void)snprintf(f->ends, sizeof(f->ends), "%s > %s", from, to);
	(void)snprintf(f->text, sizeof(f->text), "router %s",
		f->is_reply ? "advertisement" : "solicitation");
}

void tap_heard(struct tap *t, const char *verdict)
{
	if (!is_on(t))
		return;
	struct message_frame *f = frame_new(t, t->wall_us);
	f->mac = t->frame.src_mac;
	if (frame_parse(t->bytes, t->len, &t->frame) == FRAME_ARP)
		describe_arp(t->frame.payload, f);
	else
		describe_ipv6(t->frame.payload, f);
	(void)snprintf(f->verdict, sizeof(f->verdict), "%s", verdict);
	send_bytes(t, t->bytes, t->len);
}

/* Replies have their own words; what else leaves by a frame is seen here. */
static void on_sent(void *arg, const uint8_t *bytes, size_t len)
{
	struct tap *t = arg;
	struct frame parsed;

	if (!is_on(t))
		return;
	enum frame_result result = frame_parse(bytes, len, &parsed);
	if (result != FRAME_ARP && result != FRAME_IPV6)
		return;
	struct message_frame *f = frame_new(t, clock_wall_us());
	f->is_reply = true;
	f->mac = parsed.dst_mac;
	if (result == FRAME_ARP)
		describe_arp(parsed.payload, f);
	else
		describe_ipv6(parsed.payload, f);
	(void)snprintf(f->verdict, sizeof(f->verdict), "%s",
		result == FRAME_ARP ? "asked before it is offered" : "there is no IPv6 router");
	send_bytes(t, bytes, len);
}

/* --- replies --------------------------------------------------------------------------------------- */

void tap_replied(struct tap *t, const struct message_exchange *x, const struct route *to,
	const void *payload, size_t len, int rc)
{
	uint8_t bytes[FRAME_SIZE_MAX];
	struct wr w = wr_init(bytes, sizeof(bytes));
	struct route way = *to;

	if (!is_on(t))
		return;
	struct message_frame *f = frame_new(t, clock_wall_us());
	/* Whose MAC the kernel puts into what is sent to a relay is not known here. */
	if (to->via != ROUTE_FRAME && to->dst_port != DHCP_SERVER_PORT)
		way.dst_mac = x->mac;
	sender_frame(t->sender, &way, payload, len, &w);
	f->is_reply = true;
	f->mac = x->mac;
	describe_reply(x, payload, len, f);
	describe_ends(t->sender->settings->server.addr,
		to->via == ROUTE_PXE_SOCKET ? PXE_PORT : DHCP_SERVER_PORT, to->dst, to->dst_port,
		f);
	if (rc < 0)
		(void)snprintf(
			f->verdict, sizeof(f->verdict), "could not be sent: %s", strerror(-rc));
	send_bytes(t, bytes, rc == 0 && wr_ok(&w) ? w.len : 0);
}

void tap_took_back(struct tap *t, const struct message_exchange *x)
{
	if (!is_on(t))
		return;
	struct message_frame *f = frame_new(t, clock_wall_us());
	f->mac = x->mac;
	f->is_reply = true;
	describe_drop(COUNT_NOT_STORED, f);
	send_bytes(t, NULL, 0);
}

void tap_init(struct tap *t, struct control *control, const struct sender *sender)
{
	*t = (struct tap){.control = control, .sender = sender};
	capture_on_sent(sender->capture, on_sent, t);
}

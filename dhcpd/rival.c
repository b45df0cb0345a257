#include "dhcpd/rival.h"

#include <string.h>

#include "dhcpd/msg.h"

#define FIRMWARE_CLASS "PXEClient:Arch:00000:UNDI:002001"

static bool is_zero(const struct mac *m)
{
	static const struct mac zero;

	return mac_is_equal(m, &zero);
}

/* The decoder for requests does: but for `op` a reply is made alike. */
static bool decode_reply(struct rd payload, struct msg *ret)
{
	uint8_t bytes[MSG_SIZE_MAX];
	size_t len = payload.left < sizeof(bytes) ? payload.left : sizeof(bytes);

	if (len == 0 || payload.p[0] != BOOTP_REPLY)
		return false;
	memcpy(bytes, payload.p, len);
	bytes[0] = BOOTP_REQUEST;
	return msg_decode(bytes, len, ret) == MSG_OK;
}

bool rival_read(const struct frame *f, const struct rival_self *self, struct message_rival *ret)
{
	struct msg m;

	if (f->src_port != DHCP_SERVER_PORT || f->dst_port != DHCP_CLIENT_PORT ||
		mac_is_equal(&f->src_mac, &self->mac) || !decode_reply(f->payload, &m))
		return false;
	uint8_t type = opts_u8(&m.opts, OPT_TYPE);
	if (type != DHCP_OFFER && type != DHCP_ACK && type != DHCP_NAK)
		return false;
	uint32_t server = opts_u32(&m.opts, OPT_SERVER);
	if (server == 0)
		server = f->src;
	/* A relay hands our own answers on, from its own address. */
	if (server == self->address && f->src != self->address)
		return false;
	*ret = (struct message_rival){
		.mac = f->src_mac, .address = server, .offered = m.yiaddr, .reply = type};
	memcpy(ret->client.b, m.chaddr, MAC_LEN);
	return server != 0;
}

void rival_question(const struct mac *mac, uint32_t xid, struct wr *w)
{
	static const uint8_t arch[] = {0, 0}, undi[] = {1, 2, 1}, uuid[17];
	static const uint8_t wanted[] = {OPT_MASK, OPT_ROUTERS, OPT_DNS, OPT_VENDOR, OPT_SERVER,
		OPT_CLASS, OPT_TFTP_SERVER, OPT_BOOT_FILE};
	struct msg m = {.op = BOOTP_REQUEST,
		.htype = MSG_HTYPE_ETHERNET,
		.hlen = MAC_LEN,
		.xid = xid,
		.flags = BOOTP_BROADCAST};

	memcpy(m.chaddr, mac->b, MAC_LEN);
	opts_put_u8(&m.opts, OPT_TYPE, DHCP_DISCOVER);
	opts_put(&m.opts, OPT_WANTED, wanted, sizeof(wanted));
	opts_put_text(&m.opts, OPT_CLASS, FIRMWARE_CLASS);
	opts_put(&m.opts, OPT_ARCH, arch, sizeof(arch));
	opts_put(&m.opts, OPT_UNDI, undi, sizeof(undi));
	opts_put(&m.opts, OPT_UUID, uuid, sizeof(uuid));
	msg_encode(&m, rd_init("", 0), MSG_SIZE_MAX, w);
}

bool rivals_notice(struct rivals *r, const struct message_rival *m, int64_t now_ms)
{
	bool has_mac = !is_zero(&m->mac);
	size_t at = 0;

	while (at < r->n && r->rows[at].address != m->address)
		at++;
	/* It is told again as soon as its MAC is known. */
	if (at < r->n && now_ms - r->rows[at].told_ms < RIVAL_AGAIN_MS &&
		(r->rows[at].has_mac || !has_mac))
		return false;
	for (size_t i = 0; at == RIVALS_MAX && i < r->n; i++)
		if (now_ms - r->rows[i].told_ms >= RIVAL_AGAIN_MS)
			at = i;
	if (at == RIVALS_MAX)
		return false;
	r->rows[at].address = m->address;
	r->rows[at].has_mac = has_mac;
	r->rows[at].told_ms = now_ms;
	if (at == r->n)
		r->n++;
	return true;
}

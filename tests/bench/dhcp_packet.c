#include "tests/bench/dhcp_packet.h"

#include "dhcpd/frame.h"
#include "dhcpd/msg.h"
#include "provisioner/base/rd.h"

#define MAGIC_COOKIE 0x63825363
#define SNAME_AND_FILE (64 + 128)

static void write_options(const struct dhcp_question *q, struct wr *w)
{
	static const uint8_t wanted[] = {OPT_WANTED, 9, OPT_MASK, OPT_ROUTERS, OPT_DNS,
		OPT_HOSTNAME, OPT_DOMAIN, OPT_BROADCAST, OPT_SERVER, OPT_LEASE, OPT_BOOT_FILE};
	static const uint8_t max_size[] = {OPT_MAX_SIZE, 2, 1500 >> 8, 1500 & 0xff};
	static const uint8_t client_id[] = {OPT_CLIENT_ID, 1 + MAC_LEN, MSG_HTYPE_ETHERNET};

	wr_be32(w, MAGIC_COOKIE);
	wr_u8(w, OPT_TYPE);
	wr_u8(w, 1);
	wr_u8(w, q->type);
	wr_bytes(w, max_size, sizeof(max_size));
	wr_bytes(w, client_id, sizeof(client_id));
	wr_bytes(w, q->mac.b, MAC_LEN);
	if (q->type == DHCP_REQUEST) {
		wr_u8(w, OPT_ADDRESS);
		wr_u8(w, 4);
		wr_be32(w, q->address);
		wr_u8(w, OPT_SERVER);
		wr_u8(w, 4);
		wr_be32(w, q->server);
	}
	wr_bytes(w, wanted, sizeof(wanted));
	wr_u8(w, OPT_END);
}

void dhcp_ask(const struct dhcp_question *q, struct wr *frame)
{
	static const struct mac everybody = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
	uint8_t bytes[512];
	struct wr w = wr_init(bytes, sizeof(bytes));
	struct frame f = {.src_mac = q->mac,
		.dst_mac = everybody,
		.dst = UINT32_MAX,
		.src_port = DHCP_CLIENT_PORT,
		.dst_port = DHCP_SERVER_PORT};

	wr_u8(&w, BOOTP_REQUEST);
	wr_u8(&w, MSG_HTYPE_ETHERNET);
	wr_u8(&w, MAC_LEN);
	wr_u8(&w, /* hops */ 0);
	wr_be32(&w, q->xid);
	wr_be16(&w, q->secs);
	wr_be16(&w, /* flags */ 0);
	wr_fill(&w, 0, 4 * sizeof(uint32_t)); /* ciaddr, yiaddr, siaddr, giaddr */
	wr_bytes(&w, q->mac.b, MAC_LEN);
	wr_fill(&w, 0, MSG_HW_MAX - MAC_LEN + SNAME_AND_FILE);
	write_options(q, &w);
	wr_fill(&w, OPT_PAD, MSG_SIZE_MIN > w.len ? MSG_SIZE_MIN - w.len : 0);
	frame_build(&f, w.p, w.len, frame);
}

/* True when they end with option 255 and no length lies. */
static bool read_options(struct rd r, struct dhcp_answer *a)
{
	while (rd_ok(&r) && r.left > 0) {
		uint8_t code = rd_u8(&r);

		if (code == OPT_PAD)
			continue;
		if (code == OPT_END)
			return true;
		struct rd value = rd_slice(&r, rd_u8(&r));
		if (code == OPT_TYPE)
			a->type = rd_u8(&value);
		else if (code == OPT_SERVER)
			a->server = rd_be32(&value);
		else if (code == OPT_LEASE)
			a->lease_s = rd_be32(&value);
	}
	return false;
}

bool dhcp_read_answer(const uint8_t *frame, size_t len, struct dhcp_answer *ret)
{
	struct frame f;

	*ret = (struct dhcp_answer){0};
	if (frame_parse(frame, len, &f) != FRAME_UDP || f.dst_port != DHCP_CLIENT_PORT)
		return false;
	struct rd r = f.payload;
	uint8_t op = rd_u8(&r);
	rd_skip(&r, 3); /* htype, hlen, hops */
	ret->xid = rd_be32(&r);
	rd_skip(&r, 8); /* secs, flags, ciaddr */
	ret->yiaddr = rd_be32(&r);
	rd_skip(&r, 8); /* siaddr, giaddr */
	rd_copy(&r, ret->chaddr.b, MAC_LEN);
	rd_skip(&r, MSG_HW_MAX - MAC_LEN + SNAME_AND_FILE);
	ret->to = f.dst_mac;
	return op == BOOTP_REPLY && rd_be32(&r) == MAGIC_COOKIE && read_options(r, ret);
}

#include "dhcpd/frame.h"

#include <netinet/in.h>
#include <stdbool.h>

#define ETHERTYPE_IPV4 0x0800
#define ETHERTYPE_ARP 0x0806
#define ETHERTYPE_VLAN 0x8100
#define ETHERTYPE_IPV6 0x86dd
#define VLAN_ID_MASK 0x0fff
#define IPV4_HEADER 20
#define IPV4_DONT_FRAGMENT 0x4000
#define IPV4_FRAGMENT_MASK 0x3fff /* more fragments, and the offset */
#define UDP_HEADER 8
#define TTL 64

uint32_t checksum_add(uint32_t sum, const void *data, size_t len)
{
	const uint8_t *p = data;
	size_t i = 0;

	for (; i + 1 < len; i += 2)
		sum += (uint32_t)(p[i] << 8 | p[i + 1]);
	if (i < len)
		sum += (uint32_t)p[i] << 8;
	return sum;
}

static uint16_t fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

uint16_t checksum_finish(uint32_t sum)
{
	return (uint16_t)~fold(sum);
}

bool checksum_is_plausible(uint32_t sum, uint32_t pseudo, uint16_t stored)
{
	return checksum_finish(sum) == 0 || stored == fold(pseudo);
}

static uint32_t udp_pseudo(uint32_t src, uint32_t dst, size_t udp_len)
{
	uint8_t header[12];
	struct wr w = wr_init(header, sizeof(header));

	wr_be32(&w, src);
	wr_be32(&w, dst);
	wr_be16(&w, IPPROTO_UDP);
	wr_be16(&w, (uint16_t)udp_len);
	return checksum_add(0, header, sizeof(header));
}

/* `r` stands behind the Ethernet header; Ethernet may have padded the packet. */
static enum frame_result parse_udp(struct rd udp, struct frame *f)
{
	struct rd whole = udp;

	f->src_port = rd_be16(&udp);
	f->dst_port = rd_be16(&udp);
	uint16_t len = rd_be16(&udp), stored = rd_be16(&udp);
	struct rd bounded = rd_slice(&whole, len);
	if (!rd_ok(&udp) || !rd_ok(&bounded) || len < UDP_HEADER)
		return FRAME_MALFORMED;

	uint32_t pseudo = udp_pseudo(f->src, f->dst, len);
	/* RFC 768: zero says that the sender computed none. */
	if (stored != 0 &&
		!checksum_is_plausible(checksum_add(pseudo, bounded.p, len), pseudo, stored))
		return FRAME_BAD_CHECKSUM;
	f->payload = rd_slice(&udp, (size_t)len - UDP_HEADER);
	return FRAME_UDP;
}

static enum frame_result parse_ipv4(struct rd r, struct frame *f)
{
	struct rd whole = r, header = r;
	uint8_t version_ihl = rd_u8(&r);
	size_t header_len = (size_t)(version_ihl & 0x0f) * 4;

	rd_skip(&r, 1);
	uint16_t total = rd_be16(&r);
	rd_skip(&r, 2);
	uint16_t fragment = rd_be16(&r);
	rd_skip(&r, 1);
	uint8_t protocol = rd_u8(&r);
	rd_skip(&r, 2);
	f->src = rd_be32(&r);
	f->dst = rd_be32(&r);
	if (!rd_ok(&r) || version_ihl >> 4 != 4 || header_len < IPV4_HEADER || total < header_len)
		return FRAME_MALFORMED;

	struct rd packet = rd_slice(&whole, total), head = rd_slice(&header, header_len);
	rd_skip(&packet, header_len);
	if (!rd_ok(&packet) || !rd_ok(&head))
		return FRAME_MALFORMED;
	if (checksum_finish(checksum_add(0, head.p, header_len)) != 0)
		return FRAME_BAD_CHECKSUM;
	if (protocol != IPPROTO_UDP)
		return FRAME_OTHER;
	if (fragment & IPV4_FRAGMENT_MASK)
		return FRAME_FRAGMENT;
	return parse_udp(packet, f);
}

enum frame_result frame_parse(const void *data, size_t len, struct frame *ret)
{
	struct rd r = rd_init(data, len);

	*ret = (struct frame){0};
	rd_copy(&r, ret->dst_mac.b, MAC_LEN);
	rd_copy(&r, ret->src_mac.b, MAC_LEN);
	uint16_t type = rd_be16(&r);
	if (type == ETHERTYPE_VLAN) {
		/* IEEE 802.1Q: VLAN 0 only carries a priority, the frame is untagged. */
		if (rd_be16(&r) & VLAN_ID_MASK)
			return FRAME_VLAN;
		type = rd_be16(&r);
	}
	if (!rd_ok(&r))
		return FRAME_MALFORMED;
	if (type == ETHERTYPE_IPV4)
		return parse_ipv4(r, ret);
	ret->payload = r;
	if (type == ETHERTYPE_IPV6)
		return FRAME_IPV6;
	return type == ETHERTYPE_ARP ? FRAME_ARP : FRAME_OTHER;
}

void frame_build(const struct frame *f, const void *payload, size_t len, struct wr *w)
{
	size_t udp_len = len + UDP_HEADER;

	wr_bytes(w, f->dst_mac.b, MAC_LEN);
	wr_bytes(w, f->src_mac.b, MAC_LEN);
	wr_be16(w, ETHERTYPE_IPV4);

	size_t ip_at = w->len;
	wr_u8(w, 4 << 4 | IPV4_HEADER / 4);
	wr_u8(w, 0);
	wr_be16(w, (uint16_t)(udp_len + IPV4_HEADER));
	wr_be16(w, 0); /* no identification: it cannot be fragmented (RFC 6864) */
	wr_be16(w, IPV4_DONT_FRAGMENT);
	wr_u8(w, TTL);
	wr_u8(w, IPPROTO_UDP);
	wr_be16(w, 0);
	wr_be32(w, f->src);
	wr_be32(w, f->dst);

	size_t udp_at = w->len;
	wr_be16(w, f->src_port);
	wr_be16(w, f->dst_port);
	wr_be16(w, (uint16_t)udp_len);
	wr_be16(w, 0);
	wr_bytes(w, payload, len);
	if (!wr_ok(w))
		return;

	wr_patch_be16(w, ip_at + 10, checksum_finish(checksum_add(0, w->p + ip_at, IPV4_HEADER)));
	uint16_t sum = checksum_finish(
		checksum_add(udp_pseudo(f->src, f->dst, udp_len), w->p + udp_at, udp_len));
	wr_patch_be16(w, udp_at + 6, sum ? sum : 0xffff); /* RFC 768: 0 would say "none" */
}

#include "dhcpd/arp.h"

#define ETHERTYPE_ARP 0x0806
#define ETHERTYPE_IPV4 0x0800
#define HARDWARE_ETHERNET 1
#define OP_REQUEST 1
#define OP_REPLY 2
#define IPV4_LEN 4

static const struct mac broadcast = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};

void arp_build_probe(const struct mac *from, uint32_t address, struct wr *w)
{
	static const struct mac unknown;
	size_t start = w->len;

	wr_bytes(w, broadcast.b, MAC_LEN);
	wr_bytes(w, from->b, MAC_LEN);
	wr_be16(w, ETHERTYPE_ARP);
	wr_be16(w, HARDWARE_ETHERNET);
	wr_be16(w, ETHERTYPE_IPV4);
	wr_u8(w, MAC_LEN);
	wr_u8(w, IPV4_LEN);
	wr_be16(w, OP_REQUEST);
	wr_bytes(w, from->b, MAC_LEN);
	wr_be32(w, 0); /* RFC 5227 section 1.1: in nobody's name */
	wr_bytes(w, unknown.b, MAC_LEN);
	wr_be32(w, address);
	wr_fill(w, 0, ARP_FRAME_SIZE - (w->len - start));
}

bool arp_read_answer(struct rd r, struct arp_answer *ret)
{
	struct arp_answer a;

	if (rd_be16(&r) != HARDWARE_ETHERNET || rd_be16(&r) != ETHERTYPE_IPV4 ||
		rd_u8(&r) != MAC_LEN || rd_u8(&r) != IPV4_LEN || rd_be16(&r) != OP_REPLY)
		return false;
	rd_copy(&r, a.mac.b, MAC_LEN);
	a.address = rd_be32(&r);
	rd_skip(&r, MAC_LEN);
	uint32_t to = rd_be32(&r);
	if (!rd_ok(&r) || to != 0 || a.address == 0 || !mac_is_unicast(&a.mac))
		return false;
	*ret = a;
	return true;
}

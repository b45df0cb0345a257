#include "dhcpd/ra.h"

#include <netinet/in.h>
#include <string.h>

#include "dhcpd/frame.h"

#define ETHERTYPE_IPV6 0x86dd
#define SOLICITATION 133
#define ADVERTISEMENT 134
#define HOP_LIMIT 255
#define HEADER_LEN 40
#define SOLICITATION_MIN 8
#define OPTION_SOURCE_LINK 1

static const struct ipv6 all_nodes = {{0xff, 0x02, [15] = 0x01}};
static const struct mac all_nodes_mac = {{0x33, 0x33, 0, 0, 0, 0x01}};

static bool is_unspecified(const struct ipv6 *a)
{
	static const struct ipv6 none;

	return memcmp(a, &none, sizeof(none)) == 0;
}

static uint32_t pseudo_sum(const struct ipv6 *src, const struct ipv6 *dst, size_t len)
{
	uint8_t tail[8];
	struct wr w = wr_init(tail, sizeof(tail));

	wr_be32(&w, (uint32_t)len);
	wr_be32(&w, IPPROTO_ICMPV6);
	return checksum_add(checksum_add(checksum_add(0, src->b, IPV6_LEN), dst->b, IPV6_LEN), tail,
		sizeof(tail));
}

/* "All included options have a length that is greater than zero", and no source link-layer address
 * comes from the unspecified address. */
static bool options_are_valid(struct rd r, bool is_from_nobody)
{
	while (rd_ok(&r) && r.left > 0) {
		uint8_t type = rd_u8(&r), units = rd_u8(&r);

		if (units == 0 || (is_from_nobody && type == OPTION_SOURCE_LINK))
			return false;
		rd_skip(&r, (size_t)units * 8 - 2);
	}
	return rd_ok(&r);
}

bool ra_is_solicitation(struct rd packet, struct ipv6 *ret_src)
{
	struct rd r = packet;
	struct ipv6 src, dst;
	uint8_t version = rd_u8(&r) >> 4;

	rd_skip(&r, 3);
	uint16_t len = rd_be16(&r);
	uint8_t next = rd_u8(&r), hops = rd_u8(&r);
	rd_copy(&r, src.b, IPV6_LEN);
	rd_copy(&r, dst.b, IPV6_LEN);
	struct rd icmp = rd_slice(&r, len), whole = icmp;
	uint8_t type = rd_u8(&icmp), code = rd_u8(&icmp);
	uint16_t stored = rd_be16(&icmp);
	rd_skip(&icmp, 4);
	if (!rd_ok(&icmp) || version != 6 || next != IPPROTO_ICMPV6 || hops != HOP_LIMIT)
		return false;
	if (type != SOLICITATION || code != 0 || len < SOLICITATION_MIN)
		return false;

	uint32_t pseudo = pseudo_sum(&src, &dst, len);
	if (!checksum_is_plausible(checksum_add(pseudo, whole.p, len), pseudo, stored))
		return false;
	if (!options_are_valid(icmp, is_unspecified(&src)))
		return false;
	*ret_src = src;
	return true;
}

struct ipv6 ra_link_local(const struct mac *mac)
{
	return (struct ipv6){{0xfe, 0x80, [8] = mac->b[0] ^ 0x02, mac->b[1], mac->b[2], 0xff, 0xfe,
		mac->b[3], mac->b[4], mac->b[5]}};
}

void ra_build(const struct mac *mac, const struct ipv6 *from, const struct mac *to_mac,
	const struct ipv6 *to, struct wr *w)
{
	static const size_t icmp_len = 24;
	const struct ipv6 *dst = is_unspecified(to) ? &all_nodes : to;

	wr_bytes(w, is_unspecified(to) ? all_nodes_mac.b : to_mac->b, MAC_LEN);
	wr_bytes(w, mac->b, MAC_LEN);
	wr_be16(w, ETHERTYPE_IPV6);

	wr_be32(w, 6u << 28);
	wr_be16(w, (uint16_t)icmp_len);
	wr_u8(w, IPPROTO_ICMPV6);
	wr_u8(w, HOP_LIMIT);
	wr_bytes(w, from->b, IPV6_LEN);
	wr_bytes(w, dst->b, IPV6_LEN);

	size_t icmp_at = w->len;
	wr_u8(w, ADVERTISEMENT);
	wr_u8(w, 0);
	wr_be16(w, 0);
	wr_u8(w, 0);   /* hop limit: unspecified */
	wr_u8(w, 0);   /* neither M (DHCPv6 gives addresses) nor O (DHCPv6 knows more) */
	wr_be16(w, 0); /* router lifetime: not a default router */
	wr_be32(w, 0); /* reachable time: unspecified */
	wr_be32(w, 0); /* retransmission timer: unspecified */
	wr_u8(w, OPTION_SOURCE_LINK);
	wr_u8(w, 1);
	wr_bytes(w, mac->b, MAC_LEN);
	if (!wr_ok(w))
		return;
	wr_patch_be16(w, icmp_at + 2,
		checksum_finish(
			checksum_add(pseudo_sum(from, dst, icmp_len), w->p + icmp_at, icmp_len)));
}

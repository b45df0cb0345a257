#include "dhcpd/icmp.h"

#include <netinet/in.h>

#include "dhcpd/frame.h"
#include "provisioner/base/rd.h"

#define TYPE_ECHO_REPLY 0
#define TYPE_ECHO 8
#define IPV4_HEADER 20
#define IPV4_PROTOCOL_AT 9
#define IPV4_SOURCE_AT 12

void icmp_build_echo(uint16_t id, uint16_t sequence, struct wr *w)
{
	size_t start = w->len;

	wr_u8(w, TYPE_ECHO);
	wr_u8(w, 0);
	wr_be16(w, 0);
	wr_be16(w, id);
	wr_be16(w, sequence);
	wr_fill(w, 0, ICMP_ECHO_SIZE - (w->len - start));
	if (wr_ok(w))
		wr_patch_be16(w, start + 2,
			checksum_finish(checksum_add(0, w->p + start, ICMP_ECHO_SIZE)));
}

bool icmp_read_answer(const void *packet, size_t len, uint16_t id, uint32_t *ret_from)
{
	struct rd r = rd_init(packet, len), header = r;
	uint8_t version_ihl = rd_u8(&r);
	size_t header_len = (size_t)(version_ihl & 0x0f) * 4;
	struct rd head = rd_slice(&header, header_len);

	if (!rd_ok(&head) || version_ihl >> 4 != 4 || header_len < IPV4_HEADER)
		return false;
	rd_skip(&head, IPV4_PROTOCOL_AT);
	uint8_t protocol = rd_u8(&head);
	rd_skip(&head, IPV4_SOURCE_AT - IPV4_PROTOCOL_AT - 1);
	uint32_t from = rd_be32(&head);

	struct rd message = header;
	uint8_t type = rd_u8(&message);
	uint8_t code = rd_u8(&message);
	rd_skip(&message, 2);
	uint16_t answers = rd_be16(&message);
	if (!rd_ok(&message) || protocol != IPPROTO_ICMP || type != TYPE_ECHO_REPLY || code != 0 ||
		answers != id || checksum_finish(checksum_add(0, header.p, header.left)) != 0)
		return false;
	*ret_from = from;
	return true;
}

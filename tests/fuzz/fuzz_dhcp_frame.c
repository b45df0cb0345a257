/* Whole frames as the capture hands them over: Ethernet, VLAN, IPv4, UDP, answers to ARP probes, words of other
 * servers, and IPv6 solicitations. */
#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "dhcpd/arp.h"
#include "dhcpd/frame.h"
#include "dhcpd/ra.h"
#include "dhcpd/rival.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t bytes[FRAME_SIZE_MAX];
	struct wr w = wr_init(bytes, sizeof(bytes));
	struct frame f, back;
	struct ipv6 src;
	struct arp_answer answer;
	struct rival_self self = {{{2, 0, 0, 0, 0, 1}}, 0x0a4d0001};
	struct message_rival rival;

	switch (frame_parse(data, size, &f)) {
	case FRAME_UDP:
		assert(f.payload.p >= data && f.payload.p + f.payload.left <= data + size);
		if (rival_read(&f, &self, &rival))
			assert(rival.address != 0 && rival.reply != 0);
		frame_build(&f, f.payload.p, f.payload.left, &w);
		if (!wr_ok(&w))
			break;
		/* What we build, we read, and it says the same. */
		assert(frame_parse(bytes, w.len, &back) == FRAME_UDP);
		assert(back.src == f.src && back.dst == f.dst && back.dst_port == f.dst_port);
		assert(back.payload.left == f.payload.left);
		break;
	case FRAME_IPV6:
		if (ra_is_solicitation(f.payload, &src)) {
			ra_build(&f.dst_mac, &src, &f.src_mac, &src, &w);
			assert(wr_ok(&w));
		}
		break;
	case FRAME_ARP:
		if (arp_read_answer(f.payload, &answer))
			assert(answer.address != 0 && mac_is_unicast(&answer.mac));
		break;
	case FRAME_OTHER:
	case FRAME_MALFORMED:
	case FRAME_FRAGMENT:
	case FRAME_BAD_CHECKSUM:
	case FRAME_VLAN:
		break;
	}
	return 0;
}

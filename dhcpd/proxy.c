#include "dhcpd/proxy.h"

#include "dhcpd/ask.h"

uint32_t proxy_address_taken(const struct ask *a)
{
	const struct arrival *from = a->from;

	if (a->m->giaddr != 0 || from->src != 0 || from->dst != UINT32_MAX ||
		!mac_is_unicast(&a->mac) || !mac_is_equal(&from->src_mac, &a->mac))
		return 0;
	return opts_u32(&a->m->opts, OPT_ADDRESS);
}

enum proxy_verdict proxy_judge(const struct ask *a)
{
	const struct opts *o = &a->m->opts;
	bool boots = a->pxe.stage != STAGE_OS;

	switch (opts_u8(o, OPT_TYPE)) {
	case DHCP_DISCOVER:
		return boots ? PROXY_OFFER : PROXY_IGNORE;
	case DHCP_REQUEST:
		if (opts_u32(o, OPT_SERVER) == a->server_id)
			return PROXY_IGNORE; /* we have offered no address */
		return boots || proxy_address_taken(a) != 0 ? PROXY_NOTICE : PROXY_IGNORE;
	default:
		return PROXY_IGNORE;
	}
}

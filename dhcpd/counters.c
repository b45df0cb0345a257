#include "dhcpd/counters.h"

#include "provisioner/base/mem.h"

static const struct {
	const char *name, *text;
} rows[N_COUNTERS] = {
	[COUNT_NONE] = {"", ""},
	[COUNT_DISCOVER] = {"dhcp_discover", "asked for an address"},
	[COUNT_REQUEST] = {"dhcp_request", "asked to lease an address"},
	[COUNT_DECLINE] = {"dhcp_decline", "reported an address as taken"},
	[COUNT_RELEASE] = {"dhcp_release", "gave an address back"},
	[COUNT_INFORM] = {"dhcp_inform", "asked for parameters only"},
	[COUNT_SOLICITATION] = {"dhcp_router_solicitation", "asked for an IPv6 router"},
	[COUNT_OFFER] = {"dhcp_offer", "was offered an address"},
	[COUNT_ACK] = {"dhcp_ack", "got its answer"},
	[COUNT_NAK] = {"dhcp_nak", "was refused the address it asked for"},
	[COUNT_PXE_ACK] = {"dhcp_pxe_ack", "got its boot file from port 4011"},
	[COUNT_ADVERTISEMENT] = {"dhcp_router_advertisement", "was told that there is no router"},
	[COUNT_PROBING] = {"dhcp_probing", "waits until the network was asked about its address"},
	[COUNT_UNPROBED] = {"dhcp_unprobed", "offered unasked, because too many wait"},
	[COUNT_CONFLICT] = {"dhcp_conflict", "address found in use before it was offered"},
	[COUNT_FIXED_CONFLICT] = {"dhcp_fixed_conflict",
		"a node's own address found in use by another machine"},
	[COUNT_TOO_MANY_CLAIMS] = {"dhcp_too_many_claims",
		"answers for too many addresses to be believed"},
	[COUNT_RIVAL] = {"dhcp_rival", "word of another DHCP server"},
	[COUNT_OWN_QUESTION] = {"dhcp_own_question",
		"our own search for other servers, come back through a relay"},
	[COUNT_LIMIT_CLIENT] = {"dhcp_limit_client",
		"asks too often: the rest is not answered (dhcp.client-limit)"},
	[COUNT_LIMIT_SENDER] = {"dhcp_limit_sender",
		"speaks for too many machines: the rest is not answered (dhcp.client-limit)"},
	[COUNT_LIMIT_CIRCUIT] = {"dhcp_limit_circuit",
		"too much from one circuit of a relay: the rest is not answered"},
	[COUNT_LIMIT_RELAY] = {"dhcp_limit_relay",
		"too much from one relay: the rest is not answered"},
	[COUNT_DECLINED] = {"dhcp_quarantined", "found somebody else using the address"},
	[COUNT_RELEASED] = {"dhcp_released", "gave its address back"},
	[COUNT_MALFORMED] = {"dhcp_malformed", "malformed packet"},
	[COUNT_BAD_CHECKSUM] = {"dhcp_bad_checksum", "wrong checksum"},
	[COUNT_FRAGMENT] = {"dhcp_fragment", "fragment of a packet"},
	[COUNT_VLAN] = {"dhcp_vlan", "frame of another VLAN"},
	[COUNT_NOT_FOR_US] = {"dhcp_not_for_us", "sent to another address"},
	[COUNT_NOT_REQUEST] = {"dhcp_not_request", "a server's message, not a client's"},
	[COUNT_BAD_HARDWARE] = {"dhcp_bad_hardware",
		"no usable hardware address and no identifier"},
	[COUNT_BOOTP] = {"dhcp_bootp", "plain BOOTP, which is not served"},
	[COUNT_UNKNOWN_TYPE] = {"dhcp_unknown_type", "message type is not a client's"},
	[COUNT_TOO_MANY_HOPS] = {"dhcp_too_many_hops", "came through 16 relays or more"},
	[COUNT_LOOPED] = {"dhcp_looped", "relay address is our own"},
	[COUNT_BAD_RELAY_INFO] = {"dhcp_bad_relay_info", "broken relay agent option"},
	[COUNT_UNKNOWN_SUBNET] = {"dhcp_unknown_subnet", "in a network that is not served"},
	[COUNT_NOT_READY] = {"dhcp_not_ready", "the provisioner has not sent settings yet"},
	[COUNT_STALE] = {"dhcp_stale", "waited so long that the client has asked again"},
	[COUNT_UNKNOWN_MACHINE] = {"dhcp_unknown_machine",
		"not a known node, and enroll is closed"},
	[COUNT_OTHER_SERVER] = {"dhcp_other_server", "took the offer of another DHCP server"},
	[COUNT_UNKNOWN_LEASE] = {"dhcp_unknown_lease",
		"says it has a lease that may be another server's"},
	[COUNT_INCOMPLETE] = {"dhcp_incomplete", "request names no address"},
	[COUNT_POOL_EXHAUSTED] = {"dhcp_pool_exhausted", "no address left in the pool"},
	[COUNT_KEPT_FOR_NODES] = {"dhcp_kept_for_nodes",
		"the addresses left are kept for known nodes"},
	[COUNT_ADDRESS_IN_USE] = {"dhcp_address_in_use",
		"its address is leased to another machine"},
	[COUNT_NOT_THE_HOLDER] = {"dhcp_not_the_holder",
		"speaks for an address that it does not hold"},
	[COUNT_TOO_MANY_DECLINES] = {"dhcp_too_many_declines",
		"declined too many addresses, ignoring"},
	[COUNT_NOT_PXE] = {"dhcp_not_pxe", "is no PXE client, and this is a service for them"},
	[COUNT_NO_BOOT_FILE] = {"dhcp_no_boot_file", "there is nothing for it to boot"},
	[COUNT_NOT_STORED] = {"dhcp_not_stored", "its lease could not be written to disk"},
	[COUNT_NOT_SENT] = {"dhcp_not_sent", "the answer could not be sent"},
	[COUNT_CAPTURE_OVERRUN] = {"dhcp_capture_overrun",
		"lost because the capture buffer was full"},
};

const char *counter_name(enum counter c)
{
	return rows[c].name;
}

const char *counter_text(enum counter c)
{
	return rows[c].text;
}

void counters_add(struct counters *c, enum counter which, uint64_t n)
{
	c->value[which] += n;
}

enum counter counters_next_changed(struct counters *c, enum counter from)
{
	for (int i = (int)from + 1; i < N_COUNTERS; i++) {
		if (c->value[i] == c->told[i])
			continue;
		c->told[i] = c->value[i];
		return (enum counter)i;
	}
	return COUNT_NONE;
}

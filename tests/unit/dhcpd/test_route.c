#include "tests/unit/test.h"

#include "dhcpd/route.h"

#define ALL UINT32_MAX
#define YIADDR 0x0a4d0064
#define CIADDR 0x0a4d0065
#define GIADDR 0x0a4e0001
#define SRC 0x0a4d0066

static const struct mac own = {{2, 0, 0, 0, 0, 1}}, everybody = {{255, 255, 255, 255, 255, 255}};

/* RFC 2131 section 4.1, one line a case. */
static const struct {
	const char *what;
	uint32_t giaddr, ciaddr, src;
	uint16_t flags, dst_port, relay_port;
	uint8_t htype, hlen, type;
	uint32_t yiaddr;
	enum route_via via;
	uint32_t dst;
	uint16_t port;
} rows[] = {
	{"relayed", GIADDR, 0, GIADDR, 0, 67, 0, 1, 6, DHCP_OFFER, YIADDR, ROUTE_SOCKET, GIADDR,
		67},
	{"relayed with ciaddr", GIADDR, CIADDR, GIADDR, 0, 67, 0, 1, 6, DHCP_ACK, YIADDR,
		ROUTE_SOCKET, GIADDR, 67},
	{"relayed from a port of its own", GIADDR, 0, GIADDR, 0, 67, 5000, 1, 6, DHCP_OFFER, YIADDR,
		ROUTE_SOCKET, GIADDR, 5000},
	{"relayed NAK", GIADDR, 0, GIADDR, 0, 67, 0, 1, 6, DHCP_NAK, 0, ROUTE_SOCKET, GIADDR, 67},
	{"NAK", 0, 0, 0, 0, 67, 0, 1, 6, DHCP_NAK, 0, ROUTE_FRAME, ALL, 68},
	{"NAK to who has an address", 0, CIADDR, CIADDR, 0, 67, 0, 1, 6, DHCP_NAK, 0, ROUTE_FRAME,
		ALL, 68},
	{"renewal", 0, CIADDR, CIADDR, 0, 67, 0, 1, 6, DHCP_ACK, CIADDR, ROUTE_SOCKET, CIADDR, 68},
	{"offer to who fills in ciaddr by mistake", 0, CIADDR, 0, 0, 67, 0, 1, 6, DHCP_OFFER,
		YIADDR, ROUTE_FRAME, YIADDR, 68},
	{"inform without ciaddr", 0, 0, SRC, 0, 67, 0, 1, 6, DHCP_ACK, 0, ROUTE_SOCKET, SRC, 68},
	{"inform from nowhere", 0, 0, 0, 0, 67, 0, 1, 6, DHCP_ACK, 0, ROUTE_FRAME, ALL, 68},
	{"broadcast bit", 0, 0, 0, 0x8000, 67, 0, 1, 6, DHCP_OFFER, YIADDR, ROUTE_FRAME, ALL, 68},
	{"other flag bits mean nothing", 0, 0, 0, 0x0080, 67, 0, 1, 6, DHCP_OFFER, YIADDR,
		ROUTE_FRAME, YIADDR, 68},
	{"InfiniBand", 0, 0, 0, 0, 67, 0, 32, 0, DHCP_OFFER, YIADDR, ROUTE_FRAME, ALL, 68},
	{"hardware of 16 bytes", 0, 0, 0, 0, 67, 0, 1, 16, DHCP_OFFER, YIADDR, ROUTE_FRAME, ALL,
		68},
	{"plain", 0, 0, 0, 0, 67, 0, 1, 6, DHCP_OFFER, YIADDR, ROUTE_FRAME, YIADDR, 68},
	{"offer without an address", 0, 0, SRC, 0, 67, 0, 1, 6, DHCP_OFFER, 0, ROUTE_FRAME, ALL,
		68},
	{"port 4011", 0, CIADDR, CIADDR, 0, 4011, 0, 1, 6, DHCP_ACK, 0, ROUTE_PXE_SOCKET, CIADDR,
		3000},
};

TEST(every_reply_goes_where_rfc_2131_4_1_says)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct msg in = {.giaddr = rows[i].giaddr,
			.ciaddr = rows[i].ciaddr,
			.flags = rows[i].flags,
			.htype = rows[i].htype,
			.hlen = rows[i].hlen,
			.chaddr = {2, 0, 0, 0, 0, 1}};
		struct msg out = {.yiaddr = rows[i].yiaddr, .flags = rows[i].flags};
		struct arrival from = {rows[i].src, 3000, rows[i].dst_port, 0, {{0}}};

		opts_put_u8(&out.opts, OPT_TYPE, rows[i].type);
		struct route r = route_choose(&in, &out, &from, rows[i].relay_port);
		print_message("# %s\n", rows[i].what);
		assert_int_equal(r.via, rows[i].via);
		assert_int_equal(r.dst, rows[i].dst);
		assert_int_equal(r.dst_port, rows[i].port);
		if (r.via == ROUTE_FRAME)
			assert_true(mac_is_equal(&r.dst_mac, r.dst == ALL ? &everybody : &own));
	}
}

TEST(reply_is_never_unicast_to_a_group_mac)
{
	struct msg in = {.htype = 1, .hlen = 6, .chaddr = {0x01, 0, 0x5e, 0, 0, 1}};
	struct msg out = {.yiaddr = YIADDR};
	struct arrival from = {0, 68, 67, UINT32_MAX, {{0}}};

	opts_put_u8(&out.opts, OPT_TYPE, DHCP_OFFER);
	assert_int_equal(route_choose(&in, &out, &from, 0).dst, ALL);
}

RUN(t(every_reply_goes_where_rfc_2131_4_1_says), t(reply_is_never_unicast_to_a_group_mac))

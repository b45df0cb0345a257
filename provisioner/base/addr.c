#include "provisioner/base/addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "provisioner/base/parse.h"

int mac_parse(const char *text, struct mac *ret)
{
	struct mac m;

	if (strlen(text) != MAC_TEXT_SIZE - 1 || (text[2] != ':' && text[2] != '-'))
		return -EINVAL;
	for (size_t i = 0; i < MAC_LEN; i++) {
		const char *pair = text + i * 3;
		int high = parse_hex_digit(pair[0]), low = parse_hex_digit(pair[1]);

		if (high < 0 || low < 0 || (i < MAC_LEN - 1 && pair[2] != text[2]))
			return -EINVAL;
		m.b[i] = (uint8_t)(high << 4 | low);
	}
	*ret = m;
	return 0;
}

const char *mac_text(const struct mac *m, char buf[static MAC_TEXT_SIZE])
{
	(void)snprintf(buf, MAC_TEXT_SIZE, "%02x:%02x:%02x:%02x:%02x:%02x", m->b[0], m->b[1],
		m->b[2], m->b[3], m->b[4], m->b[5]);
	return buf;
}

bool mac_is_equal(const struct mac *a, const struct mac *b)
{
	return memcmp(a->b, b->b, MAC_LEN) == 0;
}

bool mac_is_unicast(const struct mac *m)
{
	static const struct mac zero;

	return !(m->b[0] & 1) && !mac_is_equal(m, &zero);
}

int ipv4_parse(const char *text, uint32_t *ret)
{
	struct in_addr in;

	/* inet_pton() accepts exactly four decimal octets without leading zeros. */
	if (inet_pton(AF_INET, text, &in) != 1)
		return -EINVAL;
	*ret = ntohl(in.s_addr);
	return 0;
}

const char *ipv4_text(uint32_t addr, char buf[static IPV4_TEXT_SIZE])
{
	(void)snprintf(buf, IPV4_TEXT_SIZE, "%u.%u.%u.%u", addr >> 24, addr >> 16 & 255,
		addr >> 8 & 255, addr & 255);
	return buf;
}

int ipv4_net_parse(const char *text, struct ipv4_net *ret)
{
	const char *slash = strchr(text, '/');
	char quad[IPV4_TEXT_SIZE];
	uint32_t addr, len;

	if (!slash || (size_t)(slash - text) >= sizeof(quad))
		return -EINVAL;
	memcpy(quad, text, (size_t)(slash - text));
	quad[slash - text] = '\0';
	if (ipv4_parse(quad, &addr) < 0 || parse_u32(slash + 1, 1, 32, &len) < 0)
		return -EINVAL;
	*ret = (struct ipv4_net){.addr = addr, .len = (uint8_t)len};
	return 0;
}

const char *ipv4_net_text(struct ipv4_net n, char buf[static IPV4_NET_TEXT_SIZE])
{
	char quad[IPV4_TEXT_SIZE];

	(void)snprintf(buf, IPV4_NET_TEXT_SIZE, "%s/%u", ipv4_text(n.addr, quad), n.len & 63U);
	return buf;
}

uint32_t ipv4_net_mask(struct ipv4_net n)
{
	return n.len == 0 ? 0 : UINT32_MAX << (32 - n.len);
}

uint32_t ipv4_net_first(struct ipv4_net n)
{
	return n.addr & ipv4_net_mask(n);
}

uint32_t ipv4_net_broadcast(struct ipv4_net n)
{
	return n.addr | ~ipv4_net_mask(n);
}

bool ipv4_net_has(struct ipv4_net n, uint32_t addr)
{
	return (addr & ipv4_net_mask(n)) == ipv4_net_first(n);
}

struct sockaddr_in ipv4_sockaddr(uint32_t addr, uint16_t port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(addr)};
}

/* Filters for addresses of networks and network cards. */
#include <string.h>

#include "provisioner/base/addr.h"
#include "templates/engine/builtin.h"
#include "templates/engine/text.h"

#define ADDR_TEXT_MAX 64
#define MAC_DIGITS ((size_t)2 * MAC_LEN)

/* The input, "10.10.0.1/24" or "10.10.0.1", whose prefix length is 32. */
static int net_in(struct call *c, struct ipv4_net *ret)
{
	char text[ADDR_TEXT_MAX];
	struct value in;
	int rc = call_in_text(c, &in);

	if (rc != 0)
		return rc;
	*ret = (struct ipv4_net){.len = 32};
	if (in.len < sizeof(text)) {
		memcpy(text, in.text, in.len);
		text[in.len] = '\0';
		if (strlen(text) == in.len &&
			(ipv4_net_parse(text, ret) == 0 || ipv4_parse(text, &ret->addr) == 0))
			return 0;
	}
	return call_fail(c, "\"%.*s\" is not an IPv4 address (10.10.0.1 or 10.10.0.1/24)",
		(int)(in.len < ADDR_TEXT_MAX ? in.len : ADDR_TEXT_MAX), in.text);
}

static int give(struct call *c, const char *text, struct value *ret)
{
	*ret = value_text(c->ev->arena, text);
	return 0;
}

static int give_addr(struct call *c, uint32_t addr, struct value *ret)
{
	char buf[IPV4_TEXT_SIZE];

	return give(c, ipv4_text(addr, buf), ret);
}

static int give_net(struct call *c, struct ipv4_net n, struct value *ret)
{
	char buf[IPV4_NET_TEXT_SIZE];

	return give(c, ipv4_net_text(n, buf), ret);
}

static int part_address(struct call *c, struct ipv4_net n, struct value *ret)
{
	return give_addr(c, n.addr, ret);
}

static int part_network(struct call *c, struct ipv4_net n, struct value *ret)
{
	return give_addr(c, ipv4_net_first(n), ret);
}

static int part_netmask(struct call *c, struct ipv4_net n, struct value *ret)
{
	return give_addr(c, ipv4_net_mask(n), ret);
}

static int part_hostmask(struct call *c, struct ipv4_net n, struct value *ret)
{
	return give_addr(c, ~ipv4_net_mask(n), ret);
}

static int part_broadcast(struct call *c, struct ipv4_net n, struct value *ret)
{
	return give_addr(c, ipv4_net_broadcast(n), ret);
}

static int part_prefix(struct call *c, struct ipv4_net n, struct value *ret)
{
	(void)c;
	*ret = value_int(n.len);
	return 0;
}

static int part_size(struct call *c, struct ipv4_net n, struct value *ret)
{
	(void)c;
	*ret = value_int((int64_t)1 << (32 - n.len));
	return 0;
}

static int part_subnet(struct call *c, struct ipv4_net n, struct value *ret)
{
	n.addr = ipv4_net_first(n);
	return give_net(c, n, ret);
}

static int part_revdns(struct call *c, struct ipv4_net n, struct value *ret)
{
	char buf[IPV4_TEXT_SIZE];
	uint32_t a = n.addr;
	uint32_t back = a << 24 | (a & 0xFF00U) << 8 | (a >> 8 & 0xFF00U) | a >> 24;
	const char *text = arena_printf(c->ev->arena, "%s.in-addr.arpa.", ipv4_text(back, buf));

	return give(c, text ? text : "", ret);
}

static const struct {
	const char *name;
	int (*fn)(struct call *c, struct ipv4_net n, struct value *ret);
} parts[] = {
	{"address", part_address},
	{"broadcast", part_broadcast},
	{"hostmask", part_hostmask},
	{"netmask", part_netmask},
	{"network", part_network},
	{"prefix", part_prefix},
	{"revdns", part_revdns},
	{"size", part_size},
	{"subnet", part_subnet},
};

/* Address number `i` of the network, from its end when `i` is negative, with the prefix length. */
static int nth(struct call *c, struct ipv4_net n, int64_t i, struct value *ret)
{
	int64_t size = (int64_t)1 << (32 - n.len);

	if (i >= size || i < -size)
		return call_fail(
			c, "a /%u network has no address number %lld", n.len, (long long)i);
	n.addr = ipv4_net_first(n) + (uint32_t)(i < 0 ? i + size : i);
	return give_net(c, n, ret);
}

static int filter_ipaddr(struct call *c, struct value *ret)
{
	struct ipv4_net n;
	struct value what = c->args[0];
	int rc = net_in(c, &n);

	if (rc != 0)
		return rc;
	if (!c->given[0]) {
		*ret = c->in;
		return 0;
	}
	if (what.kind == VALUE_INT)
		return nth(c, n, what.i, ret);
	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		if (value_text_is(what, parts[i].name))
			return parts[i].fn(c, n, ret);
	return call_fail(c,
		"'ipaddr' wants a number, or one of address, broadcast, hostmask, netmask, "
		"network, prefix, revdns, size, subnet");
}

/* The address so many steps further. */
static int filter_ipmath(struct call *c, struct value *ret)
{
	struct ipv4_net n;
	int64_t offset;
	int rc = net_in(c, &n);

	if (rc == 0)
		rc = call_int(c, 0, 0, &offset);
	if (rc == 0 &&
		(offset > UINT32_MAX || offset < -(int64_t)UINT32_MAX ||
			(int64_t)n.addr + offset > UINT32_MAX || (int64_t)n.addr + offset < 0))
		rc = call_fail(c, "there is no such address");
	return rc != 0 ? rc : give_addr(c, (uint32_t)((int64_t)n.addr + offset), ret);
}

/* The twelve digits of a MAC address, lower case, whatever stands between them. */
static int mac_digits(struct call *c, char to[static MAC_DIGITS])
{
	struct value in;
	size_t n = 0;
	bool bad = false;
	int rc = call_in_text(c, &in);

	if (rc != 0)
		return rc;
	for (size_t i = 0; i < in.len; i++) {
		char ch = text_lower(in.text[i]);
		bool digit = text_is_digit(ch) || (ch >= 'a' && ch <= 'f');

		bad = bad || (digit ? n == MAC_DIGITS : ch != ':' && ch != '-' && ch != '.');
		if (digit && !bad)
			to[n++] = ch;
	}
	if (bad || n != MAC_DIGITS)
		return call_fail(c, "\"%.*s\" is not a MAC address (six hex pairs)",
			(int)(in.len < ADDR_TEXT_MAX ? in.len : ADDR_TEXT_MAX), in.text);
	return 0;
}

static int filter_mac(struct call *c, struct value *ret)
{
	static const struct {
		const char *between;
		size_t every;
	} forms[] = {{":", 2}, {"-", 2}, {".", 4}, {"", MAC_DIGITS}};
	struct str out = str_init(ADDR_TEXT_MAX);
	char digits[MAC_DIGITS] = {0};
	struct value by = value_none();
	int rc = mac_digits(c, digits);

	if (rc == 0)
		rc = call_text(c, 0, ":", &by);
	if (rc != 0)
		return rc;
	for (size_t f = 0; f < ARRAY_LEN(forms); f++) {
		if (!value_text_is(by, forms[f].between))
			continue;
		for (size_t i = 0; i < MAC_DIGITS; i++) {
			if (i > 0 && i % forms[f].every == 0)
				str_add(&out, forms[f].between);
			str_addc(&out, digits[i]);
		}
		return call_give_text(c, &out, ret);
	}
	return call_fail(c, "'mac' writes with ':', '-', '.' or nothing between");
}

const struct builtin filters_net[] = {
	{"ipaddr", filter_ipaddr, "what", 0, 0},
	{"ipmath", filter_ipmath, "offset", 1, 0},
	{"mac", filter_mac, "between", 0, 0},
	{NULL, NULL, NULL, 0, 0},
};

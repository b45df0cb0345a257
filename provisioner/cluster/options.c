#include "provisioner/cluster/options.h"

#include <string.h>

#include "provisioner/cluster/cluster.h"

enum { MTU = 26, NTP = 42, SEARCH = 119, ROUTES = 121, ROUTES_MICROSOFT = 249 };

#define SUFFIXES_MAX 256
#define LABEL_POINTER 0xc000 /* RFC 1035 section 4.1.4 */

/* Those that this server writes itself. */
static const struct {
	uint32_t code;
	const char *owner;
} owners[] = {
	{1, "the network's prefix length says it"},
	{3, "router says it"},
	{6, "dns says it"},
	{12, "a node's name says it"},
	{15, "domain says it"},
	{MTU, "mtu says it"},
	{28, "the network's prefix length says it"},
	{NTP, "ntp-servers says it"},
	{43, "it is made for each kind of firmware"},
	{50, "clients send it"},
	{51, "lease says it"},
	{52, "replies are never overloaded"},
	{53, "it is part of the protocol"},
	{54, "network.internal.address says it"},
	{55, "clients send it"},
	{56, "it is part of the protocol"},
	{57, "clients send it"},
	{58, "lease says it"},
	{59, "lease says it"},
	{60, "it is made for each kind of firmware"},
	{61, "clients send it"},
	{66, "the provisioner's own address is sent"},
	{67, "boot-file says it"},
	{77, "clients send it"},
	{80, "rapid-commit says it"},
	{82, "relays send it"},
	{93, "clients send it"},
	{94, "clients send it"},
	{97, "clients send it"},
	{118, "relays send it"},
	{SEARCH, "search says it"},
	{ROUTES, "routes says it"},
	{175, "it is made for iPXE"},
	{208, "pxelinux says it"},
	{209, "pxelinux says it"},
	{210, "pxelinux says it"},
	{211, "pxelinux says it"},
	{ROUTES_MICROSOFT, "routes says it"},
};

const char *options_owner(uint32_t code)
{
	for (size_t i = 0; i < ARRAY_LEN(owners); i++)
		if (owners[i].code == code)
			return owners[i].owner;
	return NULL;
}

/* The head of one option; its length is patched when its value is written. */
static size_t begin(struct wr *w, uint8_t code, bool always)
{
	wr_u8(w, code);
	wr_u8(w, always);
	wr_be16(w, 0);
	return w->len;
}

static void end(struct wr *w, size_t value_at)
{
	if (wr_ok(w))
		wr_patch_be16(w, value_at - 2, (uint16_t)(w->len - value_at));
}

static void put_ntp(const struct cluster_subnet *s, struct wr *w)
{
	if (s->ntp.n == 0)
		return;
	size_t at = begin(w, NTP, false);
	for (uint32_t i = 0; i < s->ntp.n; i++)
		wr_be32(w, s->ntp.items[i]);
	end(w, at);
}

static void put_mtu(const struct cluster_subnet *s, struct wr *w)
{
	if (s->mtu == 0)
		return;
	size_t at = begin(w, MTU, false);
	wr_be16(w, (uint16_t)s->mtu);
	end(w, at);
}

/* What was written already, to point at. */
struct suffixes {
	size_t n;
	struct {
		const char *text;
		size_t at;
	} items[SUFFIXES_MAX];
};

static bool is_known(const struct suffixes *k, const char *name, size_t *ret_at)
{
	for (size_t i = 0; i < k->n; i++) {
		if (strcmp(k->items[i].text, name) == 0) {
			*ret_at = k->items[i].at;
			return true;
		}
	}
	return false;
}

/* RFC 3397 section 2: names as in RFC 1035 section 4.1.4, pointers count from the option's value. */
static void put_name(const char *name, size_t value_at, struct suffixes *known, struct wr *w)
{
	size_t at;

	while (*name) {
		size_t len = strcspn(name, ".");

		if (is_known(known, name, &at)) {
			wr_be16(w, (uint16_t)(LABEL_POINTER | at));
			return;
		}
		if (known->n < SUFFIXES_MAX) {
			known->items[known->n].text = name;
			known->items[known->n++].at = w->len - value_at;
		}
		wr_u8(w, (uint8_t)len); /* 63 at most: it is a host name */
		wr_bytes(w, name, len);
		name += len + (name[len] == '.');
	}
	wr_u8(w, 0);
}

static void put_search(const struct cluster_subnet *s, struct wr *w)
{
	struct suffixes known = {.n = 0};

	if (s->search.n == 0)
		return;
	size_t at = begin(w, SEARCH, false);
	for (uint32_t i = 0; i < s->search.n; i++)
		put_name(s->search.items[i], at, &known, w);
	end(w, at);
}

/* RFC 3442: the length of the prefix, then only those octets of the network that it covers. */
static void put_route(struct ipv4_net to, uint32_t via, struct wr *w)
{
	wr_u8(w, to.len);
	for (unsigned i = 0; i < (to.len + 7U) / 8; i++)
		wr_u8(w, (uint8_t)(to.addr >> (24 - 8 * i)));
	wr_be32(w, via);
}

/* A client that gets these forgets option 3, so the default router is among them. */
static void put_routes(const struct cluster_subnet *s, uint8_t code, struct wr *w)
{
	if (s->n_routes == 0)
		return;
	size_t at = begin(w, code, false);
	for (uint32_t i = 0; i < s->n_routes; i++)
		put_route(s->routes[i].to, s->routes[i].via, w);
	if (s->router != 0)
		put_route((struct ipv4_net){0, 0}, s->router, w);
	end(w, at);
}

void options_encode(const struct cluster_subnet *s, struct wr *w)
{
	put_ntp(s, w);
	put_mtu(s, w);
	put_search(s, w);
	put_routes(s, ROUTES, w);
	put_routes(s, ROUTES_MICROSOFT, w);
	for (uint32_t i = 0; i < s->n_options; i++) {
		const struct cluster_option *o = &s->options[i];
		size_t at = begin(w, (uint8_t)o->code, o->always);

		wr_bytes(w, o->value.bytes, o->value.n);
		end(w, at);
	}
}

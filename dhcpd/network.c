#include "dhcpd/network.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "dhcpd/lease.h"
#include "dhcpd/option.h"

_Static_assert(MESSAGE_NETWORKS_MAX <= LEASE_POOLS_MAX, "each network has a pool");

/* The spans stand apart from the rest of what is known, so that a search reads little memory. */
struct networks {
	size_t n, max;
	struct span {
		uint32_t first, last;
	} spans[MESSAGE_NETWORKS_MAX];
	struct message_network *items;
};

struct networks *networks_new(size_t n)
{
	struct networks *s = xcalloc(1, sizeof(*s));

	assert(n <= MESSAGE_NETWORKS_MAX);
	s->items = xcalloc(n ? n : 1, sizeof(*s->items));
	s->max = n;
	return s;
}

void networks_free(struct networks *s)
{
	if (!s)
		return;
	free(s->items);
	free(s);
}

static bool pool_is_inside(const struct message_network *n)
{
	if (n->pool_first > n->pool_last)
		return true; /* there is none */
	return ipv4_net_has(n->net, n->pool_first) && ipv4_net_has(n->net, n->pool_last);
}

/* A value for each head, no code that this server writes itself, and nothing behind them. */
static bool options_are_sound(const struct message_network *n)
{
	struct network_option o;
	struct rd r = rd_init(n->options, n->options_len);

	if (n->options_len > sizeof(n->options))
		return false;
	while (network_next_option(&r, &o))
		if (o.code == OPT_PAD || o.code == OPT_END || o.value.left == 0)
			return false;
	return rd_ok(&r);
}

int networks_add(struct networks *s, const struct message_network *n)
{
	if (s->n == s->max)
		return -ENOSPC;
	if (n->net.len < 1 || n->net.len > 32 || !pool_is_inside(n) ||
		!memchr(n->domain, 0, sizeof(n->domain)) || !options_are_sound(n))
		return -EINVAL;
	struct span span = {ipv4_net_first(n->net), ipv4_net_broadcast(n->net)};
	for (size_t i = 0; i < s->n; i++)
		if (span.first <= s->spans[i].last && s->spans[i].first <= span.last)
			return -EINVAL;

	s->spans[s->n] = span;
	s->items[s->n++] = *n;
	return 0;
}

size_t networks_count(const struct networks *s)
{
	return s ? s->n : 0;
}

const struct message_network *networks_at(const struct networks *s, size_t i)
{
	return s && i < s->n ? &s->items[i] : NULL;
}

const struct message_network *networks_find(
	const struct networks *s, uint32_t address, size_t *ret_i)
{
	for (size_t i = 0; i < s->n; i++) {
		if (address < s->spans[i].first || address > s->spans[i].last)
			continue;
		if (ret_i)
			*ret_i = i;
		return &s->items[i];
	}
	return NULL;
}

struct rd network_options(const struct message_network *n)
{
	return rd_init(n->options, n->options_len);
}

bool network_next_option(struct rd *r, struct network_option *ret)
{
	if (r->left == 0)
		return false;
	ret->code = rd_u8(r);
	ret->is_always = rd_u8(r) != 0;
	ret->value = rd_slice(r, rd_be16(r));
	return rd_ok(r);
}

void networks_set_pools(const struct networks *s, struct lease_table *leases)
{
	struct lease_pool pools[MESSAGE_NETWORKS_MAX];

	for (size_t i = 0; i < s->n; i++)
		pools[i] = (struct lease_pool){s->items[i].pool_first, s->items[i].pool_last};
	lease_table_set_pools(leases, pools, s->n);
}

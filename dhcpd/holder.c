#include "dhcpd/holder.h"

#include <assert.h>
#include <string.h>

static bool is_inline(const struct lease *l)
{
	return (size_t)l->hlen + l->id_len <= LEASE_CLIENT_BYTES;
}

static uint8_t *far_bytes(const struct lease *l)
{
	uint8_t *far;

	memcpy(&far, l->client, sizeof(far));
	return far;
}

const uint8_t *holder_key(const struct lease *l)
{
	return is_inline(l) ? l->client : far_bytes(l);
}

bool holder_is_set(const struct lease *l)
{
	return l->hlen > 0 || l->id_len > 0;
}

bool holder_has_id(const struct lease *l, const struct client *c)
{
	return l->id_len == c->id_len &&
	       (c->id_len == 0 || memcmp(holder_key(l) + l->hlen, c->id, c->id_len) == 0);
}

bool holder_is(const struct lease *l, const struct client *c)
{
	if (l->hlen != c->hlen)
		return false;
	if (l->hlen > 0)
		return l->htype == c->htype && memcmp(holder_key(l), c->hw, l->hlen) == 0;
	return l->id_len > 0 && holder_has_id(l, c);
}

void holder_clear(struct lease *l)
{
	if (!is_inline(l))
		free(far_bytes(l));
	l->htype = l->hlen = l->id_len = 0;
}

void holder_set(struct lease *l, const struct client *c)
{
	uint8_t *bytes = l->client;

	assert(!holder_is_set(l) && c->hlen <= MSG_HW_MAX);
	l->htype = c->htype;
	l->hlen = c->hlen;
	l->id_len = c->id_len;
	if (!is_inline(l)) {
		bytes = xcalloc(1, (size_t)c->hlen + c->id_len);
		memcpy(l->client, &bytes, sizeof(bytes));
	}
	memcpy(bytes, c->hw, c->hlen);
	if (c->id_len > 0)
		memcpy(bytes + c->hlen, c->id, c->id_len);
}

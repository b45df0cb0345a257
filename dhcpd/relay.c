#include "dhcpd/relay.h"

#include <errno.h>

enum {
	SUB_LINK_SELECTION = 5,
	SUB_FLAGS = 10,
	SUB_SERVER_ID = 11,
	SUB_SOURCE_PORT = 19,
};

#define FLAG_UNICAST 0x80 /* RFC 5010 section 3 */

/* RFC 3527 before RFC 3011: what the relay says counts more than what may be the client's own. */
static void find_link(const struct msg *m, struct relay_info *info)
{
	uint32_t wish = opts_u32(&m->opts, OPT_SUBNET_SELECTION);

	if (info->link != 0)
		return;
	info->is_selected = wish != 0;
	info->link = wish ? wish : m->giaddr;
}

int relay_read(const struct msg *m, const struct arrival *from, struct relay_info *ret)
{
	struct rd r = opts_value(&m->opts, OPT_RELAY);
	struct relay_info info = {0};

	while (rd_ok(&r) && r.left > 0) {
		uint8_t code = rd_u8(&r);
		struct rd value = rd_slice(&r, rd_u8(&r));

		if (code == SUB_LINK_SELECTION && value.left == 4)
			info.link = rd_be32(&value);
		else if (code == SUB_FLAGS && value.left == 1)
			info.is_unicast = rd_u8(&value) & FLAG_UNICAST;
		else if (code == SUB_SERVER_ID && value.left == 4)
			info.server_id = rd_be32(&value);
		else if (code == SUB_SOURCE_PORT && value.left == 0)
			info.port = from->src_port;
	}
	if (!rd_ok(&r))
		return -EBADMSG;
	find_link(m, &info);
	*ret = m->giaddr != 0 ? info : (struct relay_info){0};
	return 0;
}

bool relay_is_new(struct relay_strangers *s, uint32_t giaddr)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->seen[i] == giaddr)
			return false;
	if (s->n == RELAY_STRANGERS_MAX)
		return false;
	s->seen[s->n++] = giaddr;
	return true;
}

#include "dhcpd/relay.h"

#include <errno.h>

enum { SUB_LINK_SELECTION = 5, SUB_SERVER_ID = 11, SUB_SOURCE_PORT = 19 };

int relay_read(const struct msg *m, const struct arrival *from, struct relay_info *ret)
{
	struct rd r = opts_value(&m->opts, OPT_RELAY);
	struct relay_info info = {.link = m->giaddr};

	while (rd_ok(&r) && r.left > 0) {
		uint8_t code = rd_u8(&r);
		struct rd value = rd_slice(&r, rd_u8(&r));

		if (code == SUB_LINK_SELECTION && value.left == 4)
			info.link = rd_be32(&value);
		else if (code == SUB_SERVER_ID && value.left == 4)
			info.server_id = rd_be32(&value);
		else if (code == SUB_SOURCE_PORT && value.left == 0)
			info.port = from->src_port;
	}
	if (!rd_ok(&r))
		return -EBADMSG;
	*ret = m->giaddr != 0 ? info : (struct relay_info){0};
	return 0;
}

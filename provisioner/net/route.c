#include "provisioner/net/route.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "provisioner/base/files.h"
#include "provisioner/base/parse.h"
#include "provisioner/net/netlink.h"

#define DUMP_TRIES 5
#define SPEED_MAX_MBIT 10000000

/* The best default route so far: the kernel takes the one with the lowest metric. */
struct best {
	int index;
	uint32_t metric;
};

static void on_route(void *arg, struct nlmsghdr *h)
{
	struct nlattr *tb[RTA_MAX + 1];
	struct best *best = arg;
	struct rtmsg info;

	if (h->nlmsg_type != RTM_NEWROUTE || h->nlmsg_len < NLMSG_LENGTH(sizeof(info)) ||
		nlmsg_parse(h, sizeof(info), tb, RTA_MAX, NULL) < 0)
		return;
	memcpy(&info, nlmsg_data(h), sizeof(info));
	uint32_t metric = tb[RTA_PRIORITY] ? nla_get_u32(tb[RTA_PRIORITY]) : 0;
	if (info.rtm_dst_len != 0 || info.rtm_table != RT_TABLE_MAIN ||
		info.rtm_type != RTN_UNICAST || !tb[RTA_OIF])
		return;
	if (best->index == 0 || metric < best->metric)
		*best = (struct best){(int)nla_get_u32(tb[RTA_OIF]), metric};
}

int route_default(struct netlink *n, int *ret_index, struct err *e)
{
	int rc = -EINTR;

	for (int tries = 0; tries < DUMP_TRIES && rc == -EINTR; tries++) {
		struct best best = {0};

		rc = netlink_dump(n, RTM_GETROUTE, AF_INET, on_route, &best, e);
		if (rc == 0)
			*ret_index = best.index;
	}
	return rc;
}

uint32_t link_speed_mbit(const char *sysfs, const char *name)
{
	AUTO(free_p) char *text = NULL;
	char path[256];
	uint32_t speed = 0;
	size_t len;

	(void)snprintf(path, sizeof(path), "%s/%s/speed", sysfs, name); /* cut: not there then */
	/* The driver of an interface without link refuses the read. */
	if (file_read(AT_FDCWD, path, (size_t)64 << 10, &text, &len) < 0)
		return 0;
	text[strcspn(text, "\n")] = '\0';
	return parse_u32(text, 1, SPEED_MAX_MBIT, &speed) == 0 ? speed : 0; /* "-1": unknown */
}

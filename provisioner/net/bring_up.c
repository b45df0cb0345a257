#include "provisioner/net/bring_up.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "provisioner/base/str.h"
#include "provisioner/cluster/cluster.h"

#define NAMES_MAX 64

static void list_interfaces(const struct if_nameindex *all, const char **names, struct str *text)
{
	size_t n = 0;

	for (; all->if_name && n < NAMES_MAX; all++) {
		names[n++] = all->if_name;
		str_printf(text, "%s%s", text->len ? ", " : "", all->if_name);
	}
}

static int no_such_interface(const char *name, struct err *e)
{
	AUTO(str_done) struct str text = str_init(400);
	const char *names[NAMES_MAX + 1] = {NULL};
	struct if_nameindex *all = if_nameindex();

	if (all)
		list_interfaces(all, names, &text);
	const char *near = err_nearest(name, names);
	int rc = err_msg(e, -ENODEV, "network.internal.interface: \"%s\" does not exist%s%s%s; there are: %s",
		name, near ? " (did you mean \"" : "", near ? near : "", near ? "\"?)" : "", str_text(&text));
	if_freenameindex(all);
	return rc;
}

static bool has_address(const char *name, uint32_t address)
{
	struct ifaddrs *all;
	bool found = false;

	if (getifaddrs(&all) < 0)
		return false;
	for (const struct ifaddrs *a = all; a && !found; a = a->ifa_next) {
		struct sockaddr_in sin;

		if (!a->ifa_addr || a->ifa_addr->sa_family != AF_INET || strcmp(a->ifa_name, name) != 0)
			continue;
		memcpy(&sin, a->ifa_addr, sizeof(sin));
		found = ntohl(sin.sin_addr.s_addr) == address;
	}
	freeifaddrs(all);
	return found;
}

int net_bring_up(const struct cluster_internal *internal, struct err *e)
{
	char text[IPV4_NET_TEXT_SIZE];

	if (if_nametoindex(internal->interface) == 0)
		return no_such_interface(internal->interface, e);
	if (!has_address(internal->interface, internal->address.addr))
		return err_msg(e, -EADDRNOTAVAIL, "%s does not have the address of network.internal.address, %s "
			"(ip address add %s dev %s)", internal->interface, ipv4_net_text(internal->address, text),
			text, internal->interface);
	return 0;
}

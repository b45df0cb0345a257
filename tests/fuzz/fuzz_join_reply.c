/* What a server may answer the join agent, before anything in it is believed. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "netboot/join/api.h"
#include "netboot/join/delivery.h"
#include "netboot/join/etcd.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_delivery(const char *text, size_t size)
{
	struct delivery d;
	struct err e = {0};

	if (delivery_read(text, size, &d, &e) < 0) {
		if (d.n || d.version[0] || !e.msg[0])
			abort();
		return;
	}
	for (size_t i = 0; i < d.n; i++)
		if (strncmp(d.files[i].path, "/etc/", 5) != 0 &&
			strncmp(d.files[i].path, "/var/", 5) != 0)
			abort();
	for (size_t i = 0; i < d.n; i++)
		if (strstr(d.files[i].path, "/.") || (d.files[i].mode & ~0644U))
			abort();
	delivery_done(&d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct api_commands commands;
	struct api_joined joined;
	struct err e = {0};
	char reason[64];

	if (api_read_joined(text, size, &joined, &e) == 0) {
		if (!joined.certificate || !joined.ca || joined.heartbeat_s < 1 ||
			!joined.node[0] || joined.n_etcd > API_ENDPOINTS_MAX ||
			(joined.n_etcd && !joined.etcd_prefix[1]))
			abort();
	} else if (joined.certificate || joined.ca || !e.msg[0]) {
		abort();
	}
	api_joined_done(&joined);
	if (api_read_commands(text, size, &commands, &e) == 0 && commands.n > API_COMMANDS_MAX)
		abort();
	if (commands.secrets[0] && !delivery_is_version(commands.secrets))
		abort();
	check_delivery(text, size);
	if (strlen(api_read_reason(text, size, reason, sizeof(reason))) >= sizeof(reason))
		abort();
	if (etcd_read_put(size & 1 ? 200 : 503, text, size, &e) > 0)
		abort();
	return 0;
}

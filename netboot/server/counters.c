#include "netboot/server/counters.h"

#include <string.h>

#define AT(field) offsetof(struct netboot_counts, field)

const struct netboot_counter netboot_counters[N_NETBOOT_COUNTERS] = {
	{"tftp_requests", "asked for a file by TFTP", AT(tftp.requests)},
	{"tftp_malformed", "malformed TFTP packet", AT(tftp.malformed)},
	{"tftp_not_found", "asked for a file that there is not", AT(tftp.not_found)},
	{"tftp_refused", "asked for what it may not have, or to write", AT(tftp.refused)},
	{"tftp_foreign", "packet of a transfer from another port or address", AT(tftp.foreign)},
	{"tftp_over_limit", "turned away: too many transfers", AT(tftp.over_limit)},
	{"http_connections", "opened a connection for boot HTTP", AT(http.connections)},
	{"http_requests", "asked for something by boot HTTP", AT(http.requests)},
	{"http_malformed", "malformed HTTP request", AT(http.malformed)},
	{"http_timeouts", "connection that stood still for too long", AT(http.timeouts)},
	{"http_over_limit", "turned away: too many connections", AT(http.over_limit)},
	{"hall_turns", "a machine had its turn to load an image", AT(hall.queue.turns)},
	{"hall_waits", "a machine began to wait for its turn to load an image",
		AT(hall.queue.waits)},
	{"hall_told", "a machine was told to ask again for an image", AT(hall.told)},
	{"hall_left", "a machine went away before its turn", AT(hall.queue.left)},
	{"netboot_disk_opened", "file that a reader looked for on a disk", AT(disk.opened)},
	{"netboot_disk_loaded", "part of a file that a reader read from a disk", AT(disk.loaded)},
	{"netboot_asked", "the provisioner was asked what a machine gets", AT(asks.asked)},
	{"netboot_ask_timeouts", "the provisioner did not answer in time", AT(asks.timed_out)},
	{"netboot_ask_unsent", "the provisioner could not be asked", AT(asks.unsent)},
};

uint64_t netboot_count(const struct netboot_counts *c, size_t i)
{
	uint64_t v;

	memcpy(&v, (const char *)c + netboot_counters[i].at, sizeof(v));
	return v;
}

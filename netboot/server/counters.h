/* counters.h - what TFTP, boot HTTP and the questions to the provisioner count, and what each means. */
#ifndef SLIPWAY_NETBOOT_SERVER_COUNTERS_H
#define SLIPWAY_NETBOOT_SERVER_COUNTERS_H

#include <stddef.h>
#include <stdint.h>

#include "netboot/disk/disk.h"
#include "netboot/http/server.h"
#include "netboot/server/asks.h"
#include "netboot/server/hall.h"
#include "netboot/tftp/server.h"

struct netboot_counts {
	struct tftp_counters tftp;
	struct http_counters http;
	struct disk_counters disk;
	struct asks_counters asks;
	struct hall_figures hall;
};

struct netboot_counter {
	const char *name, *text;
	size_t at; /* of a uint64_t in struct netboot_counts */
};

#define N_NETBOOT_COUNTERS 20

extern const struct netboot_counter netboot_counters[N_NETBOOT_COUNTERS];

uint64_t netboot_count(const struct netboot_counts *c, size_t i);

#endif

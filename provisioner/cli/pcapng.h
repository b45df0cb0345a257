/* pcapng.h - writes packets as Wireshark, tshark and tcpdump read them (draft-ietf-opsawg-pcapng).
 *
 * One section with one Ethernet interface, times in nanoseconds, numbers in big-endian order, which the
 * section says. A packet carries its direction, a comment, and how many were lost before it. Pure: each
 * function writes whole blocks; wr_ok() says whether they fitted. */
#ifndef SLIPWAY_CLI_PCAPNG_H
#define SLIPWAY_CLI_PCAPNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "provisioner/base/wr.h"

/* Room for any one call, with comments of up to 1024 bytes and frames of up to 2048. */
#define PCAPNG_BLOCK_MAX 4096

struct pcapng_packet {
	int64_t wall_us;
	const uint8_t *bytes;
	size_t len;
	const char *comment; /* "" for none */
	bool is_outbound;
	uint64_t n_lost; /* before this one */
};

void pcapng_begin(struct wr *w, const char *application, const char *interface);
void pcapng_add(struct wr *w, const struct pcapng_packet *p);

/* The statistics that end a section. */
void pcapng_end(struct wr *w, int64_t wall_us, uint64_t n_packets, uint64_t n_lost);

#endif

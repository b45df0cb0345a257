/* server.h - the TFTP server: requests on port 69 become sessions.
 *
 * Read-only, octet mode only. Bounded: so many sessions overall and per client address; a request
 * beyond that gets no answer, and the client asks again. A request from an address and port that
 * already has a session starts that session anew, so a repeated request never makes two senders.
 * Knows nothing of nodes: what a name stands for is the owner's business. */
#ifndef SLIPWAY_TFTP_SERVER_H
#define SLIPWAY_TFTP_SERVER_H

#include <stdint.h>

#include "netboot/tftp/packet.h"
#include "netboot/tftp/transfer.h"

struct event_base;
struct tftp_server;

/* One ended transfer. `name` is borrowed and cleaned, but still a stranger's text. */
struct tftp_report {
	uint32_t client;
	enum tftp_state state;
	bool not_found;
	const char *name;
	uint64_t bytes;
	uint32_t duration_ms, retries;
};

struct tftp_owner {
	/* The file that `name` (cleaned) stands for, as a descriptor that the server then owns, or
	 * a negative errno. */
	int (*open)(void *arg, uint32_t client, const char *name);
	void (*ended)(void *arg, const struct tftp_report *r);
	void *arg;
};

struct tftp_counters {
	uint64_t requests, malformed, not_found, refused, foreign, over_limit;
};

/* Serves on `fd`, a UDP socket bound to port 69 (takes it). Keeps a copy of *owner. */
struct tftp_server *tftp_server_new(
	struct event_base *base, int fd, const struct tftp_owner *owner);
void tftp_server_free(struct tftp_server *s);

struct tftp_counters tftp_server_counters(const struct tftp_server *s);

#endif

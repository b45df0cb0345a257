/* server.h - the TFTP server: requests on port 69 become sessions.
 *
 * Read-only, octet mode only. Bounded: so many sessions overall and per client address; a request
 * beyond that gets no answer, and the client asks again. A request from an address and port that
 * already has a session starts that session anew, so a repeated request never makes two senders.
 * Knows nothing of nodes: what a name stands for is the owner's business, who may take its time. */
#ifndef SLIPWAY_TFTP_SERVER_H
#define SLIPWAY_TFTP_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "netboot/tftp/packet.h"
#include "netboot/tftp/transfer.h"

struct disk;
struct event_base;
struct tftp_server;
struct tftp_session;

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
	 * a negative errno. -EINPROGRESS: tftp_server_opened() will say; the owner has set a tag on `s`. */
	int (*open)(void *arg, struct tftp_session *s, uint32_t client, const char *name);
	/* The client no longer waits: `tag` is what the owner has set. */
	void (*forget)(void *arg, void *tag);
	/* The file that the owner has marked is no longer sent, whatever the reason. May be NULL. */
	void (*closed)(void *arg, void *mark, uint64_t bytes);
	void (*ended)(void *arg, const struct tftp_report *r);
	void *arg;
};

struct tftp_counters {
	uint64_t requests, malformed, not_found, refused, foreign, over_limit;
};

/* Serves on `fd`, a UDP socket bound to port 69 (takes it). With `single_port` everything leaves from there too,
 * which passes firewalls that know a flow by its ports. Keeps a copy of *owner, and keeps `disk`. */
struct tftp_server *tftp_server_new(struct event_base *base, struct disk *disk, int fd,
	bool single_port, const struct tftp_owner *owner);
void tftp_server_free(struct tftp_server *s);

/* The owner waits for something before it can say which file it is. */
void tftp_session_set_tag(struct tftp_session *s, void *tag);
struct tftp_server *tftp_session_server(const struct tftp_session *s);

/* `open` gives a file whose end the owner wants to hear of by `closed`. */
void tftp_session_set_mark(struct tftp_session *s, void *mark);

/* What the client has confirmed of it by now. */
uint64_t tftp_session_bytes(const struct tftp_session *s);

/* What it has waited for: a descriptor (taken), or a negative errno; -EAGAIN leaves the client without an answer,
 * so that it asks again. */
void tftp_server_opened(struct tftp_server *s, struct tftp_session *session, int file);

struct tftp_counters tftp_server_counters(const struct tftp_server *s);

#endif

/* session.h - one TFTP transfer at work: its socket, its file, its timer.
 *
 * A thin shell around transfer.h. The socket is the transfer's own (RFC 1350: a fresh port is the
 * transfer's identity) and bound to the address that the request came to; or, where a firewall wants it
 * so, the server's one socket, which then hands over what comes. File data goes through the window that all
 * sessions share, so a session costs two descriptors and about a kilobyte. What a disk must be asked for is loaded by
 * its readers, and the transfer stands still meanwhile. A session ends itself: its owner hears of it once, by
 * `ended`, and then frees it. */
#ifndef SLIPWAY_TFTP_SESSION_H
#define SLIPWAY_TFTP_SESSION_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "netboot/tftp/source.h"
#include "netboot/tftp/transfer.h"
#include "netboot/tftp/window.h"

struct event;
struct event_base;
struct tftp_session;

/* What sessions share. `ended` may free the session. */
struct tftp_sessions {
	struct event_base *base;
	struct tftp_window *window;
	struct disk *disk;
	int single_fd; /* the one socket of all sessions, or -1: each has its own */
	void (*ended)(void *arg, struct tftp_session *s, enum tftp_state state);
	void *arg;
	uint64_t foreign, malformed; /* packets from elsewhere; packets that are no ACK or ERROR */
};

struct tftp_session {
	LIST_ENTRY(tftp_session) same_bucket;
	struct tftp_sessions *all;
	struct sockaddr_in peer;
	int fd;
	struct tftp_source source; /* none until it is known */
	struct event *readable;    /* NULL on the one socket, which hands over what comes */
	struct event *timer;
	int64_t timer_ms; /* when it fires; perhaps before the deadline, which moves with each block. 0: not set */
	void *tag;  /* the owner's: what it waits for before it gives the file, or NULL */
	void *mark; /* the owner's: of the file that is sent, or NULL */
	struct tftp_options asked;
	uint32_t blksize_max;
	struct tftp_transfer transfer;
	int64_t began_ms;
	char name[TFTP_NAME_SIZE]; /* cleaned */
};

/* A session without a file yet, which answers `peer`, from `local` and a fresh port where it has its own socket.
 * NULL with errno when there is no socket to be had. Keeps `all`. */
struct tftp_session *tftp_session_new(
	struct tftp_sessions *all, struct in_addr local, const struct sockaddr_in *peer);
void tftp_session_free(struct tftp_session *s);

/* What the client asks for. A running transfer is dropped: the client has started anew. */
void tftp_session_ask(struct tftp_session *s, const char *name, const struct tftp_options *asked,
	uint32_t blksize_max);

/* Sends `file` (takes it). */
void tftp_session_start(struct tftp_session *s, int file, uint64_t file_size);

/* One ERROR; nothing is awaited. */
void tftp_session_refuse(struct tftp_session *s, enum tftp_error code, const char *text);

/* A packet of the client that came to the one socket. May end the session. */
void tftp_session_packet(struct tftp_session *s, const void *packet, size_t len);

/* Tells a sender that belongs to no transfer so, unless it has sent an ERROR itself. */
void tftp_foreign_packet(struct tftp_sessions *all, int fd, const struct sockaddr_in *from,
	const void *packet, size_t len);

#endif
